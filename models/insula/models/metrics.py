"""The metrics of the field, by their formulas, in numpy.

``y`` is the truth and ``p`` the prediction; classes are integers ``0 … n_classes−1``; probabilities are
``(n, n_classes)`` rows that sum to 1. A figure that is undefined on the data at hand is ``nan``, never 0.
Means and variances are population moments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def _pair(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[Floats, Floats]:
    truth, prediction = np.asarray(y, np.float64), np.asarray(p, np.float64)
    if truth.ndim != 1 or truth.shape != prediction.shape or truth.size == 0:
        raise ValueError(f"needs two equally long, non-empty vectors, not {truth.shape}, {prediction.shape}")
    return truth, prediction


# ---- continuous values ----------------------------------------------------------------------------------


def ccc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Concordance correlation coefficient (Lin 1989); 0 for a constant prediction of a varying truth."""
    truth, prediction = _pair(y, p)
    covariance = np.mean((truth - truth.mean()) * (prediction - prediction.mean()))
    scale = truth.var() + prediction.var() + (truth.mean() - prediction.mean()) ** 2
    return float(2 * covariance / scale) if scale > 0 else float("nan")


def pearson(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Pearson's correlation; ``nan`` when either side is constant."""
    truth, prediction = _pair(y, p)
    scale = truth.std() * prediction.std()
    covariance = np.mean((truth - truth.mean()) * (prediction - prediction.mean()))
    return float(covariance / scale) if scale > 0 else float("nan")


def rmse(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Root mean squared error, in the label's unit."""
    truth, prediction = _pair(y, p)
    return float(np.sqrt(np.mean((truth - prediction) ** 2)))


def mae(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean absolute error, in the label's unit."""
    truth, prediction = _pair(y, p)
    return float(np.mean(np.abs(truth - prediction)))


def interval_coverage(
    y: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, *, level: float = 0.9
) -> float:
    """Share of truths inside the central ``level`` interval of a normal ``mean ± sd``."""
    truth, centre = _pair(y, mean)
    half = NormalDist().inv_cdf(0.5 + level / 2) * np.asarray(sd, np.float64)
    return float(np.mean(np.abs(truth - centre) <= half))


def mean_squared_z(y: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike) -> float:
    """``mean((y − mean)² / sd²)``: 1 when the standard deviations are honest, more when too small."""
    truth, centre = _pair(y, mean)
    return float(np.mean(((truth - centre) / np.asarray(sd, np.float64)) ** 2))


# ---- classes --------------------------------------------------------------------------------------------


def confusion(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> Ints:
    """Counts ``(n_classes, n_classes)``: row = truth, column = prediction."""
    truth, prediction = _pair(y, p)
    table = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(table, (truth.astype(np.int64), prediction.astype(np.int64)), 1)
    return table


def accuracy(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Share of hits; "weighted average recall" (WAR) of the dynamic-expression papers is the same number."""
    truth, prediction = _pair(y, p)
    return float(np.mean(truth == prediction))


def recalls(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> Floats:
    """Recall of every class; ``nan`` for a class without an item."""
    table = confusion(y, p, n_classes)
    return _ratio(np.diag(table), table.sum(axis=1))


def precisions(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> Floats:
    """Precision of every class; ``nan`` for a class that was never predicted."""
    table = confusion(y, p, n_classes)
    return _ratio(np.diag(table), table.sum(axis=0))


def uar(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> float:
    """Unweighted average recall over the classes that occur in ``y`` (binary: balanced accuracy)."""
    return float(np.nanmean(recalls(y, p, n_classes)))


def balanced_accuracy(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean of sensitivity and specificity of binary decisions."""
    return uar(y, p, 2)


def f1_scores(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> Floats:
    """F1 of every class; ``nan`` for a class neither present nor predicted."""
    table = confusion(y, p, n_classes)
    return _ratio(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1))


def macro_f1(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> float:
    """Mean F1 over all ``n_classes``; a class neither present nor predicted counts 0."""
    return float(np.nan_to_num(f1_scores(y, p, n_classes)).mean())


def macro_f1_present(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> float:
    """Mean F1 over the classes that occur in ``y``: for tests on another data set's class list."""
    present = confusion(y, p, n_classes).sum(axis=1) > 0
    return float(f1_scores(y, p, n_classes)[present].mean())


def weighted_f1(y: npt.ArrayLike, p: npt.ArrayLike, n_classes: int) -> float:
    """F1 weighted by class counts, as MELD and IEMOCAP are reported; it hides rare classes."""
    counts = confusion(y, p, n_classes).sum(axis=1)
    return float(np.sum(counts * np.nan_to_num(f1_scores(y, p, n_classes))) / counts.sum())


def auc(y: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Area under the ROC curve (Mann–Whitney, ties count one half); ``nan`` with one class only."""
    truth, values = _pair(y, score)
    positive = truth == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean_rank = (ends - (counts - 1) / 2)[inverse]
    rank_sum = mean_rank[positive].sum()
    return float((rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def _ratio(top: npt.NDArray[np.int64], bottom: npt.NDArray[np.int64]) -> Floats:
    share: Floats = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return share


# ---- probabilities --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reliability:
    """Expected calibration error with its bins (equal width over 0…1); empty bins hold ``nan``."""

    ece: float
    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]


def softmax(logits: npt.ArrayLike) -> Floats:
    """Probabilities of logits ``(n, n_classes)``."""
    z = np.asarray(logits, np.float64)
    z = z - z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float64)


def binary_probabilities(positive: npt.ArrayLike) -> Floats:
    """``(n, 2)`` rows from the probability of class 1."""
    p = np.asarray(positive, np.float64)
    return np.stack([1 - p, p], axis=-1)


def ece(y: npt.ArrayLike, probabilities: npt.ArrayLike, *, n_bins: int = 15) -> Reliability:
    """``Σ_b |B_b|/n · |accuracy(B_b) − confidence(B_b)|`` of the top class (Guo et al. 2017)."""
    probs = np.asarray(probabilities, np.float64)
    truth, top = _pair(y, probs.argmax(axis=1))
    confidence, hit = probs.max(axis=1), (truth == top).astype(np.float64)
    bins = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    mean_confidence = _mean(np.bincount(bins, confidence, n_bins), counts)
    mean_accuracy = _mean(np.bincount(bins, hit, n_bins), counts)
    error = float(np.nansum(counts * np.abs(mean_accuracy - mean_confidence)) / len(truth))
    return Reliability(
        error,
        tuple(int(c) for c in counts),
        tuple(float(c) for c in mean_confidence),
        tuple(float(a) for a in mean_accuracy),
    )


def _mean(total: npt.NDArray[np.number], counts: npt.NDArray[np.int64]) -> Floats:
    mean: Floats = np.divide(total, counts, out=np.full(len(total), np.nan), where=counts > 0)
    return mean


def brier(y: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """``mean Σ_k (p_k − 1[y = k])²`` over all classes: 0…2."""
    probs = np.asarray(probabilities, np.float64)
    target = np.eye(probs.shape[1])[np.asarray(y, np.int64)]
    return float(np.mean(np.sum((probs - target) ** 2, axis=1)))


def nll(y: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Mean negative natural-log probability of the truth."""
    probs = np.asarray(probabilities, np.float64)
    chosen = probs[np.arange(len(probs)), np.asarray(y, np.int64)]
    return float(-np.mean(np.log(np.maximum(chosen, 1e-12))))


def fit_temperature(y: npt.ArrayLike, logits: npt.ArrayLike) -> float:
    """The temperature that minimises the NLL of ``softmax(logits / T)``, within 0.05…20.

    Fit it on people the model was not trained on. The NLL has one minimum in T: golden section on log T.
    """
    z = np.asarray(logits, np.float64)
    low, high, shrink = np.log(0.05), np.log(20.0), (np.sqrt(5) - 1) / 2
    while high - low > 1e-5:
        a, b = high - shrink * (high - low), low + shrink * (high - low)
        if nll(y, softmax(z / np.exp(a))) < nll(y, softmax(z / np.exp(b))):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))


# ---- uncertainty of a figure ----------------------------------------------------------------------------


def bootstrap(
    statistic: Callable[[Ints], float],
    groups: npt.ArrayLike,
    *,
    n: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of ``statistic(row indices)`` when whole groups (people) are drawn again.

    Draws on which the statistic is undefined (``nan``) are left out; ``(nan, nan)`` when none is left.
    """
    keys, inverse = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(inverse == k) for k in range(len(keys))]
    rng = np.random.default_rng(seed)
    draws = [
        statistic(np.concatenate([members[k] for k in rng.integers(len(keys), size=len(keys))]))
        for _ in range(n)
    ]
    kept = np.asarray(draws, np.float64)
    kept = kept[np.isfinite(kept)]
    if kept.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
