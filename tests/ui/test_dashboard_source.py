from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from insula.edge import codec
from insula.edge.errors import DataError
from insula.edge.messages import MessageWriter
from insula.edge.stream import StreamWriter
from insula.edge.testing import ManualClock
from insula.edge.types import AffectEstimate, AffectState, Face, Marker, Measure, StreamInfo
from insula.ui.dashboard.control import Command, Inbox, Outbox, parse_command, session_message
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.source import FEED, FeedSource
from insula.ui.dashboard.view import Light, Session

CAMERA = StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (48, 64, 3))
WRIST = StreamInfo("wrist", "EDA", 4.0, ("EDA",), ("microsiemens",))


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[MessageWriter]:
    writer = MessageWriter(tmp_path / FEED)
    yield writer
    writer.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100.0)


@pytest.fixture
def presenter(clock: ManualClock) -> Presenter:
    return Presenter(clock)


@pytest.fixture
def source(tmp_path: Path, feed: MessageWriter) -> Iterator[FeedSource]:
    source = FeedSource(tmp_path)
    yield source
    source.close()


def test_a_folder_without_a_session_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no running session in .*insula demo"):
        FeedSource(tmp_path)


def test_records_come_through_the_feed(source: FeedSource, presenter: Presenter, feed: MessageWriter) -> None:
    feed.put(codec.dumps(AffectState(100.0, valence=Measure(0.4, 0.1), va_source="native")))
    feed.put(codec.dumps(Marker(99.0, "go")))
    feed.put(session_message(Session(name="pilot", recording_since=98.0)))
    source.poll(presenter)
    view = presenter.view()
    assert view.now.valence == Measure(0.4, 0.1)
    assert view.marks[0].text == "go"
    assert view.session == Session(name="pilot", recording_since=98.0)


def test_unreadable_messages_are_counted_and_skipped(
    source: FeedSource, presenter: Presenter, feed: MessageWriter
) -> None:
    for message in (
        b"\xff",
        b"[]",
        b'{"schema": 1, "record": "weather"}',
        b'{"record": "session", "name": 3',
    ):
        feed.put(message)
    feed.put(codec.dumps(Marker(99.0, "go")))
    source.poll(presenter)
    assert source.refused == 4
    assert presenter.view().marks[0].text == "go"


def test_samples_and_frames_come_through_the_rings(
    tmp_path: Path, source: FeedSource, presenter: Presenter, clock: ManualClock, feed: MessageWriter
) -> None:
    wrist, camera = StreamWriter(WRIST, directory=tmp_path), StreamWriter(CAMERA, directory=tmp_path)
    wrist.push(np.arange(40, dtype=np.float32)[:, None], 90.0 + np.arange(40) / 4.0)
    for k in range(5):
        camera.push(np.full((48, 64, 3), k, np.uint8), np.array([99.8 + k / 30]))
    faces = (Face((1.0, 2.0, 3.0, 4.0), 0.9),)
    estimate = AffectEstimate(
        "face", "camera", 99.9, 0.9, Measure(0.1, 0.1), va_source="native", faces=faces, sample=3
    )
    feed.put(codec.dumps(estimate))
    source.poll(presenter)
    view = presenter.view()
    assert {c.stream: c.light for c in view.sensors} == {"camera": Light.GOOD, "wrist": Light.GOOD}
    assert view.signals[0].rows[-1, 0] == 39.0
    frame = source.frame(view.video)
    assert frame is not None
    assert (frame.index, int(frame.image[0, 0, 0])) == (3, 3)
    camera.close()
    wrist.close()


def test_samples_are_not_taken_twice(
    tmp_path: Path, source: FeedSource, presenter: Presenter, clock: ManualClock
) -> None:
    wrist = StreamWriter(WRIST, directory=tmp_path)
    for k in range(8):
        wrist.push(np.array([[float(k)]], np.float32), np.array([98.0 + k / 4.0]))
        source.poll(presenter)
    lane = presenter.view().signals[0]
    assert lane.rows[:, 0].tolist() == [float(k) for k in range(8)]
    wrist.close()


def test_a_ring_made_anew_is_attached_again(
    tmp_path: Path, source: FeedSource, presenter: Presenter, clock: ManualClock
) -> None:
    first = StreamWriter(WRIST, directory=tmp_path)
    first.push(np.ones((1, 1), np.float32), np.array([99.0]))
    source.poll(presenter)
    first.close()
    second = StreamWriter(WRIST, directory=tmp_path)
    second.push(np.full((1, 1), 2.0, np.float32), np.array([100.5]))
    clock.advance(1.0)
    source.poll(presenter)
    assert presenter.view().signals[0].rows[-1, 0] == 2.0
    second.close()


def test_a_file_that_is_no_ring_is_left_alone(
    tmp_path: Path, source: FeedSource, presenter: Presenter
) -> None:
    (tmp_path / "broken.ring").write_bytes(b"not a ring")
    source.poll(presenter)
    assert presenter.view().sensors == ()


def test_the_end_of_the_feed_ends_the_session(
    source: FeedSource, presenter: Presenter, feed: MessageWriter
) -> None:
    source.poll(presenter)
    feed.close()
    source.poll(presenter)
    assert presenter.view().session.ended


def test_commands_reach_the_engine_in_order(tmp_path: Path, source: FeedSource) -> None:
    inbox = Inbox(tmp_path)
    assert inbox.poll() == []
    source.send(Command("marker", 100.0, text="Reiz Ä"))
    source.send(Command("record", 101.0, on=False))
    assert inbox.poll() == [Command("marker", 100.0, text="Reiz Ä"), Command("record", 101.0, on=False)]
    assert inbox.poll() == []


def test_the_last_commands_of_a_closed_dashboard_still_count(tmp_path: Path) -> None:
    outbox, inbox = Outbox(tmp_path), Inbox(tmp_path)
    inbox.poll()
    outbox.send(Command("stop", 100.0))
    outbox.close()
    assert [command.name for command in inbox.poll()] == ["stop"]
    assert not list(tmp_path.glob("control-*"))


@pytest.mark.parametrize("message", [b"", b"3", b'{"name": "format"}', b'{"name": "stop"}', b"\xff"])
def test_what_is_no_command_is_refused(message: bytes) -> None:
    with pytest.raises(DataError):
        parse_command(message)
