"""DEAP (Koelstra et al. 2012), the preprocessed Python files ``s01.dat`` … ``s32.dat``.

They are pickles, and loading a pickle runs what it says: only numpy arrays are let through here.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from insula.edge.errors import DataError
from insula.models.eeg.sets.trial import SetSpec, Trial, checked, files_of

CH_NAMES: Final = (
    *("Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz"),
    *("Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2"),
)
RATINGS: Final = ("valence", "arousal", "dominance", "liking")
SFREQ: Final = 128.0
REST_SAMPLES: Final = 384
_ALLOWED: Final = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}, which is no array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load_arrays(path: Path) -> dict[str, Any]:
    """A pickled dict of arrays; raises ``DataError`` when the file holds anything else."""
    try:
        content = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="iso-8859-1").load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, IndexError) as error:
        raise DataError(f"{path.name} is not a plain pickle of arrays: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path.name} holds a {type(content).__name__}, not a dict of arrays")
    return content


def trials(root: Path) -> Iterator[Trial]:
    """40 music clips a person, 60 s with 3 s of rest before each; ratings 1–9."""
    for path in files_of(root, "s*.dat", "DEAP (data_preprocessed_python)"):
        content = load_arrays(path)
        if not {"data", "labels"} <= content.keys():
            raise DataError(f"{path.name} has {sorted(content)}, expected data and labels")
        data = checked(content["data"], (None, 40, None), f"{path.name} data")[:, : len(CH_NAMES)]
        labels = checked(content["labels"], (len(data), len(RATINGS)), f"{path.name} labels")
        for clip, (signal, rating) in enumerate(zip(data, labels, strict=True)):
            yield Trial(
                person=path.stem,
                session="1",
                name=f"clip{clip + 1:02d}",
                signal=np.ascontiguousarray(signal[:, REST_SAMPLES:]),
                rest=np.ascontiguousarray(signal[:, :REST_SAMPLES]),
                sfreq=SFREQ,
                ch_names=CH_NAMES,
                ratings=dict(zip(RATINGS, map(float, rating), strict=True)),
            )


SPEC: Final = SetSpec(
    name="deap",
    trials=trials,
    targets=dict.fromkeys(RATINGS, lambda rating: int(rating > 5)),
    classes=dict.fromkeys(RATINGS, ("≤ 5", "> 5")),
    licence="DEAP: by agreement, research only; weights trained on it are for the owner of the copy",
)
