"""Stamps that cannot be true: of the future, or older than what the same source has already shown.

One such stamp is refused. Two that are off by the same amount show a clock that jumped: the source is then
read by the arrival of its estimates, at the delay it had before, until its stamps make sense again.
"""

from __future__ import annotations

import math
from typing import Final

AHEAD_S: Final = 1.0
"""A stamp further in the future than this cannot be true."""

BACK_S: Final = 1.0
"""Nor one this much older than its predecessor; less is a mere change of order on the way."""

_SAME_S = 0.5


class Stamps:
    """Follows the stamps of one source. ``offset_s`` is how far its clock is off now (0: not at all)."""

    def __init__(self) -> None:
        self.offset_s = 0.0
        self._newest = -math.inf
        self._delay = 0.0
        self._suspect: float | None = None

    def true_time(self, t: float, now: float) -> float | None:
        """When an estimate stamped ``t`` and arriving at ``now`` (both s) was captured; ``None`` if unknown.

        ``now`` may be infinite while nobody has asked for a state yet: no stamp is of the future then.
        """
        if self._plausible(t, now):
            self.offset_s = 0.0
            return self._take(t, now)
        corrected = t - self.offset_s
        if self.offset_s and self._plausible(corrected, now):
            return self._take(corrected, now)
        offset = t - (now - self._delay)
        confirmed = self._suspect is not None and abs(offset - self._suspect) < _SAME_S
        self._suspect = offset if math.isfinite(offset) else None
        if not confirmed:
            return None
        self.offset_s = offset
        return self._take(t - offset, now)

    def _plausible(self, t: float, now: float) -> bool:
        return self._newest - BACK_S < t <= now + AHEAD_S

    def _take(self, t: float, now: float) -> float:
        self._suspect = None
        if not self.offset_s and math.isfinite(now):
            self._delay = max(now - t, 0.0)
        self._newest = max(self._newest, t)
        return t
