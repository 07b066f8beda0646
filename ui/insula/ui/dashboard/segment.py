"""What a segment of a session amounts to (Qt-free)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.series import FloatArray
from insula.ui.dashboard.view import Lane


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean, spread over time and share of time with a value; ``mean`` is ``None`` when there was none."""

    name: str
    modality: str
    mean: float | None
    spread: float | None
    share: float


@dataclass(frozen=True, slots=True)
class Segment:
    """From ``t0`` to ``t1`` (s): figures of state and indices, and how much each modality was measured."""

    t0: float
    t1: float
    figures: tuple[Figure, ...]
    measured: tuple[tuple[str, float], ...]
    markers: int
    responses: int


def segment(session: Recorded, t0: float, t1: float) -> Segment:
    """Return the figures from ``t0`` to ``t1``, as far as the session reaches.

    What was not measured does not enter a mean.
    """
    t0, t1 = max(t0, session.begin), min(t1, session.end)
    fused = session.fused
    figures = [
        _figure("valence", "", fused.times, fused.rows[:, 0], t0, t1),
        _figure("arousal", "", fused.times, fused.rows[:, 2], t0, t1),
        *(_figure(i.name, i.modality, i.times, i.rows[:, 0], t0, t1) for i in session.indices),
    ]
    return Segment(
        t0,
        t1,
        tuple(figures),
        tuple((lane.key, measured_share(lane, t0, t1)) for lane in session.lanes),
        sum(t0 <= mark.t <= t1 for mark in session.marks),
        sum(t0 <= t <= t1 for lane in session.signals for t in lane.marks),
    )


def measured_share(lane: Lane, t0: float, t1: float) -> float:
    """Return which part of the time from ``t0`` to ``t1`` the lane was measured, 0…1."""
    if t1 <= t0 or not len(lane.times):
        return 0.0
    begin = max(t0, float(lane.times[0]))
    missing = sum(
        max(0.0, min(t1 if gap.t1 is None else gap.t1, t1) - max(gap.t0, begin)) for gap in lane.gaps
    )
    return max(0.0, min(1.0, (max(0.0, t1 - begin) - missing) / (t1 - t0)))


def _figure(name: str, modality: str, times: FloatArray, values: FloatArray, t0: float, t1: float) -> Figure:
    i, j = (int(k) for k in np.searchsorted(times, (t0, t1)))
    part = values[i:j]
    finite = part[np.isfinite(part)]
    if not len(finite):
        return Figure(name, modality, None, None, 0.0)
    return Figure(name, modality, float(finite.mean()), float(finite.std()), len(finite) / len(part))
