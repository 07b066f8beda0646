"""MQTT: every record as JSON on a broker, for labs and homes that have one.

``insula/state``, ``insula/estimate/face`` and so on are retained, so that a late subscriber knows the newest,
and expire after five seconds, so that it never takes yesterday's for the newest (MQTT 5); quiet topics are
said again in time. Markers and steps are not retained. ``insula/online`` is ``true`` while the session runs;
the broker makes it ``false`` when the session's machine dies.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from insula.edge.clock import Clock, now
from insula.edge.errors import ConfigError, SinkError
from insula.edge.protocols import Item
from insula.edge.sinks.exposure import LOOPBACK, check_file, check_port, is_loopback, token_for
from insula.edge.stream import StreamReader
from insula.edge.wire import EVENTS, Records, to_json

QUEUE: Final = 500
"""Records kept while the broker is slow or away: about 10 s; then the oldest are lost, counted."""
EXPIRES_S: Final = 5
SAY_AGAIN_S: Final = 2.0
_ON_THE_WAY: Final = 20  # handed to paho and not yet sent; paho's own queue has no bound
_CONNECT_S: Final = 3.0
_CLOSE_S: Final = 0.5


class MqttSink:
    """Sink that publishes to the broker at ``host:port`` (QoS 0) under ``prefix``.

    The broker's password is the text of ``token_file``, its user ``user``. Beyond loopback both TLS and a
    password are used always; ``ca_file`` names the authority of a broker with a certificate of its own. A
    broker that cannot be reached at the start is an error; later it is waited for.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        user: str = "insula",
        token_file: str = "",
        ca_file: str = "",
        prefix: str = "insula",
        clock: Clock = now,
    ) -> None:
        self._tls = not is_loopback(host) or bool(ca_file)
        port = port or (8883 if self._tls else 1883)
        check_port(port)
        self._token = token_for(host, token_file)
        self._ca_file = check_file("ca_file", ca_file) if ca_file else None
        if not prefix or _plain(prefix) != prefix:
            raise ConfigError(f"prefix = {prefix!r}: a topic without + and #")
        self._host, self._port, self._user, self._prefix = host, port, user, prefix
        self._client: mqtt.Client | None = None
        self._records = Records(clock)
        self._expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self._expiry.MessageExpiryInterval = EXPIRES_S
        self._waiting: deque[tuple[str, bytes, bool]] = deque(maxlen=QUEUE)
        self._on_the_way = 0
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._refusal = ""
        self.losses: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """The broker and where it keeps our topics."""
        return f"{'mqtts' if self._tls else 'mqtt'}://{self._host}:{self._port}/{self._prefix}"

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Connect; raises ``SinkError`` when the broker is not there or says no."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if self._token:
            client.username_pw_set(self._user, self._token.decode("utf-8", "replace"))
        if self._tls:
            client.tls_set(ca_certs=self._ca_file)
        client.will_set(f"{self._prefix}/online", b"false", retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._sent
        client.connect_timeout = _CONNECT_S
        client.reconnect_delay_set(1, 5)
        broker = f"the MQTT broker at {self._host}:{self._port}"
        try:
            client.connect(self._host, self._port, keepalive=15)
        except OSError as error:
            raise SinkError(f"{broker} cannot be reached: {error}; is it running?") from error
        self._client = client
        client.loop_start()
        if not self._answered.wait(_CONNECT_S):
            self._refusal = "no answer"
        if self._refusal:
            refusal = self._refusal
            self.close()
            raise SinkError(
                f"{broker} does not let the session in: {refusal} (see user, token_file, ca_file)"
            )

    def put(self, item: Item) -> None:
        """Queue one record."""
        if self._client is None:
            raise SinkError("the MQTT output is not open")
        numbered = self._records.of(item)
        if numbered is None:
            return
        self._queue(*numbered)
        self._send()

    def poll(self) -> None:
        """Send what is queued, and say again what would expire."""
        for topic, found in self._records.quiet(SAY_AGAIN_S):
            self._queue(topic, found)
        self._send()

    def close(self) -> None:
        """Send what is queued and say goodbye, within half a second; safe to call again."""
        client, self._client = self._client, None
        if client is None:
            return
        if client.is_connected():
            last = client.publish(f"{self._prefix}/online", b"false", retain=True)
            last.wait_for_publish(_CLOSE_S)
        client.disconnect()
        client.loop_stop()

    def _queue(self, topic: str, found: Mapping[str, Any]) -> None:
        if self._client is not None and len(self._waiting) == QUEUE:
            away = "the broker is slow" if self._client.is_connected() else "the broker is away"
            self.losses[away] += 1
        self._waiting.append((f"{self._prefix}/{_plain(topic)}", to_json(found), topic not in EVENTS))

    def _send(self) -> None:
        while self._client is not None and self._client.is_connected() and self._waiting:
            with self._lock:
                if self._on_the_way >= _ON_THE_WAY:
                    return
                self._on_the_way += 1
            topic, payload, retain = self._waiting.popleft()
            self._client.publish(topic, payload, retain=retain, properties=self._expiry)

    # on paho's thread

    def _connected(
        self, client: mqtt.Client, userdata: Any, flags: Any, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._refusal = str(code) if code.is_failure else ""
        if not code.is_failure:
            with self._lock:
                self._on_the_way = 0  # what was on its way when the connection broke is gone
            client.publish(f"{self._prefix}/online", b"true", retain=True)
        self._answered.set()

    def _disconnected(
        self, client: mqtt.Client, userdata: Any, flags: Any, code: ReasonCode, properties: Properties | None
    ) -> None:
        if not self._answered.is_set():
            self._refusal = "it hung up; does it speak TLS?"
            self._answered.set()

    def _sent(
        self, client: mqtt.Client, userdata: Any, mid: int, code: ReasonCode, properties: Properties
    ) -> None:
        with self._lock:
            self._on_the_way = max(0, self._on_the_way - 1)


def _plain(topic: str) -> str:
    """``topic`` without what MQTT does not allow in the name of one."""
    text = topic.encode("utf-8", "replace").decode()
    return "".join("_" if c in "+#\0" or not c.isprintable() else c for c in text)
