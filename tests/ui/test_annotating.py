"""Annotating in the review: add, change, delete by real clicks; the recording's files stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.ui.annotations import FILE
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.review import ReviewWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def review(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> ReviewWindow:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.LIGHT)
    record(tmp_path / "pilot", 12.0, markers=((4.0, "stimulus"),))
    window = ReviewWindow(Recorded(tmp_path / "pilot"), themes.LIGHT)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_add_change_delete(review: ReviewWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "pilot"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    qtbot.mouseClick(review.annotate_button, LEFT)
    notes = review.annotations
    assert notes is not None
    qtbot.mouseClick(notes.add_button, LEFT)
    assert notes.told.text() == "say what happens here first"

    review.go(review.session.begin + 6.0)
    qtbot.keyClicks(notes.author, "anna")
    notes.role.setCurrentText("clinician")
    qtbot.keyClicks(notes.entry, "smiles")
    qtbot.keyClick(notes.entry, Qt.Key.Key_Return)
    review.timeline.select(review.session.begin + 2.0, review.session.begin + 3.0)
    qtbot.keyClicks(notes.entry, "talks")
    qtbot.mouseClick(notes.add_button, LEFT)
    shown = [(a.text, a.author, a.role, a.t1 is None) for a in notes.annotations]
    assert shown == [("talks", "anna", "clinician", False), ("smiles", "anna", "clinician", True)]
    assert [mark.text for mark in review.marks] == ["talks", "stimulus", "smiles"]

    cell = notes.table.visualItemRect(notes.table.item(1, 1)).center()
    qtbot.mouseClick(notes.table.viewport(), LEFT, pos=cell)
    assert review.t == pytest.approx(review.session.begin + 6.0)
    assert notes.entry.text() == "smiles"
    qtbot.keyClicks(notes.entry, " broadly")
    qtbot.mouseClick(notes.change_button, LEFT)
    assert [a.text for a in notes.annotations] == ["talks", "smiles broadly"]

    cell = notes.table.visualItemRect(notes.table.item(0, 1)).center()
    qtbot.mouseClick(notes.table.viewport(), LEFT, pos=cell)
    qtbot.mouseClick(notes.delete_button, LEFT)
    assert [a.text for a in notes.annotations] == ["smiles broadly"]
    assert [mark.text for mark in review.marks] == ["stimulus", "smiles broadly"]

    after = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != FILE}
    assert after == before
    assert len((folder / FILE).read_text("utf-8").splitlines()) == 4
    review.close()
