"""A user's own faces with ratings of valence and arousal, and what the shipped net makes of them.

The pack is an ``.npz`` with pictures as in :mod:`insula.models.face.pack` (``images``, or ``data`` with
``offsets``), ``valence`` and ``arousal`` float (n,) in −1…1, and ``group`` (n,), the person (text or number).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge import packfile
from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models.face.model import ExpressionNet, read_picture
from insula.models.face.pack import FacePack, holds_pictures, stored_pictures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VaPack:
    """An opened pack: its pictures, ratings (n, 2) = valence, arousal, and groups (n,)."""

    faces: FacePack
    ratings: Floats
    groups: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Readings:
    """What the net reads in every picture; NaN and a reason where it cannot be judged.

    ``inputs`` (n, width + 8): embedding and log-probabilities; ``probabilities`` (n, 8); ``quality`` (n,).
    """

    inputs: Floats
    probabilities: Floats
    quality: Floats
    reasons: tuple[str, ...]

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Which rows carry an estimate (n,)."""
        return np.array([not reason for reason in self.reasons])


def is_rated(path: Path) -> bool:
    """Whether the pack carries ratings of valence and arousal; raises ``DataError`` when it is no pack."""
    with packfile.arrays(path) as pack:
        return "valence" in pack and "arousal" in pack


def load_va_pack(path: Path) -> VaPack:
    """Open a rated pack; raises ``DataError`` that says what is missing or does not fit."""
    with packfile.arrays(path) as pack:
        if not ("valence" in pack and "arousal" in pack and holds_pictures(pack)):
            raise DataError(
                f"{path}: needs valence, arousal and either images or data with offsets; has {pack.keys}"
            )
        if "group" not in pack:
            raise DataError(
                f"{path}: needs group (n,), the person of each picture: without it the same people would "
                "train and test, and the figures would promise too much"
            )
        ratings = np.stack([pack.numbers(name, ndim=1) for name in ("valence", "arousal")], 1).astype(
            np.float64
        )
        if not (np.abs(ratings) <= 1).all():
            raise DataError(f"{path}: valence and arousal must lie within −1…1, without gaps")
        groups = pack.labels("group")
        if len(groups) != len(ratings):
            raise DataError(f"{path}: group must name one person a picture")
        stored, offsets = stored_pictures(path, pack, len(ratings), "ratings")
    n = len(ratings)
    return VaPack(
        FacePack(np.zeros((n, 10), np.uint8), np.arange(n), stored, offsets), ratings, np.array(groups)
    )


def read_faces(net: ExpressionNet, faces: FacePack, report: Callable[[float], None]) -> Readings:
    """Run the net over every picture; ``report`` is told how much is done, 0…1."""
    inputs: list[Floats | None] = []
    probabilities = np.full((len(faces), len(EXPRESSIONS)), np.nan)
    quality, reasons = np.zeros(len(faces)), []
    for row, picture, missing in faces.pictures():
        found, worth, reason = (None, 0.0, missing) if picture is None else read_picture(net, picture)
        quality[row] = worth
        reasons.append(reason)
        inputs.append(None if found is None else found.inputs)
        if found is not None:
            probabilities[row] = found.probabilities
        report((row + 1) / len(faces))
    width = next((len(x) for x in inputs if x is not None), 0)
    blank = np.full(width, np.nan)
    table = np.array([blank if x is None else x for x in inputs]).reshape(len(inputs), width)
    return Readings(table, probabilities, quality, tuple(reasons))
