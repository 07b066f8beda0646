from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import paho.mqtt.client as mqtt
import pytest
from outputs import TOKEN, certificate, state, token_file
from paho.mqtt.enums import CallbackAPIVersion

from insula.edge.errors import SinkError
from insula.edge.sinks.contract import check_sink
from insula.edge.sinks.mqtt import EXPIRES_S, QUEUE, SAY_AGAIN_S, MqttSink
from insula.edge.testing import ManualClock
from insula.edge.types import Marker

SECONDS = 10.0
Broker = Callable[..., "Running"]


class Running:
    """A real broker on a free port."""

    def __init__(self, folder: Path, settings: str) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")
        if program is None:
            pytest.skip("mosquitto is not installed")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        settings = f"listener {self.port} 127.0.0.1\nuser root\n{settings}"
        (folder / "broker.conf").write_text(settings)
        self._command = [program, "-v", "-c", str(folder / "broker.conf")]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "running" in line:
                break
        self._drain = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._drain.start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)
        self._drain.join(SECONDS)
        if self._process.stderr is not None:
            self._process.stderr.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = []

    def run(settings: str = "allow_anonymous true") -> Running:
        running.append(Running(tmp_path, settings))
        return running[-1]

    yield run
    for one in running:
        one.stop()


class Listener:
    """Everything below ``insula/`` that a broker says."""

    def __init__(self, port: int) -> None:
        self.heard: Queue[tuple[str, str, bool]] = Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        joined = threading.Event()
        self._client.on_connect = lambda *_: self._client.subscribe("insula/#")
        self._client.on_subscribe = lambda *_: joined.set()
        self._client.on_message = self._hear
        self.expiry = 0
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert joined.wait(SECONDS)

    def _hear(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        self.expiry = getattr(message.properties, "MessageExpiryInterval", 0)
        self.heard.put((message.topic, message.payload.decode(), message.retain))

    def until(self, topic: str, what: Callable[[str], bool] = lambda payload: True) -> tuple[str, bool]:
        while True:
            found, payload, retain = self.heard.get(timeout=SECONDS)
            if found == topic and what(payload):
                return payload, retain

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener() -> Iterator[Callable[[int], Listener]]:
    made: list[Listener] = []

    def listen(port: int) -> Listener:
        made.append(Listener(port))
        return made[-1]

    yield listen
    for one in made:
        one.close()


def test_it_keeps_the_contract(broker: Broker) -> None:
    port = broker().port
    check_sink(lambda: MqttSink(port=port))


def test_every_record_arrives_in_order(broker: Broker, listener: Callable[[int], Listener]) -> None:
    port = broker().port
    sink, ear = MqttSink(port=port), listener(port)
    sink.open({})
    assert ear.until("insula/online", lambda said: said == "true")
    for i in range(200):
        sink.put(state(float(i)))
        if i % 10 == 9:  # paho sends what waits when it is polled
            for j in range(i - 9, i + 1):
                sink.poll()
                assert json.loads(ear.until("insula/state")[0])["seq"] == j
    sink.close()
    assert ear.until("insula/online", lambda said: said == "false")
    assert not sink.losses


def test_a_late_subscriber_is_told_how_things_are_but_not_what_happened(
    broker: Broker, listener: Callable[[int], Listener]
) -> None:
    port = broker().port
    sink, early = MqttSink(port=port), listener(port)
    sink.open({})
    sink.put(state(3.0))
    sink.put(Marker(1.0, "start"))
    early.until("insula/marker")
    late = listener(port)
    payload, retained = late.until("insula/state")
    assert json.loads(payload)["t"] == 3.0
    assert retained
    sink.put(state(4.0))
    late.until("insula/state")
    assert late.heard.empty()
    sink.close()


def test_what_is_retained_expires_and_is_said_again_in_time(
    broker: Broker, listener: Callable[[int], Listener]
) -> None:
    clock, port = ManualClock(), broker().port
    sink, ear = MqttSink(port=port, clock=clock), listener(port)
    sink.open({})
    sink.put(state())
    ear.until("insula/state")
    assert 0 < ear.expiry <= EXPIRES_S
    clock.advance(SAY_AGAIN_S)
    sink.poll()
    assert json.loads(ear.until("insula/state")[0])["seq"] == 0
    assert SAY_AGAIN_S < EXPIRES_S
    sink.close()


def test_a_broker_that_is_away_is_waited_for_with_a_bound(
    broker: Broker, listener: Callable[[int], Listener]
) -> None:
    running = broker()
    sink = MqttSink(port=running.port)
    sink.open({})
    running.stop()
    for i in range(QUEUE + 50):
        sink.put(state(float(i)))
    assert sum(sink.losses.values()) >= 1
    running.start()
    ear = listener(running.port)
    ear.until("insula/online", lambda said: said == "true")
    sink.poll()
    assert json.loads(ear.until("insula/state")[0])["t"] >= 0
    sink.close()


def test_a_missing_broker_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(SinkError, match="is it running"):
            MqttSink(port=free.getsockname()[1]).open({})


def test_a_broker_that_is_none_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(SinkError, match="no answer"):
        MqttSink(port=silent.getsockname()[1]).open({})


def test_a_password_and_tls_are_used(broker: Broker, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    passwords = tmp_path / "passwords"
    make = shutil.which("mosquitto_passwd") or pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([make, "-b", "-c", str(passwords), "insula", TOKEN], check=True)
    settings = f"allow_anonymous false\npassword_file {passwords}\ncertfile {cert}\nkeyfile {key}"
    port = broker(settings).port
    sink = MqttSink(port=port, token_file=token_file(tmp_path), ca_file=cert)
    sink.open({})
    sink.put(state())
    sink.close()
    with pytest.raises(SinkError, match="does not let the session in: Not authorized"):
        MqttSink(port=port, token_file=token_file(tmp_path, TOKEN[::-1]), ca_file=cert).open({})
    with pytest.raises(SinkError, match="hung up"):
        MqttSink(port=port, token_file=token_file(tmp_path)).open({})
