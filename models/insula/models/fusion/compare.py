"""Ways to fuse, side by side on the same damage: the rules, the learned net, the naive mean.

Score: concordance (CCC) of valence/arousal with the truth; a state that is not measured counts as 0, the
middle of the scale. On real people the truth is the laboratory condition (−1 rest, +1 task).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import AffectEstimate, AffectState, Measure, Modality
from insula.models.fusion.late import LateFusion
from insula.models.fusion.parameters import Parameters, Source
from insula.models.fusion.trial import Fusing, run, series

Floats = npt.NDArray[np.float64]

BODY: Final = Source(walk_sd=0.03, horizon_s=10.0, reliability=0.5)
"""A source of bodily signals that the product has no modality for."""


class NaiveMean:
    """The plain way: the mean of every modality's newest value, held for ever; 0 before the first."""

    def __init__(self) -> None:
        self._newest: dict[tuple[Modality, str], Measure] = {}

    def update(self, estimate: AffectEstimate) -> None:
        """Keep what it says."""
        for axis, measure in (("valence", estimate.valence), ("arousal", estimate.arousal)):
            if measure is not None:
                self._newest[estimate.modality, axis] = measure

    def state(self, t: float) -> AffectState:
        """The mean of what was ever said last."""
        return AffectState(
            t, valence=self._mean("valence"), arousal=self._mean("arousal"), va_source="native"
        )

    def _mean(self, axis: str) -> Measure:
        values = [m.mean for (_, a), m in self._newest.items() if a == axis]
        return Measure(sum(values) / len(values) if values else 0.0, 0.0)


def with_streams(parameters: Parameters, streams: Sequence[str]) -> Parameters:
    """The parameters with sources for streams that are no modality of ours."""
    return replace(parameters, sources={**parameters.sources, **dict.fromkeys(streams, BODY)})


def rules(parameters: Parameters, streams: Sequence[str] = ()) -> Callable[[], Fusing]:
    """A maker of our fusion, knowing further streams."""
    extended = with_streams(parameters, [s for s in streams if s not in parameters.sources])
    return lambda: LateFusion(extended)


def fused(
    make: Callable[[], Fusing], estimates: Sequence[AffectEstimate], arrivals: Floats, ticks: Floats
) -> tuple[Floats, Floats]:
    """Means and deviations ``(n, 2)`` of valence and arousal at ``ticks``; NaN where not measured."""
    return series(run(make(), estimates, arrivals, ticks))


def area(scores: Floats, rates: Sequence[float]) -> Floats:
    """AUILC: area under each curve ``(rates, …)`` by the trapezium rule."""
    return np.asarray(np.trapezoid(scores, rates, axis=0), np.float64)
