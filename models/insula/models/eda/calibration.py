"""From ensemble logits to a calibrated probability with a standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eda.ensemble import even_weights

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """``p = sigmoid(gain · logit)``; ``person_sd`` is the spread of an offset between people."""

    gain: float
    person_sd: float

    def probability(self, logit: Array) -> Array:
        """Calibrated probabilities of mean member logits."""
        p: Array = 1.0 / (1.0 + np.exp(-self.gain * logit))
        return p

    def sd(self, p: Array, member_sd: Array) -> Array:
        """Standard deviation of the index.

        By the delta rule p(1 − p) · sd(logit), where the logit varies with the person (whose own rate at
        this score may lie elsewhere) and with the people the ensemble's members were trained on.
        """
        spread: Array = p * (1 - p) * np.hypot(self.person_sd, self.gain * member_sd)
        return spread


def fit(logit: Array, y: Labels, person: npt.NDArray[np.str_]) -> Calibration:
    """Fit on held-out, mutually non-overlapping rows: the gain by maximum likelihood (temperature scaling).

    People, and a person's two classes, weigh the same: the probability is the one at even odds of stress
    and rest, not at those of the data set.

    The spread is the standard deviation of a normal offset per person and third of the score (a person's
    offset may differ between low and high scores) that maximises the likelihood, integrated by
    Gauss–Hermite quadrature.
    """
    gain = _gain(logit, y, even_weights(y, person))
    third = np.searchsorted(np.quantile(logit, (1 / 3, 2 / 3)), logit)
    group = np.char.add(np.char.add(person, "|"), third.astype(np.str_))
    z, sign = gain * logit, np.where(y == 1, 1.0, -1.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)

    def log_likelihood(sd: float) -> float:
        total = 0.0
        for name in np.unique(group):
            rows = group == name
            loss = np.logaddexp(0.0, -sign[rows, None] * (z[rows, None] + sd * nodes)).sum(axis=0)
            total += float(np.log(np.sum(weights * np.exp(-(loss - loss.min())))) - loss.min())
        return total

    candidates = np.arange(0.0, 3.01, 0.05)
    return Calibration(gain, float(max(candidates, key=lambda sd: log_likelihood(float(sd)))))


def _gain(logit: Array, y: Labels, weight: Array) -> float:
    """Newton's method on the weighted log-loss of ``sigmoid(gain · logit)``; starts at 1."""
    gain = 1.0
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-gain * logit))
        step = float(np.sum(weight * (p - y) * logit) / (np.sum(weight * p * (1 - p) * logit**2) + 1e-9))
        gain -= step
        if abs(step) < 1e-9:
            break
    return gain
