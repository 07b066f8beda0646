from __future__ import annotations

import gzip
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.edge.errors import DataError
from insula.edge.testing import ManualClock, sample_times
from insula.edge.xdf import layout
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.layout import Tag
from insula.edge.xdf.repair import repair, summary
from insula.edge.xdf.writer import XdfWriter

T0 = 1000.0
BLOCKS = 6
INTACT = (
    "clock_resets",
    "eeglab_test",
    "empty_streams",
    "magicblink_handSix",
    "magicblink_markersPlusEKG",
    "minimal",
    "muselsl2_P001",
    "muselsl2_P031",
    "muselsl2_P050",
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence what pyxdf logs about damage."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def load(path: Path) -> dict[str, dict[str, Any]]:
    streams, _ = pyxdf.load_xdf(path, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six blocks of 20 samples of two channels and a note, 7 s apart, with boundaries and offsets."""
    path, clock = tmp_path / "a.xdf", ManualClock(T0)
    writer = XdfWriter(path, sync=False, clock=clock)
    eeg = writer.add_stream(XdfStream("eeg", "EEG", 250.0, ("Fp1", "Fp2"), ("microvolts",) * 2, "float32"))
    notes = writer.add_stream(XdfStream("notes", "Markers", 0.0, ("text",), ("",), "string"))
    for block in range(BLOCKS):
        clock.advance(7.0)
        numbers = np.arange(block * 20, block * 20 + 20, dtype=np.float32)
        writer.samples(eeg, sample_times(20, 250.0, clock.t), np.stack([numbers, numbers], 1))
        writer.strings(notes, [clock.t], [[f"block {block}"]])
        writer.clock_offset(eeg, clock.t, 0.0)
        writer.flush()
    writer.close()
    return path


def test_a_file_in_order_is_left_alone(recording: Path) -> None:
    report = repair(recording)
    assert report.target is None
    assert report.problems == ()
    assert report.streams == {(1, "eeg"): 120, (2, "notes"): 6}
    assert summary(report) == ("a.xdf is in order; nothing was written",)
    assert list(recording.parent.iterdir()) == [recording]


def test_a_file_cut_at_any_byte_is_mended_and_keeps_every_complete_sample(recording: Path) -> None:
    full = recording.read_bytes()
    body = full.index(layout.chunk(Tag.STREAM_FOOTER, b"", 1)[-6:])  # tag and number of the first footer
    cut, target = recording.with_name("cut.xdf"), recording.with_name("mended.xdf")
    last = 0
    for stop in [*range(full.index(b"\x03\x00\x01\x00\x00\x00") - 2, body, 29), body, len(full) - 1]:
        cut.write_bytes(full[:stop])
        target.unlink(missing_ok=True)
        report = repair(cut, target)
        streams = load(target)
        saved = len(streams["eeg"]["time_stamps"])
        assert (streams["eeg"]["time_series"][:, 0] == np.arange(saved)).all()
        assert report.streams[1, "eeg"] == saved
        assert saved >= last
        last = saved
        for stream in streams.values():
            assert stream["footer"]["info"]["sample_count"] == [str(len(stream["time_stamps"]))]
        assert repair(target).target is None
    assert last == 120


def test_a_half_written_chunk_keeps_its_complete_samples(recording: Path) -> None:
    full = recording.read_bytes()
    start = full.index(b"\x03\x00\x01\x00\x00\x00") + 6 + 2  # first samples chunk, behind its count
    recording.write_bytes(full[: start + 17 * 13 + 5])  # 13 samples of 17 bytes, and a bit of one more
    report = repair(recording)
    assert report.target is not None
    assert report.streams[1, "eeg"] == 13
    np.testing.assert_array_equal(load(report.target)["eeg"]["time_series"][:, 0], np.arange(13))


def test_an_unfinished_block_of_ours_is_saved(recording: Path) -> None:
    full = bytearray(recording.read_bytes())
    second = [i for i in range(len(full)) if full.startswith(b"\x03\x00\x01\x00\x00\x00", i)][1]
    start = full.rindex(b"\x04", 0, second)  # its length has four bytes
    full[start] = 0
    recording.write_bytes(full[: start + 400])
    assert len(load(recording)["eeg"]["time_stamps"]) == 20
    report = repair(recording)
    assert report.target is not None
    assert report.streams[1, "eeg"] == 40
    assert any("unfinished block" in problem for problem in report.problems)


def test_damage_in_the_middle_costs_what_it_hit_and_no_more(recording: Path) -> None:
    full = recording.read_bytes()
    chance = random.Random(7)
    for trial in range(60):
        at = chance.randrange(full.index(b"\x03\x00\x01\x00\x00\x00"), len(full) - 40)
        recording.write_bytes(full[:at] + chance.randbytes(32) + full[at + 32 :])
        target = recording.with_name(f"{trial}.xdf")
        report = repair(recording, target)
        if report.target is None:  # it hit values: nothing of the structure shows it
            continue
        streams = load(target)
        assert len(streams["eeg"]["time_stamps"]) >= 80, at
        assert len(streams["notes"]["time_stamps"]) >= 4, at


EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=6
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=EDITS)
def test_whatever_happened_to_a_file_it_is_mended_or_refused(
    recording: Path, cuts: list[tuple[float, int, bytes]]
) -> None:
    """Bytes replaced, cut out and put in anywhere: the outcome opens in pyxdf, with counts as reported."""
    whole = recording.with_name("whole.xdf")
    if not whole.exists():
        whole.write_bytes(recording.read_bytes())
    data = whole.read_bytes()
    for place, removed, added in cuts:
        at = 4 + round(place * (len(data) - 4))
        data = data[:at] + added + data[at + removed :]
    recording.write_bytes(data)
    target = recording.with_name("mended.xdf")
    target.unlink(missing_ok=True)
    try:
        report = repair(recording, target)
    except DataError as error:
        assert "no readable stream" in str(error)  # noqa: PT017 - refusing is one of two good ends
        return
    mended = report.target or recording
    streams, _ = pyxdf.load_xdf(mended, synchronize_clocks=False, dejitter_timestamps=False)
    assert {s["info"]["stream_id"]: len(s["time_stamps"]) for s in streams} == {
        number: count for (number, _), count in report.streams.items()
    }


def test_lying_lengths_are_corrected(recording: Path) -> None:
    full = bytearray(recording.read_bytes())
    at = full.index(b"\x04\x00\x01\x00\x00\x00") - 1  # the length byte of a clock offset
    assert full[at] == 22
    full[at] = 48
    recording.write_bytes(full)
    report = repair(recording)
    assert report.target is not None
    assert report.problems == (f"clock offset at {at - 1}: wrong length",)
    assert report.lost_bytes == 0
    assert len(load(report.target)["eeg"]["clock_times"]) == BLOCKS


def test_a_tail_of_zeros_is_cut_off(recording: Path) -> None:
    with recording.open("ab") as file:
        file.write(bytes(5000))
    report = repair(recording)
    assert report.target is not None
    assert report.lost_bytes == 5000
    assert report.streams == {(1, "eeg"): 120, (2, "notes"): 6}


def test_deduced_times_survive(tmp_path: Path) -> None:
    times = np.add.accumulate(np.array([T0, *[1.0 / 250.0] * 99]))
    writer = XdfWriter(tmp_path / "a.xdf", sync=False)
    number = writer.add_stream(XdfStream("eeg", "EEG", 250.0, ("Fp1",), ("microvolts",), "int16"))
    writer.samples(number, times, np.arange(100, dtype=np.int16)[:, None])
    writer.close()
    full = (tmp_path / "a.xdf").read_bytes()
    (tmp_path / "a.xdf").write_bytes(full[: full.index(b"<info><writer>insula</writer><first")])
    report = repair(tmp_path / "a.xdf")
    assert report.target is not None
    stream = load(report.target)["eeg"]
    np.testing.assert_array_equal(stream["time_stamps"], times)
    assert stream["footer"]["info"]["last_timestamp"] == [repr(float(times[-1]))]


def test_an_existing_target_is_never_overwritten(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-5])
    target = recording.with_name("a.repaired.xdf")
    target.write_text("precious")
    with pytest.raises(DataError, match="exists already"):
        repair(recording)
    assert target.read_text() == "precious"


@pytest.mark.parametrize("content", [b"", b"XDF", b"RIFF....", gzip.compress(b"XDF:")])
def test_what_is_no_xdf_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xdf").write_bytes(content)
    with pytest.raises(DataError, match="no XDF file"):
        repair(tmp_path / "a.xdf")


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        repair(tmp_path / "a.xdf")


@pytest.mark.parametrize("name", INTACT)
def test_real_recordings_of_other_programs_are_in_order(shared_data: Path, name: str) -> None:
    source = shared_data / "samples" / "xdf" / f"{name}.xdf"
    report = repair(source)
    assert report.target is None
    expected = {stream["info"]["name"][0]: len(stream["time_stamps"]) for stream in load(source).values()}
    assert {name for _, name in report.streams} == set(expected)


@pytest.mark.parametrize("name", INTACT)
def test_real_recordings_lose_only_their_footers_when_cut(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    source = shared_data / "samples" / "xdf" / f"{name}.xdf"
    data = source.read_bytes()
    whole = repair(source).streams
    footer = min(i for i in (data.find(b"\x06\x00" + bytes([n, 0, 0, 0])) for n in range(5)) if i > 0)
    (tmp_path / "cut.xdf").write_bytes(data[:footer])
    report = repair(tmp_path / "cut.xdf")
    assert report.target is not None
    assert report.streams == whole
    before, _ = pyxdf.load_xdf(source)
    after, _ = pyxdf.load_xdf(report.target)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old["time_stamps"], new["time_stamps"])
        np.testing.assert_array_equal(old["time_series"], new["time_series"])


@pytest.mark.parametrize("name", ["out_of_order_sample_chunk", "out_of_order_clock_offsets"])
def test_of_fuzzed_files_every_sample_is_saved(shared_data: Path, tmp_path: Path, name: str) -> None:
    report = repair(shared_data / "samples" / "xdf" / f"{name}.xdf", tmp_path / "mended.xdf")
    (stream,) = load(tmp_path / "mended.xdf").values()
    assert len(stream["time_stamps"]) == report.streams[0, "000000000"] == 9


def test_a_file_without_a_readable_stream_says_what_is_wrong(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no readable stream: 11 unreadable bytes at 64"):
        repair(shared_data / "samples" / "xdf" / "chunk_length_lie.xdf", tmp_path / "mended.xdf")
    assert not list(tmp_path.iterdir())
