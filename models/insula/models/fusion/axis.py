"""One axis: what every source last said, aged, combined, followed through time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from insula.edge.types import Measure
from insula.models.fusion.combine import SD_FLOOR, combine
from insula.models.fusion.gate import OutlierGate
from insula.models.fusion.parameters import Source
from insula.models.fusion.tracker import AxisTracker


class AxisFusion:
    """Fuses one axis; sources have any name.

    ``axis`` is 0 for valence, 1 for arousal. ``weights`` (0…1) divide a source's certainty: 0.25 doubles its
    deviation. A source that stops, or that says it measures nothing, leaves its last value standing: that
    ages, widens, and ends at its horizon.
    """

    def __init__(
        self,
        axis: int,
        sources: Mapping[str, Source],
        *,
        correlation: float,
        process_sd: float,
        gate_sd: float,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self._axis = axis
        self._sources = sources
        self._correlation = correlation
        self._weights = dict(weights or {})
        self._gates = {name: OutlierGate(source, gate_sd) for name, source in sources.items()}
        self._tracker = AxisTracker(process_sd)

    def offer(self, name: str, t: float, value: Measure) -> None:
        """Take a source's value, captured at ``t`` (s)."""
        self._gates[name].offer(t, value)

    def parts(self, t: float) -> dict[str, Measure]:
        """What every source still says at ``t``, its deviation grown with its age."""
        parts = {}
        for name, gate in self._gates.items():
            believed, source = gate.believed, self._sources[name]
            if believed is None or not t - believed.t <= source.horizon_s:
                continue
            sd = max(source.gain[self._axis] * believed.value.sd, SD_FLOOR)
            variance = (sd**2 + source.extra_sd[self._axis] ** 2) / self._weights.get(name, 1.0)
            grown = variance + source.walk_sd**2 * max(t - believed.t, 0.0)
            parts[name] = Measure(believed.value.mean, math.sqrt(grown))
        return parts

    def age(self, name: str, t: float) -> float:
        """Age (s) of the value that stands for a source; infinite without one."""
        believed = self._gates[name].believed
        return math.inf if believed is None else t - believed.t

    def follow(self, t: float, parts: Mapping[str, Measure]) -> tuple[Measure | None, Mapping[str, float]]:
        """The axis at ``t`` (s) and each source's weight; ``None`` while nothing speaks of it."""
        if not parts:
            self._tracker.forget()
            return None, {}
        combined = combine(parts, self._correlation)
        return self._tracker.follow(t, combined.mean, combined.sd), combined.weights
