"""When silence means loss: for devices that say nothing when they are unplugged."""

from __future__ import annotations

from collections import deque
from typing import Final

FIRST_S: Final = 3.0
"""How long a device may take to its first sample, and while its manner of sending is not known yet."""
SHORTEST_S: Final = 0.8
"""Silence shorter than this is never a loss; a loss is to be noticed within 1 s."""
_ARRIVALS: Final = 20
_KNOWN: Final = 3
_BURSTS: Final = 2.0


class SilenceWatch:
    """Learns how often data comes: a sender of one burst a second is not lost after 0.8 s."""

    def __init__(self, sfreq: float, t: float) -> None:
        """``sfreq`` in Hz; the device was opened at ``t`` s."""
        self._shortest_s = max(SHORTEST_S, 3.0 / sfreq)
        self._heard = t
        self._pauses: deque[float] = deque(maxlen=_ARRIVALS)
        self.spoke = False
        """Whether any data has come."""

    def heard(self, t: float) -> None:
        """Data came at ``t`` s."""
        if self.spoke:
            self._pauses.append(t - self._heard)
        self.spoke = True
        self._heard = t

    def overdue_s(self, t: float) -> float:
        """Seconds of silence at ``t`` if that is too long, else 0."""
        limit = max(self._shortest_s, _BURSTS * max(self._pauses, default=0.0))
        if len(self._pauses) < _KNOWN:
            limit = max(limit, FIRST_S)
        silent_s = t - self._heard
        return silent_s if silent_s > limit else 0.0
