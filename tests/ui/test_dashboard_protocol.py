"""The operator's side of a protocol: the step and its countdown, the buttons, marker keys and notes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.edge.testing import ManualClock
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import parse_command, parse_session, session_message
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.view import Session
from insula.ui.dashboard.window import LiveWindow
from insula.ui.protocol import design
from insula.ui.protocol.plan import plan
from insula.ui.protocol.run import Run

FIRST = Path(__file__).parents[2] / "examples" / "protocols" / "first-steps.toml"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, qapp: QApplication) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.DARK)


class Desk:
    def __init__(self, qtbot: QtBot) -> None:
        self.clock = ManualClock(1000.0)
        self.source = Rehearsal(1000.0)
        self.presenter = Presenter(self.clock)
        self.window = LiveWindow(self.source, self.presenter)
        self.run = Run(plan(design.load(FIRST)))
        qtbot.addWidget(self.window)
        self.window.resize(1280, 720)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.tick()

    def tick(self, seconds: float = 0.1) -> None:
        self.clock.advance(seconds)
        self.window.tick()
        QApplication.processEvents()

    def tell(self) -> None:
        self.tick()  # the rehearsal answers commands with a session of its own first
        self.presenter.take(Session(name="rehearsal", started=1000.0, protocol=self.run.progress))
        self.tick()


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_without_a_protocol_there_is_no_row(desk: Desk) -> None:
    assert not desk.window.protocol.isVisible()


def test_the_step_counts_down_and_the_buttons_ask(desk: Desk, qtbot: QtBot) -> None:
    bar = desk.window.protocol
    asked: list[str] = []
    bar.asked.connect(asked.append)
    desk.tell()
    assert bar.isVisible()
    assert bar.next_button.text() == "Begin"
    assert not bar.skip_button.isEnabled()
    qtbot.mouseClick(bar.next_button, LEFT)
    desk.run.begin(desk.clock())
    desk.run.next(desk.clock(), "participant")
    desk.tell()
    assert bar.step.text() == "2/6  baseline"
    assert bar.coming.text() == "then feeling"
    assert bar.clock.text() in ("0:19", "0:20")
    desk.tick(12.0)
    assert bar.clock.text() == "0:08"
    assert 550 < bar.done.value() < 650
    qtbot.mouseClick(bar.pause_button, LEFT)
    desk.run.pause(desk.clock(), "operator")
    desk.tell()
    desk.tick(30.0)
    assert bar.clock.text() == "0:08"
    qtbot.mouseClick(bar.pause_button, LEFT)
    qtbot.mouseClick(bar.skip_button, LEFT)
    qtbot.mouseClick(bar.abort_button, LEFT)
    assert bar.abort_button.text() == "Really end?"
    qtbot.mouseClick(bar.abort_button, LEFT)
    assert [c.text for c in desk.source.sent if c.name == "protocol"] == ["resume", "skip", "abort"]
    assert asked == ["next", "pause", "resume", "skip", "abort"]


def test_a_protocol_gives_its_markers_keys(desk: Desk, qtbot: QtBot) -> None:
    desk.window.activateWindow()
    qtbot.keyClick(desk.window, Qt.Key.Key_7)
    assert [c.text for c in desk.source.sent] == ["7"]
    desk.tell()
    for key in (Qt.Key.Key_5, Qt.Key.Key_X):
        qtbot.keyClick(desk.window, key)
    assert [c.text for c in desk.source.sent if c.name == "marker"] == ["cough", "exclude this"]


def test_n_writes_a_note_with_the_time_of_its_first_key(desk: Desk, qtbot: QtBot) -> None:
    desk.window.activateWindow()
    qtbot.keyClick(desk.window, Qt.Key.Key_N)
    entry = desk.window.header.entry
    assert entry.placeholderText() == "Note … (N)"
    entry.setFocus()
    typed = desk.clock()
    qtbot.keyClicks(entry, "l")
    desk.tick(3.0)
    qtbot.keyClicks(entry, "ooks away")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    note = desk.source.sent[-1]
    assert (note.name, note.text, note.t) == ("note", "looks away", typed)
    assert not desk.window.paused
    assert entry.placeholderText() == "Marker … (M)"


def test_the_session_tells_the_protocol_through_the_feed(desk: Desk) -> None:
    import json

    desk.run.begin(1.0)
    session = Session(name="x", protocol=desk.run.progress)
    assert parse_session(json.loads(session_message(session))) == session
    assert parse_command(b'{"name": "protocol", "t": 1.0, "text": "next", "on": true}').text == "next"


def test_no_marker_key_collides_with_one_of_the_windows_own(desk: Desk) -> None:
    of_markers = {id(shortcut) for shortcut in desk.window._key_shortcuts}
    own = {
        shortcut.key().toString().lower()
        for shortcut in desk.window.findChildren(QShortcut)
        if id(shortcut) not in of_markers and len(shortcut.key().toString()) == 1
    }
    assert own == set(design.TAKEN_KEYS)
