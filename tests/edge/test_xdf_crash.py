"""What is left of a recording when its process is killed, its disk is full or its file is cut."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf

from insula.edge.errors import SinkError
from insula.edge.privacy import crypt
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.testing import ManualClock, memory_stream, sample_times
from insula.edge.types import AffectState, Marker, StreamInfo
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.writer import XdfWriter

CHILD = Path(__file__).with_name("recorder_child.py")
TRIALS = int(os.environ.get("INSULA_KILL_TRIALS", "12"))
EEG = StreamInfo("eeg", "EEG", 250.0, ("Fp1", "Fp2"), ("microvolts",) * 2)
T0 = 1000.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence what pyxdf logs about every unfinished block."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def load(path: Path) -> dict[str, dict[str, Any]]:
    streams, _ = pyxdf.load_xdf(path, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


def test_every_state_a_crash_can_leave_opens_with_all_finished_blocks(tmp_path: Path) -> None:
    """A block is written as: all bytes but the first; then the first. Replay every point of that."""
    whole = tmp_path / "whole.xdf"
    clock = ManualClock(T0)
    writer = XdfWriter(whole, clock=clock)
    eeg = writer.add_stream(XdfStream("eeg", "EEG", 250.0, ("Fp1",), ("microvolts",), "float32"))
    notes = writer.add_stream(XdfStream("notes", "Markers", 0.0, ("text",), ("",), "string"))
    writer.flush()
    writer.wait()
    safe = [(4, 0), (writer.size_bytes, 0)]
    for block in range(3):
        clock.advance(8.0)  # boundary chunks end some of the blocks
        times = sample_times(5, 250.0, clock.t)
        writer.samples(eeg, times, np.full((5, 1), block, np.float32))
        writer.strings(notes, [clock.t], [[f"block {block}"]])
        writer.clock_offset(eeg, clock.t, 0.0)
        writer.flush()
        writer.wait()
        safe.append((writer.size_bytes, block + 1))
    writer.close()
    full = whole.read_bytes()
    cut = tmp_path / "cut.xdf"
    for (start, blocks), (end, _) in zip(safe, [*safe[1:], (len(full), 0)], strict=True):
        for stop in {*range(start, end, 7), end}:
            unfinished = b"\0" + full[start + 1 : stop] if stop > start else b""
            cut.write_bytes(full[:start] + unfinished)
            streams = load(cut)
            if start > 4:
                assert len(streams["eeg"]["time_stamps"]) == 5 * blocks
                assert streams["notes"]["time_series"] == [[f"block {k}"] for k in range(blocks)]
                assert len(streams["eeg"]["clock_times"]) == blocks


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("key", [None, crypt.new_key()], ids=["plain", "encrypted"])
def test_kill_9_at_random_instants_loses_less_than_a_second(tmp_path: Path, key: bytes | None) -> None:
    chance = random.Random(2026)
    losses = []
    for trial in range(TRIALS):
        path = tmp_path / f"{trial}.xdf"
        polls = _record_and_kill(path, chance.randrange(1, 120), chance.randrange(3000), key)
        if key is not None:
            assert not path.exists()
            assert not crypt.unseal(crypt.sealed_name(path), path, key)  # and it is seen to be cut off
        streams = load(path)
        eeg, eda = streams["eeg"], streams["eda"]
        for stream in (eeg, eda):  # nothing torn, nothing missing in the middle
            numbers = stream["time_series"]
            assert (numbers == np.arange(len(numbers))[:, None]).all()
            assert (np.diff(stream["time_stamps"]) > 0).all()
        texts = streams["insula.markers"]["time_series"]
        assert texts == [[f"step {k}"] for k in range(len(texts))]
        saved = (len(eeg["time_stamps"]) / 500, len(eda["time_stamps"]) / 10, len(texts) / 10)
        losses.append(polls * 0.1 - min(saved))
        path.unlink()
    print(f"kill -9: {TRIALS} trials, worst loss {max(losses):.2f} s, mean {np.mean(losses):.2f} s")
    assert max(losses) < 1.0


def _record_and_kill(path: Path, after: int, spin: int, key: bytes | None) -> int:
    """Kill a recording child somewhat after it has told of ``after`` polls; returns the polls it did."""
    command = [sys.executable, str(CHILD), str(path), *([key.hex()] if key else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        raw = child.stdout.read(4 * after)
        for _ in range(spin):  # up to a poll or two further, at no fixed place of it
            pass
        child.send_signal(signal.SIGKILL)
        raw += child.stdout.read()
    polls = len(raw) // 4
    assert struct.unpack_from("<I", raw, 4 * (polls - 1)) == (polls - 1,)
    return polls


resource = pytest.importorskip("resource", reason="limits on a file's size exist on POSIX systems")


@contextlib.contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """Let every write beyond ``size`` bytes of a file fail in this process, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def _fill(recorder: XdfRecorder, clock: ManualClock, name: str = "a.xdf") -> int:
    """Record until it fails; returns the samples pushed before."""
    writer, reader = memory_stream(EEG)
    recorder.open({"eeg": reader})
    told = "it never failed"
    for step in range(10_000):
        data = np.arange(step * 25, step * 25 + 25, dtype=np.float32)
        writer.push(np.stack([data, data], 1), sample_times(25, 250.0, clock.t))
        clock.advance(0.1)
        recorder.put(Marker(clock.t, "tick"))
        try:
            recorder.poll()
            recorder.wait()
        except SinkError as error:
            told = str(error)
            break
    cause = r"cannot be written \(.*\); it is readable up to .*"
    assert re.fullmatch(f"recording stopped: {re.escape(name)} {cause}", told)
    return step * 25 + 25


def test_a_full_disk_leaves_an_encrypted_recording_readable_up_to_there(tmp_path: Path) -> None:
    path, clock, key = tmp_path / "a.xdf", ManualClock(T0), crypt.new_key()
    recorder = XdfRecorder(path=str(path), sealer=crypt.Sealer(key), clock=clock)
    with disk_full_at(40_000):
        pushed = _fill(recorder, clock, "a.xdf.sealed")
    with pytest.raises(SinkError, match="recording stopped"):
        recorder.close()
    assert not crypt.unseal(crypt.sealed_name(path), path, key)
    numbers = load(path)["eeg"]["time_series"][:, 0]
    assert pushed - len(numbers) <= 250
    assert (numbers == np.arange(len(numbers))).all()


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("size", [30_000, 30_001, 65_536])
def test_a_full_disk_ends_the_recording_and_the_file_is_readable(
    tmp_path: Path, size: int, sync: bool
) -> None:
    path, clock = tmp_path / "a.xdf", ManualClock(T0)
    recorder = XdfRecorder(path=str(path), sync=sync, clock=clock)
    with disk_full_at(size):
        pushed = _fill(recorder, clock)
        recorder.put(AffectState(clock.t, reason="…"))
        clock.advance(1.0)
        with pytest.raises(SinkError, match="recording stopped"):
            recorder.poll()
        with contextlib.suppress(SinkError):  # the footers may or may not fit behind the last block
            recorder.close()
    eeg = load(path)["eeg"]
    saved = len(eeg["time_stamps"])
    assert pushed - saved <= 250
    assert (eeg["time_series"][:, 0] == np.arange(saved)).all()
    assert recorder.recorded()["eeg"].samples == saved
    if "footer" in eeg:
        assert eeg["footer"]["info"]["sample_count"] == [str(saved)]


def test_footers_are_written_when_there_is_room_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.xdf", ManualClock(T0)
    recorder = XdfRecorder(path=str(path), clock=clock)
    with disk_full_at(40_000):
        _fill(recorder, clock)
    with pytest.raises(SinkError, match="recording stopped"):
        recorder.close()
    eeg = load(path)["eeg"]
    assert eeg["footer"]["info"]["sample_count"] == [str(len(eeg["time_stamps"]))]
