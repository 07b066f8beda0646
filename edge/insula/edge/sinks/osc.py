"""Open Sound Control over UDP: one bundle a record, for lights, sound and visual programming.

``/insula/state/valence mean sd``, ``/insula/estimate/face/expression p × 8`` and so on; a value that was not
measured is NaN there and ``/insula/state/absent name reason`` says why. OSC has neither encryption nor a
password: everybody on the way can read it. It goes to this machine unless ``in_clear`` accepts that.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import UDPClient

from insula.edge.errors import ConfigError, SinkError
from insula.edge.protocols import Item
from insula.edge.sinks.exposure import LOOPBACK, check_port, is_loopback
from insula.edge.stream import StreamReader
from insula.edge.types import EXPRESSIONS
from insula.edge.wire import Records

_LONGEST_TEXT: Final = 500  # characters; a bundle stays far below the 64 KiB of a datagram
_NOT_MEASURED: Final = (math.nan, math.nan)

Arguments = tuple[float | int | str, ...]


class _Time(float):
    """Seconds, sent with double precision: OSC's usual float is off by milliseconds a day after boot."""


class OscSink:
    """Sink that sends to the program at ``host:port``; what nobody receives is gone, as UDP is."""

    def __init__(self, *, host: str = LOOPBACK, port: int = 9000, in_clear: bool = False) -> None:
        check_port(port)
        if not is_loopback(host) and not in_clear:
            raise ConfigError(
                f"host = {host!r}: OSC has neither encryption nor a password, so everybody on the way can "
                "read it; set in_clear = true to accept that, or use the websocket, zeromq or mqtt sink"
            )
        self._host, self._port = host, port
        self._client: UDPClient | None = None
        self._records = Records()
        self.losses: Counter[str] = Counter()

    @property
    def address(self) -> str:
        """Who receives."""
        return f"osc.udp://{self._host}:{self._port}"

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Make the socket; raises ``SinkError`` when the name means nothing."""
        try:
            self._client = UDPClient(self._host, self._port)
        except OSError as error:
            raise SinkError(f"OSC cannot reach {self._host}: {error.strerror}") from error

    def put(self, item: Item) -> None:
        """Send one bundle."""
        if self._client is None:
            raise SinkError("the OSC output is not open")
        numbered = self._records.of(item)
        if numbered is None:
            return
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, arguments in messages(*numbered):
            message = OscMessageBuilder(address=address)
            for argument in arguments:
                message.add_arg(argument, "d" if isinstance(argument, _Time) else None)
            bundle.add_content(message.build())
        try:
            self._client.send(bundle.build())
        except OSError as error:  # the buffer is full, the network is away
            self.losses[error.strerror or "not sent"] += 1

    def poll(self) -> None:
        """Nothing is buffered here."""

    def close(self) -> None:
        """Release the socket; safe to call again."""
        if self._client is not None:
            self._client.close()
            self._client = None


def messages(topic: str, found: Mapping[str, Any]) -> Iterator[tuple[str, Arguments]]:
    """The addresses and arguments that stand for a record."""
    t = _Time(found["t"])
    match found["record"]:
        case "state" | "estimate":
            yield from _affect(f"/insula/{topic}", found)
        case "marker":
            yield "/insula/marker", (t, _short(found["text"]), _short(found["source"]))
        case "health":
            state = (found["node"], found["kind"], found["state"], found["reason"])
            yield "/insula/health", (t, *map(_short, state))
        case "step":
            texts = (found["name"], found["kind"], found["change"], found["condition"])
            yield "/insula/step", (t, found["index"], found["trial"], *map(_short, texts))
        case "stream":
            yield "/insula/stream", (t, _short(found["stream"]), found["rate_hz"], found["samples"])
        case "explanation":
            yield "/insula/explanation", (t, _short(found["english"]))


def _affect(where: str, found: Mapping[str, Any]) -> Iterator[tuple[str, Arguments]]:
    yield f"{where}/t", (_Time(found["t"]), found["seq"], int(found["simulated"]))
    for name in ("valence", "arousal"):
        yield f"{where}/{name}", _pair(found[name])
    by_name = found["probabilities"] or dict.fromkeys(EXPRESSIONS, math.nan)
    yield f"{where}/expression", tuple(by_name[name] for name in EXPRESSIONS)
    for name, measure in found["indices"]:
        yield f"{where}/index", (_short(name), *_pair(measure))
    for name, reason in found["absent"].items():
        yield f"{where}/absent", (name, _short(reason))


def _pair(measure: Mapping[str, float] | None) -> Arguments:
    return _NOT_MEASURED if measure is None else (measure["mean"], measure["sd"])


def _short(text: str) -> str:
    text = text[:_LONGEST_TEXT].replace("\0", " ")  # OSC strings end with NUL
    return text.encode("utf-8", "replace").decode()
