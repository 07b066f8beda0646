from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.edge import codec
from insula.edge.errors import SinkError
from insula.edge.health import HealthEvent, NodeState
from insula.edge.messages import MessageReader
from insula.edge.protocols import Item, Sink
from insula.edge.sinks.feed import FeedSink
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.types import AffectEstimate, AffectState, Face, Marker, Measure

resource = pytest.importorskip("resource", reason="limits on a file's size exist on POSIX systems")

ITEMS: list[Item] = [
    AffectState(1.0, arousal=Measure(0.5, 0.1), va_source="mapped"),
    Marker(1.5, "go"),
    HealthEvent(2.0, "eda", "sensor", NodeState.LOST, "unplugged"),
    AffectState(2.0, reason="the EDA sensor is gone"),
]


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let every write beyond ``size`` bytes fail in this process, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_they_fit_the_seam(tmp_path: Path) -> None:
    assert isinstance(JsonlSink(), Sink)
    assert isinstance(FeedSink(path=str(tmp_path / "feed.ring")), Sink)


def test_every_item_is_one_line_readable_while_the_session_runs(tmp_path: Path) -> None:
    path = tmp_path / "out" / "items.jsonl"
    sink = JsonlSink(path=str(path))
    sink.open({})
    for item in ITEMS:
        sink.put(item)
    sink.poll()
    lines = path.read_bytes().splitlines()
    assert [codec.loads(line) for line in lines] == ITEMS
    assert json.loads(lines[0])["arousal"] == {"mean": 0.5, "sd": 0.1}
    sink.close()
    sink.close()
    assert path.read_bytes().splitlines() == lines


@pytest.mark.parametrize("landmarks", [False, True])
def test_the_shape_of_a_face_is_written_only_when_asked_for(tmp_path: Path, landmarks: bool) -> None:
    path = tmp_path / "a.jsonl"
    face = Face((1.0, 2.0, 30.0, 40.0), 0.9, 1, ((5.0, 6.0),) * 478)
    estimate = AffectEstimate("face", "camera", 1.0, 0.5, reason="too dark", faces=(face,))
    sink = JsonlSink(path=str(path), landmarks=landmarks)
    sink.open({})
    sink.put(estimate)
    sink.close()
    back = codec.loads(path.read_bytes())
    assert isinstance(back, AffectEstimate)
    assert back.faces[0].box == face.box
    assert back.faces[0].landmarks == (face.landmarks if landmarks else ())
    assert path.stat().st_size < 1000 or landmarks


def test_json_lines_on_stdout_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw))
    sink = JsonlSink()
    sink.open({})
    sink.put(ITEMS[1])
    sink.close()
    assert codec.loads(raw.getvalue()) == ITEMS[1]
    assert not sys.stdout.closed


def test_a_reader_of_stdout_that_went_away_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    raw = io.FileIO(write_end, "w")
    out = io.TextIOWrapper(raw)
    monkeypatch.setattr(sys, "stdout", out)
    sink = JsonlSink()
    sink.open({})
    sink.put(ITEMS[1])
    with pytest.raises(SinkError, match="is its reader gone"):
        sink.poll()
    out.detach()
    raw.close()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("precious")
    with pytest.raises(SinkError, match="exists already"):
        JsonlSink(path=str(tmp_path / "a.jsonl")).open({})
    assert (tmp_path / "a.jsonl").read_text() == "precious"


def test_a_file_that_cannot_be_created_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="jsonl cannot be created"):
        JsonlSink(path=str(tmp_path / "file" / "a.jsonl")).open({})


def test_a_full_disk_is_said_in_words_and_leaves_complete_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    sink = JsonlSink(path=str(path))
    sink.open({})
    with file_size_limit(150):
        sink.put(ITEMS[1])
        sink.poll()
        sink.put(ITEMS[3])
        with pytest.raises(SinkError, match="cannot be written: File too large; it ends here"):
            sink.poll()
        sink.close()
    assert [codec.loads(line) for line in path.read_bytes().splitlines()] == [ITEMS[1]]


def test_a_sink_that_is_not_open_says_so(tmp_path: Path) -> None:
    for sink in (JsonlSink(), FeedSink(path=str(tmp_path / "feed.ring"))):
        with pytest.raises(SinkError, match="not open"):
            sink.put(ITEMS[0])
        sink.close()


def test_the_feed_reaches_a_reader_that_attaches_by_path(tmp_path: Path) -> None:
    path = tmp_path / "feed.ring"
    sink = FeedSink(path=str(path))
    sink.open({})
    reader = MessageReader.attach(path)
    for item in ITEMS:
        sink.put(item)
        sink.poll()
    assert [codec.loads(message) for message in reader.read_new()] == ITEMS
    reader.close()
    sink.close()
    assert not path.exists()


def test_a_feed_whose_writer_is_alive_is_not_taken_over(tmp_path: Path) -> None:
    first = FeedSink(path=str(tmp_path / "feed.ring"))
    first.open({})
    with pytest.raises(SinkError, match="dashboard feed cannot be opened"):
        FeedSink(path=str(tmp_path / "feed.ring")).open({})
    first.close()
