"""The strongest moments of a session and what they rested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insula.edge.types import AffectEstimate, AffectState, Clue
from insula.ui.dashboard.recorded import Recorded
from insula.ui.report.facts import spoken

_APART_S = 5.0
_CLUES = 3
_RECENT_S = 3.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment whose valence or arousal lay far from the session's mean; ``distance`` in its deviations."""

    axis: str
    distance: float
    state: AffectState
    clues: tuple[tuple[str, Clue], ...]


def strongest(session: Recorded, most: int = 3) -> list[Moment]:
    """Return up to ``most`` moments, at least 5 s apart, in the order of their times."""
    candidates: list[tuple[float, str, AffectState]] = []
    for axis in ("valence", "arousal"):
        states = [state for state in spoken(session.states) if getattr(state, axis) is not None]
        values = np.array([getattr(state, axis).mean for state in states])
        if len(values) < 20 or (spread := values.std()) < 1e-3:
            continue
        distances = (values - values.mean()) / spread
        candidates += [(float(d), axis, state) for d, state in zip(distances, states, strict=True)]
    chosen: list[tuple[float, str, AffectState]] = []
    for candidate in sorted(candidates, key=lambda item: -abs(item[0])):
        if all(abs(candidate[2].t - other[2].t) >= _APART_S for other in chosen):
            chosen.append(candidate)
        if len(chosen) == most:
            break
    chosen.sort(key=lambda item: item[2].t)
    return [Moment(axis, d, state, _rested_on(session, state)) for d, axis, state in chosen]


def _rested_on(session: Recorded, state: AffectState) -> tuple[tuple[str, Clue], ...]:
    """The clues that lay farthest from the person's own usual; any of the heaviest modality without them."""
    weights: dict[str, float] = {
        c.modality: c.weight for c in state.contributions if c.measured and c.weight > 0
    }
    newest: dict[str, AffectEstimate] = {}
    for estimate in session.estimates:
        if (
            state.t - _RECENT_S <= estimate.t <= state.t
            and estimate.measured
            and estimate.modality in weights
        ):
            newest[estimate.modality] = estimate
    told = [(modality, clue) for modality, e in newest.items() for clue in e.clues if np.isfinite(clue.value)]
    compared = [pair for pair in told if pair[1].z is not None]
    compared.sort(key=lambda pair: -abs(pair[1].z or 0.0) * weights[pair[0]])
    rest = [pair for pair in told if pair[1].z is None]
    rest.sort(key=lambda pair: (-weights[pair[0]], -pair[1].value if pair[1].unit == "0…1" else 0.0))
    return tuple((compared or rest)[:_CLUES])
