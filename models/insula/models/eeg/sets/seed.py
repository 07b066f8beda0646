"""SEED and SEED-IV (Zheng and Lu): film clips, 62 electrodes at 200 Hz, one label a clip for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from scipy import io

from insula.edge.errors import DataError
from insula.models.eeg.sets.trial import SetSpec, Trial, checked, files_of

# The two cerebellar electrodes CB1 and CB2 are no places of the 10–5 system; PO9 and PO10 are the nearest.
CH_NAMES: Final = (
    *("Fp1", "Fpz", "Fp2", "AF3", "AF4", "F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6", "F8", "FT7", "FC5"),
    *("FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "T8"),
    *("TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8", "P7", "P5", "P3", "P1", "Pz", "P2"),
    *("P4", "P6", "P8", "PO7", "PO5", "PO3", "POz", "PO4", "PO6", "PO8", "PO9", "O1", "Oz", "O2", "PO10"),
)
SFREQ: Final = 200.0
SEED_IV_LABELS: Final[Mapping[str, Sequence[int]]] = {
    "1": (1, 2, 3, 0, 2, 0, 0, 1, 0, 1, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3, 0, 3, 0, 3),
    "2": (2, 1, 3, 0, 0, 2, 0, 2, 3, 3, 2, 3, 2, 0, 1, 1, 2, 1, 0, 3, 0, 1, 3, 1),
    "3": (1, 2, 2, 1, 3, 3, 3, 1, 1, 2, 1, 0, 2, 3, 3, 0, 2, 3, 0, 0, 2, 0, 1, 0),
}
"""Order of the clips in the three sessions, as the set's own ReadMe lists it."""
_CLIP = re.compile(r".*_eeg(\d+)")
_FILE = re.compile(r"(\d+)_(\d+)")


def seed_trials(root: Path) -> Iterator[Trial]:
    """15 clips a session; emotion −1 negative, 0 neutral, 1 positive. ``root`` holds Preprocessed_EEG."""
    folder = root / "Preprocessed_EEG"
    files_of(folder, "label.mat", "SEED")
    labels = [float(value) for value in np.ravel(io.loadmat(folder / "label.mat")["label"])]
    files = [path for path in files_of(folder, "*_*.mat", "SEED") if _FILE.fullmatch(path.stem)]
    yield from _sessions(files, dict.fromkeys(files, labels))


def seed_iv_trials(root: Path) -> Iterator[Trial]:
    """24 clips in each of three sessions; 0 neutral, 1 sad, 2 fear, 3 happy. ``root`` holds eeg_raw_data."""
    labels: dict[Path, Sequence[float]] = {}
    for session, order in SEED_IV_LABELS.items():
        for path in files_of(root / "eeg_raw_data" / session, "*.mat", "SEED-IV"):
            labels[path] = order
    yield from _sessions(list(labels), labels)


def _sessions(files: Sequence[Path], labels: Mapping[Path, Sequence[float]]) -> Iterator[Trial]:
    for path in files:
        name = _FILE.fullmatch(path.stem)
        if name is None:
            raise DataError(f"{path.name} is not named <person>_<date>.mat")
        content = io.loadmat(path)
        clips = {int(m[1]): key for key in content if (m := _CLIP.fullmatch(key))}
        if sorted(clips) != list(range(1, len(labels[path]) + 1)):
            raise DataError(f"{path.name} holds clips {sorted(clips)}, expected 1…{len(labels[path])}")
        for number in sorted(clips):
            signal = checked(content[clips[number]], (len(CH_NAMES), None), f"{path.name} clip {number}")
            yield Trial(
                person=name[1],
                session=name[2],
                name=f"clip{number:02d}",
                signal=signal,
                rest=None,
                sfreq=SFREQ,
                ch_names=CH_NAMES,
                ratings={"emotion": float(labels[path][number - 1])},
            )


SEED: Final = SetSpec(
    name="seed",
    trials=seed_trials,
    targets={"emotion": lambda rating: int(rating) + 1},
    classes={"emotion": ("negative", "neutral", "positive")},
    licence="SEED: by agreement, research only; weights trained on it are for the owner of the copy",
)
SEED_IV: Final = SetSpec(
    name="seed-iv",
    trials=seed_iv_trials,
    targets={"emotion": int},
    classes={"emotion": ("neutral", "sad", "fear", "happy")},
    licence="SEED-IV: by agreement, research only; weights trained on it are for the owner of the copy",
)
