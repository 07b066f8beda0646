"""A file that grows by whole blocks, on a disk that may be slow, full or gone.

A block is written all but its first byte; once the disk has it, the first byte follows. Until then the
byte is 0, which readers of XDF take for the end of the file (EEGLAB) or for damage to skip (pyxdf); a
change of one byte cannot be torn. So a crash or a power cut loses blocks in the making and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from insula.edge.errors import SinkError
from insula.edge.privacy.crypt import Sealer, sealed_name

MOST_WAITING: Final = 64 * 2**20
"""Bytes that may wait for a slow disk in memory; beyond that ``append`` waits too."""

_sync_to_disk: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class BlockFile:
    """A new file ``path`` that starts with ``magic``.

    With ``sync`` a thread of its own waits for the disk, so that the caller does not: cards and USB
    disks stall for seconds. Without, blocks reach the operating system before ``append`` returns.
    With ``sealer`` every block is encrypted, and the file's name says so.
    """

    def __init__(
        self,
        path: Path,
        magic: bytes,
        *,
        sync: bool,
        sealer: Sealer | None = None,
        to_disk: Callable[[int], None] = _sync_to_disk,
    ) -> None:
        if sealer is not None:
            path, magic = sealed_name(path), sealer.start + sealer.seal(magic)
        self.path = path
        self.size = len(magic)
        self._sealer = sealer
        self._to_disk = to_disk if sync else None
        self._failure = ""
        self._queue: deque[tuple[bytes, Callable[[], None]]] = deque()
        self._waiting = 0
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        if path.exists():
            raise SinkError(f"{path} exists already; a recording is never overwritten")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._raw = io.FileIO(path, "x")
            self._write_at(0, magic)
        except OSError as error:
            raise SinkError(f"{path} cannot be created: {error.strerror}") from error

    def append(self, block: bytes, done: Callable[[], None]) -> None:
        """Add ``block``; ``done`` is called when it is safe. Raises ``SinkError`` after a failure."""
        if self._failure:
            raise SinkError(self._failure)
        if self._raw.closed:
            raise SinkError(f"{self.path.name} is closed")
        if self._to_disk is None:
            self._commit(block)
            done()
            return
        with self._change:
            self._change.wait_for(lambda: self._waiting <= MOST_WAITING or bool(self._failure))
            self._queue.append((block, done))
            self._waiting += len(block)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"disk {self.path.name}", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def wait(self) -> None:
        """Return when everything appended is safe; raises ``SinkError`` if it cannot be."""
        with self._change:
            self._change.wait_for(lambda: self._waiting == 0 or bool(self._failure))
        if self._failure:
            raise SinkError(self._failure)

    def close(self, tail: Callable[[], bytes]) -> None:
        """Wait for the blocks, append what ``tail`` returns then, close; safe to call again.

        The tail is tried even after a failure: on a full disk there is often room for it. Not so in a
        sealed file, where nothing can be read behind a block that is missing.
        """
        if self._raw.closed:
            return
        try:
            self.wait()
        finally:
            self._end_thread()
            try:
                last = tail()
                if self._sealer is None and last:
                    self._commit(last)
                elif self._sealer is not None and not self._failure:
                    self._commit(last, last=True)
            finally:
                self._raw.close()

    def _end_thread(self) -> None:
        if self._thread is not None:
            with self._change:
                self._queue.append((b"", lambda: None))
                self._change.notify_all()
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: bool(self._queue))
                block, done = self._queue.popleft()
            if not block:
                return
            try:
                if not self._failure:
                    self._commit(block)
                    done()
            except SinkError:  # kept in _failure, which the next append raises
                pass
            finally:
                with self._change:
                    self._waiting -= len(block)
                    self._change.notify_all()

    def _commit(self, block: bytes, *, last: bool = False) -> None:
        if self._sealer is not None:
            block = self._sealer.seal(block, last=last)
        try:
            self._write_at(self.size + 1, block[1:])
            if self._to_disk is not None:
                self._to_disk(self._raw.fileno())
            self._write_at(self.size, block[:1])
        except OSError as error:
            self._failure = (
                f"recording stopped: {self.path.name} cannot be written ({error.strerror}); "
                f"it is readable up to here ({self.size} bytes)"
            )
            with contextlib.suppress(OSError):  # the drive may be gone altogether
                self._raw.truncate(self.size)
            raise SinkError(self._failure) from error
        self.size += len(block)

    def _write_at(self, position: int, data: bytes) -> None:
        self._raw.seek(position)
        view = memoryview(data)
        while view:
            view = view[self._raw.write(view) :]
