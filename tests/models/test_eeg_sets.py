"""Loaders against tiny files in the published layouts."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import io

from insula.edge.errors import DataError
from insula.models.eeg.sets import deap, dreamer, seed

RNG = np.random.default_rng(0)


def write_deap(root: Path, people: int = 2, clips: int = 40, seconds: int = 12) -> Path:
    for i in range(people):
        content = {
            "data": RNG.normal(size=(clips, 40, 384 + 128 * seconds)),
            "labels": RNG.uniform(1, 9, size=(clips, 4)),
        }
        (root / f"s{i + 1:02d}.dat").write_bytes(pickle.dumps(content, protocol=2))
    return root


def write_dreamer(root: Path, people: int = 2) -> Path:
    def cell(arrays: list[np.ndarray]) -> np.ndarray:
        out = np.empty((len(arrays), 1), object)
        for i, array in enumerate(arrays):
            out[i, 0] = array
        return out

    data = np.empty((1, people), object)
    for i in range(people):
        data[0, i] = {
            "EEG": {
                "stimuli": cell([RNG.normal(size=(128 * (8 + k), 14)) for k in range(18)]),
                "baseline": cell([RNG.normal(size=(7808, 14)) for _ in range(18)]),
            },
            "ScoreValence": np.full((18, 1), 4.0),
            "ScoreArousal": np.full((18, 1), 2.0),
            "ScoreDominance": np.full((18, 1), 3.0),
        }
    io.savemat(root / "DREAMER.mat", {"DREAMER": {"Data": data}})
    return root


def write_seed(root: Path) -> Path:
    folder = root / "Preprocessed_EEG"
    folder.mkdir()
    io.savemat(
        folder / "label.mat", {"label": np.array([[1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1]])}
    )
    for name in ("1_20131027", "10_20131130"):
        io.savemat(folder / f"{name}.mat", {f"djc_eeg{i}": RNG.normal(size=(62, 1000)) for i in range(1, 16)})
    return root


def write_seed_iv(root: Path) -> Path:
    for session in "123":
        folder = root / "eeg_raw_data" / session
        folder.mkdir(parents=True)
        clips = {f"cz_eeg{i}": RNG.normal(size=(62, 800)) for i in range(1, 25)}
        io.savemat(folder / f"1_2016051{session}.mat", clips)
    return root


def test_deap_splits_rest_from_clip_and_keeps_the_first_32_rows(tmp_path: Path) -> None:
    trials = list(deap.trials(write_deap(tmp_path)))
    assert len(trials) == 80
    first = trials[0]
    assert (first.person, first.name, first.sfreq) == ("s01", "clip01", 128.0)
    assert first.signal.shape == (32, 128 * 12)
    assert first.rest is not None
    assert first.rest.shape == (32, 384)
    assert first.ch_names[:2] == ("Fp1", "AF3")
    assert set(first.ratings) == {"valence", "arousal", "dominance", "liking"}
    assert deap.SPEC.targets["valence"](5.0) == 0
    assert deap.SPEC.targets["valence"](5.1) == 1


def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("pwned",)

    (tmp_path / "s01.dat").write_bytes(pickle.dumps({"data": Evil(), "labels": 1}))
    with pytest.raises(DataError, match=r"wants to call builtins\.print"):
        list(deap.trials(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"garbage", "not a plain pickle"),
        (pickle.dumps([1, 2]), "holds a list"),
        (pickle.dumps({"data": np.zeros((1, 2, 3))}), "expected data and labels"),
        (pickle.dumps({"data": np.zeros((2, 32, 9)), "labels": np.zeros((2, 4))}), r"expected \(n, 40, n\)"),
    ],
)
def test_other_files_named_like_deap_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s01.dat").write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(deap.trials(tmp_path))


def test_dreamer_reads_films_rests_and_scores(tmp_path: Path) -> None:
    trials = list(dreamer.trials(write_dreamer(tmp_path)))
    assert len(trials) == 36
    assert trials[1].signal.shape == (14, 128 * 9)
    assert trials[1].rest is not None
    assert trials[1].rest.shape == (14, 7808)
    assert trials[18].person == "s02"
    assert trials[0].ratings == {"valence": 4.0, "arousal": 2.0, "dominance": 3.0}
    assert dreamer.SPEC.targets["dominance"](3.0) == 0


def test_another_mat_file_is_not_dreamer(tmp_path: Path) -> None:
    io.savemat(tmp_path / "DREAMER.mat", {"something": 1})
    with pytest.raises(DataError, match="has not DREAMER's layout"):
        list(dreamer.trials(tmp_path))


def test_seed_pairs_clips_with_their_labels(tmp_path: Path) -> None:
    trials = list(seed.seed_trials(write_seed(tmp_path)))
    assert len(trials) == 30
    assert {t.person for t in trials} == {"1", "10"}
    assert [t.ratings["emotion"] for t in trials[:4]] == [1, 0, -1, -1]
    assert trials[0].signal.shape == (62, 1000)
    assert trials[0].rest is None
    assert seed.SEED.targets["emotion"](-1) == 0


def test_seed_iv_has_three_sessions_with_orders_of_their_own(tmp_path: Path) -> None:
    trials = list(seed.seed_iv_trials(write_seed_iv(tmp_path)))
    assert len(trials) == 72
    assert [t.ratings["emotion"] for t in trials[:3]] == [1, 2, 3]
    assert [t.ratings["emotion"] for t in trials[24:27]] == [2, 1, 3]
    for order in seed.SEED_IV_LABELS.values():
        assert np.bincount(order).tolist() == [6, 6, 6, 6]


def test_a_missing_clip_and_a_strange_name_are_refused(tmp_path: Path) -> None:
    folder = write_seed_iv(tmp_path) / "eeg_raw_data" / "1"
    io.savemat(folder / "2_20160101.mat", {"x_eeg1": np.zeros((62, 800))})
    with pytest.raises(DataError, match=r"holds clips \[1\], expected 1…24"):
        list(seed.seed_iv_trials(tmp_path))
    (folder / "2_20160101.mat").rename(folder / "readme.mat")
    with pytest.raises(DataError, match="not named <person>_<date>"):
        list(seed.seed_iv_trials(tmp_path))


@pytest.mark.parametrize("read", [deap.trials, dreamer.trials, seed.seed_trials, seed.seed_iv_trials])
def test_an_empty_folder_is_not_a_data_set(read: object, tmp_path: Path) -> None:
    assert callable(read)
    empty: Iterator[object] = read(tmp_path)
    with pytest.raises(DataError, match="this is not the folder of"):
        list(empty)


def test_electrodes_of_all_sets_have_a_place_on_the_scalp() -> None:
    from insula.models.eeg.montage import canonical, is_electrode

    for names in (deap.CH_NAMES, dreamer.CH_NAMES, seed.CH_NAMES):
        assert all(is_electrode(name) for name in names)
        assert len({canonical(name) for name in names}) == len(names)
