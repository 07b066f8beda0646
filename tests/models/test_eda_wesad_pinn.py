"""WESAD's layout on a made file; the physics-informed recipe and its leak on random labels."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.eda import pinn, pinn_train, questionnaire
from insula.models.eda.packs import read_pack
from insula.models.eda.testing import made_up_eda, made_up_pulse, write_cogwear_pack, write_stress_pack
from insula.models.eda.wesad import read_panas, read_wesad


def write_person(root, name="S2"):
    course = np.repeat([0.0, 1.0, 0.3], 100)
    label = np.repeat([1, 0, 2, 3], [90 * 700, 10 * 700, 100 * 700, 100 * 700])
    wrist = {"EDA": made_up_eda(course, 4)[:, None], "BVP": made_up_pulse(course, 64)[:, None]}
    folder = root / name
    folder.mkdir()
    with (folder / f"{name}.pkl").open("wb") as file:
        pickle.dump({"subject": name, "signal": {"wrist": wrist}, "label": label}, file, protocol=2)
    return folder


def test_wesad_gives_recordings_with_conditions(tmp_path):
    write_person(tmp_path)
    (recording,) = read_wesad(tmp_path)
    assert recording.subject == "S2"
    assert recording.seconds == 300
    assert len(recording.ppg) == 300 * 64
    assert [(s.name, s.start_s, s.end_s) for s in recording.segments] == [
        ("baseline", 0, 90),
        ("none", 90, 100),
        ("cognitive_load", 100, 200),
        ("amusement", 200, 300),
    ]


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Bad:
        def __reduce__(self):
            return (print, ("ran",))

    folder = tmp_path / "S3"
    folder.mkdir()
    (folder / "S3.pkl").write_bytes(pickle.dumps(Bad()))
    with pytest.raises(DataError, match="refused"):
        list(read_wesad(tmp_path))


def test_other_folders_and_layouts_are_errors(tmp_path):
    with pytest.raises(DataError, match="WESAD"):
        list(read_wesad(tmp_path))
    folder = tmp_path / "S4"
    folder.mkdir()
    (folder / "S4.pkl").write_bytes(pickle.dumps({"signal": {}}))
    with pytest.raises(DataError, match="layout"):
        list(read_wesad(tmp_path))


def test_panas_answers_by_condition(tmp_path):
    file = tmp_path / "S2_quest.csv"
    file.write_text("# Subj;S2;;\n# ORDER;Base;TSST;\n# PANAS;1;2;3\n# PANAS;4;5;1\n")
    assert read_panas(file) == {"Base": (1, 2, 3), "TSST": (4, 5, 1)}
    file.write_text("# Subj;S2\n")
    with pytest.raises(DataError, match="ORDER"):
        read_panas(file)


def test_random_folds_learn_random_labels_and_person_folds_do_not():
    study = questionnaire.dealt_at_random(0)
    shuffled, grouped = (questionnaire.score(study, shuffled=leak) for leak in (True, False))
    assert shuffled.f1 > 0.99
    assert shuffled.r > 0.99
    assert grouped.f1 < 0.5
    assert grouped.r < 0.4


def test_the_recipe_keeps_people_apart_and_its_constants_at_unit_length(tmp_path):
    pytest.importorskip("torch", reason="training needs the [train] extra")
    write_stress_pack(tmp_path / "p.npz", 3, minutes=3, pulse=False)
    data = pinn.sequences(list(read_pack(tmp_path / "p.npz")))
    assert data.x.shape[1] == 61
    assert data.aligned.sum() == 3 * 4 * 2
    outcome = pinn.run(data, residual=0.1, seed=0)
    assert outcome.constants.shape == (3, 3)
    assert np.allclose(np.linalg.norm(outcome.constants, axis=1), 1.0, atol=1e-5)
    assert (outcome.constants > 0).all()
    assert np.isfinite(outcome.p).all()


def test_sets_that_are_not_there_are_named(tmp_path):
    with pytest.raises(DataError, match="eda_stress_predict"):
        pinn_train.train_dataset("stress-predict", tmp_path, tmp_path)
    with pytest.raises(DataError, match="stress-predict, cogwear, wesad"):
        pinn_train.train_dataset("deap", tmp_path, tmp_path)


def test_wesad_is_scored_by_both_protocols(tmp_path):
    pytest.importorskip("torch", reason="training needs the [train] extra")
    rng = np.random.default_rng(0)
    for k in (2, 3, 4):
        folder = write_person(tmp_path, f"S{k}")
        answers = [";".join(str(x) for x in rng.integers(1, 6, 26)) for _ in range(3)]
        text = "# ORDER;Base;TSST;Fun\n" + "".join(f"# PANAS;{row}\n" for row in answers)
        (folder / f"S{k}_quest.csv").write_text(text)
    pinn_train.train_dataset("wesad", tmp_path, tmp_path)
    told = (tmp_path / "eda-pinn-wesad.txt").read_text("utf-8")
    assert "leave one person out (3)" in told
    assert "WESAD's own answers" in told
    assert told.count("random folds over rows, LEAKS: macro-F1 1.000") == 2
    assert "α0" in told


def test_levels_are_relative_to_the_start_of_the_session(tmp_path):
    write_cogwear_pack(tmp_path / "p.npz", 2)
    recordings = list(read_pack(tmp_path / "p.npz"))
    data = pinn.sequences(recordings, 60)
    again = pinn.sequences([replace(r, eda=r.eda * 3) for r in recordings], 60)
    rest = data.y == 0
    assert rest.any()
    assert (data.y == 1).sum() > rest.sum()  # of the baseline its first minute is the reference
    assert np.abs(again.x - data.x).max() < 0.2  # a factor is no information
