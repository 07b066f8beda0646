"""The participant's window by itself: what stays when things go wrong, keys, sizes, stimuli."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the window is not installed")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from insula.edge.errors import DataError
from insula.edge.testing import ManualClock
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import Command
from insula.ui.participant.inputs import ManikinInput
from insula.ui.participant.media import Sound, Video
from insula.ui.participant.pages import CrossPage, FormPage, StimulusPage, WordsPage
from insula.ui.participant.window import ParticipantWindow
from insula.ui.protocol import design
from insula.ui.protocol.page import Progress
from insula.ui.protocol.plan import plan
from insula.ui.protocol.run import Run

LEFT = Qt.MouseButton.LeftButton

STEPS = """
[protocol]
name = "w"
[[step]]
kind = "instruction"
name = "hello"
text = { en = "Hello", de = "Hallo" }
[[step]]
kind = "questionnaire"
name = "feeling"
questionnaire = "sam"
[[step]]
kind = "rest"
name = "rest"
seconds = 5
"""


class Line:
    """A session that says what the test wants."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.sent: list[Command] = []
        self.lost = self.ended = False

    def poll(self) -> Progress | None:
        return self.progress

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def close(self) -> None:
        pass


class Desk:
    def __init__(self, tmp_path: Path, qtbot: QtBot, text: str = STEPS, language: str = "en") -> None:
        (tmp_path / "w.toml").write_text(text, "utf-8")
        self.run = Run(plan(design.load(tmp_path / "w.toml"), 1, language))
        self.line, self.clock = Line(), ManualClock(50.0)
        self.window = ParticipantWindow(self.line, themes.LIGHT, self.clock)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    def follow(self) -> None:
        self.line.progress = self.run.progress
        self.window.tick()
        QApplication.processEvents()

    def at(self, index: int) -> None:
        self.run.begin(self.clock())
        while self.run.index < index:
            self.run.skip(self.clock(), "operator")
        self.follow()

    @property
    def words(self) -> str:
        page = self.window.page
        assert page is not None
        return " | ".join(label.text() for label in page.findChildren(QLabel))

    @property
    def form(self) -> FormPage:
        assert isinstance(self.window.page, FormPage)
        return self.window.page


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, qtbot)


def test_before_and_after_the_protocol(desk: Desk) -> None:
    assert desk.words == "Please wait a moment."
    desk.follow()
    assert "It begins soon." in desk.words
    assert not desk.window.stop_button.isVisible()
    desk.at(0)
    assert desk.window.stop_button.isVisible()
    desk.run.abort(60.0, "participant")
    desk.follow()
    assert "has been stopped" in desk.words


def test_a_form_survives_a_silent_session(desk: Desk, qtbot: QtBot) -> None:
    desk.at(1)
    form = desk.form
    qtbot.keyClick(form.input, "7")
    desk.line.lost = True
    desk.follow()
    assert desk.window.page is form
    assert not form.isEnabled()
    assert "connection" in desk.window.hint.text()
    desk.line.lost = False
    desk.follow()
    assert desk.form is form
    assert form.isEnabled()
    assert form.input is not None
    assert form.input.value == 7.0
    desk.line.lost = desk.line.ended = True
    desk.follow()
    assert "connection" in desk.words


def test_a_pause_is_told(desk: Desk) -> None:
    desk.at(2)
    assert isinstance(desk.window.page, CrossPage)
    desk.run.pause(52.0, "operator")
    desk.follow()
    assert desk.words == "The study is paused."
    desk.run.resume(60.0, "operator")
    desk.follow()
    assert isinstance(desk.window.page, CrossPage)


def test_the_question_whether_to_stop_stays_on_top_of_the_next_step(desk: Desk, qtbot: QtBot) -> None:
    desk.at(1)
    qtbot.mouseClick(desk.window.stop_button, LEFT)
    desk.run.skip(52.0, "operator")
    desk.follow()
    middle = desk.window.childAt(desk.window.rect().center())
    while middle is not None and middle.objectName() != "asking":
        middle = middle.parentWidget()
    assert middle is not None
    desk.window.resize(900, 600)
    QApplication.processEvents()
    assert middle.size() == desk.window.size()
    qtbot.mouseClick(desk.window.stay_button, LEFT)
    assert [c.name for c in desk.line.sent if c.text == "stop"] == []


def test_return_goes_on(desk: Desk, qtbot: QtBot) -> None:
    desk.at(0)
    qtbot.keyClick(desk.window.page, Qt.Key.Key_Return)
    assert [c.text for c in desk.line.sent if c.name == "participant"] == ["next:0"]
    desk.at(1)
    form = desk.form
    qtbot.keyClick(form, Qt.Key.Key_Return)  # nothing chosen: nothing happens
    assert form.filling.index == 0
    qtbot.keyClick(form.input, "2")
    qtbot.keyClick(form.input, Qt.Key.Key_Return)
    assert form.filling.index == 1


def test_another_size_keeps_the_choice_and_larger_letters(desk: Desk, qtbot: QtBot) -> None:
    desk.at(1)
    qtbot.keyClick(desk.form.input, "4")
    before = desk.form.input
    assert isinstance(before, ManikinInput)
    height = before.height()
    desk.window.resize(2000, 1200)
    QApplication.processEvents()
    after = desk.form.input
    assert isinstance(after, ManikinInput)
    assert after.value == 4.0
    assert after.height() > height


def test_german(tmp_path: Path, qtbot: QtBot) -> None:
    desk = Desk(tmp_path, qtbot, language="de")
    desk.at(0)
    assert desk.words.startswith("Hallo")
    assert isinstance(desk.window.page, WordsPage)
    assert desk.window.page.go_on.text() == "Weiter"
    assert desk.window.stop_button.text() == "Ich möchte aufhören"


# ---- stimuli ----


def video(path: Path, frames: int = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    for k in range(frames):
        writer.write(np.full((48, 64, 3), 20 * k, np.uint8))
    writer.release()
    return path


def test_a_video_plays_by_the_clock_and_holds(tmp_path: Path) -> None:
    clock = ManualClock()
    played = Video(str(video(tmp_path / "v.avi")), clock)
    first = played.frame()
    assert first is not None
    assert first.shape == (48, 64, 3)
    assert played.frame() is None  # not due yet
    clock.advance(0.5)  # late: the frames between are never seen
    frame = played.frame()
    assert frame is not None
    assert abs(int(frame[0, 0, 0]) - 100) < 12
    played.hold(True)
    clock.advance(5.0)
    assert played.frame() is None
    played.hold(False)
    clock.advance(0.11)
    frame = played.frame()
    assert frame is not None
    assert abs(int(frame[0, 0, 0]) - 120) < 12
    clock.advance(10.0)
    assert played.frame() is None  # through: the last picture stands
    played.close()


def test_a_stimulus_has_its_files_length_and_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    video(tmp_path / "v.avi")
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :, 2] = 250
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    text = '[protocol]\nname = "s"\n[[step]]\nkind = "stimulus"\nname = "film"\nvideo = "v.avi"\n'
    text += '[[step]]\nkind = "stimulus"\nname = "picture"\nimage = "p.png"\nseconds = 2\n'
    desk = Desk(tmp_path, qtbot, text)
    assert desk.run.plan.steps[0].step.seconds == pytest.approx(1.0)
    desk.at(1)
    assert isinstance(desk.window.page, StimulusPage)
    shown = desk.window.grab().toImage().pixelColor(desk.window.width() // 2, desk.window.height() // 2 - 40)
    assert (shown.red(), shown.green(), shown.blue()) == (250, 0, 0)


def test_what_cannot_be_shown_is_told_to_both(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "p.png").write_bytes(b"no picture")
    text = '[protocol]\nname = "s"\n[[step]]\nkind = "stimulus"\nimage = "p.png"\nseconds = 2\n'
    desk = Desk(tmp_path, qtbot, text)
    desk.at(0)
    qtbot.waitUntil(lambda: any(c.name == "note" for c in desk.line.sent), timeout=5000)
    assert "This cannot be shown here" in desk.words
    assert "p.png is no picture" in next(c.text for c in desk.line.sent if c.name == "note")
    (tmp_path / "s.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match="cannot be played"):
        Sound(str(tmp_path / "s.wav"))
    with pytest.raises(DataError, match="cannot be read as a video"):
        Video(str(tmp_path / "s.wav"), ManualClock())
