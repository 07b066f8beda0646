"""Two runs over the same recording side by side, such as two versions of the models (Qt-free)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from insula.edge.errors import DataError
from insula.edge.session import SessionFolder
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.series import FloatArray
from insula.ui.dashboard.view import IndexLane, Lane

NEAR_S = 0.5
"""Values farther apart in time do not speak of the same moment."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the other run is from this one in a segment: mean and root mean square, over ``n`` moments."""

    name: str
    modality: str
    mean: float
    rms: float
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The other run, and the modalities whose model is another one: (modality, this run's, the other's)."""

    other: Recorded
    models: tuple[tuple[str, str, str], ...]

    @property
    def title(self) -> str:
        """What the other run calls itself."""
        return self.other.session.name

    def lane(self, key: str) -> Lane | None:
        """Return the other run's trace of the fused state or a modality."""
        lanes = (self.other.fused, *self.other.lanes)
        return next((lane for lane in lanes if lane.key == key), None)


def compare(session: Recorded, other: Recorded) -> Comparison:
    """Lay ``other`` beside ``session``; raises ``DataError`` when they do not speak of the same time."""
    if other.begin >= session.end or other.end <= session.begin:
        raise DataError(
            f"{other.session.name} is not of the same recording: its times do not overlap with this one's. "
            "Compute this recording again and compare with that"
        )
    ours, theirs = _models(session), _models(other)
    changed = ((m, ours[m], theirs[m]) for m in ours if m in theirs and ours[m] != theirs[m])
    return Comparison(other, tuple(changed))


def differences(session: Recorded, comparison: Comparison, t0: float, t1: float) -> tuple[Difference, ...]:
    """Return how the other run differs from ``t0`` to ``t1``: valence, arousal and the indices of both."""
    other = comparison.other
    pairs = [
        ("valence", "", *_course(session.fused, 0), *_course(other.fused, 0)),
        ("arousal", "", *_course(session.fused, 2), *_course(other.fused, 2)),
    ]
    for lane in session.indices:
        same = next((i for i in other.indices if (i.name, i.modality) == (lane.name, lane.modality)), None)
        if same is not None:
            pairs.append((lane.name, lane.modality, lane.times, lane.rows[:, 0], same.times, same.rows[:, 0]))
    found = (_difference(*pair, t0, t1) for pair in pairs)
    return tuple(difference for difference in found if difference is not None)


def again(session: Path) -> list[tuple[Path, str]]:
    """Return the folders beside a session that were computed from it again, with their titles."""
    found = []
    for path in sorted(session.resolve().parent.iterdir()):
        if path == session.resolve() or not path.is_dir():
            continue
        try:
            _, about = SessionFolder.open(path)
        except DataError:
            continue
        if about.get("replay_of") == session.resolve().name:
            found.append((path, str(about.get("title") or path.name)))
    return found


def _course(lane: Lane | IndexLane, column: int) -> tuple[FloatArray, FloatArray]:
    return lane.times, lane.rows[:, column]


def _models(session: Recorded) -> dict[str, str]:
    return {estimate.modality: estimate.model for estimate in session.estimates if estimate.model}


def _difference(
    name: str,
    modality: str,
    times: FloatArray,
    values: FloatArray,
    other_times: FloatArray,
    other_values: FloatArray,
    t0: float,
    t1: float,
) -> Difference | None:
    i, j = (int(k) for k in np.searchsorted(times, (t0, t1)))
    if i == j or not len(other_times):
        return None
    after = np.clip(np.searchsorted(other_times, times[i:j]), 1, max(1, len(other_times) - 1))
    before = after - 1
    after = np.minimum(after, len(other_times) - 1)
    nearer = np.abs(other_times[after] - times[i:j]) < np.abs(other_times[before] - times[i:j])
    nearest = np.where(nearer, after, before)
    apart = other_values[nearest] - values[i:j]
    known = np.isfinite(apart) & (np.abs(other_times[nearest] - times[i:j]) <= NEAR_S)
    if not known.any():
        return None
    apart = apart[known]
    return Difference(name, modality, float(apart.mean()), float(np.sqrt((apart**2).mean())), len(apart))
