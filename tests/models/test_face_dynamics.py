"""The experiment on movement: made-up films, a head over sixteen frames, plain averages beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from insula.models.face.model import ExpressionNet
from insula.models.face.sequences import LENGTH, RATE_HZ, film

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from insula.models.face.dynamics import DynamicsHead, Windows, fit, judge  # noqa: E402
from insula.models.face.dynamics_train import (  # noqa: E402
    Films,
    averaged,
    compare,
    experiment,
    figures,
    filmed,
    running,
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def stills(n: int = 12) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (n, 48, 48), np.uint8), np.arange(n) % 3


def noisy(films: int, seed: int) -> Films:
    """Logits that tell the class only on the mean of several frames; embeddings of the same numbers."""
    rng = np.random.default_rng(seed)
    change = np.where(rng.random(films) < 0.5, rng.integers(16, 32, films), -1)
    before, after = rng.integers(0, 4, films), rng.integers(4, 8, films)
    frame = np.arange(LENGTH)[None]
    truth = np.where((change[:, None] >= 0) & (frame >= change[:, None]), after[:, None], before[:, None])
    logits = (np.eye(8)[truth] + rng.normal(0, 1.2, (films, LENGTH, 8))).astype(np.float32)
    return Films(Windows(logits @ rng_matrix(), logits, truth), change)


def rng_matrix() -> npt.NDArray[np.float32]:
    return np.random.default_rng(9).normal(size=(8, 24)).astype(np.float32)


def test_a_film_shows_one_class_or_changes_to_another_midway() -> None:
    pictures, classes = stills()
    rng = np.random.default_rng(1)
    films = [film(pictures, classes, rng) for _ in range(40)]
    for made in films:
        assert made.frames.shape == (LENGTH, 48, 48)
        assert made.frames.dtype == np.uint8
        if made.change < 0:
            assert len(set(made.truth)) == 1
        else:
            assert LENGTH // 3 <= made.change < 2 * LENGTH // 3
            assert made.truth[made.change - 1] == made.truth[0] != made.truth[made.change] == made.truth[-1]
    assert 0.4 < np.mean([made.change >= 0 for made in films]) < 0.8
    again = film(pictures, classes, np.random.default_rng(1))
    assert np.array_equal(again.frames, films[0].frames)


@pytest.mark.parametrize("way", [lambda x: averaged(x, 0.3), lambda x: running(x, 6)])
def test_averages_look_back_only(way) -> None:  # type: ignore[no-untyped-def]
    logits = np.random.default_rng(0).normal(size=(2, LENGTH, 8)).astype(np.float32)
    changed = logits.copy()
    changed[:, 30:] += 5
    assert np.allclose(way(logits)[:, :30], way(changed)[:, :30])
    assert not np.allclose(way(logits)[:, 30], way(changed)[:, 30])
    assert np.allclose(averaged(logits, 1.0), logits)
    assert np.allclose(running(logits, 1), logits)


def test_the_head_is_small_looks_back_only_and_starts_without_memory() -> None:
    data = noisy(3, 0).windows
    head = DynamicsHead(256).eval()
    assert sum(p.numel() for p in head.parameters()) < 200_000
    head = DynamicsHead(24).eval()
    assert np.allclose(judge(head, data), data.logits, atol=1e-6)
    torch.nn.init.normal_(head.classify[-1].weight)
    later = data.embeddings.copy()
    later[:, 30:] = later[:, 29::-1][:, : LENGTH - 30]
    found, changed = judge(head, data), judge(head, Windows(later, data.logits, data.truth))
    assert np.allclose(found[:, :30], changed[:, :30], atol=1e-5)
    assert not np.allclose(found[:, 30], changed[:, 30], atol=1e-3)


def test_it_learns_to_gather_evidence_and_repeats_itself() -> None:
    train, tune, unseen = noisy(150, 0), noisy(40, 1), noisy(40, 2)
    head = fit(train.windows, 3, 0)
    judged = judge(head, unseen.windows)
    newest = figures(unseen, unseen.windows.logits.astype(np.float64))
    found = figures(unseen, judged)
    assert found["steady accuracy"].mean() > newest["steady accuracy"].mean() + 0.15
    assert np.array_equal(judge(fit(train.windows, 3, 0), unseen.windows), judged)
    table = compare(tune, judge(head, tune.windows), unseen, judged)
    assert [line.split(",")[0].split("  ")[0].strip() for line in table.splitlines()[:2]] == [
        "newest frame",
        "exponential average",
    ]
    assert "head − running mean" in table


def test_figures_are_what_they_say() -> None:
    truth = np.zeros((2, LENGTH), np.int64)
    truth[1, 20:] = 1
    logits = np.full((2, LENGTH, 8), -9.0)
    logits[..., 0] = 0.0
    logits[0, 40, 3] = 5.0  # a moment of something else
    logits[1, 26:, 1] = 5.0  # six frames late
    films = Films(
        Windows(np.zeros((2, LENGTH, 4), np.float32), logits.astype(np.float32), truth), np.array([-1, 20])
    )
    found = figures(films, logits)
    assert found["accuracy"].tolist() == pytest.approx([47 / 48, 42 / 48])
    assert np.isnan(found["delay s"][0])
    assert found["delay s"][1] == pytest.approx(6 / RATE_HZ)
    assert found["flicker 1/s"][0] == pytest.approx(2 / 35 * RATE_HZ)
    assert found["steady accuracy"][1] == 1.0
    assert found["NLL"][0] > 0


def test_the_experiment_runs_on_the_installed_net() -> None:
    pictures, classes = stills()
    net, told = ExpressionNet(), []
    parts = dict.fromkeys(("train", "tune", "held-out"), (pictures, classes))
    text = experiment(net, parts, {"train": 12, "tune": 3, "held-out": 3}, 0, lambda: told.append(1))
    seen = filmed(net, pictures, classes, 1, 0, lambda: None)
    net.close()
    assert len(told) == 18
    assert "face-expression" in text
    assert "dynamics head" in text
    assert seen.windows.embeddings.shape[:2] == (1, LENGTH)
