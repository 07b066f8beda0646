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
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from insula.edge import codec, config
from insula.edge.errors import InsulaError
from insula.edge.messages import MessageReader, MessageWriter
from insula.edge.session import SessionFolder
from insula.edge.sinks.contract import items
from insula.edge.testing import ManualClock, sample_times
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
from insula.ui.dashboard.control import Command, parse_command, parse_session

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """A parser: ``run`` feeds it one input, ``seeds`` are well-formed ones of our own making."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]

    def inputs(self, name: str) -> list[bytes]:
        """The seeds, then what earlier campaigns kept."""
        kept = sorted((CORPUS / name).glob("*")) if (CORPUS / name).is_dir() else []
        return [*self.seeds(), *(path.read_bytes() for path in kept)]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder in memory."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="insula-fuzz-", dir=place))
    try:
        yield made
    finally:
        shutil.rmtree(made)


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
}
"""Name → target, in the order in which a campaign runs them."""

os.environ.setdefault("OMP_NUM_THREADS", "1")
