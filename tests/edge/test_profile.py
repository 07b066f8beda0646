from __future__ import annotations

import stat
from pathlib import Path

import pytest

from insula.edge.errors import DataError
from insula.edge.profile import Profile, Profiles, read, text


def test_profiles_are_versioned_listed_and_read_back(tmp_path: Path) -> None:
    store = Profiles(tmp_path / "profiles")
    assert store.people() == []
    first = store.save(Profile("P01", rests={"eda": {"tonic_us": 2.5}}, conditions=("autism",), age=31))
    second = store.save(Profile("P01", weights={"face": 0.5}, checks=("face: seen in 98% of the step",)))
    store.save(Profile("p-2", simulated=True))
    assert (first.version, second.version, second.id) == (1, 2, "P01-v2")
    assert store.people() == ["P01", "p-2"]
    assert store.load("P01") == second
    assert store.load("P01", 1) == first
    assert store.versions("P01") == [1, 2]


def test_erasing_leaves_nothing_of_a_person_and_everything_of_others(tmp_path: Path) -> None:
    store = Profiles(tmp_path)
    for person in ("P01", "P01", "P02"):
        store.save(Profile(person))
    (tmp_path / "P01" / "notes.txt").write_text("x")
    assert store.erase("P01") == 2
    assert not (tmp_path / "P01").exists()
    assert store.people() == ["P02"]
    assert store.erase("P01") == 0
    with pytest.raises(DataError, match="P01 has no profile; make one with 'insula calibrate person P01'"):
        store.load("P01")


@pytest.mark.parametrize("name", ["", "Anna Muster", "../P01", "a/b", "ü", "x" * 33])
def test_what_is_no_pseudonym_is_refused_and_makes_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="is no pseudonym"):
        Profiles(tmp_path).versions(name)


def test_only_the_owner_may_read_a_profile(tmp_path: Path) -> None:
    Profiles(tmp_path).save(Profile("P01"))
    assert stat.S_IMODE((tmp_path / "P01" / "v001.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{}", '{"schema": 99}', '{"schema": 1, "person": "P01", "nose": 1}', "[]"]
)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, content: str) -> None:
    file = tmp_path / "v001.json"
    file.write_text(content)
    with pytest.raises(DataError, match="is not a readable profile"):
        read(file)


def test_an_exported_profile_reads_back(tmp_path: Path) -> None:
    profile = Profile("P01", 3, "2026-01-01T00:00:00+00:00", {"face": {"units": {"12": [40, 0.1, 0.2]}}})
    file = tmp_path / "out.json"
    file.write_text(text(profile), "utf-8")
    assert read(file) == profile
