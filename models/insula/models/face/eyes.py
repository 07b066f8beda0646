"""Blink rate and PERCLOS from MediaPipe's eyeBlink blendshapes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

WINDOW_S: Final = 60.0
_ENOUGH_S: Final = 15.0
_GAP_S: Final = 0.3
_SHUT: Final = 0.5
_OPEN: Final = 0.35
_LONGEST_BLINK_S: Final = 0.5
"""Blinks last 0.1–0.4 s; longer closures count for PERCLOS only."""


class EyeWatch:
    """Closure of the eyes over the last minute of seeing them.

    PERCLOS is the share of watched time with the eyes shut (Wierwille et al. 1994, here by blendshape
    > 0.5 instead of 80 % of the pupil). Time without a face, and steps longer than 0.3 s, are not watched.
    """

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float, bool]] = deque()  # end (s), length (s), shut
        self._blinks: deque[float] = deque()
        self._last: float | None = None
        self._shut_since: float | None = None

    def see(self, closure: float, t: float) -> None:
        """Take in one frame: ``closure`` 0 (open) … 1 (shut) at ``t`` s."""
        gap = self._last is None or t - self._last > _GAP_S
        if gap:
            self._shut_since = None
        elif self._last is not None:
            self._steps.append((t, t - self._last, closure > _SHUT))
        self._last = t
        if closure > _SHUT and self._shut_since is None and not gap:
            self._shut_since = t
        elif closure < _OPEN and self._shut_since is not None:
            if t - self._shut_since <= _LONGEST_BLINK_S:
                self._blinks.append(t)
            self._shut_since = None
        while self._steps and self._steps[0][0] < t - WINDOW_S:
            self._steps.popleft()
        while self._blinks and self._blinks[0] < t - WINDOW_S:
            self._blinks.popleft()

    @property
    def watched_s(self) -> float:
        """Seconds within the last minute in which the eyes were watched."""
        return sum(length for _, length, _ in self._steps)

    @property
    def perclos(self) -> float | None:
        """Share of watched time with the eyes shut, 0…1; ``None`` before 15 s were watched."""
        watched = self.watched_s
        if watched < _ENOUGH_S:
            return None
        return sum(length for _, length, shut in self._steps if shut) / watched

    @property
    def blinks_per_minute(self) -> float | None:
        """Blinks per minute of watched time; ``None`` before 15 s were watched."""
        watched = self.watched_s
        return 60 * len(self._blinks) / watched if watched >= _ENOUGH_S else None


def closure(values: Sequence[float], names: Sequence[str]) -> float:
    """Mean of both eyes' ``eyeBlink`` blendshapes, 0…1."""
    given = dict(zip(names, values, strict=True))
    return (given["eyeBlinkLeft"] + given["eyeBlinkRight"]) / 2
