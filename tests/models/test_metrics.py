from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from insula.models import metrics

RNG = np.random.default_rng(3)
Y = RNG.integers(0, 4, 300)
P = np.where(RNG.random(300) < 0.6, Y, RNG.integers(0, 4, 300))


def test_ccc_of_a_delayed_halved_and_shifted_sine() -> None:
    t = np.arange(0, 100, 1 / 25)
    sine = np.sin(2 * np.pi * t / 25)
    assert metrics.ccc(sine, sine) == pytest.approx(1.0)
    assert metrics.ccc(sine, sine / 2) == pytest.approx(0.800, abs=1e-3)
    assert metrics.ccc(sine, sine + 0.3) == pytest.approx(0.918, abs=1e-3)
    assert metrics.ccc(sine, np.zeros_like(sine)) == 0.0
    assert math.isnan(metrics.ccc(np.ones(5), np.ones(5)))


def test_pearson_and_errors_agree_with_numpy() -> None:
    y, p = RNG.normal(size=50), RNG.normal(size=50)
    assert metrics.pearson(y, p) == pytest.approx(np.corrcoef(y, p)[0, 1])
    assert math.isnan(metrics.pearson(y, np.ones(50)))
    assert metrics.rmse([0, 0], [3, 4]) == pytest.approx(math.sqrt(12.5))
    assert metrics.mae([0, 0], [3, -4]) == pytest.approx(3.5)


def test_class_metrics_agree_with_scikit_learn() -> None:
    assert metrics.accuracy(Y, P) == pytest.approx(reference.accuracy_score(Y, P))
    assert metrics.uar(Y, P, 4) == pytest.approx(reference.balanced_accuracy_score(Y, P))
    assert metrics.macro_f1(Y, P, 4) == pytest.approx(reference.f1_score(Y, P, average="macro"))
    assert metrics.weighted_f1(Y, P, 4) == pytest.approx(reference.f1_score(Y, P, average="weighted"))
    np.testing.assert_array_equal(metrics.confusion(Y, P, 4), reference.confusion_matrix(Y, P))
    np.testing.assert_allclose(metrics.precisions(Y, P, 4), reference.precision_score(Y, P, average=None))


def test_absent_classes_are_undefined_and_macro_f1_counts_them_unless_present_only() -> None:
    y, p = [0, 0, 1, 1], [0, 0, 1, 1]
    assert np.isnan(metrics.recalls(y, p, 3)[2])
    assert metrics.uar(y, p, 3) == 1.0
    assert metrics.macro_f1(y, p, 3) == pytest.approx(2 / 3)
    assert metrics.macro_f1_present(y, p, 3) == 1.0


def test_auc_counts_ties_one_half_and_needs_both_classes() -> None:
    y = RNG.integers(0, 2, 200)
    s = np.round(RNG.random(200) + 0.3 * y, 1)
    assert metrics.auc(y, s) == pytest.approx(reference.roc_auc_score(y, s))
    assert metrics.auc([0, 1], [0.5, 0.5]) == 0.5
    assert math.isnan(metrics.auc([1, 1], [0.1, 0.2]))


def test_ece_of_hand_made_bins() -> None:
    probs = metrics.binary_probabilities([0.9] * 10)
    found = metrics.ece([1] * 7 + [0] * 3, probs)
    assert found.ece == pytest.approx(0.2)
    assert sum(found.counts) == 10
    assert found.counts[13] == 10
    assert found.confidence[13] == pytest.approx(0.9)
    assert found.accuracy[13] == pytest.approx(0.7)
    assert metrics.ece([1], [[0.0, 1.0]]).ece == 0.0  # confidence 1 belongs to the last bin


def test_proper_scores_agree_with_scikit_learn() -> None:
    probs = metrics.softmax(RNG.normal(size=(300, 4)))
    assert metrics.nll(Y, probs) == pytest.approx(reference.log_loss(Y, probs))
    binary, positive = (Y > 1).astype(int), probs[:, 0]
    assert metrics.brier(binary, metrics.binary_probabilities(positive)) == pytest.approx(
        2 * reference.brier_score_loss(binary, positive)
    )


def test_temperature_undoes_a_known_overconfidence() -> None:
    logits = RNG.normal(size=(20_000, 3))
    probs = metrics.softmax(logits)
    y = (probs.cumsum(axis=1) < RNG.random((len(probs), 1))).sum(axis=1)
    assert metrics.fit_temperature(y, 4 * logits) == pytest.approx(4.0, rel=0.05)


def test_interval_coverage_and_squared_z_of_honest_and_narrow_intervals() -> None:
    y = RNG.normal(size=20_000)
    zeros, ones = np.zeros_like(y), np.ones_like(y)
    assert metrics.interval_coverage(y, zeros, ones) == pytest.approx(0.9, abs=0.01)
    assert metrics.interval_coverage(y, zeros, ones / 2) < 0.62
    assert metrics.mean_squared_z(y, zeros, ones / 2) == pytest.approx(4, rel=0.05)


def test_bootstrap_draws_groups_not_rows() -> None:
    groups = np.repeat(np.arange(10), 200)
    values = np.repeat(RNG.normal(size=10), 200)  # all variance lies between groups
    low, high = metrics.bootstrap(lambda i: float(values[i].mean()), groups)
    assert high - low > 4 * values.std() / math.sqrt(len(values)) * 3
    assert low < values.mean() < high
    assert (low, high) == metrics.bootstrap(lambda i: float(values[i].mean()), groups)


def test_bootstrap_of_an_undefined_statistic_is_nan() -> None:
    low, high = metrics.bootstrap(lambda i: float("nan"), [0, 1], n=5)
    assert math.isnan(low)
    assert math.isnan(high)


def test_unequal_or_empty_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        metrics.accuracy([1, 2], [1])
    with pytest.raises(ValueError, match="non-empty"):
        metrics.ccc([], [])
