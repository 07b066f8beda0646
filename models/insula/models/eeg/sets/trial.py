"""One stimulus and what a person felt about it: the common form of all loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError


@dataclass(frozen=True, slots=True)
class Trial:
    """``signal`` and ``rest`` (before it, ``None`` where the set has none) are ``(n_channels, n)`` in µV.

    ``person``, ``session`` and ``name`` identify the trial; ``ratings`` holds the labels as published.
    """

    person: str
    session: str
    name: str
    signal: npt.NDArray[np.float32]
    rest: npt.NDArray[np.float32] | None
    sfreq: float
    ch_names: tuple[str, ...]
    ratings: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetSpec:
    """How a set is read: ``trials`` of a folder, ``targets`` with the function from rating to class."""

    name: str
    trials: Callable[[Path], Iterator[Trial]]
    targets: Mapping[str, Callable[[float], int]]
    classes: Mapping[str, tuple[str, ...]]
    licence: str


def files_of(root: Path, pattern: str, what: str) -> list[Path]:
    """The files of a set, sorted; raises ``DataError`` when there are none."""
    found = sorted(root.glob(pattern))
    if not found:
        raise DataError(f"no {pattern} in {root}: this is not the folder of {what}")
    return found


def checked(
    value: npt.NDArray[np.generic], shape: tuple[int | None, ...], where: str
) -> npt.NDArray[np.float32]:
    """``value`` as float32 when its shape fits (``None`` = any); raises ``DataError`` with both shapes."""
    fits = value.ndim == len(shape) and all(
        want is None or want == size for want, size in zip(shape, value.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if size is None else str(size) for size in shape)
        raise DataError(f"{where} has shape {value.shape}, expected ({wanted})")
    return value.astype(np.float32)
