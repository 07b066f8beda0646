"""Takes the jitter of arrival off the times of a live camera's frames.

A frame cannot arrive before it was taken, so the truth lies on the lower envelope of the arrivals: the line
under the last two seconds' worth that touches them and is nearest to their middle (the convex-hull
estimator of S. Moon, P. Skelly and D. Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999). A camera that changes its rate, as they do in the dark, starts a new line.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import Final

_PERIODS: Final = 31  # arrivals the period is taken from
_ENVELOPE: Final = 61  # frames back that may say when this one was due
_ENOUGH: Final = 16  # frames that a line can be laid under
_EARLY: Final = 0.5  # periods; further off is another rate
_LATE: Final = 0.85  # periods; further off is a gap, or another rate


class FrameTimes:
    """Gives each frame its time; has to see every frame, also those nobody takes."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=_PERIODS)
        self._recent: deque[float] = deque(maxlen=_ENVELOPE)
        self._arrived: float | None = None
        self._last = 0.0

    def stamp(self, t: float) -> float:
        """Time in s of the frame that arrived at ``t``: ``t`` or earlier, later than the frame before."""
        if self._arrived is None:
            self._arrived = self._last = t
            self._recent.append(t)
            return t
        self._steps.append(t - self._arrived)
        self._arrived = t
        period = median(self._steps)
        due = self._due(period)
        if not -_EARLY * period <= t - due <= _LATE * period:
            self._recent.clear()
            due = t
        self._recent.append(t)
        self._last = max(min(due, t), self._last + 1e-3 * period)
        return self._last

    def _due(self, period: float) -> float:
        """When the next frame is due."""
        n = len(self._recent)
        if n < _ENOUGH:
            return min(past + (n - k) * period for k, past in enumerate(self._recent))
        k, past, slope = _line_under(self._recent)
        return past + (n - k) * slope


def _line_under(arrivals: deque[float]) -> tuple[int, float, float]:
    """The edge of the arrivals' lower hull under their middle: number and time of a frame on it, slope."""
    hull: list[tuple[int, float]] = []
    for k, t in enumerate(arrivals):
        while len(hull) > 1:
            (k0, t0), (k1, t1) = hull[-2:]
            if (k1 - k0) * (t - t0) > (k - k0) * (t1 - t0):
                break
            hull.pop()
        hull.append((k, t))
    middle = (len(arrivals) - 1) / 2
    (k0, t0), (k1, t1) = next((a, b) for a, b in pairwise(hull) if b[0] >= middle)
    return k0, t0, (t1 - t0) / (k1 - k0)
