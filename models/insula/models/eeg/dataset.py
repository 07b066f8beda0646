"""Windows of a pack for training: z tokens after each person's own rest, one row a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.models.eeg import eegmat, montage
from insula.models.eeg.bands import BandSet
from insula.models.eeg.tracker import Timing, TokenTracker
from insula.models.eeg.workload import Z_LIMIT
from insula.models.split import Windows

Floats = npt.NDArray[np.float64]

EVERY_S = 1.0
"""Time between two rows; live windows come more often, but repeat each other even more."""


@dataclass(frozen=True, slots=True)
class WindowSet:
    """Rows after the baseline, in time order within a recording.

    ``tokens`` ``(n, n_electrodes, n_bands)``, ``label`` 1 = arithmetic, ``person`` and ``segment`` names,
    ``t1_s`` seconds from the segment's start; all ``(n,)``.
    """

    tokens: Floats
    label: npt.NDArray[np.int64]
    person: npt.NDArray[np.str_]
    segment: npt.NDArray[np.str_]
    t1_s: Floats
    window_s: float

    @property
    def recording(self) -> npt.NDArray[np.str_]:
        """Name of the recording every row comes from."""
        return np.char.add(np.char.add(self.person, "/"), self.segment)

    @property
    def windows(self) -> Windows:
        """Where the rows were cut, for the splitter."""
        return Windows(self.recording, self.t1_s - self.window_s, self.t1_s)


def load(pack: Path, electrodes: Sequence[str], bands: BandSet, timing: Timing) -> WindowSet:
    """Run the streaming front end over a pack with ``electrodes`` and keep the rows after the baseline."""
    tokens: list[Floats] = []
    rows: list[tuple[int, str, str, float]] = []
    every = round(EVERY_S / timing.hop_s)
    for person in eegmat.people(pack):
        columns = [
            i for i, name in enumerate(person.ch_names) if montage.canonical(name) in _wanted(electrodes)
        ]
        names = [person.ch_names[i] for i in columns]
        tracker = TokenTracker(person.sfreq, names, bands, timing)
        for segment, samples in person.segments.items():
            tracker.gap()
            for tracked in tracker.push(samples[:, columns]):
                t1_s = tracked.token.end / person.sfreq
                if tracked.z is None or not tracked.usable.any() or round(t1_s / timing.hop_s) % every:
                    continue
                weights, _filled = montage.slots(names, electrodes, tracked.usable)
                z = np.where(tracked.usable[:, None], tracked.z, 0.0)
                tokens.append(np.clip(weights @ z, -Z_LIMIT, Z_LIMIT))
                rows.append((int(segment == eegmat.ARITHMETIC), person.name, segment, t1_s))
    label, names_, segments, t1 = zip(*rows, strict=True)
    return WindowSet(
        np.array(tokens), np.array(label), np.array(names_), np.array(segments), np.array(t1), timing.window_s
    )


def smoothed(values: Floats, recording: npt.NDArray[np.str_], n: int) -> Floats:
    """Mean of each value and up to ``n − 1`` before it in the same recording; rows are in time order."""
    out = np.empty_like(values)
    for name in np.unique(recording):
        rows = np.flatnonzero(recording == name)
        total = np.concatenate([[0.0], np.cumsum(values[rows])])
        stop = np.arange(1, len(rows) + 1)
        start = np.maximum(0, stop - n)
        out[rows] = (total[stop] - total[start]) / (stop - start)
    return out


def _wanted(electrodes: Sequence[str]) -> set[str]:
    return {montage.canonical(name) for name in electrodes}
