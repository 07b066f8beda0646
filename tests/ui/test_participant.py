"""A participant's way through a protocol: real clicks, a real session, read back from the XDF file."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the window is not installed")

import numpy as np
import pyxdf
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from insula.edge import SensingLoop, config
from insula.edge.clock import now
from insula.edge.protocols import Item
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.session import SessionFolder
from insula.edge.sinks.feed import FeedSink
from insula.edge.types import Marker
from insula.ui.annotations import read as read_annotations
from insula.ui.commands.conductor import Conductor
from insula.ui.commands.operator import Operator
from insula.ui.commands.participant import NO_INPUT, TerminalParticipant
from insula.ui.commands.recording import Recording
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import Command, Outbox
from insula.ui.participant.inputs import ChoiceInput, LineInput, ManikinInput, WordsInput
from insula.ui.participant.link import Link
from insula.ui.participant.pages import CrossPage, FormPage, StimulusPage, WordsPage
from insula.ui.participant.window import ParticipantWindow
from insula.ui.protocol import design
from insula.ui.protocol.plan import plan

PARTS = {"sensors": {"eda": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}
LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 20_000

PROTOCOL = """
[protocol]
name = "pilot"
[markers]
5 = "cough"

[[step]]
kind = "instruction"
name = "welcome"
text = { en = "Welcome", de = "Willkommen" }

[[step]]
kind = "rest"
name = "rest"
seconds = 0.3

[[step]]
kind = "questionnaire"
name = "feeling"
questionnaire = "sam-va"

[[step]]
kind = "questionnaire"
name = "health"
questionnaire = "phq-9"

[[step]]
kind = "questionnaire"
name = "mood"
questionnaire = "mood-vas"

[[step]]
kind = "stimulus"
name = "film"
text = "a film"
rate = ["valence", "arousal"]
condition = "calm"
seconds = 600
"""


class Session:
    """An engine with one sensor and a protocol, driven by the test."""

    def __init__(self, path: Path, text: str = PROTOCOL, language: str = "en") -> None:
        (path / "run").mkdir()
        (path / "p.toml").write_text(text, "utf-8")
        self.items: list[Item] = []
        self.directory = path / "run"
        self.loop = SensingLoop(config.parse(PARTS), directory=self.directory)
        self.loop.subscribe(self.items.append)
        self.loop.open()
        self.folder = SessionFolder.create(path / "session", {})
        self.recording = Recording(self.loop, self.folder, audio=False)
        self.recording.start()
        feed = FeedSink(path=str(self.directory / "feed.ring"))
        self.loop.add_sink("dashboard feed", feed)
        self.conductor = Conductor(plan(design.load(path / "p.toml"), 3, language), self.loop)
        self.operator = Operator(self.directory, self.loop, self.recording, feed, "pilot", self.conductor)
        self.loop.begin()

    def of(self, kind: type[Item]) -> list[Item]:
        return [item for item in self.items if isinstance(item, kind)]

    def operate(self, what: str) -> None:
        self.operator.obey(Command("protocol", self.loop.clock(), what))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path)
    yield session
    session.loop.stop()


class Desk:
    """The participant's window on a session."""

    def __init__(self, session: Session, qtbot: QtBot) -> None:
        self.session, self.qtbot = session, qtbot
        self.window = ParticipantWindow(Link(session.directory, now), themes.LIGHT, now)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    def until(self, what: Callable[[], bool]) -> None:
        def there() -> bool:
            self.session.operator.serve()
            self.window.tick()
            return what()

        self.qtbot.waitUntil(there, timeout=PATIENCE_MS)

    def until_step(self, name: str) -> None:
        self.until(lambda: any(
            isinstance(i, StepEvent) and (i.name, i.change) == (name, "shown") for i in self.session.items
        ))  # fmt: skip

    def click(self, button: QPushButton) -> None:
        self.qtbot.mouseClick(button, LEFT)

    @property
    def form(self) -> FormPage:
        assert isinstance(self.window.page, FormPage)
        return self.window.page


def test_a_whole_protocol_by_mouse_and_keyboard(session: Session, qtbot: QtBot) -> None:
    desk = Desk(session, qtbot)
    desk.until(lambda: desk.window.link.poll() is not None)
    assert isinstance(desk.window.page, WordsPage)  # waits for the operator
    session.operate("next")
    desk.until_step("welcome")
    assert isinstance(desk.window.page, WordsPage)
    desk.click(desk.window.page.go_on)
    desk.until(lambda: isinstance(desk.window.page, CrossPage))

    desk.until_step("feeling")
    valence = desk.form.input
    assert isinstance(valence, ManikinInput)
    assert not desk.form.next_button.isEnabled()
    at = QPoint(round(valence.width() * 6.5 / 9), valence.height() // 2)  # the seventh of nine places
    qtbot.mouseClick(valence, LEFT, pos=at)
    desk.click(desk.form.next_button)
    qtbot.keyClick(desk.form.input, "3")
    desk.click(desk.form.back_button)  # another thought about the first
    assert desk.form.input is not None
    assert desk.form.input.value == 7.0
    qtbot.keyClick(desk.form.input, Qt.Key.Key_Left)
    desk.click(desk.form.next_button)
    qtbot.keyClick(desk.form.input, "3")
    desk.click(desk.form.next_button)

    desk.until_step("health")
    for k in range(9):
        choice = desk.form.input
        assert isinstance(choice, ChoiceInput)
        if k == 3:
            desk.click(desk.form.leave_button)
            continue
        desk.click(choice.buttons[1 if k == 8 else 0])
        desk.click(desk.form.next_button)

    desk.until_step("mood")
    line = desk.form.input
    assert isinstance(line, LineInput)
    qtbot.mouseClick(line, LEFT, pos=QPoint(line.width() // 2, line.height() // 3))
    assert line.value == pytest.approx(50.0, abs=0.5)
    desk.click(desk.form.next_button)
    desk.click(desk.form.leave_button)
    words = desk.form.input
    assert isinstance(words, WordsInput)
    qtbot.keyClicks(words, "all fine")
    desk.click(desk.form.next_button)

    desk.until_step("film")
    film = desk.window.page
    assert isinstance(film, StimulusPage)
    assert film.pad is not None
    qtbot.mousePress(film.pad, LEFT, pos=film.pad._field().center().toPoint())
    desk.until(lambda: any(isinstance(i, Rating) and i.values[0] is not None for i in session.items))
    qtbot.mouseRelease(film.pad, LEFT)
    desk.until(lambda: session.of(Rating)[-1].values == (None, None))
    session.operate("skip")
    desk.until(lambda: isinstance(desk.window.page, WordsPage))
    session.loop.stop()

    streams = {s["info"]["name"][0]: s for s in pyxdf.load_xdf(str(session.folder.xdf))[0]}
    steps = [(row[1], row[3], row[5]) for row in streams["insula.protocol"]["time_series"]]
    assert steps[:2] == [("welcome", "begin", "operator"), ("welcome", "shown", "participant")]
    assert steps[-1] == ("film", "skipped", "operator")
    marks = [row[0] for row in streams["insula.markers"]["time_series"]]
    assert "rest begin" in marks
    assert "attention: phq-9 self-harm was answered 1" in marks
    labels = [c["label"][0] for c in streams["insula.answers"]["info"]["desc"][0]["channels"][0]["channel"]]
    rows = [dict(zip(labels, row, strict=True)) for row in streams["insula.answers"]["time_series"]]
    by_item = {(row["questionnaire"], row["item"]): row for row in rows}  # the last one counts
    assert by_item["sam-va", "valence"]["value"] == "6.0"
    assert by_item["sam-va", "arousal"]["value"] == "3.0"
    assert float(by_item["sam-va", "valence"]["response_time"]) > 0
    assert by_item["phq-9", "interest"]["answer"] == "Not at all"
    assert by_item["phq-9", "interest"]["value"] == "0.0"
    left = by_item["phq-9", "energy"]
    assert (left["value"], left["reason"]) == ("", "left out by the respondent")
    assert by_item["mood-vas", "tension"]["reason"] == "left out by the respondent"
    assert by_item["mood-vas", "words"]["answer"] == "all fine"
    assert {row["respondent"] for row in rows} == {"3"}
    rating = streams["insula.rating.participant.valence+arousal"]
    rated = rating["time_series"][:, 0]
    assert abs(rated[np.isfinite(rated)][0]) < 0.1
    assert np.isnan(rated[-1])
    desk.window.close()


def test_stop_asks_once_more_and_ends_the_protocol_only(session: Session, qtbot: QtBot) -> None:
    desk = Desk(session, qtbot)
    session.operate("next")
    desk.until_step("welcome")
    desk.click(desk.window.stop_button)
    desk.click(desk.window.stay_button)
    assert not session.conductor.over
    desk.click(desk.window.stop_button)
    desk.click(desk.window.leave_button)
    desk.until(lambda: session.conductor.over)
    assert session.conductor.progress.state == "aborted"
    assert any(isinstance(i, Marker) and i.text == "the participant asked to stop" for i in session.items)
    assert not session.loop.ended
    desk.window.close()


def test_a_skipped_questionnaire_is_not_answered_and_says_by_whom(session: Session) -> None:
    for _ in range(3):
        session.operate("next")
    assert session.conductor.progress.page is not None
    assert session.conductor.progress.page.name == "feeling"
    session.operate("skip")
    answers = session.of(Answer)
    assert [(a.item, a.value, a.reason) for a in answers] == [
        ("valence", None, "skipped by the operator"),
        ("arousal", None, "skipped by the operator"),
    ]


def test_a_session_that_ends_leaves_no_question_open(session: Session) -> None:
    session.conductor.end()  # never begun: nothing to say
    assert session.of(StepEvent) == []
    for _ in range(3):
        session.operate("next")
    session.conductor.end()
    assert {a.reason for a in session.of(Answer)} == {"the session ended the protocol"}
    assert session.of(StepEvent)[-1].change == "aborted"


def test_a_paused_form_keeps_what_was_begun(session: Session, qtbot: QtBot) -> None:
    desk = Desk(session, qtbot)
    for _ in range(3):
        session.operate("next")
    desk.until_step("feeling")
    qtbot.keyClick(desk.form.input, "7")
    form = desk.form
    session.operate("pause")
    desk.until(lambda: not form.isEnabled())
    session.operate("resume")
    desk.until(form.isEnabled)
    assert desk.window.page is form
    assert form.input is not None
    assert form.input.value == 7.0
    desk.window.close()


def test_the_window_says_when_the_session_is_gone(session: Session, qtbot: QtBot) -> None:
    desk = Desk(session, qtbot)
    session.operate("next")
    desk.until_step("welcome")
    session.loop.stop()
    qtbot.waitUntil(lambda: (desk.window.tick(), desk.window.link.lost)[1], timeout=PATIENCE_MS)
    desk.window.tick()
    assert isinstance(desk.window.page, WordsPage)
    desk.window.close()


def test_wrong_answers_and_ratings_are_refused_in_words(session: Session) -> None:
    operator, t = session.operator, session.loop.clock()
    operator.obey(Command("answer", t, '{"step": 2}'))
    operator.obey(
        Command(
            "answer",
            t,
            '{"step": 0, "item": "x", "t": 1, "onset": 0, "text": null, "value": 1, "reason": ""}',
        )
    )
    operator.obey(Command("rating", t, '{"annotator": "a", "role": "cat", "labels": ["v"], "values": [0]}'))
    told = [i.text for i in session.items if isinstance(i, Marker)]
    assert told[0].startswith("refused: an answer is incomplete")
    assert told[1] == "refused: step 0 has no question 'x'"
    assert "role 'cat' is none of" in told[2]


def test_a_note_is_a_marker_and_an_annotation(session: Session) -> None:
    outbox = Outbox(session.directory)
    outbox.send(Command("note", 12.5, "turned to the window"))
    session.operator.serve()
    outbox.close()
    (marker,) = session.of(Marker)
    assert (marker.t, marker.text, marker.source) == (12.5, "turned to the window", "note")
    (note,) = read_annotations(session.folder.path)
    assert (note.t0, note.text, note.role) == (12.5, "turned to the window", "operator")


def test_the_terminal_is_a_participant_too(session: Session) -> None:
    said: list[str] = []
    typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def line() -> str | None:
        return typed.get_nowait()

    terminal = TerminalParticipant(session.operator.obey, said.append, line, session.loop.clock)
    session.operator.begin()
    for text in ("", "", "9.5", "7"):
        typed.put(text)
        terminal.serve(session.conductor.progress)
        if session.conductor.progress.page is not None and session.conductor.progress.page.name == "rest":
            session.operate("next")
    answers = [(a.item, a.value, a.reason) for a in session.of(Answer)]
    assert answers == [("valence", None, "left out by the respondent"), ("arousal", 7.0, "")]
    assert "please type one of 1, 2, 3, 4, 5, 6, 7, 8, 9" in said
    for _ in range(9):
        typed.put(None)
        terminal.serve(session.conductor.progress)
    assert {a.reason for a in session.of(Answer) if a.questionnaire == "phq-9"} == {NO_INPUT}
