"""One estimate that leaps away from its own source's last is held back until a second one confirms it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from insula.edge.types import Measure

GATE_SD: Final = 3.0
"""Leaps beyond this many standard deviations of the difference are held back."""

DRIFT_PER_SQRT_S: Final = 0.3
"""What a person may change by meanwhile (1/√s) is no leap."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A value with its capture time (s)."""

    t: float
    value: Measure


class OutlierGate:
    """Says which value of one source is to be believed now.

    A single false reading never gets through, a true change does with the next estimate. A held-back
    estimate leaves the last one standing, which ages (and widens) meanwhile; nothing is held against a
    value older than ``horizon_s`` or from a clock that ran ahead.
    """

    def __init__(self, horizon_s: float) -> None:
        self._horizon_s = horizon_s
        self._suspect: Believed | None = None
        self.believed: Believed | None = None

    def offer(self, t: float, value: Measure) -> None:
        """Take the source's next estimate, captured at ``t`` (s)."""
        new = Believed(t, value)
        known, suspect = self.believed, self._suspect
        stale = known is None or not 0 <= t - known.t <= self._horizon_s
        confirmed = suspect is not None and not _leaps(suspect, new)
        if known is None or stale or confirmed or not _leaps(known, new):
            self.believed, self._suspect = new, None
        else:
            self._suspect = new

    def forget(self) -> None:
        """The source has stopped to measure; what comes next is a new start."""
        self.believed = self._suspect = None


def _leaps(a: Believed, b: Believed) -> bool:
    drift = DRIFT_PER_SQRT_S * math.sqrt(max(b.t - a.t, 0.0))
    allowed = math.sqrt(a.value.sd**2 + b.value.sd**2 + drift**2)
    return abs(b.value.mean - a.value.mean) > GATE_SD * allowed
