"""Takes the jitter of arrival off the times of a live camera's frames.

A frame cannot arrive before it was taken, so among the last frames the one that came earliest, counted from
its neighbours by the frame period, is nearest to the truth: the lower envelope of the arrivals. Unlike a
fitted line this follows a camera that changes its rate (as they do in the dark) within a few frames.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

_PERIODS: Final = 31  # arrivals the period is taken from
_ENVELOPE: Final = 8  # frames back that may say when this one was due
_IRREGULAR: Final = 0.5  # periods: what is further off is a gap or another rate, and is left alone


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
        if abs(t - due) > _IRREGULAR * period:
            self._recent.clear()
            due = t
        self._recent.append(t)
        self._last = max(min(due, t), self._last + 1e-3 * period)
        return self._last

    def _due(self, period: float) -> float:
        """When the next frame is due, by the earliest of the last ones."""
        n = len(self._recent)
        return min(past + (n - k) * period for k, past in enumerate(self._recent))
