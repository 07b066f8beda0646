from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import ClassVar

import pytest

from insula.edge.errors import SinkError
from insula.edge.health import Health, HealthEvent
from insula.edge.protocols import Item
from insula.edge.sink_node import _QUEUE, SinkNode
from insula.edge.stream import StreamReader
from insula.edge.types import Marker


class Recorder:
    """Keeps what it is given; blocks or fails when told to."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Event()
        self.fail: Exception | None = None
        self.fail_open: Exception | None = None
        self.closed = False

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        if self.fail_open:
            raise self.fail_open

    def put(self, item: Item) -> None:
        self.entered.set()
        assert self.go.wait(5.0)
        if self.fail:
            raise self.fail
        self.items.append(item)

    def poll(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def node(sink: Recorder) -> tuple[SinkNode, list[HealthEvent]]:
    events: list[HealthEvent] = []
    return SinkNode("file", sink, health=Health(events.append)), events


def test_everything_queued_is_written_before_the_end() -> None:
    sink = Recorder()
    sink_node, events = node(sink)
    sink_node.start({})
    for i in range(500):
        sink_node.offer(Marker(float(i), "m"))
    sink_node.stop()
    assert sink_node.join(5.0)
    assert [item.t for item in sink.items] == list(range(500))
    assert sink.closed
    assert events[-1].state == "stopped"
    assert events[-1].reason == ""


def test_a_slow_sink_loses_its_oldest_and_says_how_many() -> None:
    sink = Recorder()
    sink_node, events = node(sink)
    sink_node.start({})
    sink.go.clear()
    sink_node.offer(Marker(-1.0, "first"))
    assert sink.entered.wait(5.0)  # now the sink is busy with it
    for i in range(_QUEUE + 7):
        sink_node.offer(Marker(float(i), "m"))
    assert sink_node.dropped == 7
    sink.go.set()
    sink_node.stop()
    assert sink_node.join(5.0)
    assert [item.t for item in sink.items][:2] == [-1.0, 7.0]
    assert events[-1].reason == "7 items lost: the output was too slow"


def test_where_a_sink_is_found_and_what_it_lost_is_said() -> None:
    class Server(Recorder):
        address = "http://127.0.0.1:8765/"
        losses: ClassVar = {"a client reads too slowly": 3, "a wrong token was refused": 1}

    sink_node, events = node(Server())
    sink_node.start({})
    sink_node.stop()
    assert sink_node.join(5.0)
    assert [e.reason for e in events if e.state == "running"] == ["http://127.0.0.1:8765/"]
    assert events[-1].reason == "a client reads too slowly: 3; a wrong token was refused: 1"


def test_a_failing_sink_is_marked_in_words_and_closed() -> None:
    sink = Recorder()
    sink.fail = SinkError("the disk is full")
    sink_node, events = node(sink)
    sink_node.start({})
    sink_node.offer(Marker(0.0, "m"))
    assert sink_node.join(5.0)
    assert (events[-1].state, events[-1].reason) == ("failed", "the disk is full")
    assert sink.closed


def test_a_sink_that_cannot_open_ends_the_start() -> None:
    sink = Recorder()
    sink.fail_open = SinkError("no such folder")
    sink_node, events = node(sink)
    with pytest.raises(SinkError, match="no such folder"):
        sink_node.start({})
    assert events[-1].state == "failed"
    assert sink_node.join(0.0)
