"""Which pictures train, which tune: a split that keeps near-duplicates on one side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge import packfile
from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models.face.crop import fit
from insula.models.face.pack import FacePack, load_pack

TRAIN_FILE: Final = "fer_train_webp90.npz"
BLENDSHAPE_FILE: Final = "fer_blend_train.npz"
VALID_FILE: Final = "fer_valid.npz"
_TUNE_IMAGES: Final = 1000
_DUPLICATE: Final = 0.90
"""Cosine of mean-free 24 × 24 pictures above which two count as the same (the rule that made the packs)."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Every picture of the training pack, and which rows train and which tune.

    ``pictures`` (n, 48, 48), ``votes`` (n, 10), ``targets`` (n, 8; NaN = no opinion), ``shapes`` (n, 61;
    NaN = no face found): the blendshapes in the order of ``names``, then the head's rotation; ``train`` and
    ``tune`` are row numbers.
    """

    pictures: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]
    shapes: npt.NDArray[np.float32]
    names: tuple[str, ...]
    train: npt.NDArray[np.int64]
    tune: npt.NDArray[np.int64]

    @property
    def blendshapes(self) -> npt.NDArray[np.float32]:
        """The blendshapes without the rotations (n, 52)."""
        return self.shapes[:, : len(self.names)]


def load_training_set(data: Path, seed: int) -> TrainingSet:
    """Read the training pack and its blendshapes from folder ``data`` and split it.

    The tune part (temperature, affine maps) is drawn at random from the *training* pack; pictures that look
    like one of its members are taken out of training. The validation pack is not touched here, so its scores
    are free of every choice made in training.
    """
    pack = load_pack(data / TRAIN_FILE)
    shapes, names = _load_shapes(data / BLENDSHAPE_FILE, pack)
    pictures = np.stack([fit(pack.picture(row)) for row in range(len(pack))])
    targets = sharpened(pack.votes)
    usable = np.flatnonzero(np.isfinite(targets[:, 0]))
    tune = np.sort(np.random.default_rng(seed).permutation(usable)[:_TUNE_IMAGES])
    rest = np.setdiff1d(usable, tune)
    train = rest[~looks_like(pictures[rest], pictures[tune])]
    return TrainingSet(pictures, pack.votes, targets, shapes, names, train, tune)


def sharpened(votes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Votes (n, 10) → training targets (n, 8); NaN where no expression has two votes.

    A single vote among ten is more often a slip than an opinion (Barsoum et al. 2016 drop it too).
    """
    mass = votes[:, : len(EXPRESSIONS)].astype(np.float32)
    mass[mass < 2] = 0
    total = mass.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(mass, total, out=np.full_like(mass, np.nan), where=total > 0))


def looks_like(pictures: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Whether each picture (n, h, w) nearly equals one of ``others`` (m, h, w), also mirrored."""
    mine = _signature(pictures)
    theirs = np.concatenate([_signature(others), _signature(others[:, :, ::-1])])
    return np.concatenate([(part @ theirs.T).max(axis=1) > _DUPLICATE for part in np.array_split(mine, 16)])


def _signature(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    small = np.stack([cv2.resize(p, (24, 24), interpolation=cv2.INTER_AREA).ravel() for p in pictures])
    centred = small.astype(np.float32) - small.mean(axis=1, keepdims=True, dtype=np.float32)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6))


def _load_shapes(path: Path, pack: FacePack) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    try:
        with packfile.arrays(path) as file:
            values, index = file.numbers("blendshapes", ndim=2), file.numbers("index", ndim=1)
            rotations, names = file.numbers("rotation", ndim=2), file.texts("names")
    except DataError as error:
        raise DataError(f"{path}: training needs the blendshapes of the training pack ({error})") from error
    if not np.array_equal(index, pack.index):
        raise DataError(f"{path}: its rows are not those of the training pack")
    return np.concatenate([values, rotations], axis=1).astype(np.float32), names


def mirror_columns(names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """For each blendshape the column of its mirror image (itself when it has no side)."""
    swap = {"Left": "Right", "Right": "Left"}
    columns = []
    for name in names:
        side = next((s for s in swap if name.endswith(s)), None)
        twin = name if side is None else name.removesuffix(side) + swap[side]
        columns.append(names.index(twin))
    return np.array(columns, np.int64)
