"""Loader for the user's own copy of WESAD (Schmidt et al., ICMI 2018; non-commercial, not redistributed).

Layout, from general knowledge (no copy was available to verify it)::

    ROOT/S2/S2.pkl          dict: "subject"; "signal" → "wrist" → "EDA" (n, 1) µS at 4 Hz, "BVP" (m, 1)
                            at 64 Hz (and "chest", not used); "label" (k,) int at 700 Hz
    ROOT/S2/S2_quest.csv    rows of ";"-separated cells: "# ORDER;Base;TSST;…", then five rows
                            "# PANAS;1;3;…", one per condition in that order

Label codes: 1 baseline, 2 stress, 3 amusement, 4 meditation; 0 and 5–7 are no condition. The classes are
conditions, not emotions. A pickle can run code when it is loaded: only arrays, numbers and text are let in.
"""

from __future__ import annotations

import csv
import pickle
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models.eda.packs import Recording, Segment

LABEL_HZ = 700
EDA_HZ, PPG_HZ = 4.0, 64.0
CONDITIONS = {1: "baseline", 2: "cognitive_load", 3: "amusement", 4: "meditation"}
"""Segment names; WESAD's stress condition takes the name the other loaders have for a stress task."""

_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Let in what numpy arrays need and nothing else."""
        if (module, name) not in _ALLOWED:
            raise DataError(f"the pickle asks for {module}.{name}: it is no plain WESAD file, refused")
        return super().find_class(module, name)


def read_wesad(root: Path) -> Iterator[Recording]:
    """Yield a recording per person under ``root``; ``DataError`` when there is none or one is malformed."""
    files = sorted(root.glob("S*/S*.pkl"))
    if not files:
        raise DataError(f"{root} holds no S*/S*.pkl; point at WESAD's unpacked folder")
    for file in files:
        yield _recording(file)


def _recording(file: Path) -> Recording:
    with file.open("rb") as stream:
        try:
            content = _ArraysOnly(stream, encoding="latin1").load()
            wrist, label = content["signal"]["wrist"], np.asarray(content["label"]).ravel()
            eda = np.asarray(wrist["EDA"], np.float64).ravel()
            ppg = np.asarray(wrist["BVP"], np.float64).ravel()
        except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{file} has not WESAD's layout: {error!r}") from error
    return Recording(file.stem, file.stem, eda, EDA_HZ, ppg, PPG_HZ, _segments(label, len(eda)))


def _segments(label: npt.NDArray[np.generic], n_eda: int) -> tuple[Segment, ...]:
    seconds = min(len(label) // LABEL_HZ, int(n_eda / EDA_HZ))
    codes = label[: seconds * LABEL_HZ : LABEL_HZ].astype(np.int64)
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return tuple(Segment(CONDITIONS.get(int(codes[a]), "none"), a, b) for a, b in pairwise(edges) if b > a)


def read_panas(file: Path) -> dict[str, tuple[float, ...]]:
    """Condition name as in the file (``Base``, ``TSST`` …) → its PANAS answers.

    These are the published inputs. They identify (person, condition), so folds must keep people whole
    (``insula.models.eda.questionnaire`` shows what happens otherwise).
    """
    order: list[str] = []
    answers: list[tuple[float, ...]] = []
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.reader(stream, delimiter=";"):
            cells = [cell.strip() for cell in row[1:] if cell.strip()]
            if row and row[0].strip() == "# ORDER":
                order = cells
            elif row and row[0].strip() == "# PANAS":
                answers.append(tuple(float(cell) for cell in cells))
    if not order or len(answers) < len(order):
        raise DataError(f"{file} lacks '# ORDER' or a '# PANAS' row for each of its conditions")
    return dict(zip(order, answers, strict=False))
