"""Input made to harm: what a parser once let through, or must never."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from insula.edge import codec, config, packfile
from insula.edge.errors import ConfigError, DataError, ModelError, RingError, SensorUnavailable
from insula.edge.messages import MessageReader, MessageWriter
from insula.edge.ring_layout import CHEAD
from insula.edge.session import SessionFolder
from insula.edge.types import Marker
from insula.edge.untrusted import parse_json, parse_toml
from insula.models import manifest
from insula.models.eda.packs import read_pack
from insula.models.speech.corpus import SpeechPack
from insula.sensors import packed, recording_xdf
from insula.sensors.recording_csv import read_csv
from insula.sensors.recording_e4 import read_e4
from insula.ui.annotations import read as read_annotations
from insula.ui.dashboard.control import Command, Inbox, Outbox, parse_command

DEPTH = "[" * 100_000


def bomb(path: Path, name: str, announced: int) -> None:
    """A zip of a few bytes whose member ``name`` claims to be ``announced`` bytes long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * 1000)
    content = bytearray(buffer.getvalue())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", announced)
    path.write_bytes(content)


def test_a_pack_that_would_fill_the_memory_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    bomb(path, "S01_eda_uS_4hz.npy", 3 * 2**30)
    with pytest.raises(DataError, match=r"would unpack to 3\.0 GiB"):
        list(read_pack(path))
    bomb(path, "metadata.csv", 3 * 2**30)
    with pytest.raises(DataError, match="would unpack"):
        SpeechPack(path)


def test_an_array_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("S01_eda_uS_4hz.npy", member)
    with pytest.raises(SensorUnavailable, match="not a readable pack"):
        packed.read(str(tmp_path / "a.npz"), "S01_eda_uS_4hz")


def test_a_pickle_inside_a_pack_is_never_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", S01_eda_uS_4hz=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="allow_pickle"):
        list(read_pack(tmp_path / "a.npz"))


def test_members_of_a_pack_lead_nowhere(tmp_path: Path) -> None:
    """Nothing is unpacked to the disk; a member is found under the very name the table gives."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("metadata.csv", "path\n../../etc/passwd\n/etc/passwd\n")
    with SpeechPack(tmp_path / "a.zip") as pack:
        for clip in pack.clips:
            with pytest.raises(DataError, match="not in the pack"):
                pack.audio(clip)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    "pack", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x93NUMPY\x01\x00", b"\x80\x04."]
)
def test_what_is_no_pack_is_refused(tmp_path: Path, pack: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(pack)
    with pytest.raises(DataError), packfile.arrays(path) as arrays:
        arrays.numbers("a", ndim=1)


def test_depth_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a JSON record"):
        codec.loads(DEPTH)
    with pytest.raises(DataError, match="not a JSON message"):
        parse_command(DEPTH.encode())
    (tmp_path / "session.json").write_text(DEPTH)
    with pytest.raises(DataError, match="cannot be read"):
        SessionFolder.open(tmp_path)
    (tmp_path / "a.toml").write_text(f"a = {DEPTH}")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(tmp_path / "a.toml")
    with pytest.raises(ModelError, match="malformed"):
        manifest.parse(f"a = {DEPTH}", "deep")


def test_numbers_without_end_are_refused() -> None:
    for digits in ("9" * 400, "9" * 5000):
        line = codec.dumps(Marker(1.0, "a")).replace(b"1.0", digits.encode())
        with pytest.raises(DataError):
            codec.loads(line)


@pytest.mark.parametrize(
    "change",
    [{"t": float("nan")}, {"t": float("inf")}, {"t": True}, {"t": 10**400}, {"text": 7}, {"on": "yes"}],
)
def test_a_command_that_would_end_a_sink_is_refused(change: dict[str, object]) -> None:
    """A marker at no time at all once ended the recording of the estimates."""
    body = {"name": "marker", "t": 1.0, "text": "a", "on": True} | change
    with pytest.raises(DataError):
        parse_command(json.dumps(body).encode())


def test_half_a_character_in_a_marker_is_replaced() -> None:
    body = b'{"name": "marker", "t": 1.0, "text": "a\\ud800", "on": true}'
    assert parse_command(body).text == "a?"


def test_a_damaged_control_ring_is_left_alone_and_the_others_are_served(tmp_path: Path) -> None:
    writer = MessageWriter(tmp_path / "control-1.ring", capacity_bytes=256)
    inbox = Inbox(tmp_path)
    assert inbox.poll() == []
    with (tmp_path / "control-1.ring").open("r+b") as file:
        file.seek(CHEAD)
        file.write(b"\xff" * 8)
    outbox = Outbox(tmp_path)
    outbox.send(Command("stop", 1.0))
    assert [command.name for command in inbox.poll() + inbox.poll()] == ["stop"]
    with pytest.raises(RingError, match="damaged"):
        MessageReader.attach(tmp_path / "control-1.ring")
    outbox.close()
    writer.close()


@pytest.mark.parametrize(
    "change",
    [
        ('file = "eda-stress.onnx"', 'file = "../../../etc/passwd"'),
        ('file = "eda-stress.onnx"', 'file = "/etc/passwd"'),
        ('sha256 = "', 'sha256 = "x'),
        ("version = 1", 'version = "1"'),
        ("[card]", "[other]"),
        ('name = "eda-stress"', "name = 1"),
    ],
)
def test_a_manifest_that_leads_elsewhere_or_lacks_its_hash_is_refused(change: tuple[str, str]) -> None:
    text = (Path(manifest.__file__).parent / "weights" / "eda-stress.toml").read_text("utf-8")
    assert change[0] in text
    with pytest.raises(ModelError, match="malformed"):
        manifest.parse(text.replace(*change, 1), "eda-stress")


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"time_s,a\n0,1\n1e-320,2\n", b'time_s,a\n0,"1,2\n', b"time_s,a\n0\n"]
)
def test_hostile_csv(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(text)
    with pytest.raises(SensorUnavailable):
        read_csv(tmp_path / "a.csv", "")


@pytest.mark.parametrize("text", ["nan\n4\n1\n", "1\nnan\n1\n", "1\ninf\n1\n", "1\n1e9\n1\n", "\n\n\n"])
def test_hostile_e4(tmp_path: Path, text: str) -> None:
    (tmp_path / "EDA.csv").write_text(text)
    with pytest.raises(SensorUnavailable):
        read_e4(tmp_path)


def test_a_compressed_recording_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    packed_bytes = gzip.compress(b"XDF:" + bytes(2**21))
    assert len(packed_bytes) < 2**13
    assert len(packfile.gunzipped(io.BytesIO(packed_bytes))) == 2**21 + 4
    with pytest.raises(DataError, match="would unpack to more than"):
        packfile.gunzipped(io.BytesIO(packed_bytes), most_bytes=2**20)
    (tmp_path / "a.xdfz").write_bytes(packed_bytes[:-20])
    with pytest.raises(SensorUnavailable, match="cannot read"):
        recording_xdf.read_xdf(tmp_path / "a.xdfz")


def test_a_refused_recording_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(b"XDF:\x01\xff")
    with pytest.raises(SensorUnavailable):
        recording_xdf.read_xdf(path)


@pytest.mark.parametrize("parse", [parse_json, parse_toml])
def test_depth_is_an_error_in_the_value(parse: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        parse(DEPTH if parse is parse_json else f"a = {DEPTH}")


@pytest.mark.parametrize("line", ["7", '{"schema": 1, "act": "add"}', "[]"])
def test_an_annotation_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "annotations.jsonl").write_text(line + "\n")
    with pytest.raises(DataError):
        read_annotations(tmp_path)
