"""The strongest moments of a session and what they rested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insula.edge.types import AffectEstimate, AffectState
from insula.models.explain import explain, sentence
from insula.ui.dashboard.recorded import Recorded
from insula.ui.report.facts import spoken

_APART_S = 5.0
_RECENT_S = 3.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment whose valence or arousal lay far from the session's mean; ``distance`` in its deviations."""

    axis: str
    distance: float
    state: AffectState
    why: str


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
    return [_moment(session, *candidate) for candidate in chosen]


def _moment(session: Recorded, distance: float, axis: str, state: AffectState) -> Moment:
    newest = _newest(session, state)
    why = sentence(explain(state, newest.values()), session.words.language)
    return Moment(axis, distance, state, why)


def _newest(session: Recorded, state: AffectState) -> dict[str, AffectEstimate]:
    """What each modality that entered the state had said last."""
    entered = {c.modality for c in state.contributions if c.measured and c.weight > 0}
    newest: dict[str, AffectEstimate] = {}
    for estimate in session.estimates:
        recent = state.t - _RECENT_S <= estimate.t <= state.t
        if recent and estimate.measured and estimate.modality in entered:
            newest[estimate.modality] = estimate
    return newest
