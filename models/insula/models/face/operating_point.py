"""Where the net decides: how far rare expressions are favoured, so that they are found at all.

Disgust, fear and contempt are a few pictures in a hundred. The most probable expression is then hardly ever
one of them, and macro-F1, which counts every expression alike, is lost on them. Their logits are raised in
proportion to their rarity (logit adjustment, Menon et al. 2021), by a strength chosen on the teachers'
opinions of pictures they never saw: these hold enough rare ones, and the held-out pack stays untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS
from insula.models import metrics
from insula.models.face.crossfit import Logits
from insula.models.face.model import log_softmax
from insula.models.face.pack import majority
from insula.models.face.sets import TrainingSet

Floats = npt.NDArray[np.float64]

_STRENGTHS: Final = tuple(k / 10 for k in range(11))
_COMMON: Final = 0.1
_PRICE: Final = 0.002
"""Accuracy that may be given for a higher macro-F1."""


def rarity(targets: npt.NDArray[np.float32]) -> Floats:
    """Log of how much rarer than a tenth each expression is (8,), 0 where it is not, from targets (n, 8)."""
    return np.asarray(np.log(_COMMON / np.minimum(targets.mean(axis=0, dtype=np.float64), _COMMON)))


def favour_rare(y: npt.NDArray[np.int64], logs: Floats, rare: Floats) -> Floats:
    """What to add to log probabilities (n, 8): the share of ``rare`` (8,) with the highest macro-F1.

    Only strengths are considered that cost at most 0.2 points of accuracy. ``y`` (n,) must come from pictures
    that the net behind ``logs`` was not trained on.
    """
    n = len(EXPRESSIONS)
    found = [log_softmax(logs + strength * rare).argmax(1) for strength in _STRENGTHS]
    enough = metrics.accuracy(y, found[0]) - _PRICE
    scores = [metrics.macro_f1(y, top, n) if metrics.accuracy(y, top) >= enough else -1.0 for top in found]
    return np.asarray(_STRENGTHS[int(np.argmax(scores))] * rare)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What is added to tempered logits (8,), and what the teachers reach with it on unseen pictures."""

    shift: Floats
    figures: Mapping[str, float]


def choose(data: TrainingSet, image: Logits) -> OperatingPoint:
    """Choose by the teachers' out-of-fold logits (n, 8) of all training pictures with a majority."""
    truth = majority(data.votes)
    rows = data.train[truth[data.train] >= 0]
    y = truth[rows]
    logs = log_softmax(image[rows].astype(np.float64) / metrics.fit_temperature(y, image[rows]))
    shift = favour_rare(y, logs, rarity(data.targets[data.train]))
    top = (logs + shift).argmax(1)
    figures = {
        "teachers_items": float(len(y)),
        "teachers_accuracy": metrics.accuracy(y, top),
        "teachers_macro_f1": metrics.macro_f1(y, top, len(EXPRESSIONS)),
    }
    return OperatingPoint(shift, figures)
