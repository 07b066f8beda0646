"""L2-regularised logistic regression by Newton's method, with every person and class counting the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """``score = x @ weight + bias``; ``weight`` is ``(n_features,)``."""

    weight: Floats
    bias: float

    def score(self, x: Floats) -> Floats:
        """Log-odds of class 1 for rows ``(n, n_features)``."""
        return np.asarray(x @ self.weight + self.bias, np.float64)


def even_weights(y: npt.NDArray[np.int64], person: npt.NDArray[np.str_]) -> Floats:
    """Row weights with mean 1 that give every class of every person the same total."""
    _, group = np.unique(np.char.add(person, np.where(y == 1, "/1", "/0")), return_inverse=True)
    weight = 1.0 / np.bincount(group)[group]
    return np.asarray(weight / weight.mean(), np.float64)


def fit(x: Floats, y: npt.NDArray[np.int64], weight: Floats, *, ridge: float, steps: int = 12) -> Linear:
    """Minimise ``mean(weight · log-loss) + ridge/2 · |w|²`` over standardised features; the bias is free.

    The standardisation is folded into the result.
    """
    centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    features = np.column_stack([(x - centre) / scale, np.ones(len(x))])
    penalty = np.r_[np.full(x.shape[1], ridge), 1e-9]
    w = np.zeros(features.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-features @ w))
        gradient = features.T @ (weight * (p - y)) / len(y) + penalty * w
        curvature = (features * (weight * p * (1 - p))[:, None]).T @ features / len(y)
        w = w - np.linalg.solve(curvature + np.diag(penalty), gradient)
    return Linear(w[:-1] / scale, float(w[-1] - (w[:-1] * centre / scale).sum()))
