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
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgpack
import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

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
_BINDINGS: Final = 50  # at ten polls a second, five seconds
_DEAD_AFTER_S: Final = 15.0
MOST_CONNECTIONS: Final = 64
"""libzmq has no such limit, and every connection costs a file descriptor of the session."""


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
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._doorman: _Doorman | None = None
        self._arrivals: zmq.Socket[bytes] | None = None
        self._connections = self._bindings_left = 0
        self._records = Records(clock)
        self.losses: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """Where subscribers connect."""
        host = f"[{self._host}]" if _is_ipv6(self._host) else self._host
        return f"tcp://{host}:{self.port or '*'}"

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
        self._arrivals = socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        if self._token:
            self._doorman = _Doorman(self._context, _Keys(self._token))
            self._doorman.guard(socket)
        try:
            socket.bind(self.address)
        except zmq.ZMQError as error:
            reason = zmq.strerror(error.errno or 0)
            self.close()
            raise SinkError(f"{self.address} cannot be opened: {reason}; choose another port") from error
        self.port = int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])

    def put(self, item: Item) -> None:
        """Publish one record."""
        if numbered := self._records.of(item):
            self._send(*numbered)

    def poll(self) -> None:
        """Say again what has not changed for a while; keep the door."""
        self._keep_door()
        for topic, found in self._records.quiet(SAY_AGAIN_S):
            self._send(topic, found)

    def close(self) -> None:
        """Send what is on its way, for 0.2 s at most; safe to call again."""
        socket, self._socket = self._socket, None
        context, self._context = self._context, None
        doorman, self._doorman = self._doorman, None
        arrivals, self._arrivals = self._arrivals, None
        if socket is not None and arrivals is not None:
            socket.disable_monitor()
            arrivals.close()
            socket.close()
        if doorman is not None:
            doorman.end()
        if context is not None:
            context.term()

    def _keep_door(self) -> None:
        """When far too many connections are open, cut all; ZeroMQ's subscribers come again by themselves."""
        while self._arrivals is not None and self._arrivals.poll(0):
            event = recv_monitor_message(self._arrivals)["event"]
            change = 1 if event == zmq.EVENT_ACCEPTED else -1
            self._connections = max(0, self._connections + change)  # those that were cut are told of later
        if self._socket is None:
            return
        if self._connections > MOST_CONNECTIONS:
            self.losses["too many connections: all were cut"] += 1
            self._socket.unbind(self.address)
            self._connections = 0
            self._bindings_left = _BINDINGS
        if self._bindings_left:
            self._bind_again(self._socket)

    def _bind_again(self, socket: zmq.Socket[bytes]) -> None:
        """Open the door after a cut: libzmq frees the address on its own thread, within some polls."""
        self._bindings_left -= 1
        try:
            socket.bind(self.address)
        except zmq.ZMQError as error:
            if not self._bindings_left:
                raise SinkError(f"{self.address} cannot be opened again: {error.strerror}") from error
        else:
            self._bindings_left = 0

    def _send(self, topic: str, found: Mapping[str, Any]) -> None:
        if self._socket is None:
            raise SinkError("the ZeroMQ output is not open")
        try:
            packed = msgpack.packb(found, unicode_errors="replace")
            self._socket.send_multipart((topic.encode("utf-8", "replace"), packed), zmq.NOBLOCK)
        except zmq.Again:
            self.losses["libzmq takes nothing"] += 1


class _Keys:
    """The key pairs of a token, z85-encoded."""

    def __init__(self, token: bytes) -> None:
        self.server_secret = _secret(token, b"insula zeromq server")
        self.client_secret = _secret(token, b"insula zeromq client")
        self.server_public = zmq.curve_public(self.server_secret)
        self.client_public = zmq.curve_public(self.client_secret)


class _Doorman:
    """Answers libzmq's question, for every newcomer, whether its key is the token's (ZeroMQ RFC 27, ZAP).

    pyzmq's own authenticator needs asyncio, and on Windows another package.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: _Keys) -> None:
        self._keys = keys
        self._guest = z85.decode(keys.client_public)
        self._context = context
        self._asked = context.socket(zmq.REP)
        self._asked.setsockopt(zmq.LINGER, 0)
        self._asked.bind("inproc://zeromq.zap.01")
        self._thread = threading.Thread(target=self._answer, name="zeromq doorman", daemon=True)
        self._thread.start()

    def guard(self, socket: zmq.Socket[bytes]) -> None:
        """Let only guests into a socket that is about to bind."""
        socket.setsockopt(zmq.ZAP_DOMAIN, b"insula")
        socket.curve_server = True
        socket.curve_secretkey = self._keys.server_secret

    def end(self) -> None:
        """Stop answering; the thread owns its socket and closes it."""
        with self._context.socket(zmq.REQ) as bell:
            bell.setsockopt(zmq.LINGER, 0)
            bell.connect("inproc://zeromq.zap.01")
            bell.send(b"end")
            self._thread.join(1.0)

    def _answer(self) -> None:
        with self._asked as asked:
            while len(question := asked.recv_multipart()) > 1:
                version, number, *_ = question
                mechanism, proof = question[5:6], question[6:7]
                known = mechanism == [b"CURVE"] and hmac.compare_digest(b"".join(proof), self._guest)
                verdict = (b"200", b"welcome") if known else (b"400", b"the token is another one")
                asked.send_multipart((version, number, *verdict, b"", b""))


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
