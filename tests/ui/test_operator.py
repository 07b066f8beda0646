"""The dashboard's commands reach the engine, and the engine tells how the session stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pyxdf

from insula.edge import SensingLoop, config
from insula.edge.messages import MessageReader
from insula.edge.protocols import Item
from insula.edge.session import SessionFolder
from insula.edge.sinks.feed import FeedSink
from insula.edge.types import Marker
from insula.ui.commands.operator import Operator
from insula.ui.commands.recording import Recording
from insula.ui.dashboard.control import Command, Name, Outbox

PARTS = {"sensors": {"eda": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}


class Session:
    def __init__(self, path: Path) -> None:
        self.items: list[Item] = []
        self.loop = SensingLoop(config.parse(PARTS), directory=path / "run")
        self.loop.subscribe(self.items.append)
        self.loop.open()
        self.folder = SessionFolder.create(path / "session", {})
        self.recording = Recording(self.loop, self.folder, audio=False)
        self.feed = FeedSink(path=str(path / "run" / "feed.ring"))
        self.loop.add_sink("dashboard feed", self.feed)
        self.operator = Operator(path / "run", self.loop, self.recording, self.feed, "pilot")
        self.outbox = Outbox(path / "run")
        self.reader = MessageReader.attach(path / "run" / "feed.ring")
        self.loop.begin()

    def ask(self, name: Name, *, t: float = 5.0, text: str = "", on: bool = True) -> bool:
        self.outbox.send(Command(name, t, text, on))
        return self.operator.serve()

    def hears(self, field: str, what: Callable[[object], bool]) -> bool:
        """Whether a session message comes whose ``field`` is as asked."""
        while self.reader.wait(5.0):
            told = [json.loads(m) for m in self.reader.read_new()]
            if any(m.get("record") == "session" and what(m[field]) for m in told):
                return True
        return False


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "run").mkdir()
    session = Session(tmp_path)
    yield session
    session.outbox.close()
    session.reader.close()
    session.loop.stop()


def test_a_marker_has_the_time_of_the_operators_key(session: Session) -> None:
    session.ask("marker", t=123.5, text="stimulus" + "x" * 1000)
    (marker,) = [i for i in session.items if isinstance(i, Marker)]
    assert (marker.t, marker.source, len(marker.text)) == (123.5, "dashboard", 500)


def test_recording_starts_and_stops_and_the_dashboard_is_told(session: Session) -> None:
    assert session.ask("record", on=True) is False
    assert session.hears("recording_since", lambda since: since is not None)
    session.ask("record", on=True)  # twice is once
    session.ask("record", on=False)
    assert session.hears("recording_since", lambda since: since is None)
    session.ask("record", on=True)
    session.ask("record", on=False)
    names = sorted(p.name for p in session.folder.path.iterdir())
    assert names == ["estimates-2.jsonl", "estimates.jsonl", "session-2.xdf", "session.json", "session.xdf"]
    streams, _ = pyxdf.load_xdf(str(session.folder.xdf))
    assert "eda" in {s["info"]["name"][0] for s in streams}


def test_a_recording_that_cannot_start_is_said_and_the_session_goes_on(session: Session) -> None:
    session.folder.xdf.write_text("somebody else's")
    session.ask("record", on=True)
    assert session.recording.since is None
    told = [i.text for i in session.items if isinstance(i, Marker)]
    assert len(told) == 1
    assert told[0].startswith("recording could not start: ")


def test_the_shutter_is_closed_marked_and_told(session: Session) -> None:
    session.ask("privacy", on=True)
    assert session.hears("private", lambda private: private is True)
    assert any(isinstance(i, Marker) and i.text == "privacy shutter closed" for i in session.items)


def test_the_microphone_is_muted_marked_and_told(session: Session) -> None:
    session.ask("mute", on=True)
    assert session.hears("muted", lambda muted: muted is True)
    session.ask("mute", on=False)
    assert session.hears("muted", lambda muted: muted is False)
    told = [i.text for i in session.items if isinstance(i, Marker)]
    assert told == ["microphone muted", "microphone on"]


def test_stop_ends_the_session(session: Session) -> None:
    assert session.ask("stop") is True
