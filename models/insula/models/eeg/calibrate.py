"""From held-out scores to honest probabilities: one temperature, and how much people differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from insula.models import metrics
from insula.models.eeg import linear
from insula.models.eeg.dataset import WindowSet
from insula.models.eeg.workload import Calibration

Floats = npt.NDArray[np.float64]

_SPREADS = np.arange(0.0, 4.01, 0.1)


def calibrate(windows: WindowSet, averaged: Floats) -> Calibration:
    """Temperature and spread between persons of held-out, time-averaged log-odds.

    Every class of every person counts the same in the temperature. The spread is the standard deviation of a
    normal offset per person that maximises the likelihood of windows far enough apart to be independent
    (integrated by Gauss–Hermite).
    """
    weight = linear.even_weights(windows.label, windows.person)
    draw = np.random.default_rng(0).choice(len(weight), len(weight), p=weight / weight.sum())
    logits = np.column_stack([np.zeros(len(draw)), averaged[draw]])
    temperature = metrics.fit_temperature(windows.label[draw], logits)
    independent = np.isclose(windows.t1_s % (4 * windows.window_s), 0)
    z, sign = averaged / temperature, np.where(windows.label == 1, 1.0, -1.0)
    people = [(windows.person == name) & independent for name in np.unique(windows.person)]
    fitness = [sum(_log_likelihood(z[rows], sign[rows], sd) for rows in people) for sd in _SPREADS]
    return Calibration(temperature, float(_SPREADS[int(np.argmax(fitness))]))


def _log_likelihood(z: Floats, sign: Floats, sd: float) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    loss = np.logaddexp(0.0, -sign[:, None] * (z[:, None] + sd * nodes)).sum(axis=0)
    return float(np.log(np.sum(weights * np.exp(-loss))))


def probability(averaged: Floats, temperature: float) -> Floats:
    """Probability of work from time-averaged log-odds."""
    return np.asarray(1 / (1 + np.exp(-averaged / temperature)), np.float64)
