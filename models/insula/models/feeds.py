"""Inputs for a network from an ``.npz`` file: one array an input, items along the first axis.

``labels`` (n,) of whole numbers, if it is there, are the right classes and go to no input.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge.engines.tensors import Tensor
from insula.edge.errors import DataError

Feed = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Feeds:
    """One feed an item, and the items' classes where they are known."""

    feeds: tuple[Feed, ...]
    labels: npt.NDArray[np.int64] | None

    def part(self, rows: npt.NDArray[np.int64]) -> Feeds:
        """Some items."""
        labels = None if self.labels is None else self.labels[rows]
        return Feeds(tuple(self.feeds[row] for row in rows), labels)

    def split(self, share: float, seed: int = 0) -> tuple[Feeds, Feeds]:
        """Two parts without a common item, the second with ``share`` of them, drawn at random."""
        order = np.random.default_rng(seed).permutation(len(self.feeds))
        cut = len(order) - max(1, round(share * len(order)))
        return self.part(np.sort(order[:cut])), self.part(np.sort(order[cut:]))


def load_feeds(path: Path, inputs: Sequence[Tensor]) -> Feeds:
    """The items of ``path`` for a network with these ``inputs``; ``DataError`` when they do not fit."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise DataError(f"there is no {path}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file of arrays: {error}") from error
    labels = arrays.pop("labels", None)
    if set(arrays) != {spec.name for spec in inputs}:
        raise DataError(f"{path} holds {sorted(arrays)}; the model takes {[spec.name for spec in inputs]}")
    for spec in inputs:
        if arrays[spec.name].shape[1:] != spec.shape[1:]:
            shape = ("items", *spec.shape[1:])
            raise DataError(f"{path}: {spec.name!r} should be {shape}, not {arrays[spec.name].shape}")
    sizes = {len(array) for array in (*arrays.values(), *([] if labels is None else [labels]))}
    if len(sizes) != 1 or not sizes.isdisjoint({0}):
        raise DataError(
            f"{path}: its arrays must have the same number of items and at least one, not {sizes}"
        )
    rows = range(sizes.pop())
    typed = {spec.name: arrays[spec.name].astype(spec.dtype) for spec in inputs}
    feeds = tuple({name: array[row : row + 1] for name, array in typed.items()} for row in rows)
    return Feeds(feeds, None if labels is None else labels.astype(np.int64))
