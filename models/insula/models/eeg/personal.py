"""A model of one person from that person's own labelled recordings, used only if it beats chance.

Blocks (the stretches between two markers) are left out one at a time, never windows. Chance is not 50 %: the
same procedure is run with the labels of the blocks shuffled, and the model passes when at most 5 % of these
runs do as well. Few blocks cannot pass, whatever the accuracy: with four blocks there are only six ways to
label them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.eeg import linear
from insula.models.eeg.tracker import Timing
from insula.models.eeg.workload import Calibration
from insula.models.split import leave_one_group_out

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]

TIMING = Timing(window_s=4.0, hop_s=1.0, baseline_s=60.0)
"""As the shipped models; for learning, one window a second."""
LEVEL = 0.05
_RIDGE = 0.3
_STEPS = 6


@dataclass(frozen=True, slots=True)
class PersonalModel:
    """``model`` on flattened z tokens, with what it reached on blocks it had not seen.

    ``calibration`` turns time-averaged scores into a probability of class 1: temperature and spread between
    blocks, from the blocks left out. ``chance`` is the mean balanced accuracy with shuffled labels, ``p`` the
    share of shuffles as good. ``reason`` is empty when the model may be used.
    """

    model: linear.Linear
    calibration: Calibration
    balanced_accuracy: float
    chance: float
    p: float
    n_blocks: int
    reason: str

    @property
    def usable(self) -> bool:
        """Whether the model beat chance."""
        return not self.reason


def fit(tokens: Floats, label: Ints, block: Names, *, n_shuffles: int = 99, seed: int = 0) -> PersonalModel:
    """Fit on z tokens (n, electrodes, bands) with classes 0 and 1; ``block`` names the stretch of each row.

    Raises ``DataError`` when a block has two labels or a class has fewer than two blocks.
    """
    names, inverse = np.unique(block, return_inverse=True)
    of_block = np.array([label[inverse == k][0] for k in range(len(names))])
    if (of_block[inverse] != label).any():
        raise DataError("a block has two labels; put a marker where the label changes")
    counts = np.bincount(of_block, minlength=2)
    if counts.min() < 2:
        raise DataError(
            f"{counts[0]} and {counts[1]} blocks of the two classes: at least two of each are needed"
        )
    features = tokens.reshape(len(tokens), -1)
    score = _held_out(features, label, block)
    reached = _accuracy(label, score)
    rng = np.random.default_rng(seed)
    shuffled = []
    for _ in range(n_shuffles):
        dealt = rng.permutation(of_block)[inverse]
        shuffled.append(_accuracy(dealt, _held_out(features, dealt, block)))
    p = (1 + sum(value >= reached - 1e-12 for value in shuffled)) / (1 + n_shuffles)
    reason = "" if p <= LEVEL else f"no better than chance: {p:.0%} of shuffled labellings do as well"
    model = _fit(features, label)
    of_score = np.bincount(inverse, score) / np.bincount(inverse)
    calibration = _calibrate(of_block, of_score)
    return PersonalModel(model, calibration, reached, float(np.mean(shuffled)), p, len(names), reason)


def _calibrate(label: Ints, score: Floats) -> Calibration:
    """From one held-out mean score a block: a block counts once, however long it was.

    The target of a class with n blocks is (n + 1)/(n + 2) instead of 1 (Platt 1999): where a dozen blocks are
    told apart without an error, the next one need not be.
    """
    n = np.bincount(label)[label]
    truth = np.concatenate([np.repeat(label, n + 1), 1 - label])
    shown = np.concatenate([np.repeat(score, n + 1), score])
    temperature = metrics.fit_temperature(truth, np.column_stack([np.zeros(len(shown)), shown]))
    spread = np.mean([score[label == k].var(ddof=1) for k in (0, 1)])
    return Calibration(temperature, float(np.sqrt(spread)) / temperature)


def _accuracy(label: Ints, score: Floats) -> float:
    return metrics.balanced_accuracy(label, (score > 0).astype(np.int64))


def _held_out(features: Floats, label: Ints, block: Names) -> Floats:
    """Score of every row by a model that did not see its block."""
    score = np.empty(len(label))
    for fold in leave_one_group_out(block, group_key="block").folds:
        model = _fit(features[fold.train], label[fold.train])
        score[fold.test] = model.score(features[fold.test])
    return score


def _fit(features: Floats, label: Ints) -> linear.Linear:
    # Both classes weigh the same in every fold: else the class of the block left out is the rarer one, its
    # windows are called the other class by default, and chance is far below one half.
    weight = linear.even_weights(label, np.full(len(label), "one person"))
    return linear.fit(features, label, weight, ridge=_RIDGE, steps=_STEPS)
