"""Teachers that never saw the picture they judge: what they say of it, mixed into its votes.

Ten votes are a sample of what viewers would say. A net trained on the *other* pictures knows something about
the rest, and unlike a net trained on this one it cannot repeat the accidents of its ten votes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln, log_softmax, softmax

from insula.edge.types import EXPRESSIONS
from insula.models.face.sets import TrainingSet, looks_like

FOLDS: Final = 3

Logits = npt.NDArray[np.float32]
Judge = Callable[[TrainingSet, int], Callable[[npt.NDArray[np.int64]], Logits]]
"""Trains on the training part of a set with a seed; what comes back judges rows of the set (n, 8)."""


def fold_of(data: TrainingSet, seed: int) -> npt.NDArray[np.int64]:
    """The fold (n,) of each training picture, drawn at random; −1 for every other row."""
    fold = np.full(len(data.pictures), -1, np.int64)
    fold[np.random.default_rng(seed).permutation(data.train)] = np.arange(len(data.train)) % FOLDS
    return fold


def without(data: TrainingSet, left_out: npt.NDArray[np.int64]) -> TrainingSet:
    """Train without the rows ``left_out`` and whatever looks like one of them, tune on them."""
    rest = np.setdiff1d(data.train, left_out)
    kept = rest[~looks_like(data.pictures[rest], data.pictures[left_out])]
    return dataclasses.replace(data, train=kept, tune=left_out)


def out_of_fold(data: TrainingSet, judge: Judge, seed: int) -> Logits:
    """Logits (n, 8) of every training picture by a net trained on the other folds; NaN for all other rows."""
    fold = fold_of(data, seed)
    logits = np.full((len(data.pictures), len(EXPRESSIONS)), np.nan, np.float32)
    for number in range(FOLDS):
        part = without(data, np.flatnonzero(fold == number))
        logits[part.tune] = judge(part, seed + 1 + number)(part.tune)
    return logits


@dataclasses.dataclass(frozen=True, slots=True)
class Worth:
    """Weights of the teachers' logits in their pool, and what the pool is worth in votes."""

    weights: tuple[float, ...]
    votes: float


def fit_worth(votes: npt.NDArray[np.uint8], opinions: Sequence[Logits]) -> Worth:
    """Maximum likelihood of votes (n, 8) under a Dirichlet prior around the pooled opinions, each (n, 8)."""
    counts = votes.astype(np.float64)
    n = counts.sum(axis=1)

    def cost(logs: npt.NDArray[np.float64]) -> float:
        strength = np.exp(logs[-1]) * _pool(np.exp(logs[:-1]), opinions) + 1e-9
        total = strength.sum(axis=1)
        seen = (gammaln(strength + counts) - gammaln(strength)).sum(axis=1)
        return -float(np.mean(gammaln(total) - gammaln(total + n) + seen))

    start = np.log([*(1 / len(opinions) for _ in opinions), 4.0])
    found = np.exp(minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-5}).x)
    return Worth(tuple(found[:-1].tolist()), float(found[-1]))


def taught_targets(data: TrainingSet, image: Logits, shapes: Logits) -> tuple[npt.NDArray[np.float32], Worth]:
    """Targets (n, 8) with the teachers' votes beside the viewers', and the teachers' worth where both judged.

    ``image`` and ``shapes``: out-of-fold logits (n, 8) of the image net and, where MediaPipe found a face, of
    the blendshape net. Rows that no teacher judged keep their targets.
    """
    targets = data.targets.copy()
    judged = np.isfinite(image[:, 0])
    both = judged & np.isfinite(shapes[:, 0])
    votes = data.votes[:, : len(EXPRESSIONS)]
    for rows, opinions in ((both, (image, shapes)), (judged & ~both, (image,))):
        said = [opinion[rows] for opinion in opinions]
        worth = fit_worth(votes[rows], said)
        n = votes[rows].sum(axis=1, keepdims=True)
        teachers = worth.votes * _pool(worth.weights, said)
        targets[rows] = (n * targets[rows] + teachers) / (n + worth.votes)
        if len(opinions) > 1:
            pooled = worth
    return targets, pooled


def _pool(weights: npt.ArrayLike, opinions: Sequence[Logits]) -> npt.NDArray[np.float64]:
    """Log-linear pool (n, 8) of the opinions."""
    logs = [log_softmax(opinion.astype(np.float64), axis=1) for opinion in opinions]
    return np.asarray(softmax(np.tensordot(np.asarray(weights), np.stack(logs), 1), axis=1))
