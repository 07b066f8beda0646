"""The same core without C: single 8-byte loads and stores through a memoryview.

Each store is one machine store, but there is no fence: the order of stores holds on x86-64 by the
hardware, and inside one process under the GIL because every access holds that lock. Nowhere else;
``insula.edge.ring`` refuses it there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from insula.edge.ring_layout import (
    CCAP,
    CHEAD,
    ENDED,
    GENERATION,
    HEAD,
    REC_OFF,
    RECORD,
    RESERVE,
    WORD,
)

POLL_S = 0.001


class NumpyCore:
    """The header operations of one ring, in Python."""

    name = "numpy"

    def __init__(self, memory: memoryview, base: int) -> None:
        self._u64 = memory[: len(memory) // 8 * 8].cast("Q")
        self._f64 = memory[: len(memory) // 8 * 8].cast("d")
        self._u32 = memory[: WORD + 8].cast("I")
        self._ccap = self._u64[CCAP // 8]
        self._records = self._u64[REC_OFF // 8] // 8
        self._cap = self._u64[16 // 8]

    def begin(self, n: int) -> int:
        """Declare the next ``n`` samples dirty and return the number of the first."""
        at = self._u64[HEAD // 8]
        self._u64[RESERVE // 8] = max(at + n, self._u64[RESERVE // 8])
        return at

    def push(
        self,
        data: npt.NDArray[np.generic],
        times: npt.NDArray[np.float64],
        gap_s: float,
        newest: float,
    ) -> bool:
        """Do nothing: there is no short cut here."""
        return False

    def commit(self, n: int, t: float, step: float) -> None:
        """Publish the ``n`` samples begun last, as one chunk."""
        self._publish(self._u64[HEAD // 8], n, t, step)

    def _publish(self, first: int, n: int, t: float, step: float) -> None:
        u64, k = self._u64, self._u64[CHEAD // 8]
        at = self._records + (k & (self._ccap - 1)) * (RECORD.itemsize // 8)
        u64[at], u64[at + 1] = first, n
        self._f64[at + 2], self._f64[at + 3] = t, step
        u64[HEAD // 8] = first + n
        u64[CHEAD // 8] = k + 1
        self._bump()

    def _bump(self) -> None:
        self._u32[WORD // 4] = (self._u32[WORD // 4] + 1) & 0xFFFFFFFF

    def takeover(self) -> int:
        """Turn what a killed writer left behind into one gap record; return its samples."""
        u64, k = self._u64, self._u64[CHEAD // 8]
        end, t = 0, 0.0
        if k:
            last = self._records + ((k - 1) & (self._ccap - 1)) * (RECORD.itemsize // 8)
            end, t = u64[last] + u64[last + 1], self._f64[last + 2]
        lost = u64[RESERVE // 8] - end
        u64[GENERATION // 8] += 1
        self._u32[ENDED // 4] = 0
        self._publish(end, lost, t, math.nan)
        return lost

    def end(self) -> None:
        """Mark the stream as ended."""
        self._u32[ENDED // 4] = 1
        self._bump()

    def head(self) -> int:
        """Samples committed."""
        return self._u64[HEAD // 8]

    def chead(self) -> int:
        """Chunks committed."""
        return self._u64[CHEAD // 8]

    fenced_chead = chead

    def fenced_reserve(self) -> int:
        """Samples before this number may be dirty already; what was read before is read before."""
        return self._u64[RESERVE // 8]

    def valid(self, first: int) -> bool:
        """Whether nothing from sample ``first`` on has been overwritten since it was committed."""
        return self._u64[RESERVE // 8] <= first + self._cap

    def intact(self, k: int, first: int) -> bool:
        """Whether record ``k`` and the samples from ``first`` on, read before this call, were whole."""
        return self._u64[CHEAD // 8] - k < self._ccap and self.valid(first)

    def word(self) -> int:
        """Number that changes at every commit."""
        return self._u32[WORD // 4]

    def wait(self, seen: int, timeout_s: float) -> None:
        """Sleep until the word is no longer ``seen`` or the time is up."""
        poll(self.word, seen, timeout_s)


def poll(word: Callable[[], int], seen: int, timeout_s: float) -> None:
    """Look every millisecond: the way to wait where there is no futex."""
    deadline = time.monotonic() + timeout_s
    while word() == seen and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(POLL_S, left))
