from __future__ import annotations

import contextlib
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outputs import TOKEN, certificate, state, token_file
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from insula.edge.errors import ConfigError, SinkError
from insula.edge.sinks.contract import check_sink
from insula.edge.sinks.websocket import QUEUE, WebSocketSink
from insula.edge.types import Marker

SECONDS = 10.0


@pytest.fixture
def sink() -> Iterator[WebSocketSink]:
    sink = WebSocketSink(port=0, max_clients=3)
    sink.open({})
    yield sink
    sink.close()


def client(sink: WebSocketSink, **options: Any) -> connect:
    url = f"ws://127.0.0.1:{sink.port}/records"
    return connect(url, open_timeout=SECONDS, close_timeout=0.2, **options)


@contextlib.contextmanager
def joined(sink: WebSocketSink, **options: Any) -> Iterator[ClientConnection]:
    """A client that has heard the newest state."""
    sink.put(state(-1.0))
    with client(sink, **options) as found:
        assert json.loads(found.recv(SECONDS))["record"] == "state"
        yield found


def get(sink: WebSocketSink, path: str = "/", **headers: str) -> tuple[int, str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{sink.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_it_keeps_the_contract() -> None:
    check_sink(lambda: WebSocketSink(port=0))


def test_every_client_gets_every_record(sink: WebSocketSink) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(joined(sink)) for _ in range(3)]
        for i in range(200):
            sink.put(state(float(i)))
        for one in clients:
            times: list[float] = []
            while 199.0 not in times:
                times.append(json.loads(one.recv(SECONDS))["t"])
            assert [t for t in times if t >= 0] == [float(i) for i in range(200)]
    assert not sink.losses


def test_a_late_client_is_told_how_things_are_but_not_what_happened(sink: WebSocketSink) -> None:
    sink.put(state(1.0))
    sink.put(Marker(1.0, "start"))
    sink.put(state(2.0))
    with client(sink) as late:
        assert json.loads(late.recv(SECONDS))["t"] == 2.0
        sink.put(state(3.0))
        assert json.loads(late.recv(SECONDS))["t"] == 3.0


def test_a_client_that_does_not_read_loses_its_oldest_and_stops_nobody(sink: WebSocketSink) -> None:
    with socket.socket() as small:
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.connect(("127.0.0.1", sink.port))
        with joined(sink, sock=small, max_queue=1), joined(sink) as other:
            for i in range(6 * QUEUE):
                sink.put(state(float(i)))
                while json.loads(other.recv(SECONDS))["t"] != float(i):
                    pass
        assert sink.losses["a client reads too slowly"] > QUEUE


def test_the_page_is_whole_and_may_load_nothing(sink: WebSocketSink) -> None:
    status, page, headers = get(sink)
    assert status == 200
    assert "http:" not in page.replace("location.protocol", "")
    assert "https://" not in page
    assert "src=" not in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_other_paths_and_names_are_refused(sink: WebSocketSink) -> None:
    assert get(sink, "/etc/passwd")[0] == 404
    assert get(sink, Host="insula.attacker.example")[0] == 403  # a name that was made to point here
    assert get(sink, Host=f"localhost:{sink.port}")[0] == 200


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_may_not_read(sink: WebSocketSink, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), client(sink, origin=origin):
        pass
    with joined(sink, origin=f"http://127.0.0.1:{sink.port}"):
        pass


def test_a_client_too_many_is_refused(sink: WebSocketSink) -> None:
    with joined(sink), joined(sink), joined(sink):  # noqa: SIM117
        with pytest.raises(InvalidStatus, match="503"), client(sink):
            pass


def test_idle_connections_are_bounded(sink: WebSocketSink) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", sink.port))) for _ in range(7)]
        crowd[-1].settimeout(SECONDS)
        with contextlib.suppress(ConnectionResetError):
            assert crowd[-1].recv(100) == b""
        with pytest.raises((InvalidMessage, ConnectionError, ConnectionClosed)), client(sink):
            pass
    with joined(sink):  # the crowd is gone
        pass


@pytest.mark.parametrize(("said", "code"), [(b"x" * 70_000, 1009), ("hello", 1003)])
def test_a_client_that_talks_is_sent_away(sink: WebSocketSink, said: bytes | str, code: int) -> None:
    with joined(sink) as talker:
        talker.send(said)
        with contextlib.suppress(ConnectionClosed):
            while True:
                talker.recv(SECONDS)
        assert talker.close_code == code


def test_garbage_stops_nobody(sink: WebSocketSink) -> None:
    with joined(sink) as good:
        for garbage in (b"", b"\x00" * 70_000, b"GET /records HTTP/1.1\r\n" + b"A: b\r\n" * 5000):
            with socket.create_connection(("127.0.0.1", sink.port)) as raw, contextlib.suppress(OSError):
                raw.sendall(garbage)
        sink.put(state(5.0))
        assert json.loads(good.recv(SECONDS))["t"] == 5.0


def test_the_end_is_said_after_the_last_record(sink: WebSocketSink) -> None:
    with joined(sink) as one:
        sink.put(state(7.0))
        sink.close()
        assert json.loads(one.recv(SECONDS))["t"] == 7.0
        with pytest.raises(ConnectionClosed, match="1001"):
            one.recv(SECONDS)


def test_an_address_in_use_is_said(sink: WebSocketSink) -> None:
    with pytest.raises(SinkError, match="choose another port"):
        WebSocketSink(port=sink.port).open({})


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with pytest.raises(ConfigError, match="no certificate and its key"):
        WebSocketSink(cert_file=key, key_file=cert)
    with pytest.raises(ConfigError, match=r"cert_file .* cannot be read"):
        WebSocketSink(cert_file=str(tmp_path / "none"), key_file=key)


def test_over_tls_only_who_knows_the_token_hears(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    sink = WebSocketSink(port=0, token_file=token_file(tmp_path), cert_file=cert, key_file=key)
    sink.open({})
    sink.put(state(1.0))
    trust = ssl.create_default_context(cafile=cert)
    url = f"wss://127.0.0.1:{sink.port}/records"
    with connect(url, ssl=trust) as guest:
        guest.send(TOKEN)
        assert json.loads(guest.recv(SECONDS))["t"] == 1.0
    with connect(url, ssl=trust) as thief:
        thief.send(TOKEN[:-1])
        with pytest.raises(ConnectionClosed, match="1008"):
            thief.recv(SECONDS)
    assert sink.losses["a wrong token was refused"] == 1
    sink.close()
