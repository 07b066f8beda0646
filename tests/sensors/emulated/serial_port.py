"""A serial port that does not exist: one end for the driver, the other for an emulated device."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import tty
from pathlib import Path


class SerialDevice:
    """Base of the emulated devices: answers what is written to ``path`` and streams on its own clock.

    ``unplug()`` closes the device's end, as pulling the plug does; ``replug()`` makes a new port under the
    same name.
    """

    period_s = 0.02

    def __init__(self, path: str) -> None:
        self.path = path
        self.sent = 0
        self.streaming = False
        self._master = -1
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def answer(self, data: bytes) -> None:
        raise NotImplementedError

    def tick(self) -> None:
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):  # nobody reads: a real port loses bytes, too
            os.write(self._master, data)

    def replug(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        tty.setraw(self._master)
        os.set_blocking(self._master, False)
        Path(self.path).unlink(missing_ok=True)
        Path(self.path).symlink_to(os.ttyname(slave))
        self._slave = slave
        self._ended.clear()
        self.streaming = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2.0)
            os.close(self._slave)
            os.close(self._master)
            Path(self.path).unlink()
        self._thread = None

    def _run(self) -> None:
        while not self._ended.is_set():
            readable, _, _ = select.select([self._master], [], [], self.period_s)
            if readable:
                try:
                    data = os.read(self._master, 256)
                except OSError:
                    continue
                self.answer(data)
            if self.streaming:
                self.tick()

    def __enter__(self) -> SerialDevice:
        self.replug()
        return self

    def __exit__(self, *exception: object) -> None:
        self.unplug()
