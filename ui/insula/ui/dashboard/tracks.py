"""Traces of the fused state and of each modality, with the stretches where nothing was measured (Qt-free)."""

from __future__ import annotations

import math

import numpy as np

from insula.edge.types import AffectEstimate, AffectState, Contribution, Measure
from insula.ui.dashboard.series import Gap, GapLog, Series
from insula.ui.dashboard.view import IndexLane, Lane

CAPACITY = 6000
"""Rows a trace keeps: 200 s at 30 estimates a second."""


def _row(valence: Measure | None, arousal: Measure | None) -> tuple[float, float, float, float]:
    return (
        valence.mean if valence else math.nan,
        valence.sd if valence else math.nan,
        arousal.mean if arousal else math.nan,
        arousal.sd if arousal else math.nan,
    )


def absences(lane: Lane, column: int, otherwise: str) -> tuple[Gap, ...]:
    """Return the stretches in which one column of a lane has no value, with the reason that is known.

    A lane's own gaps are those in which it has no value at all; a state can also have arousal and no valence.
    """
    missing = np.concatenate(([False], np.isnan(lane.rows[:, column]), [False]))
    edges = np.flatnonzero(np.diff(missing.astype(np.int8)))
    found = list(lane.gaps)
    for i, j in zip(edges[::2], edges[1::2], strict=True):
        t0 = float(lane.times[max(0, i - 1)])
        t1 = float(lane.times[j]) if j < len(lane.times) else None
        if not any(_overlap(gap, t0, t1) for gap in lane.gaps):
            found.append(Gap(t0, t1, otherwise))
    return tuple(found)


def _overlap(gap: Gap, t0: float, t1: float | None) -> bool:
    return (t1 is None or gap.t0 < t1) and (gap.t1 is None or gap.t1 > t0)


class FusedTrack:
    """The fused state over time; with a ``capacity`` every gap is kept."""

    def __init__(self, capacity: int | None = None) -> None:
        self.latest: AffectState | None = None
        self._series = Series(4, capacity or CAPACITY)
        self._gaps = GapLog(None) if capacity else GapLog()

    def add(self, state: AffectState) -> None:
        """Take the next state."""
        self.latest = state
        self._series.append(state.t, _row(state.valence, state.arousal))
        if state.valence or state.arousal:
            self._gaps.clear(state.t)
        else:
            self._gaps.mark(state.t, state.reason)

    def lane(self, t0: float, silence: str) -> Lane:
        """Return the trace from ``t0`` on; ``silence`` is why the engine sends nothing, or ""."""
        last = self._series.last_t
        if silence and last is not None:
            self._gaps.mark(last, silence)
        times, rows = self._series.since(t0)
        return Lane("fused", times, rows, self._gaps.since(t0), silence or self._gaps.reason)


class ModalityTrack:
    """What one modality said over time.

    A modality counts as measured only while both its own estimates and the fusion's report on it say so:
    the fusion also knows when an estimate has become too old.
    """

    def __init__(self, modality: str, capacity: int | None = None) -> None:
        self.modality = modality
        self._capacity = capacity or CAPACITY
        self.latest: AffectEstimate | None = None
        self.seen = False
        self._series = Series(4, self._capacity)
        self._indices: dict[str, Series] = {}
        self._gaps = GapLog(None) if capacity else GapLog()
        self._own_reason = ""
        self._fusion_reason = ""
        self._measured_t: float | None = None

    def add(self, estimate: AffectEstimate) -> None:
        """Take the modality's next estimate."""
        self.latest, self.seen = estimate, True
        self._series.append(estimate.t, _row(estimate.valence, estimate.arousal))
        for name, measure in estimate.indices:
            series = self._indices.setdefault(name, Series(2, self._capacity))
            series.append(estimate.t, (measure.mean, measure.sd))
        if not estimate.measured:
            for series in self._indices.values():
                series.append(estimate.t, (math.nan, math.nan))
        self._own_reason = "" if estimate.measured else estimate.reason
        self._judge(estimate.t, measured_at=estimate.t if estimate.measured else None)

    def contribute(self, t: float, contribution: Contribution) -> None:
        """Take what the fusion at time ``t`` says about this modality."""
        self.seen = True
        self._fusion_reason = "" if contribution.measured else contribution.reason
        self._judge(t, measured_at=None)

    def _judge(self, t: float, measured_at: float | None) -> None:
        reason = self._own_reason or self._fusion_reason
        if reason:
            self._gaps.mark(self._measured_t if self._measured_t is not None else t, reason)
            return
        if measured_at is not None:
            self._measured_t = measured_at
        self._gaps.clear(t)

    def reason(self, silence: str) -> str:
        """Why the modality is not measured now; "" when it is."""
        return silence or self._gaps.reason

    def lane(self, t0: float, silence: str) -> Lane:
        """Return the trace from ``t0`` on."""
        last = self._series.last_t
        if silence and last is not None:
            self._gaps.mark(last, silence)
        times, rows = self._series.since(t0)
        return Lane(self.modality, times, rows, self._gaps.since(t0), self.reason(silence))

    def index_lanes(self, t0: float, silence: str) -> list[IndexLane]:
        """Return the traces of the modality's indices from ``t0`` on."""
        reason = self.reason(silence)
        measured = dict(self.latest.indices) if self.latest and not reason else {}
        lanes = []
        for name, series in self._indices.items():
            times, rows = series.since(t0)
            lanes.append(IndexLane(name, self.modality, times, rows, measured.get(name), reason))
        return lanes
