"""Clicks played into the null sink, each announced with the moment it leaves the loudspeaker."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sounddevice as sd

RATE, BLOCK = 16000, 320


class Clicks:
    """A click every 0.8 to 1.1 s; ``announce`` gets its time on the monotonic clock, just before."""

    def __init__(self, announce: Callable[[float], None], seed: int = 0) -> None:
        self._announce = announce
        self._dice = random.Random(seed)
        self._next = 0.0
        self.times: list[float] = []

    def _fill(self, out: np.ndarray, frames: int, timing: Any, status: Any) -> None:
        out[:] = 0.0
        now = time.monotonic()
        if now >= self._next:
            start = self._dice.randrange(frames - 32)
            out[start : start + 32, 0] = 0.8
            leaves = now + timing.outputBufferDacTime - timing.currentTime + start / RATE
            self._announce(leaves)
            self.times.append(leaves)
            self._next = now + self._dice.uniform(0.8, 1.1)

    def __enter__(self) -> Clicks:
        sd._terminate()  # the sound server may have come after PortAudio's list of devices
        sd._initialize()
        options: dict[str, Any] = {"channels": 1, "dtype": "float32", "latency": "low"}
        self._stream = sd.OutputStream(RATE, BLOCK, callback=self._fill, **options)
        self._stream.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()
