"""Packed face images with crowd votes (FER+), in either of the two layouts of the shared data folder.

* ``images`` uint8 (n, height, width): gray pictures as they are;
* ``data`` uint8 (bytes,) and ``offsets`` int64 (n + 1,): picture ``i`` is the encoded file
  ``data[offsets[i]:offsets[i + 1]]`` (WebP, PNG, JPEG …).

Both come with ``votes`` uint8 (n, 10) and ``emotions`` (10,), the names of the vote columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge import packfile
from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS

VOTE_COLUMNS: Final = (*EXPRESSIONS, "unknown", "NF")
MAJORITY: Final = 5
"""An image counts in accuracy when one expression has more than this many of its ten votes."""

Gray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FacePack:
    """An opened pack: ``votes`` (n, 10) in the order of :data:`VOTE_COLUMNS`; pictures decode one by one."""

    votes: npt.NDArray[np.uint8]
    index: npt.NDArray[np.int64]
    _stored: Gray
    _offsets: npt.NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.votes)

    def picture(self, row: int) -> Gray:
        """Gray picture ``row``; raises ``DataError`` when it cannot be decoded."""
        if self._offsets is None:
            return np.asarray(self._stored[row])
        begin, end = int(self._offsets[row]), int(self._offsets[row + 1])
        if not 0 <= begin < end <= len(self._stored):
            raise DataError("empty or out of the file's range")
        try:
            decoded = cv2.imdecode(self._stored[begin:end], cv2.IMREAD_GRAYSCALE)
        except cv2.error as error:
            raise DataError(f"cannot be decoded ({error.err})") from error
        if decoded is None:
            raise DataError("cannot be decoded as a picture")
        return np.asarray(decoded, np.uint8)

    def pictures(self) -> Iterator[tuple[int, Gray | None, str]]:
        """Every row in order with its picture, or with ``None`` and the reason."""
        for row in range(len(self)):
            try:
                yield row, self.picture(row), ""
            except DataError as error:
                yield row, None, str(error)


def load_pack(path: Path) -> FacePack:
    """Open a pack; raises ``DataError`` when a key is missing or the parts do not fit together."""
    with packfile.arrays(path) as pack:
        if "votes" not in pack or not holds_pictures(pack):
            raise DataError(f"{path}: needs votes and either images or data with offsets; has {pack.keys}")
        votes = _ordered_votes(path, pack)
        stored, offsets = stored_pictures(path, pack, len(votes), "votes")
        index = pack.numbers("index", ndim=1) if "index" in pack else np.arange(len(votes))
    return FacePack(votes, index.astype(np.int64), stored, offsets)


def holds_pictures(pack: packfile.Arrays) -> bool:
    """Whether a pack has pictures in either layout."""
    return "images" in pack or ("data" in pack and "offsets" in pack)


def stored_pictures(
    path: Path, pack: packfile.Arrays, n: int, labels: str
) -> tuple[Gray, npt.NDArray[np.int64] | None]:
    """The pictures of a pack as they are stored, with their offsets; ``labels`` are its ``n`` labels.

    Raises ``DataError`` when they are not ``n`` pictures in one of the two layouts.
    """
    if "images" in pack:
        stored = pack.numbers("images", ndim=3)
        if stored.dtype != np.uint8 or len(stored) != n:
            raise DataError(f"{path}: images must be uint8 (n, height, width) with one row of {labels} each")
        return stored, None
    stored, offsets = pack.numbers("data", ndim=1), pack.numbers("offsets", ndim=1).astype(np.int64)
    if stored.dtype != np.uint8 or len(offsets) != n + 1:
        raise DataError(f"{path}: data must be uint8 (bytes,) and offsets one longer than {labels}")
    return stored, offsets


def _ordered_votes(path: Path, pack: packfile.Arrays) -> npt.NDArray[np.uint8]:
    votes = pack.numbers("votes", ndim=2)
    names = pack.texts("emotions") if "emotions" in pack else VOTE_COLUMNS
    if set(names) != set(VOTE_COLUMNS) or len(names) != len(VOTE_COLUMNS) or votes.shape[1] != len(names):
        raise DataError(
            f"{path}: votes must be (n, 10) for {', '.join(VOTE_COLUMNS)}, not {', '.join(names)}"
        )
    return np.ascontiguousarray(votes[:, [names.index(name) for name in VOTE_COLUMNS]], dtype=np.uint8)


def vote_distribution(votes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Votes (n, 10) → distribution over the eight expressions (n, 8); NaN rows have no expression vote.

    "Unknown" and "no face" mass is left out and the rest normalised.
    """
    mass = votes[:, : len(EXPRESSIONS)].astype(np.float32)
    total = mass.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(mass, total, out=np.full_like(mass, np.nan), where=total > 0))


def majority(votes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Expression with more than five votes (n,), −1 where there is none."""
    mass = votes[:, : len(EXPRESSIONS)]
    return np.where(mass.max(axis=1) > MAJORITY, mass.argmax(axis=1), -1).astype(np.int64)
