"""Restarts with a budget: at most so many in a window, with a growing pause between them."""

from __future__ import annotations

from collections import deque

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0  # a returned device is found again within 3 s


class RestartBudget:
    """Counts restarts on the caller's clock.

    ``limit`` restarts within ``window_s`` seconds are allowed; ``limit=None`` never gives up (a device may
    be unplugged for an hour), but still pauses.
    """

    def __init__(self, limit: int | None = 5, window_s: float = 60.0) -> None:
        self._limit = limit
        self._window_s = window_s
        self._restarts: deque[float] = deque()
        self._pause_s = _FIRST_PAUSE_S

    def spend(self, t: float) -> float | None:
        """Take one restart at time ``t``: the seconds to pause before it, or ``None`` when spent."""
        while self._restarts and t - self._restarts[0] > self._window_s:
            self._restarts.popleft()
        if self._limit is not None and len(self._restarts) >= self._limit:
            return None
        self._restarts.append(t)
        pause, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return pause

    def succeeded(self) -> None:
        """The restarted part works again: the next pause starts small."""
        self._pause_s = _FIRST_PAUSE_S
