from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from insula.models import metrics
from insula.models.face import operating_point
from insula.models.face.crossfit import Logits, fit_worth, fold_of, out_of_fold, taught_targets
from insula.models.face.operating_point import favour_rare, rarity
from insula.models.face.sets import TrainingSet, looks_like, sharpened


def some_set(n: int = 240) -> TrainingSet:
    """Pictures of noise, the last twenty a copy of the first; nobody found in every fifth."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (n, 48, 48), np.uint8)
    pictures[-20:] = pictures[:20]
    votes = np.pad(rng.multinomial(10, [0.5, 0.2, 0.1, 0.1, 0.05, 0.02, 0.02, 0.01], n), ((0, 0), (0, 2)))
    shapes = rng.random((n, 61)).astype(np.float32)
    shapes[::5] = np.nan
    rows = np.arange(n)
    names = tuple(f"shape{k}" for k in range(52))
    votes = votes.astype(np.uint8)
    return TrainingSet(pictures, votes, sharpened(votes), shapes, names, rows[20:], rows[:20])


def test_nobody_is_judged_by_a_net_that_saw_him() -> None:
    data = some_set()
    data = dataclasses.replace(data, train=np.arange(len(data.pictures)), tune=np.arange(0))
    asked: list[npt.NDArray[np.int64]] = []

    def judge(part: TrainingSet, seed: int) -> Callable[[npt.NDArray[np.int64]], Logits]:
        assert not set(part.train) & set(part.tune)
        assert not looks_like(part.pictures[part.train], part.pictures[part.tune]).any()
        asked.append(part.tune)
        return lambda rows: np.full((len(rows), 8), seed, np.float32)

    logits = out_of_fold(data, judge, seed=4)
    assert np.array_equal(np.sort(np.concatenate(asked)), data.train)
    assert sorted(set(logits[:, 0].tolist())) == [5, 6, 7]
    assert np.array_equal(logits[:, 0] - 5, fold_of(data, 4))


def test_rows_outside_of_training_are_never_judged() -> None:
    data = some_set()
    logits = out_of_fold(data, lambda part, seed: lambda rows: np.zeros((len(rows), 8), np.float32), 0)
    assert np.isfinite(logits[data.train]).all()
    assert np.isnan(logits[data.tune]).all()


@pytest.mark.parametrize("votes", [2.0, 8.0])
def test_the_worth_of_an_opinion_is_found(votes: float) -> None:
    rng = np.random.default_rng(1)
    shown = rng.normal(0, 1.5, (4000, 8)).astype(np.float32)
    belief = metrics.softmax(shown)
    people = np.stack([rng.multinomial(10, rng.dirichlet(votes * p + 1e-6)) for p in belief]).astype(np.uint8)
    worth = fit_worth(people, [shown, rng.normal(0, 1, (4000, 8)).astype(np.float32)])
    assert worth.votes == pytest.approx(votes, rel=0.15)
    assert worth.weights[0] == pytest.approx(1.0, abs=0.1)
    assert worth.weights[1] < 0.05  # the second opinion is noise


def test_targets_lie_between_votes_and_teachers() -> None:
    data = some_set()
    rng = np.random.default_rng(2)
    image = np.log(data.votes[:, :8] + rng.random((len(data.votes), 8))).astype(np.float32)
    image[data.tune] = np.nan
    shapes = np.where(np.isfinite(data.shapes[:, :1]), image, np.nan).astype(np.float32)
    targets, worth = taught_targets(data, image, shapes)
    assert worth.votes > 0
    assert np.allclose(targets[data.train].sum(1), 1, atol=1e-5)
    assert np.array_equal(targets[data.tune], data.targets[data.tune], equal_nan=True)
    assert (targets[data.train] > 0).all()  # the teachers exclude nothing


def test_rare_expressions_are_favoured_while_accuracy_holds() -> None:
    rng = np.random.default_rng(3)
    share = np.array([0.5, 0.3, 0.1, 0.04, 0.03, 0.01, 0.01, 0.01])
    y = rng.choice(8, 20000, p=share)
    # Calibrated, so that the most probable is the most accurate; rare ones are hardly ever the most probable.
    logs = np.log(share) + 1.3 * np.eye(8)[y] + rng.normal(0, 1, (20000, 8))
    logs = np.log(metrics.softmax(logs))
    rare = rarity(np.tile(share, (10, 1)).astype(np.float32))
    assert rare[:3] == pytest.approx(0, abs=1e-6)
    assert rare[-1] == pytest.approx(np.log(10), abs=1e-4)
    shift = favour_rare(y, logs, rare)
    before, after = logs.argmax(1), (logs + shift).argmax(1)
    assert metrics.accuracy(y, after) >= metrics.accuracy(y, before) - 0.002
    assert metrics.macro_f1(y, after, 8) > metrics.macro_f1(y, before, 8)


def test_the_operating_point_comes_with_its_figures() -> None:
    data = some_set(1200)
    rng = np.random.default_rng(5)
    image = 2 * np.eye(8)[data.votes[:, :8].argmax(1)] + rng.normal(0, 1, (1200, 8))
    image[data.tune] = np.nan
    point = operating_point.choose(data, image.astype(np.float32))
    assert (point.shift >= 0).all()
    assert 0.5 < point.figures["teachers_accuracy"] < 1
    assert point.figures["teachers_items"] == (data.votes[data.train, :8].max(1) > 5).sum()
