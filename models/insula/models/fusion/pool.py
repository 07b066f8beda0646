"""Expression probabilities of several sources → one set: a logarithmic opinion pool.

``p ∝ Π p_m^w_m`` with weights that sum to one, so that a single source comes out as it went in (Genest and
Zidek 1986, "Combining probability distributions"). A source's say is its reliability × quality ×
(1 − normalised entropy): who is undecided has hardly any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, AffectEstimate, Modality

RELIABILITY: Final[Mapping[Modality, float]] = {"face": 0.8, "voice": 0.6, "eda": 0.5, "eeg": 0.5}
"""Prior trust in a modality's expression probabilities; roughly the validation recall of our models."""

_NEVER_LEARNED = math.log(1e-12) + 1e-6  # a class that was never part of a source's training


def pool(
    valid: Mapping[Modality, AffectEstimate],
) -> tuple[tuple[float, ...] | None, dict[Modality, float]]:
    """Pooled natural-log probabilities, ``None`` when no source has any, and every source's share.

    A source that gives a class no more than 1e-12 never learned it and has no say on it.
    """
    sources = [m for m, e in valid.items() if e.expression is not None]
    if not sources:
        return None, {}
    logs = np.array([valid[m].expression for m in sources], dtype=np.float64)
    say = np.array(
        [_say(RELIABILITY[m], valid[m].quality, row) for m, row in zip(sources, logs, strict=True)]
    )
    known = logs > _NEVER_LEARNED
    weights = np.where(known, say[:, None], 0.0)
    total = weights.sum(axis=0)
    heard = total > 0
    pooled = np.full(len(EXPRESSIONS), -np.inf)
    pooled[heard] = (np.where(known, logs, 0.0) * weights).sum(axis=0)[heard] / total[heard]
    shares = say / say.sum()
    result = tuple(float(x) for x in pooled - np.logaddexp.reduce(pooled))
    return result, {m: float(share) for m, share in zip(sources, shares, strict=True)}


def _say(reliability: float, quality: float, log_p: npt.NDArray[np.float64]) -> float:
    """A source's say, never quite nothing."""
    p = np.exp(log_p)
    entropy = -float(np.sum(p * np.where(p > 0, log_p, 0.0))) / math.log(len(EXPRESSIONS))
    return max(reliability * quality * (1.0 - entropy), 1e-3)
