"""Annotations beside a recording: nothing is ever lost, the recording is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from insula.edge.errors import DataError, SinkError
from insula.ui.annotations import FILE, Annotations
from insula.ui.annotations import read as read_annotations


def test_what_is_changed_or_deleted_stays_in_the_history(tmp_path: Path) -> None:
    notes = Annotations(tmp_path)
    first = notes.add(20.0, "smiles", "anna", "clinician")
    notes.add(10.0, "coughs", "ben", "parent", t1=12.0)
    notes.change(first, "smiles broadly", "anna", "clinician")
    standing = notes.all()
    assert [(a.t0, a.t1, a.text, a.acts) for a in standing] == [
        (10.0, 12.0, "coughs", 1),
        (20.0, None, "smiles broadly", 2),
    ]
    assert standing[0].by.startswith("insula ")
    assert standing[0].made.endswith("+00:00")
    notes.delete(standing[0], "anna", "clinician")
    assert [a.text for a in read_annotations(tmp_path)] == ["smiles broadly"]
    acts = [(act, a.text, a.author) for act, a in notes.history()]
    assert acts == [
        ("add", "smiles", "anna"),
        ("add", "coughs", "ben"),
        ("change", "smiles broadly", "anna"),
        ("delete", "coughs", "anna"),
    ]


def test_a_folder_without_annotations_has_none(tmp_path: Path) -> None:
    assert read_annotations(tmp_path) == ()


def test_a_line_that_was_cut_off_costs_itself_only(tmp_path: Path) -> None:
    notes = Annotations(tmp_path)
    notes.add(1.0, "one", "anna", "self")
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole + whole[:40])  # killed while it wrote
    assert [a.text for a in notes.all()] == ["one"]
    notes.add(2.0, "two", "anna", "self")
    assert [a.text for a in notes.all()] == ["one", "two"]


def test_a_damaged_line_is_told_with_its_number(tmp_path: Path) -> None:
    notes = Annotations(tmp_path)
    notes.add(1.0, "one", "anna", "self")
    body = json.loads((tmp_path / FILE).read_text("utf-8"))
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps({**body, "act": "shout"}) + "\n")
    with pytest.raises(DataError, match="line 2: unknown act 'shout'"):
        notes.all()


def test_an_unknown_role_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="role 'cat'"):
        Annotations(tmp_path).add(1.0, "x", "anna", "cat")
    with pytest.raises(SinkError, match="cannot be written"):
        Annotations(tmp_path / "gone").add(1.0, "x", "anna", "self")
