"""Time stamps for samples that arrive in blocks: smooth, rising, free of the jitter of their arrival.

A driver hands over ``n`` samples at the time ``t`` its read returned. That time is late by a delay that
jitters (scheduler, USB, radio); the device's own clock does not. ``Retimer`` fits the line of sample
number against time with a Kalman filter of two states, offset and rate. Its gains begin as those of a
regression over all blocks and settle as those of the second-order delay-locked loop of F. Adriaensen,
"Using a DLL to filter time" (Linux Audio Conference 2005), of which it is the optimal start.

A constant mean delay remains in the stamps: arrival says nothing about it. It is a property of the
device, measured and configured per sensor.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

LOOP_HZ: Final = 0.02
"""Bandwidth of the settled loop: slower jitter than 1/LOOP_HZ s is taken for drift of the device's clock."""
RATE_SD: Final = 0.02
"""How far a device's rate is expected from its nominal one, relative, before anything was measured."""
JITTER_SD_S: Final = 0.005
"""Jitter expected before anything was measured."""
DECIDE_S: Final = 0.05
"""How long blocks must stay late by the same amount before samples are taken as lost."""
STALL_S: Final = 0.1
"""A block later than this, with none lost, counts as a stall."""
_CLIP: Final = 4.0
_LATE: Final = 6.0
_LATE_FLOOR_S: Final = 0.02
_CLIP_FLOOR_S: Final = 0.001
_SLEW: Final = 0.25
_FAR_OFF_S: Final = 0.25
_SETTLED_BLOCKS: Final = 8
_MEMORY_S: Final = 10.0
_TOGETHER_S: Final = 1e-6


class ClockLine:
    """Follows ``t ≈ offset + rate · x`` block by block, ``x`` in seconds of the device's clock.

    ``t`` is where the line now stands, ``rate`` its slope (1 = nominal), ``jitter_s`` the root mean square
    of the arrivals' distance from it.
    """

    def __init__(self, t: float) -> None:
        self.t = t
        self.rate = 1.0
        self.jitter_s = JITTER_SD_S
        self.blocks = 1
        self.span_s = 0.0
        # Covariance in units of the arrival's variance, so that only ratios matter.
        self._tt, self._tr, self._rr = 1.0, 0.0, (RATE_SD / JITTER_SD_S) ** 2

    def predict(self, dx: float) -> None:
        """Move on by ``dx`` seconds of the device's clock."""
        self.t += self.rate * dx
        self._tt += dx * (2 * self._tr + dx * self._rr)
        self._tr += dx * self._rr
        self._rr += ((2 * math.pi * LOOP_HZ) ** 2 * dx) ** 2
        self.span_s += dx

    def correct(self, late_s: float, dx: float) -> None:
        """Pull the line towards an arrival ``late_s`` behind it, an outlier no more than jitter does."""
        if self.blocks > _SETTLED_BLOCKS:
            limit = _CLIP * max(self.jitter_s, _CLIP_FLOOR_S)
            late_s = min(max(late_s, -limit), limit)
        gain_t, gain_r = self._tt / (self._tt + 1), self._tr / (self._tt + 1)
        self.t += gain_t * late_s
        self.rate += gain_r * late_s
        self._rr -= gain_r * self._tr
        self._tr *= 1 - gain_t
        self._tt *= 1 - gain_t
        share = max(1 / self.blocks, min(1.0, dx / _MEMORY_S))
        self.jitter_s = math.sqrt(self.jitter_s**2 + share * (late_s**2 - self.jitter_s**2))
        self.blocks += 1


class Retimer:
    """Stamps the blocks of one stream; ``sfreq`` in Hz, 0 for an irregular stream (stamped as it arrives).

    ``gaps`` counts the times samples were found lost, ``stalls`` the times they came late but complete.
    """

    def __init__(self, sfreq: float) -> None:
        self.sfreq = sfreq
        self.gaps = self.stalls = 0
        self._line: ClockLine | None = None
        self._last = -math.inf
        self._late_since: float | None = None
        self._late_first = self._latest = 0.0

    @property
    def jitter_s(self) -> float | None:
        """Root mean square jitter of the arrivals in s; ``None`` before the second block."""
        return self._line.jitter_s if self._line and self._line.blocks > 1 else None

    @property
    def drift_ppm(self) -> float | None:
        """How much faster than nominal the device samples, in parts per million; ``None`` for 10 s."""
        return (1 / self._line.rate - 1) * 1e6 if self._line and self._line.span_s >= _MEMORY_S else None

    def stamp(self, n: int, t: float) -> npt.NDArray[np.float64]:
        """Times ``(n,)`` in s of ``n`` samples that arrived at ``t``; strictly rising from call to call."""
        if n == 0:
            return np.empty(0)
        if not self.sfreq:
            return self._together(n, t)
        dx = n / self.sfreq
        late_s = 0.0
        if self._line is not None:
            self._line.predict(dx)
            late_s = t - self._line.t
        if self._line is None or (self._line.blocks <= _SETTLED_BLOCKS and abs(late_s) > _FAR_OFF_S):
            self._line = ClockLine(t)  # the first block, or the first ones were a backlog
            return self._emit(n, t, jumped=True)
        jump_s = self._jump(self._line, late_s, t)
        if jump_s:
            self._line.t += jump_s
        elif self._late_since is None:
            self._line.correct(late_s, dx)
        return self._emit(n, self._line.t, jumped=jump_s > 0)

    def _jump(self, line: ClockLine, late_s: float, t: float) -> float:
        """How far to move the line at once: by the lost samples, once it is sure that they are lost.

        A block later than jitter explains may be the first of a backlog, complete after all: the next ones
        then come faster than real time and catch up. Only when they stay as late as it was are samples
        missing. Blocks that stay early mean that the line was begun on a late one.
        """
        limit = max(_LATE * line.jitter_s, _LATE_FLOOR_S)
        if abs(late_s) <= limit or line.blocks <= _SETTLED_BLOCKS:
            self.stalls += self._latest > STALL_S
            self._late_since, self._latest = None, 0.0
            return 0.0
        self._latest = max(self._latest, late_s)
        if self._late_since is None or not 0.8 < late_s / self._late_first < 1.25:
            self._late_since, self._late_first = t, late_s
        if t - self._late_since < DECIDE_S:
            return 0.0
        self.gaps += late_s > 0
        self._late_since, self._latest = None, 0.0
        return late_s

    def _emit(self, n: int, end: float, *, jumped: bool) -> npt.NDArray[np.float64]:
        """Spread ``n`` stamps up to ``end``; if nothing jumped they continue the last block."""
        nominal = n / self.sfreq
        if jumped and end - nominal > self._last:
            times = np.linspace(end - nominal, end, n + 1)[1:]
        else:
            width = min(max(end - self._last, (1 - _SLEW) * nominal), (1 + _SLEW) * nominal)
            times = np.linspace(self._last, self._last + width, n + 1)[1:]
        self._last = float(times[-1])
        return times

    def _together(self, n: int, t: float) -> npt.NDArray[np.float64]:
        """Samples of an irregular stream arrived together; 1 µs apart keeps their order."""
        start = max(t - (n - 1) * _TOGETHER_S, self._last + _TOGETHER_S)
        times = np.asarray(start + np.arange(n) * _TOGETHER_S, np.float64)
        self._last = float(times[-1])
        return times
