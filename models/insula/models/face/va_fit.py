"""Fit a head for valence and arousal: ridge regression, and a second one for how wrong the first will be.

Every choice (the ridge's strength, the variance's) is made between groups of people within the training part,
so a person is never predicted by a fit that knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.models.face.va_head import LEAST_SD
from insula.models.split import grouped_kfold

Floats = npt.NDArray[np.float64]

_STRENGTHS: Final = tuple(10.0 ** (k / 2) for k in range(-6, 9))
"""Ridge penalties tried, a row; the last all but give the mean."""

_INNER_FOLDS: Final = 5
_LOG_CHI2: Final = -1.2704
"""Mean of log χ² with one degree of freedom: what the logarithm of a squared normal error falls short by."""

_MOST_LOG: Final = 2.0
"""How far a log variance may be from its mean, in natural logarithms: the spread within ×2.7 either way."""


@dataclass(frozen=True, slots=True)
class Linear:
    """``x @ weight + bias`` on raw inputs: weight (f, 2), bias (2,)."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """Outputs (n, 2) of inputs (n, f)."""
        return np.asarray(x @ self.weight + self.bias)


@dataclass(frozen=True, slots=True)
class Head:
    """``values`` in −1…1 and ``log_variances``, each valence then arousal.

    ``bounds`` (2, 2): the lowest and the highest log variance of either axis: far from the training faces the
    linear map means nothing. ``strengths``: the penalties that were chosen.
    """

    values: Linear
    log_variances: Linear
    bounds: Floats
    strengths: tuple[float, float]

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Means and standard deviations, each (n, 2)."""
        spread = np.exp(np.clip(self.log_variances(x), *self.bounds) / 2)
        return np.clip(self.values(x), -1, 1), np.maximum(spread, LEAST_SD)


def fit_head(x: Floats, y: Floats, groups: npt.NDArray[np.str_], seed: int) -> Head:
    """Fit inputs (n, f) to ratings (n, 2); raises ``DataError`` with fewer than two groups."""
    folds = grouped_kfold(
        groups, min(_INNER_FOLDS, len(np.unique(groups))), group_key="person", seed=seed
    ).folds
    errors = np.zeros((len(_STRENGTHS), len(x), 2))
    for fold in folds:
        for k, fitted in enumerate(_ridges(x[fold.train], y[fold.train])):
            errors[k, fold.test] = np.clip(fitted(x[fold.test]), -1, 1) - y[fold.test]
    best = (errors**2).mean(axis=1).argmin(axis=0)
    values = _joined([_ridges(x, y)[k] for k in best])
    squared = np.stack([errors[k, :, axis] ** 2 for axis, k in enumerate(best)], axis=1)
    variances = _fit_variance(x, np.maximum(squared, 1e-6), [fold.test for fold in folds])
    middle = variances(x).mean(axis=0)
    bounds = np.stack([middle - _MOST_LOG, middle + _MOST_LOG])
    return Head(values, variances, bounds, (_STRENGTHS[best[0]], _STRENGTHS[best[1]]))


def _fit_variance(x: Floats, squared: Floats, parts: list[npt.NDArray[np.int64]]) -> Linear:
    """Ridge on log squared errors of people left out, scaled so that they are as large as it says.

    The penalty is chosen by the likelihood of left-out errors; the strongest means one spread for all.
    """
    target = np.log(squared) - _LOG_CHI2
    cost = np.zeros((len(_STRENGTHS), 2))
    for part in parts:
        rest = np.setdiff1d(np.arange(len(x)), part)
        for k, fitted in enumerate(_ridges(x[rest], target[rest])):
            scaled = _scaled(fitted, x[rest], squared[rest])
            log = scaled(x[part])
            cost[k] += (log + squared[part] / np.exp(log)).sum(axis=0)
    fits = _ridges(x, target)
    return _joined([_scaled(fits[k], x, squared) for k in cost.argmin(axis=0)])


def _scaled(fitted: Linear, x: Floats, squared: Floats) -> Linear:
    """The same map moved so that squared errors are 1 in their variances on the mean."""
    ratio = (squared / np.exp(fitted(x))).mean(axis=0)
    return Linear(fitted.weight, fitted.bias + np.log(ratio))


def _ridges(x: Floats, y: Floats) -> list[Linear]:
    """A ridge regression for each of the penalties, on standardised inputs; maps are of the raw inputs."""
    mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    z, centre = (x - mean) / spread, y.mean(axis=0)
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    turned = vectors.T @ (z.T @ (y - centre) / len(z))
    fits = []
    for strength in _STRENGTHS:
        weight = vectors @ (turned / (np.maximum(values, 0) + strength)[:, None]) / spread[:, None]
        fits.append(Linear(weight, centre - mean @ weight))
    return fits


def _joined(axes: list[Linear]) -> Linear:
    """Column 0 of the first and column 1 of the second."""
    first, second = axes
    return Linear(
        np.stack([first.weight[:, 0], second.weight[:, 1]], axis=1), np.array([first.bias[0], second.bias[1]])
    )
