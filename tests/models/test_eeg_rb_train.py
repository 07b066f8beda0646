from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.eeg.sets.trial import SetSpec, Trial
from insula.models.eeg.testing import made_up

pytest.importorskip("torch", reason="training needs the [train] extra")

from insula.models.eeg import rb_tokens, rb_train
from insula.models.eeg.rb_fit import Schedule
from insula.models.eeg.rb_rows import load
from insula.models.eeg.rbtransformer import FORK, PAPER, Shape

NAMES = ("Fp1", "Fp2", "O1", "O2")


def trial(seed: int, *, rest: bool = True, label: float = 1.0, seconds: float = 10.0) -> Trial:
    wave = made_up(seconds, 128.0, 4, work=False, seed=seed).T.astype(np.float32)
    before = made_up(3, 128.0, 4, work=False, seed=seed + 1).T.astype(np.float32) if rest else None
    return Trial(f"p{seed % 4}", "1", f"t{seed}", wave, before, 128.0, NAMES, {"valence": label})


def random_labels(root: Path) -> list[Trial]:
    """Four people, four trials each, a drift per trial and a label that means nothing."""
    rng = np.random.default_rng(4)
    out = []
    for seed in range(16):
        t = trial(seed, label=float(rng.integers(0, 2)), seconds=20.0)
        drift = np.exp(rng.normal(0, 0.8, size=(4, 1))).astype(np.float32)
        out.append(replace(t, signal=t.signal * drift))
    return out


SPEC = SetSpec(
    "made-up", lambda root: iter(random_labels(root)), {"valence": int}, {"valence": ("a", "b")}, "none"
)


def test_published_windows_have_the_papers_stride_and_per_channel_scale_drops_out() -> None:
    t = trial(0, rest=False)
    tokens, starts = rb_tokens.published(t, PAPER)
    assert tokens.shape == (len(starts), 4, 4)
    np.testing.assert_allclose(np.diff(starts), 117 / 128)
    louder = replace(t, signal=t.signal * np.array([[5], [1], [1], [1]], np.float32))
    np.testing.assert_allclose(rb_tokens.published(louder, PAPER)[0], tokens, atol=1e-4)
    assert np.abs(rb_tokens.published(louder, FORK)[0] - rb_tokens.published(t, FORK)[0]).max() > 0.5


def test_rest_is_subtracted_in_both_kinds_of_tokens() -> None:
    with_rest, without = trial(0), trial(0, rest=False)
    assert not np.allclose(rb_tokens.published(with_rest, PAPER)[0], rb_tokens.published(without, PAPER)[0])
    raw, starts = rb_tokens.running(without, PAPER.bands)
    less, _ = rb_tokens.running(with_rest, PAPER.bands)
    shift = raw - less
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-9)
    np.testing.assert_allclose(np.diff(starts), 1.0)


def test_the_published_protocol_finds_random_labels_and_unseen_people_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Shape(32, 1, 2, 16, 32, dropout=0.0)
    monkeypatch.setitem(rb_train.SETS, "made-up", SPEC)
    leak, honest = rb_train.train_dataset(
        "made-up", tmp_path, tmp_path / "out", schedule=Schedule(40, batch=32, rate=5e-3), shapes=(tiny, tiny)
    )
    published, unseen = (
        next(s.value for s in card.metrics if s.name.startswith("UAR")) for card in (leak, honest)
    )
    assert published is not None
    assert unseen is not None
    assert published > 0.85
    assert unseen < 0.7
    assert "LEAKS" in leak.render()
    assert "no person on both sides" in honest.render()
    assert "LEAKS" in capsys.readouterr().out
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".onnx", ".toml"}


def test_unknown_sets_and_targets_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are deap, dreamer, seed, seed-iv"):
        rb_train.train_dataset("wesad", tmp_path, tmp_path)
    with pytest.raises(DataError, match="there are paper, fork"):
        rb_train.train_dataset("deap", tmp_path, tmp_path, variant="spoon")
    with pytest.raises(DataError, match="no target 'joy'; it has valence"):
        load(SPEC, tmp_path, "joy", None)
