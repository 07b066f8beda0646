from __future__ import annotations

import math
import socket
from collections.abc import Iterator

import pytest
from outputs import state
from pythonosc.osc_bundle import OscBundle

from insula.edge.errors import SinkError
from insula.edge.sinks.contract import check_sink, items
from insula.edge.sinks.osc import OscSink
from insula.edge.types import AffectState, Marker

T = 123456789.123


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(10)
        yield found


def heard(receiver: socket.socket) -> list[tuple[str, list[object]]]:
    return [(message.address, message.params) for message in OscBundle(receiver.recv(65536))]


def test_it_keeps_the_contract(receiver: socket.socket) -> None:
    check_sink(lambda: OscSink(port=receiver.getsockname()[1]))


def test_a_state_is_one_bundle(receiver: socket.socket) -> None:
    sink = OscSink(port=receiver.getsockname()[1])
    sink.open({})
    sink.put(state(T))
    said = dict(heard(receiver))
    assert said["/insula/state/t"] == [T, 0, 1]
    assert said["/insula/state/valence"] == [0.5, 0.25]
    assert all(math.isnan(p) for p in said["/insula/state/expression"])  # type: ignore[arg-type]
    assert said["/insula/state/absent"] == ["expression", "nothing speaks of expression"]
    sink.close()


def test_not_measured_is_nan_with_its_reason(receiver: socket.socket) -> None:
    sink = OscSink(port=receiver.getsockname()[1])
    sink.open({})
    sink.put(AffectState(T, reason="asleep"))
    said = heard(receiver)
    valence = dict(said)["/insula/state/valence"]
    assert all(math.isnan(value) for value in valence)  # type: ignore[arg-type]
    assert ("/insula/state/absent", ["valence", "asleep"]) in said
    sink.close()


def test_any_item_and_any_text_can_be_sent(receiver: socket.socket) -> None:
    sink = OscSink(port=receiver.getsockname()[1])
    sink.open({})
    for item in [*items(), Marker(T, "long" * 50_000), Marker(T, "\ud800")]:
        sink.put(item)
        assert heard(receiver)
    assert not sink.losses
    sink.close()


def test_nobody_listening_is_no_error(receiver: socket.socket) -> None:
    sink = OscSink(port=receiver.getsockname()[1])
    receiver.close()
    sink.open({})
    for _ in range(10):
        sink.put(state())
    sink.close()


def test_a_name_that_means_nothing_is_said() -> None:
    with pytest.raises(SinkError, match="cannot reach"):
        OscSink(host="no-such-host.invalid", in_clear=True).open({})
