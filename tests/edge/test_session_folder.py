from __future__ import annotations

import os
from pathlib import Path

import pytest

from insula.edge import runtime_dir
from insula.edge.errors import DataError, RingError, SinkError
from insula.edge.session import SessionFolder


def test_a_session_is_running_until_it_is_complete(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path / "a" / "b", {"title": "pilot"})
    assert SessionFolder.open(folder.path)[1] == {"schema": 1, "status": "running", "title": "pilot"}
    folder.finish({"title": "pilot", "length_s": 3.0})
    assert SessionFolder.open(folder.path)[1]["status"] == "complete"
    assert [p.name for p in folder.path.iterdir()] == ["session.json"]  # no draft is left
    assert os.name == "nt" or folder.path.stat().st_mode & 0o077 == 0  # and nobody else looks in


def test_a_session_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(SinkError, match="choose another --out"):
        SessionFolder.create(tmp_path, {})
    with pytest.raises(SinkError, match="choose another --out"):
        SessionFolder.create(tmp_path / "note", {})


@pytest.mark.parametrize("content", [None, "not json", "[]", '{"schema": 99}'])
def test_what_is_no_session_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "session.json").write_text(content)
    with pytest.raises(DataError):
        SessionFolder.open(tmp_path)


def test_nan_is_a_bug_not_a_value(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        SessionFolder.create(tmp_path / "a", {"length_s": float("nan")})


def test_running_sessions_are_found_and_dead_ones_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_dir.running() == []
    runtime_dir.root().mkdir()
    dead = runtime_dir.root() / "dead-999999999"
    dead.mkdir()
    (dead / "camera.ring").write_bytes(bytes(1000))
    assert runtime_dir.running() == []
    mine = runtime_dir.create("pilot")
    assert mine.name == f"pilot-{os.getpid()}"
    assert runtime_dir.running() == [mine]
    assert not dead.exists()
    assert runtime_dir.root().stat().st_mode & 0o777 == 0o700


def test_a_runtime_folder_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "file"))
    with pytest.raises(RingError, match="cannot be made"):
        runtime_dir.create("pilot")
