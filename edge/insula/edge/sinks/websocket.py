"""WebSocket: every record as JSON, and a page that shows the live state in any browser.

``http://127.0.0.1:8765/`` is the page, ``ws://127.0.0.1:8765/records`` the records. Beyond loopback both need
TLS, and a client sends the token as its first message; the page takes it from its own address
(``https://robot:8765/#TOKEN``: what follows the # stays in the browser).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import socket
import ssl
import threading
from collections import Counter, deque
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from insula.edge.errors import ConfigError, SinkError
from insula.edge.protocols import Item
from insula.edge.sinks.exposure import LOOPBACK, check_file, check_port, is_loopback, token_for
from insula.edge.stream import StreamReader
from insula.edge.wire import Records, to_json

QUEUE: Final = 500
"""Records kept for a client that does not read: about 10 s; then its oldest are lost, counted."""
_HANDSHAKE_S: Final = 5.0
_DEAD_AFTER_S: Final = 20.0
_CLOSE_S: Final = 0.3
_LARGEST_REQUEST: Final = 4096
_BUFFER: Final = 64 * 1024
_RECORDS: Final = "/records"


class WebSocketSink:
    """Sink that serves ``max_clients`` browsers and programs on ``host:port``; port 0 takes a free one.

    The server runs on a thread of its own. A new client first gets the newest record of every topic. A
    browser may only come from the page itself: no other web site can read the state of who visits it.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 8765,
        token_file: str = "",
        cert_file: str = "",
        key_file: str = "",
        max_clients: int = 16,
    ) -> None:
        check_port(port)
        self._token = token_for(host, token_file)
        self._local = is_loopback(host)
        if not self._local and not (cert_file and key_file):
            raise ConfigError(
                f"host = {host!r} opens this output to the network and needs cert_file and key_file "
                "(TLS): without them the token and the state travel in clear"
            )
        if max_clients < 1:
            raise ConfigError(f"max_clients = {max_clients}: at least one")
        self._tls = _tls(cert_file, key_file) if cert_file else None
        self._host, self.port, self._max_clients = host, port, max_clients
        self._records = Records()
        self._clients: set[_Client] = set()
        self._connections = 0
        self._server: _ServerThread | None = None
        self.losses: Counter[str] = Counter()

    @property
    def clients(self) -> int:
        """How many receive records now."""
        return len(self._clients)

    @property
    def address(self) -> str:
        """Where the page is."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/"

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Start serving; raises ``SinkError`` when the address is taken."""
        self._server = _ServerThread(self)
        self._server.begin()

    def put(self, item: Item) -> None:
        """Hand one record to the server's thread."""
        if self._server is None:
            raise SinkError("the WebSocket output is not open")
        if numbered := self._records.of(item):
            self._server.spread(to_json(numbered[1]))

    def poll(self) -> None:
        """Nothing is buffered here: the server sends on its own thread."""

    def close(self) -> None:
        """Say goodbye to every client and stop serving; safe to call again."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    # on the server's thread

    async def serve(self, ready: asyncio.Future[int], stop: asyncio.Event) -> None:
        """Serve until ``stop``; ``ready`` gets the port, or the error."""
        try:
            server = await serve(
                self._handle,
                self._host,
                self.port,
                ssl=self._tls,
                ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
                process_request=self._answer,
                create_connection=type("_Admitted", (_Connection,), {"guard": self}),
                compression=None,
                open_timeout=_HANDSHAKE_S,
                ping_interval=_DEAD_AFTER_S / 2,
                ping_timeout=_DEAD_AFTER_S / 2,
                close_timeout=_CLOSE_S,
                max_size=_LARGEST_REQUEST,
                max_queue=4,
                server_header=None,
            )
        except Exception as error:  # a thread's top: who opens the sink is told
            ready.set_exception(error)
            return
        self.port = next(iter(server.sockets)).getsockname()[1]
        ready.set_result(self.port)
        await stop.wait()
        for client in self._clients:
            client.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                while self._clients:
                    await asyncio.sleep(0.01)
        server.close()
        await server.wait_closed()

    def spread(self, message: bytes) -> None:
        """Queue a message for every client."""
        for client in self._clients:
            if client.offer(message):
                self.losses["a client reads too slowly"] += 1

    def take_seat(self) -> bool:
        """Whether one connection more is allowed (an open but silent one counts as well)."""
        self._connections += 1
        return self._connections <= 2 * self._max_clients

    def leave_seat(self) -> None:
        """A connection is over."""
        self._connections -= 1

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The page, an error, or ``None``: go on with the WebSocket handshake."""
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if self._local and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return connection.respond(HTTPStatus.FORBIDDEN, "this address is not ours\n")
        path = urlsplit(request.path).path
        if path == "/" and "Upgrade" not in request.headers:
            return Response(HTTPStatus.OK, "OK", Headers(_PAGE_HEADERS), _PAGE)
        if path != _RECORDS:
            return connection.respond(HTTPStatus.NOT_FOUND, f"there are / and {_RECORDS}\n")
        scheme = "https" if self._tls else "http"
        if origin not in (None, f"{scheme}://{host}"):
            self.losses["a page of another site was refused"] += 1
            return connection.respond(HTTPStatus.FORBIDDEN, "only this server's own page may read it\n")
        if len(self._clients) >= self._max_clients:
            self.losses["a client too many was refused"] += 1
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        if self._token and not await self._knows_token(connection):
            self.losses["a wrong token was refused"] += 1
            await connection.close(1008, "the first message must be the token")
            return
        newest = [to_json(found) for found in list(self._records.newest.values())]
        client = _Client(connection, newest)
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._clients.discard(client)

    async def _knows_token(self, connection: ServerConnection) -> bool:
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                said = await connection.recv(decode=False)
        except (TimeoutError, ConnectionClosed):
            return False
        return hmac.compare_digest(bytes(said).strip(), self._token)


class _Connection(ServerConnection):
    """A connection that is cut at once when too many are open: idle ones cost file descriptors."""

    guard: WebSocketSink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # The system would buffer megabytes: minutes of old news for a client that reads slowly.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        if not self.guard.take_seat() and isinstance(transport, asyncio.Transport):
            self.guard.losses["a connection too many was cut"] += 1
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.leave_seat()
        super().connection_lost(exc)


class _Client:
    """One receiver with a bounded queue of its own."""

    def __init__(self, connection: ServerConnection, newest: list[bytes]) -> None:
        self._connection = connection
        self._queue = deque(newest, maxlen=QUEUE)
        self._news = asyncio.Event()
        self._news.set()
        self._ended = False

    def offer(self, message: bytes) -> bool:
        """Queue a message; true when the oldest had to go for it."""
        full = len(self._queue) == QUEUE
        self._queue.append(message)
        self._news.set()
        return full

    def end(self) -> None:
        """Send what is queued, then close."""
        self._ended = True
        self._news.set()

    async def serve(self) -> None:
        """Send until one side has had enough; what the client says is not listened to."""
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send())
            try:
                async for _ in self._connection:
                    await self._connection.close(1003, "this server only talks")
            except ConnectionClosed:
                pass
            sending.cancel()

    async def _send(self) -> None:
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._queue:
                    await self._connection.send(self._queue.popleft(), text=True)
                if self._ended:
                    await self._connection.close(1001, "the session is over")
        except ConnectionClosed:
            return


class _ServerThread:
    """The event loop of the server on a thread of its own."""

    def __init__(self, sink: WebSocketSink) -> None:
        self._sink = sink
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready: asyncio.Future[int] = self._loop.create_future()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, name="websocket server", daemon=True)

    def begin(self) -> None:
        """Start, and wait for the port; raises ``SinkError``."""
        self._ready.add_done_callback(lambda _: self._opened.set())
        self._thread.start()
        self._opened.wait()
        if error := self._ready.exception():
            self._thread.join()
            raise SinkError(f"the WebSocket output cannot be opened: {error}; choose another port")

    def spread(self, message: bytes) -> None:
        """Pass a message on to the clients."""
        self._loop.call_soon_threadsafe(self._sink.spread, message)

    def end(self) -> None:
        """Stop and wait."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._sink.serve(self._ready, self._stop))


def _tls(cert_file: str, key_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    check_file("cert_file", cert_file)
    check_file("key_file", key_file)
    try:
        context.load_cert_chain(cert_file, key_file)
    except ssl.SSLError as error:
        raise ConfigError(f"{cert_file} and {key_file} are no certificate and its key: {error}") from error
    return context


_PAGE: Final = (files("insula.edge.sinks") / "page.html").read_bytes()


def _hash_of(tag: bytes) -> str:
    """The Content-Security-Policy source of the page's one element ``tag``: nothing else may run."""
    inside = _PAGE.partition(b"<" + tag + b">")[2].partition(b"</" + tag + b">")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside).digest()).decode()}'"


_PAGE_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": str(len(_PAGE)),
    "Connection": "close",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_hash_of(b'script')}; style-src {_hash_of(b'style')}; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
