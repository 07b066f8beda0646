"""The linear model beside the network: leave-one-person-out scores of the same tokens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from insula.models.eeg import linear
from insula.models.eeg.dataset import WindowSet
from insula.models.split import grouped_kfold, leave_one_group_out

Floats = npt.NDArray[np.float64]

RIDGES = (0.1, 0.3, 1.0)
_INNER_FOLDS = 4
_TRAIN_EVERY = 2


def run(windows: WindowSet, features: Floats, *, seed: int, ridge: float | None = None) -> Floats:
    """Held-out log-odds, one a row; ``ridge=None`` chooses it on the training people of every fold."""
    score = np.empty(len(features))
    for fold in leave_one_group_out(windows.person, group_key="person", windows=windows.windows).folds:
        best = choose_ridge(windows, features, fold.train, seed=seed) if ridge is None else ridge
        score[fold.test] = fit(windows, features, fold.train, best).score(features[fold.test])
    return score


def choose_ridge(windows: WindowSet, features: Floats, rows: npt.NDArray[np.int64], *, seed: int) -> float:
    """The ridge with the lowest log-loss on held-out people among those of ``rows``."""
    person = windows.person[rows]
    folds = grouped_kfold(person, _INNER_FOLDS, group_key="person", seed=seed).folds
    losses = []
    for ridge in RIDGES:
        total = 0.0
        for fold in folds:
            model = fit(windows, features, rows[fold.train], ridge)
            test = rows[fold.test]
            weight = linear.even_weights(windows.label[test], windows.person[test])
            sign = np.where(windows.label[test] == 1, -1.0, 1.0)
            total += float(np.sum(weight * np.logaddexp(0.0, sign * model.score(features[test]))))
        losses.append(total)
    return RIDGES[int(np.argmin(losses))]


def fit(windows: WindowSet, features: Floats, rows: npt.NDArray[np.int64], ridge: float) -> linear.Linear:
    """A model of ``rows``."""
    kept = rows[::_TRAIN_EVERY]
    weight = linear.even_weights(windows.label[kept], windows.person[kept])
    return linear.fit(features[kept], windows.label[kept], weight, ridge=ridge)
