"""The session between its markers: means, spreads, and how far each stretch lies from the first.

The distance is Hedges' g (Hedges 1981, "Distribution theory for Glass's estimator of effect size") over
means of whole seconds. Neighbouring seconds are alike, so it describes this session; it is no test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.segment import Segment, segment
from insula.ui.dashboard.series import FloatArray

LEAST_S = 5
"""A distance is stated only where both stretches have at least that many measured seconds."""
_SHORTEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch, named by the marker that opened it, and Hedges' g of each figure against the first."""

    label: str
    figures: Segment
    effects: dict[str, float | None]


def stretches(session: Recorded) -> list[Stretch]:
    """The stretches between markers, the whole session where there is none."""
    marks = sorted((mark for mark in session.marks), key=lambda mark: mark.t)
    inside = [mark for mark in marks if session.begin < mark.t < session.end]
    edges = [session.begin, *(mark.t for mark in inside), session.end]
    labels = ["start" if inside else "whole session", *(mark.text or "(no text)" for mark in inside)]
    courses = _courses(session)
    found: list[Stretch] = []
    reference: dict[str, FloatArray] = {}
    for label, t0, t1 in zip(labels, edges[:-1], edges[1:], strict=True):
        if t1 - t0 < _SHORTEST_S:
            continue
        seconds = {name: second_means(times, values, t0, t1) for name, (times, values) in courses.items()}
        effects = {name: hedges_g(values, reference[name]) for name, values in seconds.items() if reference}
        reference = reference or seconds
        found.append(Stretch(label, segment(session, t0, t1), effects))
    return found


def _courses(session: Recorded) -> dict[str, tuple[FloatArray, FloatArray]]:
    fused = session.fused
    courses = {"valence": (fused.times, fused.rows[:, 0]), "arousal": (fused.times, fused.rows[:, 2])}
    return courses | {lane.name: (lane.times, lane.rows[:, 0]) for lane in session.indices}


def second_means(times: FloatArray, values: FloatArray, t0: float, t1: float) -> FloatArray:
    """Mean of each second from ``t0`` to ``t1`` that was measured."""
    inside = (times >= t0) & (times < t1) & np.isfinite(values)
    second = np.floor(times[inside] - t0).astype(np.int64)
    if not len(second):
        return np.zeros(0)
    totals, counts = np.bincount(second, values[inside]), np.bincount(second)
    return np.asarray(totals[counts > 0] / counts[counts > 0], np.float64)


def hedges_g(values: FloatArray, reference: FloatArray) -> float | None:
    """Standardised difference of two means, ``None`` when too little was measured or nothing varied."""
    n, m = len(values), len(reference)
    if min(n, m) < LEAST_S:
        return None
    pooled = ((n - 1) * values.var(ddof=1) + (m - 1) * reference.var(ddof=1)) / (n + m - 2)
    if pooled <= 0:
        return None
    d = (values.mean() - reference.mean()) / math.sqrt(pooled)
    return float(d * (1 - 3 / (4 * (n + m) - 9)))
