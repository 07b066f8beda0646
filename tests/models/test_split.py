from __future__ import annotations

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.split import Split, Windows, grouped_kfold, leave_one_group_out

PEOPLE = np.repeat(["ann", "bob", "cem", "dee", "eva"], [4, 8, 4, 4, 4])


def windows(recordings: np.ndarray, hop_s: float = 1.0, length_s: float = 4.0) -> Windows:
    t0 = np.zeros(len(recordings))
    for name in np.unique(recordings):
        rows = recordings == name
        t0[rows] = hop_s * np.arange(rows.sum())
    return Windows(recordings, t0, t0 + length_s)


def assert_sound(split: Split, groups: np.ndarray) -> None:
    tested = np.concatenate([fold.test for fold in split.folds])
    assert sorted(tested) == list(range(len(groups)))
    for fold in split.folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(fold.train) + len(fold.test) == len(groups)
        assert set(fold.held_out) == set(groups[fold.test])


def test_leave_one_out_keeps_every_person_on_one_side_and_tests_each_item_once() -> None:
    split = leave_one_group_out(PEOPLE, group_key="person", windows=windows(PEOPLE))
    assert_sound(split, PEOPLE)
    assert [fold.held_out for fold in split.folds] == [("ann",), ("bob",), ("cem",), ("dee",), ("eva",)]


def test_kfold_keeps_groups_whole_even_and_repeatable() -> None:
    split = grouped_kfold(PEOPLE, 2, group_key="person", seed=1)
    assert_sound(split, PEOPLE)
    assert sorted(len(fold.test) for fold in split.folds) == [12, 12]
    again = grouped_kfold(PEOPLE, 2, group_key="person", seed=1)
    assert [f.held_out for f in split.folds] == [f.held_out for f in again.folds]


def test_description_names_the_group_and_the_overlap() -> None:
    text = leave_one_group_out(PEOPLE, group_key="person", windows=windows(PEOPLE)).describe()
    assert "5 folds by person (1 of 5 held out at a time)" in text
    assert "24 items, window overlap 75%" in text
    assert "items are not windows" in leave_one_group_out(PEOPLE, group_key="person").describe()


@pytest.mark.parametrize("key", ["window", "Row", "epoch", ""])
def test_a_key_that_means_windows_is_refused(key: str) -> None:
    with pytest.raises(DataError, match="shuffle windows"):
        leave_one_group_out(PEOPLE, group_key=key)


def test_a_unique_key_for_every_item_is_refused_but_one_item_a_person_is_not() -> None:
    names = [f"p{i}" for i in range(6)]
    with pytest.raises(DataError, match="shuffle of items"):
        grouped_kfold(names, 3, group_key="clip")
    assert grouped_kfold(names, 3, group_key="person").n_groups == 6


def test_groups_that_cut_through_overlapping_windows_are_refused() -> None:
    halves = np.where(np.arange(len(PEOPLE)) % 2 == 0, "even", "odd")
    with pytest.raises(DataError, match="overlap with one of another half"):
        grouped_kfold(halves, 2, group_key="half", windows=windows(PEOPLE))
    apart = windows(PEOPLE, hop_s=4.0)
    assert apart.overlap == 0.0
    assert grouped_kfold(halves, 2, group_key="half", windows=apart).n_groups == 2


def test_too_few_groups_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="at least two"):
        leave_one_group_out(["ann", "ann"], group_key="person")
    with pytest.raises(DataError, match=r"6 folds need 2…5"):
        grouped_kfold(PEOPLE, 6, group_key="person")
    with pytest.raises(DataError, match="24 groups but 4 windows"):
        leave_one_group_out(PEOPLE, group_key="person", windows=windows(PEOPLE[:4]))
