"""Whether a stream keeps its nominal rate, and whether it comes evenly or in bursts."""

from __future__ import annotations

from typing import Final

WINDOW_S: Final = 30.0
"""A rate is judged over at least this long, and at least :data:`FEWEST` samples."""
FEWEST: Final = 40
BURST_S: Final = 0.25
"""A block that holds this much more signal than time has passed since the one before is a burst."""


class Arrivals:
    """Counts arrivals of one regular stream of ``sfreq`` Hz from time ``t`` (s) on."""

    def __init__(self, sfreq: float, t: float) -> None:
        self.sfreq = sfreq
        self.bursts = 0
        self.rate_off: float | None = None
        """Rate of the last whole window over the nominal one, minus 1; ``None`` before there was one."""
        self._began = t
        self._count = 0
        self._before: float | None = None

    def arrived(self, n: int, t: float) -> None:
        """``n`` samples came at ``t`` s."""
        before, self._before = self._before, t
        if before is None:
            self._began, self._count = t, 0
            return
        self.bursts += n / self.sfreq - (t - before) > BURST_S
        self._count += n
        if t - self._began >= WINDOW_S and self._count >= FEWEST:
            self.rate_off = self._count / ((t - self._began) * self.sfreq) - 1
            self._began, self._count = t, 0

    def interrupted(self) -> None:
        """The device went away: the next sample begins anew."""
        self._before = None
