"""An LSL sender that pushes numbered samples from a thread, as a device's own program does."""

from __future__ import annotations

import threading
import time

import pylsl


class Sender:
    """Sends ``info``'s stream: channel 0 counts the samples, the others are constant."""

    def __init__(self, info: pylsl.StreamInfo, per_push: int = 5) -> None:
        self.name = info.name()
        self.sent = 0
        self._info = info
        self._per_push = per_push
        self._stop = threading.Event()
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        outlet = pylsl.StreamOutlet(self._info)
        rate, n = self._info.nominal_srate(), self._info.channel_count()
        start = time.monotonic()
        while not self._stop.wait(max(0.0, start + self.sent / rate - time.monotonic())):
            rows = [[float(self.sent + i)] + [1.0] * (n - 1) for i in range(self._per_push)]
            self.sent += self._per_push
            if not self._pause.is_set():
                outlet.push_chunk(rows, start + self.sent / rate)

    def pause(self) -> None:
        """Keep the outlet and send nothing."""
        self._pause.set()

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join(2.0)
