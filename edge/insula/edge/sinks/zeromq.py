"""ZeroMQ: a PUB socket with msgpack records, for any number of programs in any language.

Each message has two parts: the topic (docs/outputs.md) and the record. Beyond loopback the socket speaks
CurveZMQ: encrypted, and only holders of the token get in. Both key pairs are derived from the token, so there
is one secret to hand out and none to generate::

    socket = zmq.Context.instance().socket(zmq.SUB)
    join(socket, token)                      # only when the session has a token_file
    socket.subscribe(b"state")
    socket.connect("tcp://192.168.0.7:5557")
    topic, record = socket.recv_multipart()
    state = msgpack.unpackb(record)
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgpack
import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils import z85

from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.protocols import Item
from insula.edge.sinks.exposure import LOOPBACK, check_port, token_for
from insula.edge.stream import StreamReader
from insula.edge.wire import Records

QUEUE: Final = 1000
"""Records kept for a subscriber that does not read: about 15 s; what comes then is lost to it."""
SAY_AGAIN_S: Final = 1.0
_LARGEST_REQUEST: Final = 4096  # bytes a client may send at once; a subscription is its topic
_DEAD_AFTER_S: Final = 15.0


class ZeroMqSink:
    """Sink that publishes every record on ``tcp://host:port``; port 0 takes a free one.

    A topic on which nothing happened for a second says its newest record again, with the same ``seq``: a late
    subscriber knows the state of everything within a second. libzmq sends on threads of its own.
    """

    def __init__(
        self, *, host: str = LOOPBACK, port: int = 5557, token_file: str = "", clock: Clock = now
    ) -> None:
        check_port(port)
        self._token = token_for(host, token_file)
        self._host, self.port = host, port
        self._clock = clock
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._doorman: ThreadAuthenticator | None = None
        self._records = Records()
        self._said: dict[str, float] = {}
        self.losses: Counter[str] = Counter()

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Bind; raises ``SinkError`` when the address is taken."""
        self._context = zmq.Context()
        socket = self._socket = self._context.socket(zmq.PUB)
        socket.setsockopt(zmq.SNDHWM, QUEUE)
        socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST_REQUEST)
        socket.setsockopt(zmq.LINGER, 200)
        socket.setsockopt(zmq.HANDSHAKE_IVL, 5000)
        socket.setsockopt(zmq.HEARTBEAT_IVL, int(_DEAD_AFTER_S * 1000 / 3))
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, int(_DEAD_AFTER_S * 1000))
        socket.setsockopt(zmq.IPV6, _is_ipv6(self._host))
        if self._token:
            self._doorman = ThreadAuthenticator(self._context)
            self._doorman.start()
            keys = _Keys(self._token)
            self._doorman.configure_curve_callback(credentials_provider=keys)
            socket.curve_server = True
            socket.curve_secretkey = keys.server_secret
        host = f"[{self._host}]" if _is_ipv6(self._host) else self._host
        try:
            socket.bind(f"tcp://{host}:{self.port or '*'}")
        except zmq.ZMQError as error:
            self.close()
            reason = zmq.strerror(error.errno or 0)
            raise SinkError(
                f"tcp://{host}:{self.port} cannot be opened: {reason}; choose another port"
            ) from error
        self.port = int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])

    def put(self, item: Item) -> None:
        """Publish one record."""
        if numbered := self._records.of(item):
            self._send(*numbered)

    def poll(self) -> None:
        """Say again what has not changed for a while."""
        due = self._clock() - SAY_AGAIN_S
        for topic, found in self._records.newest.items():
            if self._said[topic] <= due:
                self._send(topic, found)

    def close(self) -> None:
        """Send what is on its way, for 0.2 s at most; safe to call again."""
        socket, self._socket = self._socket, None
        context, self._context = self._context, None
        doorman, self._doorman = self._doorman, None
        if socket is not None:
            socket.close()
        if doorman is not None:
            doorman.stop()
        if context is not None:
            context.term()

    def _send(self, topic: str, found: Mapping[str, Any]) -> None:
        if self._socket is None:
            raise SinkError("the ZeroMQ output is not open")
        self._said[topic] = self._clock()
        try:
            packed = msgpack.packb(found, unicode_errors="replace")
            self._socket.send_multipart((topic.encode("utf-8", "replace"), packed), zmq.NOBLOCK)
        except zmq.Again:
            self.losses["libzmq takes nothing"] += 1


class _Keys:
    """The key pairs of a token, z85-encoded, and the doorman's list of guests."""

    def __init__(self, token: bytes) -> None:
        self.server_secret = _secret(token, b"insula zeromq server")
        self.client_secret = _secret(token, b"insula zeromq client")
        self.server_public = zmq.curve_public(self.server_secret)
        self.client_public = zmq.curve_public(self.client_secret)

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether ``key`` (z85 or raw) may come in."""
        raw = key if len(key) == 32 else z85.decode(key)
        return hmac.compare_digest(raw, z85.decode(self.client_public))


def _secret(token: bytes, role: bytes) -> bytes:
    return bytes(z85.encode(hmac.digest(token, role, hashlib.sha256)))


def join(socket: zmq.Socket[bytes], token: bytes) -> None:
    """Give a subscriber's socket the keys of ``token`` (the token file's text), before it connects."""
    keys = _Keys(token.strip())
    socket.curve_serverkey = keys.server_public
    socket.curve_publickey = keys.client_public
    socket.curve_secretkey = keys.client_secret


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
