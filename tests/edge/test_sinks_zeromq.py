from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
import zmq
from outputs import TOKEN, state, token_file

from insula.edge.errors import SinkError
from insula.edge.health import HealthEvent, NodeState
from insula.edge.sinks.contract import check_sink
from insula.edge.sinks.zeromq import MOST_CONNECTIONS, SAY_AGAIN_S, ZeroMqSink, join
from insula.edge.testing import ManualClock
from insula.edge.types import Marker

WAIT_MS = 10_000


Join = Callable[..., Any]


@pytest.fixture
def subscriber() -> Iterator[Join]:
    """Makes subscribers of a sink and closes them."""
    context, made = zmq.Context(), []

    def subscribe(sink: ZeroMqSink, token: str = "") -> zmq.Socket[bytes]:
        found = context.socket(zmq.SUB)
        made.append(found)
        found.rcvtimeo = WAIT_MS
        if token:
            join(found, token.encode())
        found.subscribe(b"")
        found.connect(f"tcp://127.0.0.1:{sink.port}")
        return found

    yield subscribe
    for one in made:
        one.close(0)
    context.term()


def until_heard(sink: ZeroMqSink, *subscribers: Any) -> None:
    """Say something until every subscriber has heard of it: joining takes PUB and SUB a moment."""
    waiting = set(subscribers)
    while waiting:
        sink.put(HealthEvent(1.0, "joined", "sink", NodeState.RUNNING))
        sink.poll()
        waiting -= {one for one in waiting if one.poll(5)}
    for one in subscribers:
        while one.poll(20):
            one.recv_multipart()


def test_it_keeps_the_contract() -> None:
    check_sink(lambda: ZeroMqSink(port=0))


def test_every_subscriber_gets_every_record(subscriber: Join) -> None:
    sink = ZeroMqSink(port=0)
    sink.open({})
    both = [subscriber(sink) for _ in range(2)]
    until_heard(sink, *both)
    for i in range(300):
        sink.put(state(float(i)))
    for one in both:
        records = [one.recv_multipart() for _ in range(300)]
        assert {topic for topic, _ in records} == {b"state"}
        found = [msgpack.unpackb(record) for _, record in records]
        assert [record["seq"] for record in found] == list(range(300))
        assert found[-1]["t"] == 299.0
    sink.close()


def test_a_late_subscriber_is_told_how_things_are_but_not_what_happened(subscriber: Join) -> None:
    clock = ManualClock()
    sink = ZeroMqSink(port=0, clock=clock)
    sink.open({})
    sink.put(state())
    sink.put(Marker(1.0, "start"))
    late = subscriber(sink)
    until_heard(sink, late)
    sink.poll()  # nothing is due yet
    assert not late.poll(20)
    clock.advance(SAY_AGAIN_S)
    sink.poll()
    heard = [late.recv_multipart() for _ in range(2)]
    assert {topic for topic, _ in heard} == {b"state", b"health/joined"}
    assert not late.poll(20)
    sink.close()


def test_a_subscriber_that_does_not_read_stops_nobody(subscriber: Join) -> None:
    sink = ZeroMqSink(port=0)
    sink.open({})
    deaf, other = subscriber(sink), subscriber(sink)
    deaf.rcvhwm = 1
    until_heard(sink, deaf, other)
    for i in range(200):
        for _ in range(10):
            sink.put(state(float(i)))
        for _ in range(10):
            other.recv_multipart()
    sink.close()


def test_garbage_from_a_client_stops_nobody(subscriber: Join) -> None:
    sink = ZeroMqSink(port=0)
    sink.open({})
    good = subscriber(sink)
    until_heard(sink, good)
    for garbage in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 65536):
        with socket.create_connection(("127.0.0.1", sink.port)) as raw:
            raw.sendall(garbage)
    sink.put(state())
    assert good.recv_multipart()[0] == b"state"
    sink.close()


def test_with_a_token_only_its_holders_hear(subscriber: Join, tmp_path: Path) -> None:
    sink = ZeroMqSink(port=0, token_file=token_file(tmp_path))
    sink.open({})
    guest, wrong, plain = (subscriber(sink, token) for token in (TOKEN, TOKEN[::-1], ""))
    until_heard(sink, guest)
    sink.put(state())
    assert guest.recv_multipart()[0] == b"state"
    assert not wrong.poll(50)
    assert not plain.poll(50)
    sink.close()


def test_far_too_many_connections_are_cut_and_subscribers_come_again(subscriber: Join) -> None:
    sink = ZeroMqSink(port=0)
    sink.open({})
    good = subscriber(sink)
    until_heard(sink, good)
    with contextlib.ExitStack() as stack:
        crowd = [
            stack.enter_context(socket.create_connection(("127.0.0.1", sink.port)))
            for _ in range(MOST_CONNECTIONS + 1)
        ]
        while not sink.losses:
            sink.poll()
        for one in crowd:
            one.settimeout(WAIT_MS / 1000)
            with contextlib.suppress(ConnectionError):
                while one.recv(4096):  # its greeting, then the end
                    pass
    until_heard(sink, good)
    sink.close()
    assert sum(sink.losses.values()) == 1


def test_an_address_in_use_is_said() -> None:
    first = ZeroMqSink(port=0)
    first.open({})
    with pytest.raises(SinkError, match="in use; choose another port"):
        ZeroMqSink(port=first.port).open({})
    first.close()
