"""Each constant's fit finds what was put into made data; the learned net is causal and bears loss."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import DataError, ModelError
from insula.models import manifest_writer
from insula.models.fusion import Parameters, fit, index_width, shipped
from insula.models.fusion.compare import NaiveMean, area, fused, rules
from insula.models.fusion.parameters import FILE
from insula.models.fusion.shown import Shown, pairs
from insula.models.fusion.streams import Readings, Table, read
from insula.models.fusion.train import risk_coverage, table, train
from insula.models.fusion.trial import observe, wander
from insula.models.metrics import auc

RNG = np.random.default_rng(0)


def shown(n: int = 4000, *, error: float = 0.3, sd: float = 0.3, right: float = 0.8) -> Shown:
    """Made rows of 20 people whose errors and whose stated widths are known."""
    rng = np.random.default_rng(1)
    label = rng.integers(0, 8, n)
    top = np.where(rng.random(n) < right, label, rng.integers(0, 8, n))
    p = np.full((n, 8), 0.3 / 7)
    p[np.arange(n), top] = 0.7
    target = rng.uniform(-0.5, 0.5, (n, 2))
    return Shown(
        np.log(p),
        target + error * rng.standard_normal((n, 2)),
        np.full((n, 2), sd),
        target,
        label,
        np.eye(8)[label],
        np.char.add("P", (np.arange(n) % 20).astype(np.str_)),
        np.arange(n) % 2 == 0,
    )


def readings(correlation: float, n: int = 3000) -> Readings:
    """Two made streams of 10 people whose errors correlate."""
    rng = np.random.default_rng(2)
    label = (np.arange(n) // 100) % 2
    shared = rng.standard_normal((n, 1))
    own = rng.standard_normal((n, 2))
    error = 0.2 * (np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
    person = np.repeat([f"P{i}" for i in range(10)], n // 10)
    t = np.tile(np.arange(n // 10), 10).astype(np.float64)
    made = Table({}, label.astype(np.int64), person, np.repeat(np.arange(10), n // 10), 20 * t)
    return Readings(("a", "b"), 0.3 + 0.4 * label[:, None] + error, np.full((n, 2), 0.2), made)


def test_the_walk_of_a_random_walk_is_found_and_something_steady_does_not_walk() -> None:
    steps = 0.2 * np.sqrt(0.25) * RNG.standard_normal((40, 200, 1))
    assert fit.walk(list(np.cumsum(steps, axis=1)), 0.25, 8) == pytest.approx(0.2, rel=0.05)
    assert fit.walk([np.zeros((50, 2))], 0.25, 8) == 0.0


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_correlation_of_errors_is_found_and_its_upper_end_is_above_it(correlation: float) -> None:
    mean, upper = fit.correlation([readings(correlation)], 0)
    assert mean == pytest.approx(correlation, abs=0.06)
    assert mean < upper < mean + 0.15


def test_widths_are_mended_until_nine_of_ten_truths_lie_inside() -> None:
    too_wide, too_narrow = shown(sd=0.5), shown(sd=0.1)
    for axis in range(2):
        gain = fit.gain(too_wide.take(too_wide.tuned), axis)
        assert gain == pytest.approx(0.6, abs=0.04)
        assert fit.covered(too_wide.take(~too_wide.tuned), axis, gain, 0.0) == pytest.approx(0.9, abs=0.02)
        extra = fit.elsewhere(too_narrow.take(too_narrow.tuned), axis)
        assert fit.covered(too_narrow.take(~too_narrow.tuned), axis, 1.0, extra) == pytest.approx(
            0.9, abs=0.02
        )


def test_the_pool_trusts_the_better_source_and_sharpens_independent_ones() -> None:
    good, poor = shown(right=0.9), shown(right=0.2)
    poor = replace(poor, log_p=poor.log_p[RNG.permutation(4000)])  # says nothing of its label at all
    found = fit.pool(good.take(np.arange(60)), poor, 0)
    assert found.face == 1.0
    assert found.voice <= 0.3
    left, right = pairs(good, poor, 0)
    assert np.array_equal(good.label[left], poor.label[right])


def test_candidate_sets_hold_the_truth_as_often_as_promised_on_new_items() -> None:
    made = shown(right=0.75)
    least = fit.conformal(made.log_p[made.tuned], made.label[made.tuned])
    inside = np.exp(made.log_p[~made.tuned]) >= least
    assert inside[np.arange(2000), made.label[~made.tuned]].mean() >= 0.88


def test_the_ratio_of_a_compound_is_found_where_the_votes_are_split() -> None:
    made = shown()
    listed = frozenset({frozenset({2, 6})})
    votes, p = np.full((4000, 8), 0.01), np.full((4000, 8), 0.01)
    split = np.arange(4000) % 10 == 0
    votes[:, 2] = p[:, 2] = 0.94
    votes[split, 2], votes[split, 6] = 0.52, 0.42
    p[split, 2], p[split, 6] = 0.62, 0.32
    ratio, score, rate = fit.compound_ratio(replace(made, votes=votes, log_p=np.log(p)), listed)
    assert 0.01 < ratio <= 0.52
    assert (score, rate) == (1.0, pytest.approx(0.1))


def rates(apart_sd: float, people: int = 40) -> index_width.Cells:
    """Made rates of people, three each, whose distance from the index is known; the model says 0.2."""
    rng = np.random.default_rng(4)
    n = 3 * people
    return index_width.Cells(
        apart_sd * rng.standard_normal(n),
        np.full(n, 0.2),
        np.full(n, 0.02),
        np.repeat([f"P{i}" for i in range(people)], 3),
    )


def test_an_index_with_honest_widths_holds_the_rates_of_people_and_a_sure_one_does_not() -> None:
    made = readings(0.0)
    assert index_width.covered(index_width.cells(made, 0, 20)) > 0.85
    sure = replace(made, index=1 - made.index, sd=np.full_like(made.sd, 0.01))
    assert index_width.covered(index_width.cells(sure, 0, 20)) < 0.5


def test_the_gain_of_an_index_that_is_too_wide_is_found_and_holds_people_it_was_not_fitted_on() -> None:
    made = rates(0.1)
    assert index_width.covered(made) > 0.97
    assert index_width.gain(made) == pytest.approx(0.5, abs=0.1)
    assert index_width.left_out(made) == pytest.approx(0.9, abs=0.03)
    low, high = index_width.uncertainty(made, 0, draws=50)
    assert low < index_width.gain(made) < high
    assert index_width.gain(rates(0.4)) > 1.5  # one that is too sure is widened
    chance = replace(made, chance=np.full_like(made.chance, 1.0))
    assert index_width.gain(chance) == 0.0  # so few windows can tell nothing


def test_streams_are_judged_by_models_that_never_saw_the_person() -> None:
    rng = np.random.default_rng(3)
    n = 1200
    label = (np.arange(n) // 60) % 2
    person = np.repeat([f"P{i}" for i in range(6)], n // 6)
    x = label[:, None] + 0.7 * rng.standard_normal((n, 2))
    x[::7] = np.nan
    made = Table(
        {"a": x}, label, person, np.repeat(np.arange(6), n // 6), np.arange(n, dtype=np.float64) % 200
    )
    found = read(made, ["P0", "P1", "P2", "P3"], 0)
    assert np.isnan(found.index[::7]).all()
    new = person == "P5"
    kept = new & np.isfinite(found.index[:, 0])
    assert auc(label[kept], found.index[kept, 0]) > 0.7
    estimates = found.of("P5").estimates()
    assert len(estimates) == 200


def test_parameters_survive_their_file_and_a_damaged_one_is_refused(tmp_path: Path) -> None:

    manifest_writer.write_manifest(tmp_path / FILE, table(shipped(), {"a figure": 0.5}))
    again = tomllib.loads((tmp_path / FILE).read_text("utf-8"))
    assert Parameters.from_table(again) == shipped()
    del again["shared"]["correlation"]
    with pytest.raises(ModelError, match="parameters of fusion are malformed"):
        Parameters.from_table(again)
    with pytest.raises(DataError, match=r"there is no fer_valid\.npz below"):
        train(tmp_path, tmp_path)


def test_the_shipped_parameters_have_a_card_that_names_data_split_and_recipe() -> None:

    card = tomllib.loads(resources.files("insula.models.fusion").joinpath(FILE).read_text("utf-8"))["card"]
    assert {"what", "data", "split", "target", "recipe", "caveats", "metrics"} <= set(card)
    fitted = card["metrics"]
    chosen = fitted["fit: F0.5 of compounds at COMPOUND_RATIO"]
    assert chosen >= fitted["fit: F0.5 of compounds at the best"] - 0.03
    leap = fitted["fit: largest of 1000 leaps between undamaged neighbours (sd)"]
    assert shipped().gate_sd == round(leap, 1)
    for name, index_gain in shipped().index_gain.items():
        assert fitted[f"fit: gain of the {name} index, 2.5 %"] < index_gain
        held = fitted[f"{name} index: 90 % interval holds people's rates, one person left out"]
        assert 0.88 <= held <= 0.92


def test_the_less_sure_are_left_unanswered_first() -> None:
    made = shown()
    sure = made.log_p.copy()
    wrong = sure.argmax(axis=1) != made.label
    sure[wrong] = np.log(1 / 8)
    share, error = risk_coverage(sure, made.label)
    assert (share[-1], error[0]) == (1.0, 0.0)
    assert error[-1] == pytest.approx(wrong.mean(), abs=0.04)


def test_our_rules_know_streams_that_are_no_modality_of_the_product() -> None:
    made = readings(0.0, 1000).of("P1")
    estimates = made.estimates()
    arrivals = np.array([e.t for e in estimates])
    ticks = np.unique(np.r_[made.table.t_s - 0.05, made.table.t_s + 0.01])[1:]  # as often as live
    for make in (rules(shipped(), made.streams), NaiveMean):
        mean, _ = fused(make, estimates, arrivals, ticks)
        assert np.isfinite(mean[::2, 1]).all()
    assert area(np.array([1.0, 0.5, 0.0]), (0.0, 0.5, 1.0)) == pytest.approx(0.5)


def test_the_learned_fusion_is_causal_learns_and_bears_a_lost_stream() -> None:
    pytest.importorskip("torch", reason="the learned fusion needs torch")
    from insula.models.fusion import causal

    times = np.arange(0.0, 25.0, 0.25)
    streams = ["face", "voice", "eda"]
    courses = []
    for seed in range(3):
        truth = wander(seed, 25.0)
        trial = observe(truth, 25.0, seed)
        x = causal.grid(trial.estimates, trial.arrivals, times, streams)
        courses.append(causal.Course(x, truth(times).astype(np.float32)))
    net = causal.fit(courses, seed=0, steps=30, crop=50, batch=4)
    assert causal.size(net) < 1_000_000
    x, y = courses[1].x, courses[1].y
    whole = causal.predict(net, x)
    later = x.copy()
    later[60:] = 0.5
    assert np.allclose(causal.predict(net, later)[:60], whole[:60], atol=1e-6)
    assert np.array_equal(causal.predict(net, x), whole)
    untrained = causal.predict(causal.CausalFusion(3, x.shape[2], 2), x)
    assert np.mean((whole - y) ** 2) < np.mean((untrained - y) ** 2)
    lost = x.copy()
    lost[:, 1] = 0.0
    assert np.isfinite(causal.predict(net, lost)).all()
