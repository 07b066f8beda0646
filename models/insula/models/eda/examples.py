"""Training examples: every second of every recording, with its label where the condition has one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.models.eda.features import NAMES, WINDOW_S
from insula.models.eda.inputs import select, shifted
from insula.models.eda.packs import Segment, read_pack
from insula.models.eda.reader import GOOD_WINDOW, MIN_CLEAN, Baseline, Second, read_seconds

Array = npt.NDArray[np.float64]

STRESS = frozenset({"stroop", "interview", "hyperventilation", "cognitive_load"})
CALM = frozenset({"relax1", "relax2", "relax3", "relax_end", "baseline"})
"""Conditions with a label; questionnaires, surveys and pauses have none."""


def label_of(segment: str) -> int:
    """1 stress, 0 calm, −1 no label, for a segment name as in the packs (``pre_baseline``, ``stroop`` …)."""
    part = segment.split("_", 1)[1] if segment.split("_", 1)[0] in {"pilot", "pre", "post"} else segment
    if part in STRESS:
        return 1
    return 0 if part in CALM else -1


@dataclass(frozen=True, slots=True)
class Examples:
    """One row a second: raw features ``(n, f)``, the person's baseline of them, and where the row stands.

    ``recording`` numbers the continuous recordings, ``segment`` names the condition and ``start_s`` its
    first second; ``judged`` is false where the signal is too poor or the first window is not full;
    ``baselined`` says whether the person's own baseline was complete at that second.
    """

    values: Array
    baseline: Array
    person: npt.NDArray[np.str_]
    recording: npt.NDArray[np.int64]
    t_s: npt.NDArray[np.int64]
    segment: npt.NDArray[np.str_]
    start_s: npt.NDArray[np.int64]
    judged: npt.NDArray[np.bool_]
    baselined: npt.NDArray[np.bool_]

    @property
    def past(self) -> Array:
        """Features three minutes earlier, ``(n, f)``."""
        return shifted(self.values, self.recording)

    def inputs(self, rows: npt.NDArray[np.generic], names: tuple[str, ...]) -> Array:
        """Model inputs of some rows (indices or mask)."""
        return select(self.values[rows], self.baseline[rows], self.past[rows], names)

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """1 stress, 0 calm, −1 none."""
        kinds, inverse = np.unique(self.segment, return_inverse=True)
        return np.array([label_of(str(kind)) for kind in kinds], np.int64)[inverse]

    @property
    def whole(self) -> npt.NDArray[np.bool_]:
        """Whether the row's window lies within its segment."""
        return np.asarray(self.t_s - self.start_s >= WINDOW_S)

    @property
    def row(self) -> npt.NDArray[np.bool_]:
        """Whether the row ends one of the non-overlapping windows that are scored."""
        return np.asarray(self.whole & ((self.t_s - self.start_s) % WINDOW_S == 0))


def follow_baseline(second: Second, baseline: Baseline) -> Array:
    """Advance ``baseline`` by one second and return the mean to be used at its end."""
    good = second.values is not None and second.clean >= GOOD_WINDOW
    baseline.step(second.marks == 0, second.values if good else None)
    return baseline.mean(len(NAMES))


def load_examples(path: Path) -> Examples:
    """Replay every recording of a pack."""
    rows: list[tuple[Array, Array, str, int, int, str, int, bool, bool]] = []
    baselines: dict[str, Baseline] = {}
    empty = np.full(len(NAMES), np.nan)
    for number, recording in enumerate(read_pack(path)):
        baseline = baselines.setdefault(recording.session, Baseline())
        for second in read_seconds(recording.eda, recording.sfreq, recording.ppg, recording.ppg_sfreq):
            own = follow_baseline(second, baseline)
            where = segment_at(recording.segments, second.t_s)
            judged = second.values is not None and second.clean >= MIN_CLEAN
            values = second.values if second.values is not None else empty
            rows.append(
                (
                    values,
                    own,
                    recording.subject,
                    number,
                    second.t_s,
                    where.name,
                    where.start_s,
                    judged,
                    baseline.ready,
                )
            )
    columns = list(zip(*rows, strict=True))
    return Examples(
        np.stack(columns[0]),
        np.stack(columns[1]),
        np.array(columns[2]),
        np.array(columns[3], np.int64),
        np.array(columns[4], np.int64),
        np.array(columns[5]),
        np.array(columns[6], np.int64),
        np.array(columns[7]),
        np.array(columns[8]),
    )


def segment_at(segments: tuple[Segment, ...], t_s: int) -> Segment:
    """The segment that second ``t_s`` ends in (its last segment beyond the end)."""
    for segment in segments:
        if t_s <= segment.end_s:
            return segment
    return segments[-1]
