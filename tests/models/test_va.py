from __future__ import annotations

import numpy as np
import pytest

from insula.edge.types import EXPRESSIONS
from insula.models.va import (
    CIRCUMPLEX,
    VaCalibration,
    circumplex_moments,
    fit_calibration,
    mapped_measures,
    mapped_values,
)


def one_hot(name: str) -> list[float]:
    return [float(name == other) for other in EXPRESSIONS]


@pytest.mark.parametrize("name", CIRCUMPLEX)
def test_certainty_lands_on_the_circumplex_point_without_spread(name: str) -> None:
    mean, spread = circumplex_moments(one_hot(name))
    assert mean[0] == pytest.approx(CIRCUMPLEX[name])
    assert spread[0] == pytest.approx([0, 0], abs=1e-9)


def test_an_even_split_has_the_mean_and_spread_of_two_points() -> None:
    p = np.array(one_hot("happiness")) / 2 + np.array(one_hot("sadness")) / 2
    mean, spread = circumplex_moments(p)
    assert mean[0] == pytest.approx([(0.76 - 0.63) / 2, (0.48 - 0.27) / 2])
    assert spread[0] == pytest.approx([(0.76 + 0.63) / 2, (0.48 + 0.27) / 2])


def test_contempt_widens_but_does_not_move() -> None:
    happy = np.array(one_hot("happiness"))
    mixed = 0.7 * happy + 0.3 * np.array(one_hot("contempt"))
    mean, spread = circumplex_moments([happy, mixed])
    assert mean[1] == pytest.approx(mean[0])
    assert (spread[1] > spread[0] + 0.2).all()


def test_contempt_alone_is_wide_open() -> None:
    valence, arousal = mapped_measures(one_hot("contempt"), VaCalibration())
    assert (valence.mean, arousal.mean) == (0.0, 0.0)
    assert valence.sd == pytest.approx(0.5)


def test_fit_recovers_a_known_map_and_honest_intervals() -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(8, 0.3), 4000)
    mean, spread = circumplex_moments(p)
    truth = 0.7 * mean + 0.05 + rng.normal(size=mean.shape) * np.hypot(0.1, 0.2 * spread)
    fitted = fit_calibration(p, truth)
    for axis in (fitted.valence, fitted.arousal):
        assert axis.scale == pytest.approx(0.7, abs=0.04)
        assert axis.offset == pytest.approx(0.05, abs=0.02)
    valence, valence_sd, _, _ = mapped_values(p, fitted)
    assert np.mean(((truth[:, 0] - valence) / valence_sd) ** 2) == pytest.approx(1, abs=0.1)


def test_a_map_cannot_be_fitted_to_items_that_do_not_differ() -> None:
    with pytest.raises(ValueError, match="tuning items that differ"):
        fit_calibration([one_hot("anger")] * 5, np.zeros((5, 2)))


def test_values_stay_in_range_and_the_table_round_trips() -> None:
    table = VaCalibration().to_table()
    table["valence"] |= {"scale": 9.0}
    calibration = VaCalibration.from_table(table)
    valence, _ = mapped_measures(one_hot("happiness"), calibration)
    assert valence.mean == 1.0
    assert VaCalibration.from_table(calibration.to_table()) == calibration
