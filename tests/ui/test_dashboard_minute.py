"""The guided minute in the dashboard: what the engine does, what the window shows, and both together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.edge import SensingLoop, config
from insula.edge.errors import NotPermitted
from insula.edge.profile import Profiles
from insula.edge.protocols import Estimator, Item
from insula.edge.session import SessionFolder
from insula.edge.sinks.feed import FeedSink
from insula.edge.stream import StreamReader
from insula.edge.testing import ManualClock
from insula.edge.types import AffectEstimate, Marker, Measure, Modality, StreamInfo
from insula.models.person.guide import LEAD_S, STEPS, Step
from insula.ui.commands.minute import SETTLE_S, GuidedMinute
from insula.ui.commands.operator import Operator
from insula.ui.commands.recording import Recording
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import parse_session, session_message
from insula.ui.dashboard.minute import Minute, Sensed
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.source import FeedSource
from insula.ui.dashboard.view import Session
from insula.ui.dashboard.window import LiveWindow
from insula.ui.dashboard.words import Words

LEFT = Qt.MouseButton.LeftButton
PATIENCE_MS = 60_000


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.DARK)
    monkeypatch.setenv("INSULA_DATA", str(tmp_path / "data"))


# the engine's side, without a sensor and with injected time


class Engine:
    def __init__(self) -> None:
        self.clock = ManualClock(1000.0)
        self.loop = SensingLoop(config.Config(sensors=()), clock=self.clock)
        self.marks: list[str] = []
        self.loop.subscribe(self._take)
        self.minute = GuidedMinute(self.loop, self._allow)

    def _take(self, item: Item) -> None:
        if isinstance(item, Marker):
            self.marks.append(item.text)

    def _allow(self, person: str) -> None:
        if person == "P99":
            raise NotPermitted("refused: P99 has withdrawn")

    @property
    def told(self) -> Minute:
        assert self.minute.told is not None
        return self.minute.told

    def run(self, seconds: float) -> None:
        end = self.clock() + seconds
        while self.clock() < end:
            self.clock.advance(0.1)
            self.minute.advance()


def test_the_parts_are_told_counted_down_and_marked_and_nothing_is_kept_without_a_sensor(
    tmp_path: Path,
) -> None:
    engine = Engine()
    engine.minute.begin("P01")
    assert (engine.told.state, engine.told.step, engine.told.ends) == ("lead", "rest", 1000.0 + LEAD_S)
    engine.run(LEAD_S + 0.5)
    assert (engine.told.state, engine.told.number) == ("step", 0)
    assert engine.told.ends == pytest.approx(1000.0 + LEAD_S + STEPS[0].seconds, abs=0.2)
    engine.minute.begin("P02")  # one at a time
    assert engine.told.person == "P01"
    engine.run(engine.told.seconds + SETTLE_S + 1.0)
    assert (engine.told.state, engine.told.reason) == ("failed", "no sensor gave enough to measure against")
    assert {one.reason for one in engine.told.sensed} == {"no sensor"}
    parts = ["baseline", "calibration closed", "calibration read", "calibration breath"]
    assert engine.marks == [
        "calibration begin",
        *(f"{part} {change}" for part in parts for change in ("begin", "end")),
        "calibration failed",
    ]
    assert not (tmp_path / "data" / "profiles").exists()


def test_a_cancelled_minute_keeps_nothing_closes_its_part_and_another_may_begin() -> None:
    engine = Engine()
    engine.minute.begin("P01")
    engine.run(LEAD_S + 1.0)
    engine.minute.cancel()
    assert engine.told.state == "cancelled"
    assert engine.marks[-2:] == ["baseline end", "calibration cancelled"]
    engine.run(1.0)
    assert engine.told.state == "cancelled"
    engine.minute.begin("P01")
    assert engine.told.state == "lead"


@pytest.mark.parametrize(
    ("person", "why"), [("Anna Muster", "no pseudonym"), ("", "no pseudonym"), ("P99", "has withdrawn")]
)
def test_who_must_not_be_measured_is_refused_in_words(person: str, why: str) -> None:
    engine = Engine()
    engine.minute.begin(person)
    assert engine.told.state == "failed"
    assert why in engine.told.reason
    assert engine.marks == []


def test_the_minute_goes_through_the_feed() -> None:
    sensed = (Sensed("face", True), Sensed("voice", False, "no speech"))
    minute = Minute("P01", "step", 1.0, 72.0, 4, 2, "read", 40.0, sensed, "", ("all well",))
    session = Session(name="x", person="P01", minute=minute)
    assert parse_session(json.loads(session_message(session))) == session


# the window's side


class Desk:
    def __init__(self, qtbot: QtBot, language: str = "en", person: str = "P01") -> None:
        self.clock, self.person = ManualClock(1000.0), person
        self.source = Rehearsal(1000.0)
        self.presenter = Presenter(self.clock, Words(language))
        self.window = LiveWindow(self.source, self.presenter)
        qtbot.addWidget(self.window)
        self.window.resize(1280, 720)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.tell(None)

    def tick(self, seconds: float = 0.1) -> None:
        self.clock.advance(seconds)
        self.window.tick()
        QApplication.processEvents()

    def tell(self, minute: Minute | None) -> None:
        self.tick()  # the rehearsal answers commands with a session of its own first
        self.presenter.take(Session(name="rehearsal", started=1000.0, person=self.person, minute=minute))
        self.tick()


def running(**changed: Any) -> Minute:
    sensed = (Sensed("face", True), Sensed("voice", False, "no speech"))
    known = {"state": "step", "number": 0, "step": "rest", "ends": 1028.0, "sensed": sensed}
    return Minute(person="P01", began=1000.0, seconds=72.0, total=4, **{**known, **changed})


def test_c_offers_the_minute_and_begins_nothing(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    row = desk.window.minute
    assert not row.isVisible()
    desk.window.activateWindow()
    qtbot.keyClick(desk.window, Qt.Key.Key_C)
    desk.tick()
    assert row.isVisible()
    assert row.about.text() == "Calibrate P01"
    assert not row.person.isVisible()  # the session says who it is
    assert desk.source.sent == []
    qtbot.mouseClick(row.begin_button, LEFT)
    assert [(c.name, c.on) for c in desk.source.sent] == [("calibrate", True)]
    qtbot.mouseClick(row.close_button, LEFT)
    desk.tick()
    assert not row.isVisible()


def test_a_session_of_nobody_asks_for_a_pseudonym(qtbot: QtBot) -> None:
    desk = Desk(qtbot, person="")
    assert desk.window.calibrate_action.toolTip().startswith("One guided minute")
    desk.window.calibrate_action.trigger()
    desk.tick()
    row = desk.window.minute
    assert row.person.isVisible()
    qtbot.keyClicks(row.person, "P07")
    qtbot.keyClick(row.person, Qt.Key.Key_Return)
    assert [(c.name, c.text) for c in desk.source.sent] == [("calibrate", "P07")]


def test_instruction_countdown_and_sensors_are_shown_and_it_can_be_cancelled(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    row = desk.window.minute
    desk.tell(running())
    assert row.isVisible()
    assert row.says.text() == STEPS[0].says["en"]
    assert row.about.text() == "Calibrate P01 · Step 1 of 4"
    assert row.sensed.text() == "● face    ○ voice: no speech"
    assert row.clock.text() == "28 s"
    desk.tick(18.0)
    assert row.clock.text() == "10 s"
    assert 240 < row.done.value() < 280
    assert row.says.height() >= row.says.heightForWidth(row.says.width())
    qtbot.mouseClick(row.cancel_button, LEFT)
    assert [(c.name, c.on) for c in desk.source.sent] == [("calibrate", False)]
    desk.tell(running(state="cancelled", step="", ends=None))
    assert row.says.text() == "Cancelled: nothing was kept."
    qtbot.mouseClick(row.close_button, LEFT)
    desk.tick()
    assert not row.isVisible()
    desk.window.minute.ask()  # again: the one put away does not come back
    desk.tick()
    assert row.begin_button.isVisible()


def test_it_ends_with_what_was_kept_and_what_could_not_be_measured(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "de")
    sensed = (Sensed("face", True), Sensed("eda", True), Sensed("voice", False, "no sensor"))
    desk.tell(running(state="kept", step="", ends=None, profile="P01-v2", sensed=sensed))
    assert desk.window.minute.says.text() == (
        "Behalten als P01-v2: die Ruhe von Gesicht, EDA, gültig ab der nächsten Sitzung. "
        "Nicht zu messen: Stimme (kein Sensor)."
    )
    assert not desk.window.minute.cancel_button.isVisible()


# both, with the simulated person


class Quick:
    """Learns a rest from the first sample on; otherwise says nothing but that there is a signal."""

    modality: Modality = "eda"
    period_s = 0.1

    def __init__(self) -> None:
        self.resting, self.seen = False, 0

    def accepts(self, info: StreamInfo) -> str:
        return ""

    def start(self, info: StreamInfo) -> None:
        pass

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        chunks = reader.read_new()
        if not chunks:
            return None
        self.seen += self.resting
        t = float(chunks[-1].times[-1])
        return AffectEstimate("eda", "eda", t, 1.0, arousal=Measure(0.0, 0.2), va_source="mapped")

    def learn(self, resting: bool) -> None:
        self.resting = resting

    def learned(self) -> dict[str, Any] | None:
        return {"tonic_us": 2.0, "responses_per_min": 1.0} if self.seen else None

    def adopt(self, rest: Mapping[str, Any]) -> None:
        pass

    def close(self) -> None:
        pass


def test_from_the_key_to_the_profile_of_the_simulated_person(qtbot: QtBot, tmp_path: Path) -> None:
    parts = {
        "session": {"person": "P01"},
        "sensors": {"eda": {"driver": "simulated_eda"}},
        "estimators": {"eda": {"estimator": "eda"}},
    }
    run = tmp_path / "run"
    run.mkdir()

    def quick(name: str, estimator: Estimator) -> Estimator:
        return Quick()

    loop = SensingLoop(config.parse(parts), directory=run, wrap_estimator=quick)
    loop.open()
    folder = SessionFolder.create(tmp_path / "session", {})
    recording = Recording(loop, folder, audio=False)
    feed = FeedSink(path=str(run / "feed.ring"))
    loop.add_sink("dashboard feed", feed)
    steps = (Step("rest", 1.0, frozenset({"eda"}), STEPS[0].says),)
    minute = GuidedMinute(loop, lambda person: None, steps)
    operator = Operator(run, loop, recording, feed, "pilot", minute=minute)
    recording.start()
    loop.begin()
    window = LiveWindow(FeedSource(run), Presenter(loop.clock))
    qtbot.addWidget(window)
    window.show()
    row = window.minute

    def shown() -> bool:
        operator.serve()
        window.tick()
        return row.isVisible() and row.says.text().startswith("Kept as P01-v1: the rest of EDA")

    operator.serve()
    window.tick()
    window.minute.ask()
    window.tick()
    qtbot.mouseClick(row.begin_button, LEFT)
    qtbot.waitUntil(shown, timeout=PATIENCE_MS)
    assert "face (no sensor), voice (no sensor), EEG (no sensor)" in row.says.text()
    window.close()
    recording.stop()
    loop.stop()
    profile = Profiles(tmp_path / "data" / "profiles").load("P01")
    assert profile.rests["eda"] == {"tonic_us": 2.0, "responses_per_min": 1.0}
    assert profile.simulated
    told = folder.path.joinpath("estimates.jsonl").read_text("utf-8")
    for text in ("calibration begin", "baseline begin", "baseline end", "calibration kept as P01-v1"):
        assert text in told
