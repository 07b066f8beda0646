"""Splits by person: the only kind of split Insula scores with.

Overlapping windows of one recording resemble each other so much that a nearest neighbour "recognises"
random labels with 99 % accuracy when windows are shuffled. Every split here therefore takes a group key
(person, speaker, session …), keeps each group on one side, and refuses a key that would shuffle windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError

_PERSON_KEYS = frozenset({"person", "subject", "speaker", "actor", "participant", "user"})
_WINDOW_KEYS = frozenset({"window", "row", "sample", "item", "index", "chunk", "frame", "segment", "epoch"})


@dataclass(frozen=True, slots=True)
class Windows:
    """Where each item was cut: ``recording`` name, ``t0_s`` and ``t1_s`` in seconds, each ``(n,)``."""

    recording: npt.NDArray[np.str_]
    t0_s: npt.NDArray[np.float64]
    t1_s: npt.NDArray[np.float64]

    @property
    def overlap(self) -> float:
        """Mean share of a window that the next window of its recording repeats (0…1)."""
        shares = [np.zeros(0)]
        for order in self._by_recording():
            length = (self.t1_s - self.t0_s)[order][:-1]
            shares.append(np.clip((self.t1_s[order][:-1] - self.t0_s[order][1:]) / length, 0.0, 1.0))
        joined = np.concatenate(shares)
        return float(joined.mean()) if joined.size else 0.0

    def crossing(self, side: npt.NDArray[np.generic]) -> int:
        """How many neighbouring windows overlap in time although ``side`` puts them on different sides."""
        count = 0
        for order in self._by_recording():
            overlapping = self.t1_s[order][:-1] > self.t0_s[order][1:] + 1e-9
            count += int(np.sum(overlapping & (side[order][:-1] != side[order][1:])))
        return count

    def _by_recording(self) -> list[npt.NDArray[np.int64]]:
        names, inverse = np.unique(self.recording, return_inverse=True)
        members = [np.flatnonzero(inverse == k) for k in range(len(names))]
        return [m[np.argsort(self.t0_s[m], kind="stable")] for m in members]


@dataclass(frozen=True, slots=True)
class Fold:
    """Row indices of one fold and the groups that are held out."""

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Folds with what a reader must know about them; ``overlap`` is ``None`` where items are not windows."""

    group_key: str
    n_groups: int
    n_items: int
    overlap: float | None
    folds: tuple[Fold, ...]

    def describe(self) -> str:
        """One line: how many folds, by what group, with which overlap inside a group."""
        sizes = sorted({len(fold.held_out) for fold in self.folds})
        held = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]}–{sizes[-1]}"
        overlap = "items are not windows" if self.overlap is None else f"window overlap {self.overlap:.0%}"
        return (
            f"{len(self.folds)} folds by {self.group_key} ({held} of {self.n_groups} held out at a time), "
            f"{self.n_items} items, {overlap}, no {self.group_key} on both sides"
        )


def leave_one_group_out(
    groups: Sequence[str] | npt.NDArray[np.str_], *, group_key: str, windows: Windows | None = None
) -> Split:
    """One fold per group. ``groups`` holds the group of every item, ``group_key`` says what it is ("person").

    Raises ``DataError`` when the key would shuffle windows or there are fewer than two groups.
    """
    names = _checked(groups, group_key, windows)
    keys = np.unique(names)
    return _split(names, [keys[i : i + 1] for i in range(len(keys))], group_key, windows)


def grouped_kfold(
    groups: Sequence[str] | npt.NDArray[np.str_],
    n_folds: int,
    *,
    group_key: str,
    windows: Windows | None = None,
    seed: int = 0,
) -> Split:
    """``n_folds`` folds of whole groups, drawn with ``seed`` and filled so that item counts are even.

    Raises ``DataError`` when the key would shuffle windows or there are fewer groups than folds.
    """
    names = _checked(groups, group_key, windows)
    keys, counts = np.unique(names, return_counts=True)
    if not 2 <= n_folds <= len(keys):
        raise DataError(f"{n_folds} folds need 2…{len(keys)}: there are {len(keys)} groups of {group_key!r}")
    order = np.random.default_rng(seed).permutation(len(keys))
    order = order[np.argsort(-counts[order], kind="stable")]  # large groups first, ties in drawn order
    load = np.zeros(n_folds)
    members: list[list[int]] = [[] for _ in range(n_folds)]
    for k in order:
        smallest = int(np.argmin(load))
        load[smallest] += counts[k]
        members[smallest].append(int(k))
    return _split(names, [keys[sorted(m)] for m in members], group_key, windows)


def _checked(
    groups: Sequence[str] | npt.NDArray[np.str_], group_key: str, windows: Windows | None
) -> npt.NDArray[np.str_]:
    names = np.asarray(groups, np.str_)
    n_groups = len(np.unique(names))
    if not group_key or group_key.lower() in _WINDOW_KEYS:
        raise DataError(f"{group_key!r} as group key would shuffle windows; group by person or recording")
    if n_groups < 2:
        raise DataError(f"a split by {group_key} needs at least two of them, there is {n_groups}")
    if windows is None and n_groups == len(names) and group_key.lower() not in _PERSON_KEYS:
        raise DataError(
            f"every item is a {group_key} of its own, a shuffle of items; group by person or recording"
        )
    if windows is not None:
        if len(windows.recording) != len(names):
            raise DataError(f"{len(names)} groups but {len(windows.recording)} windows")
        if crossing := windows.crossing(names):
            raise DataError(f"{crossing} windows overlap with one of another {group_key}; regroup")
    return names


def _split(
    names: npt.NDArray[np.str_],
    held_out: Sequence[npt.NDArray[np.str_]],
    group_key: str,
    windows: Windows | None,
) -> Split:
    folds = []
    for keys in held_out:
        test = np.isin(names, keys)
        folds.append(Fold(np.flatnonzero(~test), np.flatnonzero(test), tuple(str(k) for k in keys)))
    overlap = None if windows is None else windows.overlap
    return Split(group_key, len(np.unique(names)), len(names), overlap, tuple(folds))
