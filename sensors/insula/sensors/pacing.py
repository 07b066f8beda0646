"""When data of a known time line is due: the same arithmetic for files and for simulated sensors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now

Sleep = Callable[[float], None]
"""Waits that many seconds; tests inject one that moves their own clock."""

_ROUNDING = 1e-6  # of a sample: a clock that shows exactly a sample's time has reached it


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits for moments on a clock; with ``realtime=False`` every moment is due at once."""

    clock: Clock = now
    sleep: Sleep = time.sleep
    realtime: bool = True

    def wait(self, due: float, timeout_s: float) -> bool:
        """Wait until ``due`` (s on the clock) but at most ``timeout_s`` seconds; whether it is due now."""
        if not self.realtime:
            return True
        left = due - self.clock()
        if left > timeout_s:
            self.sleep(max(timeout_s, 0.0))
            return False
        if left > 0:
            self.sleep(left)
        return True


class SampleClock:
    """Hands out the running numbers of a regular stream's samples, a block at a time, as they fall due.

    Sample ``n`` belongs to the time ``epoch + n / sfreq``, whenever the clock was started: two streams
    of one epoch agree. A block is due with its last sample. A reader that comes more than ``max_lag_s``
    late finds the oldest samples gone, as with a real device's bounded buffer.
    """

    def __init__(self, sfreq: float, block: int, epoch: float, pace: Pace, *, max_lag_s: float = 1.0) -> None:
        """``sfreq`` in Hz, ``block`` in samples, ``epoch`` in s on the pace's clock."""
        self._sfreq = sfreq
        self._block = block
        self._epoch = epoch
        self._pace = pace
        self._max_lag = max(block, round(max_lag_s * sfreq))
        self._next = self._passed()

    def _passed(self) -> int:
        """Number of the first sample that is not due yet."""
        return math.floor((self._pace.clock() - self._epoch) * self._sfreq + _ROUNDING) + 1

    def take(self, timeout_s: float) -> range:
        """Numbers of the samples due within ``timeout_s`` seconds; empty when none are."""
        due = self._epoch + (self._next + self._block - 1) / self._sfreq
        if not self._pace.wait(due, timeout_s):
            return range(0)
        reached = self._passed()
        first = max(self._next, reached - self._max_lag)
        blocks = max(1, (reached - first) // self._block)
        self._next = first + blocks * self._block
        return range(first, self._next)

    def times(self, samples: range) -> npt.NDArray[np.float64]:
        """Times of the samples, s on the clock."""
        return self._epoch + np.arange(samples.start, samples.stop, dtype=np.float64) / self._sfreq
