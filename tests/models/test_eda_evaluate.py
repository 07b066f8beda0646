"""``evaluate`` on made packs: every window has a row, nothing looks ahead, no label is used."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.eda import examples, lopo, train
from insula.models.eda.evaluate import evaluate, windows
from insula.models.eda.packs import Segment, read_pack
from insula.models.eda.ppg import find_beats
from insula.models.eda.reader import FeatureReader, read_seconds
from insula.models.eda.testing import made_up_eda, made_up_pulse, write_cogwear_pack, write_stress_pack


def rows_of(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_window_has_a_row_and_stress_scores_higher(tmp_path):
    write_stress_pack(tmp_path / "p.npz")
    card = evaluate(tmp_path / "p.npz", tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")
    assert len(rows) == 3 * 5 * 4
    assert list(rows[0]) == ["subject", "segment", "t0_s", "t1_s", "index", "index_sd", "quality", "reason"]
    assert {r["segment"] for r in rows} == {
        "baseline_questionnaire",
        "stroop",
        "relax1",
        "interview",
        "relax2",
    }
    assert all(float(r["t1_s"]) - float(r["t0_s"]) == 60 for r in rows)
    for row in rows:
        assert 0 <= float(row["index"]) <= 1
        assert 0 < float(row["index_sd"]) < 0.5
        assert row["reason"].startswith("provisional") == (float(row["t1_s"]) < 120)
    auc = next(score for score in card.metrics if score.name == "AUC, pooled")
    assert auc.value is not None
    assert auc.value > 0.8
    assert card.floors[-1].name.startswith("elapsed time")


def test_a_row_uses_nothing_after_its_end(tmp_path):
    write_stress_pack(tmp_path / "whole.npz", 1)
    with np.load(tmp_path / "whole.npz") as pack:
        arrays = dict(pack)
    cut_s = 11 * 60 + 13
    arrays["S00_eda_uS_4hz"] = arrays["S00_eda_uS_4hz"][: 4 * cut_s]
    arrays["S00_bvp_64hz_x0.05"] = arrays["S00_bvp_64hz_x0.05"][: 64 * cut_s]
    np.savez(tmp_path / "cut.npz", **arrays)
    evaluate(tmp_path / "whole.npz", tmp_path / "whole.csv")
    evaluate(tmp_path / "cut.npz", tmp_path / "cut.csv")
    whole, cut = rows_of(tmp_path / "whole.csv"), rows_of(tmp_path / "cut.csv")
    assert len(cut) == 11
    assert cut == whole[:11]


def test_labels_change_names_only(tmp_path):
    write_stress_pack(tmp_path / "p.npz", 1)
    with np.load(tmp_path / "p.npz") as pack:
        arrays = dict(pack)
    arrays["task_names"] = arrays["task_names"][[0, 5, 4, 3, 2, 1]]
    np.savez(tmp_path / "q.npz", **arrays)
    evaluate(tmp_path / "p.npz", tmp_path / "p.csv")
    evaluate(tmp_path / "q.npz", tmp_path / "q.csv")
    for p, q in zip(rows_of(tmp_path / "p.csv"), rows_of(tmp_path / "q.csv"), strict=True):
        assert {**p, "segment": ""} == {**q, "segment": ""}


def test_cogwear_layout_shares_the_session_baseline_and_ignores_fill_values(tmp_path):
    write_cogwear_pack(tmp_path / "c.npz")
    recording = next(read_pack(tmp_path / "c.npz"))
    assert np.isnan(recording.eda[0])
    card = evaluate(tmp_path / "c.npz", tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")
    assert [r["segment"] for r in rows[:3]] == ["pre_baseline"] * 3
    assert [r["reason"] != "" for r in rows[:4]] == [True, True, False, False]
    assert card.n_groups == 2


def test_lost_contact_is_a_row_with_a_reason_and_no_index(tmp_path):
    write_stress_pack(tmp_path / "p.npz", 1, pulse=False)
    with np.load(tmp_path / "p.npz") as pack:
        arrays = dict(pack)
    arrays["S00_eda_uS_4hz"][4 * 600 :] = 0.0
    np.savez(tmp_path / "p.npz", **arrays)
    evaluate(tmp_path / "p.npz", tmp_path / "out.csv")
    late = [r for r in rows_of(tmp_path / "out.csv") if float(r["t0_s"]) >= 600]
    assert late
    assert all(r["index"] == "" and "contact" in r["reason"] and float(r["quality"]) == 0 for r in late)


def test_a_pack_without_labels_still_gets_rows_and_a_card(tmp_path):
    np.savez(tmp_path / "u.npz", x1_eda_uS_4hz=made_up_eda(np.zeros(200), 4).astype(np.float32))
    card = evaluate(tmp_path / "u.npz", tmp_path / "out.csv")
    assert len(rows_of(tmp_path / "out.csv")) == 3
    assert card.metrics[0].value is None


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_a_file_that_is_no_pack_is_an_error_and_writes_nothing(tmp_path, content):
    path = tmp_path / "p.npz"
    if content is None:
        np.savez(path, something=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"p\.npz"):
        evaluate(path, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_short_segments_are_one_window():
    assert windows(Segment("a", 10, 40)) == [(10, 40)]
    assert windows(Segment("a", 10, 140)) == [(10, 70), (70, 130)]


def test_reading_second_by_second_equals_reading_at_once():
    eda = made_up_eda(np.repeat([0.0, 1.0, 0.0], 100), 4)
    at_once = FeatureReader(4).push(eda)
    reader = FeatureReader(4)
    piecewise = [second for i in range(0, len(eda), 3) for second in reader.push(eda[i : i + 3])]
    assert len(at_once) == len(piecewise) == 300
    for a, b in zip(at_once, piecewise, strict=True):
        assert (a.t_s, a.clean, a.marks) == (b.t_s, b.clean, b.marks)
        if a.values is not None:
            assert np.allclose(a.values, b.values, equal_nan=True, atol=1e-9)


def test_beats_follow_the_pulse_rate():
    course = np.repeat([0.0, 1.0], 120)
    beats = find_beats(made_up_pulse(course, 64), 64)
    rate = 60 / beats.ibi_s[beats.good]
    at = beats.peak_s[beats.good]
    assert np.median(rate[at < 120]) == pytest.approx(65, abs=2)
    assert np.median(rate[at > 125]) == pytest.approx(95, abs=2)


def test_noise_is_not_a_pulse():
    seconds = read_seconds(np.full(400, 1.0), 4, np.random.default_rng(0).normal(0, 1e-6, 6400) * 0, 64)
    assert seconds[-1].values is not None
    assert np.isnan(seconds[-1].values[13:]).all()


def test_training_writes_models_that_load_and_is_seeded(tmp_path):
    write_stress_pack(tmp_path / train.PACK, 4)
    train.train(tmp_path, tmp_path / "a", seed=1)
    train.train(tmp_path, tmp_path / "b", seed=1)
    for name in train.MODELS:
        for end in ("onnx", "toml"):
            file = f"{name}.{end}"
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_training_without_the_pack_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"eda_stress_predict\.npz"):
        train.train(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nobody_is_scored_by_a_model_that_saw_them(tmp_path):
    write_stress_pack(tmp_path / "p.npz", 3)
    loaded = examples.load_examples(tmp_path / "p.npz")
    outcome = lopo.run(loaded, ("slope",), 0)
    for fold in outcome.split.folds:
        assert not set(loaded.person[fold.train]) & set(loaded.person[fold.test])
    assert np.isfinite(outcome.logits[loaded.judged]).all()


def test_the_shipped_model_orders_real_stress_above_rest(shared_data, tmp_path):
    with np.load(shared_data / "eda" / "eda_stress_predict.npz") as pack:
        few = {
            k: pack[k]
            for k in pack.files
            if k[:3] in {"S01", "S02", "S04", "S05", "S06"} or k == "task_names"
        }
    np.savez(tmp_path / "few.npz", **few)
    card = evaluate(tmp_path / "few.npz", tmp_path / "out.csv")
    auc = next(score for score in card.metrics if score.name == "AUC, pooled")
    assert auc.value is not None
    assert auc.value > 0.65
    assert any("trained on" in note for note in card.notes)
