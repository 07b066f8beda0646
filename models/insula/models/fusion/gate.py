"""One estimate that leaps away from its own source's last is held back until a second one confirms it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from insula.edge.types import Measure
from insula.models.fusion.parameters import Source


@dataclass(frozen=True, slots=True)
class Believed:
    """A value with its capture time (s)."""

    t: float
    value: Measure


class OutlierGate:
    """Says which value of one source is to be believed now.

    A single false reading never gets through, a true change does with the next estimate. A held-back
    estimate leaves the last one standing, which ages (and widens) meanwhile; nothing is held against a
    value older than the source's horizon or from a clock that ran ahead. What a person may change by
    meanwhile (``walk_sd``) is no leap.
    """

    def __init__(self, source: Source, gate_sd: float) -> None:
        self._source = source
        self._gate_sd = gate_sd
        self._suspect: Believed | None = None
        self.believed: Believed | None = None

    def offer(self, t: float, value: Measure) -> None:
        """Take the source's next estimate, captured at ``t`` (s)."""
        new = Believed(t, value)
        known, suspect = self.believed, self._suspect
        stale = known is None or not 0 <= t - known.t <= self._source.horizon_s
        confirmed = suspect is not None and self.leap(suspect, new) <= self._gate_sd
        if known is None or stale or confirmed or self.leap(known, new) <= self._gate_sd:
            self.believed, self._suspect = new, None
        else:
            self._suspect = new

    def leap(self, a: Believed, b: Believed) -> float:
        """How far ``b`` is from ``a``, in standard deviations of what is to be expected."""
        drift = self._source.walk_sd**2 * max(b.t - a.t, 0.0)
        return abs(b.value.mean - a.value.mean) / math.sqrt(a.value.sd**2 + b.value.sd**2 + drift + 1e-12)
