from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch")

from insula.edge.engines.onnx import OnnxEngine  # noqa: E402
from insula.edge.errors import DataError  # noqa: E402
from insula.models.speech import frame_train  # noqa: E402
from insula.models.speech import train as recipe  # noqa: E402
from insula.models.speech.augment import add_noise, apply_voice, draw_voice  # noqa: E402
from insula.models.speech.classes import (  # noqa: E402
    CLASSES,
    class_points,
    expression_log_probabilities,
    fit_va,
    label_index,
)
from insula.models.speech.dataset import SpeechSet, objects  # noqa: E402
from insula.models.speech.features import analyse  # noqa: E402
from insula.models.speech.frame_net import FrameNet  # noqa: E402
from insula.models.speech.functionals import (  # noqa: E402
    N_FUNCTIONALS,
    PITCH,
    SPECTRUM,
    SPREAD,
    WINDOW_FRAMES,
    functionals,
)
from insula.models.speech.net import Ensemble, Pool, SpeechNet  # noqa: E402
from insula.models.speech.sessions import random_histories, running_sums, session_order  # noqa: E402
from insula.models.speech.stretch import active_frames  # noqa: E402
from insula.models.speech.tracks import N_TRACKS, PITCH_TRACK, Kept, tracks  # noqa: E402
from insula.sensors.synthetic_speech import Manner, utterance  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """On a shared machine two spinning threads are ten times slower than one."""
    torch.set_num_threads(1)


def toy_set(n_people: int = 8, seed: int = 0) -> SpeechSet:
    """Three classes that only differ *relative to each person*: an offset per person hides them otherwise."""
    rng = np.random.default_rng(seed)
    rows, labels, people = [], [], []
    for person in range(n_people):
        own = rng.normal(0, 3, N_FUNCTIONALS)
        for clip in range(24):
            label = clip % 3
            shift = np.zeros(N_FUNCTIONALS)
            shift[label * 20 : label * 20 + 20] = 1.5
            rows.append(own + shift + rng.normal(0, 0.5, N_FUNCTIONALS))
            labels.append(label)
            people.append(f"p{person}#0")
    n = len(rows)
    frames = Kept.of(analyse(rng.normal(0, 0.1, 12_000).astype(np.float32)))
    return SpeechSet(
        np.asarray(rows, np.float32),
        objects([frames] * n),
        np.asarray(labels),
        np.ones(n, np.int64),
        np.full(n, "toy"),
        np.asarray(people),
        np.zeros(n, np.int64),
        np.asarray(["valid" if p >= "p6" else "train" for p in people]),
        np.full(n, "CC0-1.0"),
    )


def test_the_persons_baseline_helps_and_costs_no_label() -> None:
    toy = toy_set()
    net = Pool(Ensemble([recipe.fit(toy.take(toy.split == "train"), 0, steps=150)]), None)
    unseen = toy.take(toy.split == "valid")
    session = recipe.uar_by_corpus(unseen, recipe.session_logits(net, unseen))["toy"]
    alone = recipe.uar_by_corpus(unseen, recipe.session_logits(net, unseen, cold=True))["toy"]
    assert session > 0.8
    assert session > alone + 0.05


def test_training_is_reproducible() -> None:
    toy = toy_set(4)
    for fit in (recipe.fit, frame_train.fit_frames):
        one, two = (fit(toy, 3, steps=4) for _ in range(2))
        for a, b in zip(one.parameters(), two.parameters(), strict=True):
            assert torch.equal(a, b)


def test_few_speakers_train_no_network_over_frames() -> None:
    """Decided by people left out; and a model of version 1 stays one."""
    assert recipe._frames(toy_set(4), 0) is None


def test_folds_keep_speakers_whole_and_use_all() -> None:
    folds = recipe.speaker_folds(toy_set())
    assert len(folds) == 8
    assert set(folds.values()) == {0, 1, 2}


def test_the_recipe_writes_models_that_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recipe, "load_set", lambda data, seed: toy_set())
    monkeypatch.setattr(recipe, "STEPS", 20)
    monkeypatch.setattr(recipe, "FEWEST_SPEAKERS", 1)
    monkeypatch.setattr(frame_train, "LEAST_STEPS", 2)
    monkeypatch.setattr(frame_train, "EPOCHS", 0)
    recipe.train(tmp_path, tmp_path / "out")
    for name in (recipe.OPEN_NAME, recipe.ALL_NAME):
        table = tomllib.loads((tmp_path / "out" / f"{name}.toml").read_text())
        content = (tmp_path / "out" / f"{name}.onnx").read_bytes()
        assert table["sha256"] == hashlib.sha256(content).hexdigest()
        assert table["card"]["floors"]["toy_majority_accuracy"] == pytest.approx(1 / 3, abs=0.01)
        model = onnx.load_from_string(content)
        assert model.ir_version <= 10
        assert model.opset_import[0].version == 17
        assert OnnxEngine(content).inputs[0].shape == (1, N_FUNCTIONALS)


def test_no_pack_to_train_from_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no speech pack"):
        recipe.train(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("over_frames", [True, False])
def test_onnx_and_torch_agree(tmp_path: Path, over_frames: bool) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    mean, scale = torch.randn(N_FUNCTIONALS), torch.rand(N_FUNCTIONALS) + 0.5
    members = Ensemble([SpeechNet(mean, scale), SpeechNet(mean, scale)])
    net = Pool(members, FrameNet(mean, scale) if over_frames else None, temperature=0.8).eval()
    recipe.export(net, tmp_path / "m.onnx")
    engine = OnnxEngine((tmp_path / "m.onnx").read_bytes())
    for count in (0.0, 7.0):
        feed = {
            "description": rng.normal(size=(1, N_FUNCTIONALS)).astype(np.float32),
            "count": np.full((1, 1), count, np.float32),
            "total": (count * rng.normal(size=(1, N_FUNCTIONALS))).astype(np.float32),
            "squares": (count * rng.random((1, N_FUNCTIONALS))).astype(np.float32),
            "language": np.array([[0, 1, 0, 0]], np.float32),
            "tracks": rng.normal(size=(1, WINDOW_FRAMES, N_TRACKS)).astype(np.float32),
            "mask": (np.arange(WINDOW_FRAMES)[None] < 130).astype(np.float32),
        }
        feed = feed if over_frames else dict(list(feed.items())[:5])
        with torch.no_grad():
            expected, _ = net(*(torch.from_numpy(v) for v in feed.values()))
        np.testing.assert_allclose(engine.run(feed)["log_probabilities"], expected.numpy(), atol=1e-4)


def test_the_gain_is_unknown_until_the_person_was_heard() -> None:
    net = SpeechNet(torch.zeros(N_FUNCTIONALS), torch.ones(N_FUNCTIONALS)).eval()
    quiet, loud = torch.zeros(1, N_FUNCTIONALS), torch.zeros(1, N_FUNCTIONALS)
    loud[0, -1] = 3.0
    zero = torch.zeros(1, N_FUNCTIONALS)
    assert torch.equal(
        net.view(quiet, torch.zeros(1, 1), zero, zero), net.view(loud, torch.zeros(1, 1), zero, zero)
    )
    heard = torch.full((1, 1), 5.0)
    assert not torch.equal(net.view(quiet, heard, zero, zero), net.view(loud, heard, zero, zero))


def test_running_sums_hold_only_what_came_before() -> None:
    values = np.array([[1.0], [2.0], [4.0]], np.float32)
    count, total, squares = running_sums(values)
    assert count.ravel().tolist() == [0, 1, 2]
    assert total.ravel().tolist() == [0, 1, 3]
    assert squares.ravel().tolist() == [0, 1, 5]


def test_sessions_are_per_person_and_nameless_clips_are_alone() -> None:
    order = session_order(["a", "", "a", ""])
    assert sorted(sorted(rows.tolist()) for rows in order) == [[0, 2], [1], [3]]


def test_random_histories_never_mix_people() -> None:
    standard = np.repeat(np.array([1.0, 100.0], np.float32), 10)[:, None]
    persons = ["a"] * 10 + ["b"] * 10
    count, total, _ = random_histories(standard, persons, np.zeros(20, np.int64), np.random.default_rng(0))
    np.testing.assert_allclose(total[:10], count[:10])
    np.testing.assert_allclose(total[10:], 100 * count[10:])
    assert (count == 0).sum() >= 2


def test_a_virtual_speaker_is_the_same_for_all_clips_and_noise_has_its_level() -> None:
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.05, 16_000).astype(np.float32)
    voice = draw_voice(rng)
    np.testing.assert_array_equal(apply_voice(voice, sound), apply_voice(voice, sound))
    noisy = add_noise(sound, 6.0, rng, [sound])
    snr = 10 * np.log10(np.mean(sound**2) / np.mean((noisy - sound) ** 2))
    assert snr == pytest.approx(6.0, abs=0.1)


def test_words_of_the_corpora_are_known_and_others_are_not() -> None:
    assert label_index("Fearful") == CLASSES.index("fear")
    assert label_index("calm") == CLASSES.index("calm")
    assert label_index("sleepy") is None


def test_calm_and_boredom_count_as_neutral_and_contempt_is_never_shown() -> None:
    p = np.full(9, 1e-9)
    p[[CLASSES.index("neutral"), CLASSES.index("calm"), CLASSES.index("boredom")]] = 0.2, 0.5, 0.3
    expression = np.exp(expression_log_probabilities(np.log(p)))
    assert expression[0] == pytest.approx(1.0)
    assert expression[7] < 1e-9


def test_va_map_undoes_the_pull_and_has_honest_spread() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 9, 2_000)
    p = np.full((2_000, 9), 0.05)
    p[np.arange(2_000), np.where(rng.random(2_000) < 0.8, labels, rng.integers(0, 9, 2_000))] = 0.6
    fitted = fit_va(p, labels)
    measures = [fitted.measures(row) for row in p]
    truth = class_points(labels)
    for axis in range(2):
        mean = np.array([m[axis].mean for m in measures])
        sd = np.array([m[axis].sd for m in measures])
        assert np.mean(((truth[:, axis] - mean) / sd) ** 2) <= 1.05
        assert np.polyfit(mean, truth[:, axis], 1)[0] == pytest.approx(1.0, abs=0.05)


def sung(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return utterance(seconds, Manner(150, 0.5, 4, 0.1), 16_000, rng).astype(np.float32)


def test_the_person_is_where_the_frame_network_looks_for_them() -> None:
    frames = analyse(sung(2.0))
    described, course = functionals(frames), tracks(frames)
    active = active_frames(frames.level_db)
    voiced = course[:, PITCH_TRACK + 1] > 0
    np.testing.assert_allclose(described[SPECTRUM], course[active, :64].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(described[SPREAD], course[active, :64].std(axis=0), atol=1e-3)
    assert described[PITCH] == pytest.approx(course[voiced, PITCH_TRACK].mean(), abs=1e-4)


def test_the_frame_network_sees_the_person_relative_to_themselves() -> None:
    mean, scale = torch.zeros(N_FUNCTIONALS), torch.ones(N_FUNCTIONALS)
    mean[SPREAD] = 1.0
    net = FrameNet(mean, scale).eval()
    course, mask = torch.randn(1, 40, N_TRACKS), torch.ones(1, 40)
    other = course.clone()
    other[:, :, :64] += 0.7
    heard, nothing = torch.full((1, 1), 1e6), torch.zeros(1, N_FUNCTIONALS)
    louder = nothing.clone()
    louder[:, SPECTRUM] = 0.7e6
    torch.testing.assert_close(
        net.view(other, mask, heard, louder), net.view(course, mask, heard, nothing), atol=1e-3, rtol=0
    )


def test_what_was_not_heard_does_not_matter_to_the_frame_network() -> None:
    net = FrameNet(torch.zeros(N_FUNCTIONALS), torch.ones(N_FUNCTIONALS)).eval()
    course, none = torch.randn(1, 80, N_TRACKS), torch.zeros(1, N_FUNCTIONALS)
    mask = (torch.arange(80)[None] < 40).float()
    other = course.clone()
    other[:, 40:] = 9.0
    count, language = torch.zeros(1, 1), torch.tensor([[1.0, 0, 0, 0]])
    one, two = (net.logits(net.view(c, mask, count, none), mask, count, language) for c in (course, other))
    torch.testing.assert_close(one, two)


def test_kept_frames_give_nearly_the_same_tracks() -> None:
    frames = analyse(sung(1.5))
    kept = Kept.of(frames)
    assert len(kept) == len(frames)
    np.testing.assert_allclose(kept.tracks(20, 90), tracks(frames.cut(20, 90)), atol=0.02)


def test_disguises_shift_and_mask_but_keep_the_shape() -> None:
    view = torch.ones(6, N_TRACKS, 60)
    changed = frame_train.disguised(view, np.random.default_rng(0))
    assert changed.shape == view.shape
    assert 0.5 < float(changed.mean()) < 1.0
    assert set(changed.unique().tolist()) == {0.0, 1.0}


def test_the_model_stays_within_two_million_parameters() -> None:
    mean, scale = torch.zeros(N_FUNCTIONALS), torch.ones(N_FUNCTIONALS)
    members = Ensemble([SpeechNet(mean, scale) for _ in range(recipe.N_MEMBERS)])
    assert sum(p.numel() for p in Pool(members, FrameNet(mean, scale)).parameters()) < 2_000_000
