"""Intervals against the known truth of a synthetic person (simulated, never people)."""

from __future__ import annotations

import numpy as np

from insula.models.fusion import LateFusion
from insula.models.fusion.trial import HONEST, Floats, observe, run, series, wander
from insula.models.metrics import interval_coverage, mean_squared_z

DURATION_S = 300.0
SEEDS = range(8)


def tried(correlation: float) -> tuple[Floats, Floats, Floats]:
    """Truth, mean and deviation ``(n, 2)`` over all seeds."""
    ticks = np.arange(2.0, DURATION_S, 0.5)
    rows = []
    for seed in SEEDS:
        truth = wander(seed, DURATION_S)
        trial = observe(truth, DURATION_S, seed, correlation=correlation)
        rows.append((truth(ticks), *series(run(LateFusion(HONEST), trial.estimates, trial.arrivals, ticks))))
    y, mean, sd = (np.concatenate(column) for column in zip(*rows, strict=True))
    return y, mean, sd


def test_ninety_percent_intervals_hold_the_truth_in_88_to_92_percent() -> None:
    whole = tried(HONEST.correlation)
    assert np.isfinite(whole[1]).all()
    for axis in range(2):
        y, mean, sd = (column[:, axis] for column in whole)
        assert 0.88 <= interval_coverage(y, mean, sd) <= 0.92
        assert 0.85 <= mean_squared_z(y, mean, sd) <= 1.15


def test_independent_errors_are_covered_too_and_stronger_shared_ones_are_not() -> None:
    y, mean, sd = (column.ravel() for column in tried(0.0))
    assert interval_coverage(y, mean, sd) > 0.92  # cautious: the interval is wider than needed
    y, mean, sd = (column.ravel() for column in tried(0.9))
    assert interval_coverage(y, mean, sd) < 0.88  # the assumption matters, so it is stated


def test_the_fused_state_is_nearer_to_the_truth_than_the_best_source() -> None:
    truth = wander(3, DURATION_S)
    trial = observe(truth, DURATION_S, 3, correlation=0.0)
    ticks = np.arange(2.0, DURATION_S, 0.25)
    errors = []
    for chosen in (trial.estimates, [e for e in trial.estimates if e.modality == "face"]):
        mean, _ = series(run(LateFusion(HONEST), chosen, trial.arrivals, ticks))
        errors.append(float(np.sqrt(np.mean((mean - truth(ticks)) ** 2))))
    assert errors[0] < errors[1]


def test_a_trial_is_the_same_for_the_same_seed() -> None:
    trials = [observe(wander(1, 20.0), 20.0, 1) for _ in range(2)]
    assert trials[0].estimates == trials[1].estimates
    assert all(e.simulated for e in trials[0].estimates)
