from __future__ import annotations

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.metrics import ccc
from insula.models.ratings import Course, agreement, alpha, cells, empathy, labels, on_grid, reaction_delay
from insula.models.split import leave_one_group_out

RNG = np.random.default_rng(3)


def slow(n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n + 100)
    smooth = np.convolve(noise, np.hanning(51) / np.hanning(51).sum(), "valid")[:n]
    return np.asarray(smooth / np.abs(smooth).max())


# ---- grids ----


def test_a_rating_is_held_on_a_grid_and_gaps_are_not_rated() -> None:
    times = [10.0, 10.04, 10.08, 11.0, 11.04]
    values = np.array([[0.1], [0.2], [np.nan], [0.4], [0.5]])
    grid = on_grid(times, values, 25.0, 9.96, 11.2)[:, 0]
    assert np.isnan(grid[0])  # before the first
    assert grid[1:3].tolist() == [0.1, 0.2]
    assert np.isnan(grid[3])  # the hand had let go
    assert np.isnan(grid[10])  # a gap in the stream
    assert grid[26:28].tolist() == [0.4, 0.5]
    assert np.isnan(grid[-1])


def test_no_rating_at_all_is_not_rated() -> None:
    assert np.isnan(on_grid([], np.empty((0, 1)), 25.0, 0.0, 1.0)).all()


def test_cells_of_five_hertz() -> None:
    times = np.arange(25) / 25.0
    values = np.zeros((25, 2))
    values[:7, 0] = 1.0  # calm for 0.28 s
    values[7:, 1] = 1.0
    values[15:20] = np.nan
    shares = cells(times, values, 5.0, 0.0, 1.0)
    assert shares[:2].tolist() == [[1.0, 0.0], [0.4, 0.6]]
    assert labels(shares, ("calm", "tense")) == ["calm", "tense", "tense", "", "tense"]


# ---- figures ----


def test_personalised_and_general_are_the_two_orders_of_averaging() -> None:
    truth = slow(200, 1)
    other = slow(200, 2)
    pairs = {
        ("1", "a"): (truth, truth),
        ("1", "b"): (truth, other),
        ("2", "a"): (truth, -truth),
    }
    b = ccc(truth, other)
    score = empathy(pairs)
    assert score.each["2", "a"] < 0 < score.each["1", "a"] == pytest.approx(1.0)
    minus = score.each["2", "a"]
    assert score.personalised == pytest.approx(((1 + b) / 2 + minus) / 2)
    assert score.general == pytest.approx(((1 + minus) / 2 + b) / 2)


def test_frames_without_a_rating_are_left_out_and_lengths_must_fit() -> None:
    truth = slow(100, 4)
    gappy = truth.copy()
    gappy[10:60] = np.nan
    assert empathy({("1", "a"): (gappy, truth)}).general == pytest.approx(1.0)
    with pytest.raises(DataError, match="100 and 99"):
        empathy({("1", "a"): (truth, truth[:-1])})
    with pytest.raises(DataError, match="nothing to score"):
        empathy({})


def test_agreement_of_pairs() -> None:
    a = slow(100, 5)
    pairs = agreement({"anna": a, "ben": a, "cleo": np.full(100, np.nan)})
    assert pairs["anna", "ben"] == pytest.approx(1.0)
    assert np.isnan(pairs["anna", "cleo"])


def test_alpha_against_a_worked_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example C: four observers, 12 units.
    n = np.nan
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
    assert alpha(table, nominal=True) == pytest.approx(0.743, abs=5e-4)
    assert alpha(table) == pytest.approx(0.849, abs=5e-4)
    assert np.isnan(alpha([[1.0, n], [n, 2.0]]))


# ---- reaction delay ----


def lagged(person: str, lag: int, seed: int) -> Course:
    signal = slow(1500, seed)
    rating = np.roll(signal, lag) + 0.02 * RNG.normal(size=1500)
    rating[:lag] = np.nan
    return Course(person, signal, rating)


def test_the_delay_is_found_on_training_people() -> None:
    people = ["a", "b", "c"]
    courses = {p: lagged(p, 60, k) for k, p in enumerate(people)}
    split = leave_one_group_out([p for p in people for _ in range(2)], group_key="person")
    for fold in split.folds:
        train = [course for p, course in courses.items() if p not in fold.held_out]
        delay = reaction_delay(train, 25.0, held_out=fold.held_out)
        assert delay.seconds == pytest.approx(2.4, abs=0.08)
        assert delay.at_best > 0.9 > delay.at_zero
        assert delay.courses == 2


def test_test_people_are_refused() -> None:
    courses = [lagged("a", 60, 1), lagged("b", 60, 2)]
    with pytest.raises(DataError, match="b is held out for testing"):
        reaction_delay(courses, 25.0, held_out=("b",))
    with pytest.raises(DataError, match="name the people held out"):
        reaction_delay(courses, 25.0, held_out=())


def test_short_or_constant_courses_give_no_delay() -> None:
    with pytest.raises(DataError, match="at least 16 s"):
        reaction_delay([Course("a", np.zeros(100), np.zeros(100))], 25.0, held_out=("b",))
    with pytest.raises(DataError, match="constant"):
        reaction_delay([Course("a", np.zeros(1500), np.zeros(1500))], 25.0, held_out=("b",))
