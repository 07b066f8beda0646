"""Expression probabilities of several sources → one set: a logarithmic opinion pool.

``p ∝ Π p_m^w_m`` with weights that sum to one, so that a single source comes out as it went in (Genest and
Zidek 1986, "Combining probability distributions"). A source's say is its reliability × quality ×
(1 − normalised entropy) × freshness: who is undecided has hardly any. Where several speak, their product
is sharpened by the fitted ``pool_gain``: two that agree are surer than either alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, AffectEstimate, Modality
from insula.models.fusion.parameters import Parameters

_NEVER_LEARNED = math.log(1e-12) + 1e-6  # a class that was never part of a source's training


def pool(
    valid: Mapping[Modality, AffectEstimate],
    parameters: Parameters,
    weights: Mapping[str, float],
    t: float,
) -> tuple[tuple[float, ...] | None, dict[Modality, float]]:
    """Pooled natural-log probabilities at ``t`` (s), ``None`` when no source has any, and every share.

    A source that gives a class no more than 1e-12 never learned it and has no say on it. ``weights`` as in
    :class:`~insula.models.fusion.LateFusion`.
    """
    rows = {m: np.array(e.expression, np.float64) for m, e in valid.items() if e.expression is not None}
    if not rows:
        return None, {}
    say = {}
    for modality, row in rows.items():
        source, estimate = parameters.sources[modality], valid[modality]
        fresh = 1.0 - max(t - estimate.t, 0.0) / source.horizon_s
        trust = source.reliability * weights.get(modality, 1.0) * estimate.quality
        say[modality] = max(trust * (1.0 - entropy(row)) * max(fresh, 0.0), 1e-3)
    pooled = pool_logs(np.array(list(rows.values())), np.array(list(say.values())), parameters.pool_gain)
    total = sum(say.values())
    return tuple(pooled.tolist()), {m: s / total for m, s in say.items()}


def pool_logs(
    logs: npt.NDArray[np.float64], say: npt.NDArray[np.float64], gain: float
) -> npt.NDArray[np.float64]:
    """Pool log-probabilities ``(n_sources, n_classes)`` with says ``(n_sources,)``.

    ``gain`` sharpens by how evenly the say is shared: not at all when one source has all of it.
    """
    known = logs > _NEVER_LEARNED
    weights = np.where(known, say[:, None], 0.0)
    total = weights.sum(axis=0)
    heard = total > 0
    pooled = np.full(logs.shape[1], -np.inf)
    pooled[heard] = (np.where(known, logs, 0.0) * weights).sum(axis=0)[heard] / total[heard]
    shares = say / say.sum()
    voices = 1.0 / float(np.sum(shares**2))  # how many equal ones they are worth
    pooled *= 1.0 + (gain - 1.0) * (voices - 1.0)
    return np.asarray(pooled - np.logaddexp.reduce(pooled), np.float64)


def entropy(log_p: npt.NDArray[np.float64]) -> float:
    """Entropy relative to that of equal shares, 0…1."""
    p = np.exp(log_p)
    return -float(np.sum(p * np.where(p > 0, log_p, 0.0))) / math.log(len(EXPRESSIONS))
