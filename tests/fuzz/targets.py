"""What is fuzzed: every parser that reads what others wrote. A target takes bytes and must end by itself.

It may raise ``InsulaError`` (the input was refused, in words); anything else is a finding. A target that
reads files gets a folder in memory and empties it again.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import logging
import os
import shutil
import socket
import struct
import sys
import tempfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import zmq

from insula.edge import codec, config, packfile, profile
from insula.edge.errors import InsulaError
from insula.edge.messages import MessageReader, MessageWriter
from insula.edge.privacy import consent, crypt
from insula.edge.privacy.audit import AuditLog
from insula.edge.session import SessionFolder
from insula.edge.sinks.contract import items
from insula.edge.sinks.websocket import WebSocketSink
from insula.edge.sinks.zeromq import ZeroMqSink
from insula.edge.testing import ManualClock, sample_times
from insula.edge.types import Marker
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.repair import repair
from insula.edge.xdf.writer import XdfWriter
from insula.models import manifest
from insula.models.eda.packs import read_pack
from insula.models.eeg.eegmat import people
from insula.models.face.pack import load_pack
from insula.models.speech.corpus import SpeechPack
from insula.sensors import packed
from insula.sensors.lsl_inlet import describe, load_pylsl
from insula.sensors.recording_csv import read_csv
from insula.sensors.recording_e4 import read_e4
from insula.sensors.recording_xdf import read_xdf
from insula.ui.annotations import Annotations
from insula.ui.annotations import read as read_annotations
from insula.ui.dashboard.control import Command, parse_command, parse_session
from insula.ui.protocol import design
from insula.ui.protocol.filling import Said

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """A parser: ``run`` feeds it one input, ``seeds`` are well-formed ones of our own making."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]

    def inputs(self, name: str) -> list[bytes]:
        """The seeds, what once failed, and what earlier campaigns kept because it reaches further."""
        failed = sorted((CORPUS / name).glob("*")) if (CORPUS / name).is_dir() else []
        kept: list[bytes] = []
        if (pack := CORPUS / f"{name}.zip").exists():
            with packfile.open_zip(pack) as archive:
                kept = [packfile.content(archive, member) for member in archive.namelist()]
        return [*self.seeds(), *(path.read_bytes() for path in failed), *kept]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder in memory."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="insula-fuzz-", dir=place))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=sys.platform == "win32")  # what is mapped stays there


@contextlib.contextmanager
def file(content: bytes, name: str) -> Iterator[Path]:
    """A file with this content."""
    with folder() as place:
        path = place / name
        path.write_bytes(content)
        yield path


# XDF


def _recording() -> bytes:
    with folder() as place:
        path, clock = place / "a.xdf", ManualClock()
        writer = XdfWriter(path, sync=False, clock=clock)
        eeg = writer.add_stream(XdfStream("eeg", "EEG", 250.0, ("Fp1", "Fp2"), ("uV",) * 2, "float32"))
        notes = writer.add_stream(XdfStream("notes", "Markers", 0.0, ("text",), ("",), "string"))
        for block in range(2):
            clock.advance(7.0)
            writer.samples(eeg, sample_times(4, 250.0, clock.t), np.full((4, 2), block, np.float32))
            writer.strings(notes, [clock.t], [[f"block {block}"]])
            writer.clock_offset(eeg, clock.t, 0.0)
            writer.flush()
        writer.close()
        return path.read_bytes()


def _repair(content: bytes) -> None:
    """What the repair writes must be in order for the repair, and readable."""
    with file(content, "a.xdf") as path:
        report = repair(path)
        if report.target is not None:
            again = repair(report.target)
            assert again.target is None, again.problems


def _read_xdf(content: bytes) -> None:
    logging.disable()
    with file(content, "a.xdf") as path:
        read_xdf(path, dejitter=False)


# text


def _config(content: bytes) -> None:
    with file(content, "a.toml") as path:
        config.load(path)


def _examples() -> list[bytes]:
    root = Path(__file__).parents[2] / "examples"
    minimal = b'[sensors.eda]\ndriver = "simulated_eda"\n[sinks.lines]\nsink = "jsonl"\npath = "a"\n'
    return [minimal, *(path.read_bytes() for path in sorted(root.glob("*.toml")))]


def _manifest(content: bytes) -> None:
    with contextlib.suppress(UnicodeDecodeError):  # the file's own reader decodes
        manifest.parse(content.decode(), "fuzzed")


def _manifests() -> list[bytes]:
    folder_ = Path(manifest.__file__).parent / "weights"
    return [(folder_ / f"{name}.toml").read_bytes() for name in manifest.names()[:2]]


def _csv(content: bytes) -> None:
    with file(content, "a.csv") as path:
        read_csv(path, "")


def _e4(content: bytes) -> None:
    """Files of one folder, with NUL between them."""
    with folder() as place:
        for name, text in zip(("EDA", "ACC", "tags"), content.split(b"\0"), strict=False):
            (place / f"{name}.csv").write_bytes(text)
        read_e4(place)


# packs


def _npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _packs() -> list[bytes]:
    eda, short = np.linspace(1, 2, 40, dtype=np.float32), np.zeros((2, 256), np.int16)
    sound = io.BytesIO()
    with zipfile.ZipFile(sound, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("metadata.csv", "path,speaker,emotion\na.wav,s1,anger\n")
        pack.writestr("a.wav", b"RIFF\0\0\0\0WAVE")
    return [
        _npz(
            S01_eda_uS_4hz=eda,
            S01_bvp_64hz=np.zeros(640, np.int16),
            S01_task_1hz=np.zeros(10, np.int8),
            task_names=np.array(["rest"]),
        ),
        _npz(**{"s00_rest_eeg2_uV_128hz_x0.02": short}, ch_names=np.array(["Fp1", "Fp2"])),
        _npz(images=np.zeros((2, 4, 4), np.uint8), votes=np.zeros((2, 10), np.uint8)),
        sound.getvalue(),
    ]


def _pack(content: bytes) -> None:
    """Every reader of packs on the same file: which one is asked is the user's choice."""
    with file(content, "a.npz") as path:
        for read in (
            lambda: packed.read(str(path), "S01_eda_uS_4hz"),
            lambda: list(read_pack(path)),
            lambda: list(people(path)),
            lambda: list(load_pack(path).pictures()),
            lambda: _speech(path),
        ):
            with contextlib.suppress(InsulaError):
                read()


def _speech(path: Path) -> None:
    with SpeechPack(path) as pack:
        for clip in pack.clips:
            with contextlib.suppress(InsulaError):
                pack.audio(clip)


# LSL

_STREAM = """<?xml version="1.0"?><info><name>eeg</name><type>EEG</type><channel_count>2</channel_count>
<channel_format>float32</channel_format><source_id>a</source_id><nominal_srate>250.0</nominal_srate>
<version>1.1</version><created_at>1.0</created_at><uid>u</uid><session_id>s</session_id><hostname>h</hostname>
<v4address/><v4data_port>0</v4data_port><v4service_port>0</v4service_port><v6address/>
<v6data_port>0</v6data_port><v6service_port>0</v6service_port>
<desc><manufacturer>m</manufacturer><simulated>true</simulated><channels><channel><label>Fp1</label>
<unit>uV</unit></channel><channel><label>Fp2</label><unit>uV</unit></channel></channels></desc></info>"""


@cache
def _from_xml() -> Callable[[bytes], Any]:
    pylsl = load_pylsl()
    library = pylsl.lib.lib
    library.lsl_streaminfo_from_xml.restype = ctypes.c_void_p

    def make(xml: bytes) -> Any:
        handle = library.lsl_streaminfo_from_xml(ctypes.c_char_p(xml))
        return pylsl.StreamInfo(handle=handle) if handle else None

    return make


def _lsl(content: bytes) -> None:
    """The description a stream on the network sends of itself, through liblsl's own parser."""
    info = _from_xml()(content.replace(b"\0", b""))
    if info is not None:
        describe(info, load_pylsl())


# messages


def _lines() -> list[bytes]:
    return [b"l" + codec.dumps(item) for item in items()]


def _message(content: bytes) -> None:
    """One message; its first byte says whether it is a record, a command or a session's state."""
    kind, body = content[:1], content[1:]
    if kind == b"c":
        parse_command(body)
    elif kind == b"s":
        try:
            decoded = json.loads(body)
        except (ValueError, RecursionError):
            return
        parse_session(decoded if isinstance(decoded, dict) else {})
    else:
        item = codec.loads(body)
        assert codec.loads(codec.dumps(item)) is not None


def _commands() -> list[bytes]:
    command = Command("marker", 1.0, "a note")
    body = json.dumps({"name": command.name, "t": command.t, "text": command.text, "on": True})
    session = json.dumps({"record": "session", "name": "a", "started": 1.0, "folder": "f"})
    return [b"c" + body.encode(), b"s" + session.encode()]


def _session(content: bytes) -> None:
    with file(content, "session.json") as path:
        SessionFolder.open(path.parent)


# rings


def _ring(content: bytes) -> None:
    """The ring of another process of the same user: its header, its records, its messages."""
    with file(content, "a.ring") as path:
        reader = MessageReader.attach(path)
        for _ in range(3):
            reader.read_new()


def _rings() -> list[bytes]:
    with folder() as place:
        writer = MessageWriter(place / "a.ring", capacity_bytes=256)
        writer.put(b"{}")
        writer.put(b"second")
        content = (place / "a.ring").read_bytes()
        writer.close()
        return [content]


# what is kept of a person


def _kept(content: bytes) -> None:
    """Files of a session or of this machine; the first byte says of which kind."""
    kind, body = content[:1], content[1:]
    with file(body, "annotations.jsonl" if kind == b"a" else "a.json") as path:
        if kind == b"a":
            read_annotations(path.parent)
        elif kind == b"p":
            profile.read(path)
        elif kind == b"c":
            consent.loads(body.decode("utf-8", "replace"))
        elif kind == b"t":
            design.load(path)
        elif kind == b"k":
            crypt.unlock(body.decode("utf-8", "replace"), _KEY)
        elif kind == b"f":
            Said.loads(body.decode("utf-8", "replace"))
        else:
            lines, _, head = body.partition(b"\0")
            path.write_bytes(lines)
            path.with_name("head.json").write_bytes(head)
            AuditLog(path, path.with_name("head.json")).entries()


def _kept_seeds() -> list[bytes]:
    with folder() as place:
        log = AuditLog(place / "audit.jsonl", place / "head.json", when=lambda: "2026-01-01T00:00:00Z")
        log.add("recording started", folder="a")
        log.add("recording stopped", folder="a")
        Annotations(place).add(1.0, "a note", "the author", "operator")
        protocols = Path(__file__).parents[2] / "examples" / "protocols"
        return [
            b"l" + (place / "audit.jsonl").read_bytes() + b"\0" + (place / "head.json").read_bytes(),
            b"a" + (place / "annotations.jsonl").read_bytes(),
            b"p" + profile.text(profile.Profile("p7")).encode(),
            *(b"t" + path.read_bytes() for path in sorted(protocols.glob("*.toml"))[:2]),
            b"k" + crypt.recipient_of(_KEY).lock(bytes(32)).encode(),
            b'f{"step": 0, "item": "a", "t": 1.0, "onset": null, "text": null, "value": 1, "reason": ""}',
        ]


_KEY = bytes(range(32))


def _sealed(content: bytes) -> None:
    for _ in crypt.pieces(io.BytesIO(content), _KEY, "fuzzed"):
        pass


def _sealed_file() -> bytes:
    sealer = crypt.Sealer(_KEY)
    return sealer.start + sealer.seal(b"a piece") + sealer.seal(b"the end", last=True)


# listeners


class Listener:
    """A running output that anybody may send bytes to; it must go on serving whoever behaves."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self._sent = 0
        self._failed: list[str] = []
        threading.excepthook = lambda args: self._failed.append(repr(args.exc_value))
        logging.getLogger("websockets.server").addFilter(self._heard)
        sink.open({})

    def _heard(self, record: logging.LogRecord) -> bool:
        if record.getMessage() == "connection handler failed":
            self._failed.append(repr(record.exc_info))
        return False

    def send(self, content: bytes, serves: Callable[[int], bool]) -> None:
        """Send the bytes, hear what comes, go; every hundredth time see whether it still ``serves``."""
        connection = socket.create_connection(("127.0.0.1", self.sink.port), timeout=5)
        with connection, contextlib.suppress(OSError):  # it may hang up on us whenever it likes
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)  # frees the port
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.02)
            connection.recv(4096)
        self.sink.poll()  # as the runtime does ten times a second
        self._sent += 1
        assert not self._failed, self._failed
        assert self._sent % 100 or serves(self.sink.port), "it serves nobody any more"


_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@cache
def _websocket_sink() -> Listener:
    return Listener(WebSocketSink(port=0))


def _websocket(content: bytes) -> None:
    """Bytes to the web server: a request, or (first byte f) frames behind a handshake."""
    head = content[:1] == b"f"
    _websocket_sink().send(_HANDSHAKE + content[1:] if head else content, _page)


def _page(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return bool(answer.status == 200)


_HANDSHAKE = (
    b"GET /records HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@cache
def _zeromq_sink() -> Listener:
    return Listener(ZeroMqSink(port=0))


def _zeromq(content: bytes) -> None:
    """Bytes to libzmq's port: a greeting, or (first byte g) what follows a greeting."""
    _zeromq_sink().send(_GREETING + content[1:] if content[:1] == b"g" else content, _publishes)


def _publishes(port: int) -> bool:
    with zmq.Context() as context, context.socket(zmq.SUB) as receiver:
        receiver.subscribe(b"marker")
        receiver.connect(f"tcp://127.0.0.1:{port}")
        for _ in range(50):
            _zeromq_sink().sink.put(Marker(1.0, "still here"))
            if receiver.poll(100):
                return True
    return False


_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_READY = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"

TARGETS: dict[str, Target] = {
    "xdf-repair": Target(_repair, lambda: [_recording()]),
    "xdf-read": Target(_read_xdf, lambda: [_recording()]),
    "config": Target(_config, _examples),
    "manifest": Target(_manifest, _manifests),
    "csv": Target(_csv, lambda: [b"time_s,EDA [uS],TEMP [degC]\n0,1,30\n0.25,1.1,\n0.5,1.2,31\n"]),
    "e4": Target(_e4, lambda: [b"1500000000\n4\n0.5\n0.6\n\x001500000000,1,2\n32,32,32\n1,2,3\n\0"]),
    "packs": Target(_pack, _packs),
    "lsl": Target(_lsl, lambda: [_STREAM.encode()]),
    "messages": Target(_message, lambda: [*_lines(), *_commands()]),
    "session": Target(_session, lambda: [b'{"schema": 1, "status": "running", "streams": []}']),
    "ring": Target(_ring, _rings),
    "kept": Target(_kept, _kept_seeds),
    "sealed": Target(_sealed, lambda: [_sealed_file()]),
    "websocket": Target(_websocket, lambda: [_HANDSHAKE, b"f\x81\x85\0\0\0\0hello", b"f\x89\x80\0\0\0\0"]),
    "zeromq": Target(_zeromq, lambda: [_GREETING, b"g" + _READY, b"g" + _READY + b"\0\x07\x01marker"]),
}
"""Name → target, in the order in which a campaign runs them."""

os.environ.setdefault("OMP_NUM_THREADS", "1")
