from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models import manifest
from insula.models.eeg import dataset, eegmat, linear, lopo
from insula.models.eeg.bands import WORKLOAD
from insula.models.eeg.baseline import Baseline, RestGatherer
from insula.models.eeg.evaluate import evaluate
from insula.models.eeg.montage import TEN_TWENTY
from insula.models.eeg.quality import Mark
from insula.models.eeg.testing import made_up, write_pack
from insula.models.eeg.tokens import Token
from insula.models.eeg.tracker import Timing
from insula.models.eeg.workload import Calibration, WorkloadReader

MODEL = manifest.load("eeg-workload-19")
FOUR = ("Fp1", "Fp2", "T3", "T4")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---- baseline -------------------------------------------------------------------------------------------


def token(marks: tuple[Mark, ...], value: float = 1.0) -> Token:
    return Token(0, np.full((len(marks), 2), value), marks)


def gatherer(seconds: float = 5.0) -> RestGatherer:
    return RestGatherer(("T3", "T4"), seconds=seconds, window_s=4.0, hop_s=0.25)


def test_the_baseline_counts_seconds_of_clean_rest_down() -> None:
    rest = gatherer()
    assert rest.left_s == 5.0
    assert rest.add(token(("good", "good"))) is None
    assert rest.left_s == 1.0
    for _ in range(3):
        assert rest.add(token(("good", "good"))) is None
    done = rest.add(token(("good", "good")))
    assert done is not None
    assert done.seconds == 5.0


def test_windows_of_bad_signal_do_not_count_as_rest() -> None:
    rest = gatherer()
    for _ in range(20):
        assert rest.add(token(("flat", "rail"), 99.0)) is None
    assert rest.left_s == 5.0


def test_an_electrode_that_was_bad_during_rest_has_no_baseline() -> None:
    rest, done = gatherer(), None
    for i in range(5):
        done = rest.add(token(("good", "flat"), float(i)))
    assert done is not None
    assert done.known.tolist() == [True, False]
    np.testing.assert_allclose(done.mean[0], 2.0)
    np.testing.assert_allclose(done.sd, np.std(range(5)))
    assert np.isnan(done.z(np.ones((2, 2)))[1]).all()


# ---- reader ---------------------------------------------------------------------------------------------


def test_before_the_baseline_the_reason_counts_down_and_afterwards_there_is_an_index() -> None:
    reader = WorkloadReader(MODEL, 128.0, TEN_TWENTY)
    readings = reader.push(made_up(70, 128.0, 19, work=False))
    assert readings[0].reason == "gathering the rest baseline, 56 s left"
    assert all(r.index is None for r in readings[: 56 * 4])
    later = readings[56 * 4 + 1 :]
    assert all(r.index is not None and r.reason == "" for r in later)
    assert all(0 <= r.index.mean <= 1 and r.index.sd > 0 for r in later if r.index)


def test_a_window_does_not_change_when_the_future_does() -> None:
    rest = made_up(70, 128.0, 19, work=False)
    changed = rest.copy()
    changed[66 * 128 :] *= 5
    plain = WorkloadReader(MODEL, 128.0, TEN_TWENTY).push(rest)
    other = WorkloadReader(MODEL, 128.0, TEN_TWENTY).push(changed)
    for a, b in zip(plain, other, strict=True):
        if a.tracked.token.end <= 66 * 128:
            assert a.index == b.index
    assert plain[-1].index != other[-1].index


def test_too_few_usable_electrodes_are_a_reason_and_a_few_bad_ones_are_replaced() -> None:
    reader = WorkloadReader(MODEL, 128.0, TEN_TWENTY)
    reader.push(made_up(62, 128.0, 19, work=False))
    wave = made_up(12, 128.0, 19, work=False, seed=3)
    wave[:, 3] = 0.0
    fine = reader.push(wave)[-1]
    assert fine.tracked.token.marks[3] == "flat"
    assert fine.index is not None
    wave[:, :12] = 0.0
    poor = reader.push(wave)[-1]
    assert poor.index is None
    assert poor.reason.startswith("only 7 of 19 electrodes usable (flat: Fp1, Fp2")


def test_a_gap_keeps_the_baseline_but_not_the_average() -> None:
    reader = WorkloadReader(MODEL, 128.0, TEN_TWENTY)
    reader.push(made_up(64, 128.0, 19, work=False))
    reader.gap()
    again = reader.push(made_up(4, 128.0, 19, work=True, seed=2))
    assert len(again) == 1
    assert again[0].index is not None


def test_a_given_baseline_needs_no_rest() -> None:
    first = WorkloadReader(MODEL, 128.0, TEN_TWENTY)
    first.push(made_up(61, 128.0, 19, work=False))
    given = first.tracker.baseline
    assert isinstance(given, Baseline)
    reading = WorkloadReader(MODEL, 128.0, TEN_TWENTY, baseline=given).push(
        made_up(5, 128.0, 19, work=False)
    )[0]
    assert reading.index is not None


def test_uncertainty_shrinks_with_more_of_the_same_and_grows_with_the_spread_between_people() -> None:
    small, large = Calibration(1.0, 0.5), Calibration(1.0, 1.5)
    assert small.index([0.2], 1).mean == pytest.approx(1 / (1 + np.exp(-0.2)))
    assert small.index([0.0, 1.0] * 5, 10).sd < small.index([0.0, 1.0], 1).sd
    assert large.index([0.2], 1).sd > small.index([0.2], 1).sd


# ---- training -------------------------------------------------------------------------------------------


def test_ridge_regression_finds_a_known_direction_and_shrinks() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3)) * [1, 10, 1] + [0, 5, 0]
    y = (rng.random(4000) < 1 / (1 + np.exp(-(x[:, 0] - 0.1 * (x[:, 1] - 5))))).astype(np.int64)
    model = linear.fit(x, y, np.ones(4000), ridge=1e-6)
    np.testing.assert_allclose(model.weight, [1, -0.1, 0], atol=0.1)
    tighter = linear.fit(x, y, np.ones(4000), ridge=1.0)
    assert np.abs(tighter.weight[0]) < 0.5 * np.abs(model.weight[0])


def test_every_class_of_every_person_weighs_the_same() -> None:
    y, person = np.array([0, 0, 0, 1, 0, 1, 1]), np.array(["a", "a", "a", "a", "b", "b", "b"])
    weight = linear.even_weights(y, person)
    assert weight[:3].sum() == pytest.approx(weight[3])
    assert weight[4] == pytest.approx(weight[5:].sum())
    assert weight.mean() == pytest.approx(1.0)


def test_nothing_to_learn_scores_at_chance_and_work_is_found(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack.npz", people=8, rest_s=80)
    windows = dataset.load(pack, FOUR, WORKLOAD, Timing(4.0, 0.25, 40.0))
    flat = windows.tokens.reshape(len(windows.tokens), -1)
    found = lopo.run(windows, flat, seed=0)
    assert np.mean((found > 0) == (windows.label == 1)) > 0.95
    rng = np.random.default_rng(1)
    noise = lopo.run(windows, rng.normal(size=flat.shape), seed=0)
    assert np.mean((noise > 0) == (windows.label == 1)) == pytest.approx(0.5, abs=0.12)


def test_averages_look_back_within_their_recording_only() -> None:
    recording = np.array(["a", "a", "a", "b", "b"])
    out = dataset.smoothed(np.array([1.0, 3.0, 5.0, 7.0, 9.0]), recording, 2)
    np.testing.assert_allclose(out, [1, 2, 4, 7, 8])


def test_the_recipe_writes_models_that_load_and_a_missing_pack_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="training needs the [train] extra")
    from insula.models.eeg.train import train

    write_pack(tmp_path / "eeg_eegmat.npz")
    out = tmp_path / "out"
    train(tmp_path, out)
    assert {p.name for p in out.iterdir()} == {
        f"eeg-workload-{n}.{kind}" for n in (4, 8, 14, 19) for kind in ("onnx", "toml")
    }
    assert "leave one person out" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"there is no eeg_eegmat\.npz in"):
        train(out, out)


# ---- evaluation -----------------------------------------------------------------------------------------


def test_every_window_has_a_row_and_those_of_the_baseline_say_so(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "unseen.npz", people=3)
    card = evaluate(pack, tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")
    assert list(rows[0]) == ["subject", "segment", "t0_s", "t1_s", "index", "index_sd", "quality", "reason"]
    assert len(rows) == 3 * ((90 - 4 + 1) + (30 - 4 + 1))
    for row in rows:
        assert float(row["t1_s"]) - float(row["t0_s"]) == 4.0
        assert bool(row["index"]) != bool(row["reason"])
        early = row["segment"] == "rest" and float(row["t1_s"]) <= 60
        assert early == ("rest baseline" in row["reason"])
    assert not (tmp_path / "out.csv.part").exists()
    assert "first 60 s of clean rest" in card.render()
    assert "were in the training" in card.render()  # s00 … are names of the training pack too


def test_labels_and_later_windows_do_not_reach_a_row(tmp_path: Path) -> None:
    """Cutting the arithmetic off leaves every row of rest as it was."""
    pack = write_pack(tmp_path / "whole.npz", people=2)
    with np.load(pack) as whole:
        cut = {k: (v[:, : 10 * 128] if "arith" in k else v) for k, v in whole.items()}
    np.savez(tmp_path / "cut.npz", **cut)
    evaluate(pack, tmp_path / "whole.csv")
    evaluate(tmp_path / "cut.npz", tmp_path / "cut.csv")
    whole_rows = {(r["subject"], r["segment"], r["t1_s"]): r for r in rows_of(tmp_path / "whole.csv")}
    for row in rows_of(tmp_path / "cut.csv"):
        assert whole_rows[row["subject"], row["segment"], row["t1_s"]] == row


def test_without_enough_rest_the_arithmetic_has_a_reason_not_a_baseline_of_its_own(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "short.npz", people=2, rest_s=30, work_s=70)
    with pytest.raises(DataError, match=r"no window of short\.npz could be judged"):
        evaluate(pack, tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")
    assert {r["reason"] for r in rows if r["segment"] == "arith"} == {
        "no rest baseline: the rest recording holds too little clean signal"
    }
    assert not any(r["index"] for r in rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ch_names": np.array(["a", "b"])}, "but there are 2 channel names"),
        ({"ch_names": np.array([f"EEG{i}" for i in range(19)])}, "only 0 channels"),
        ({"s00_rest_eeg19_uV_128hz_x0.02": None}, "s00 has no rest recording"),
        ({"ch_names": None}, "holds no EEG in the layout"),
    ],
)
def test_other_packs_are_refused_in_words(
    tmp_path: Path, change: dict[str, np.ndarray | None], message: str
) -> None:
    with np.load(write_pack(tmp_path / "pack.npz", people=1, rest_s=5, work_s=5)) as pack:
        arrays = {k: v for k, v in {**pack, **change}.items() if v is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=message):
        evaluate(tmp_path / "bad.npz", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("not a pack")
    with pytest.raises(DataError, match="not a readable pack"):
        list(eegmat.people(tmp_path / "text.npz"))


def test_shipped_figures_hold_on_the_real_pack_when_it_is_there(shared_data: Path, tmp_path: Path) -> None:
    """The people of this pack were in the training: only the plumbing is tested, not the accuracy."""
    card = evaluate(shared_data / "eeg" / "eeg_eegmat.npz", tmp_path / "out.csv")
    assert card.n_groups == 29
    assert MODEL.card.metrics["balanced accuracy, mean of people"] > 0.85
    frozen = [r for r in rows_of(tmp_path / "out.csv") if "frozen" in r["reason"]]
    assert {r["subject"] for r in frozen} == {r["subject"] for r in rows_of(tmp_path / "out.csv")}
