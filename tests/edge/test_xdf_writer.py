from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.edge.errors import SinkError
from insula.edge.xdf import layout
from insula.edge.xdf.header import XdfStream, channel_format
from insula.edge.xdf.writer import BOUNDARY_S, XdfWriter

Streams = dict[str, dict[str, Any]]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.t = 100.0

    def __call__(self) -> float:
        return self.t


def load(path: Path) -> Streams:
    """What pyxdf reads, with the times as they were written."""
    streams, _ = pyxdf.load_xdf(path, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


def eeg(**changes: Any) -> XdfStream:
    units = ("microvolts", "microvolts")
    plain = XdfStream("eeg", "EEG", 250.0, ("Fp1", "Fp2"), units, "float32")
    return dataclasses.replace(plain, **changes)


NOTES = XdfStream("notes", "Markers", 0.0, ("text",), ("",), "string")


def write_session(path: Path, blocks: int = 4) -> tuple[np.ndarray, np.ndarray]:
    clock = Time()
    writer = XdfWriter(path, clock=clock)
    signal, notes = writer.add_stream(eeg()), writer.add_stream(NOTES)
    times = 100.0 + np.arange(blocks * 25) / 250.0
    data = np.arange(blocks * 50, dtype=np.float32).reshape(-1, 2)
    for part in range(blocks):
        rows = slice(part * 25, part * 25 + 25)
        writer.samples(signal, times[rows], data[rows])
        writer.strings(notes, [float(times[rows][0])], [[f"block {part} µ"]])
        writer.clock_offset(signal, clock.t, 0.0)
        clock.t += 4.0
        writer.flush()
    writer.close()
    return times, data


def test_a_session_opens_in_pyxdf_with_equal_values_times_and_footers(tmp_path: Path) -> None:
    times, data = write_session(tmp_path / "a.xdf")
    streams = load(tmp_path / "a.xdf")
    np.testing.assert_array_equal(streams["eeg"]["time_series"], data)
    np.testing.assert_array_equal(streams["eeg"]["time_stamps"], times)
    assert streams["notes"]["time_series"] == [[f"block {k} µ"] for k in range(4)]
    footer = streams["eeg"]["footer"]["info"]
    assert footer["sample_count"] == ["100"]
    assert footer["first_timestamp"] == ["100.0"]
    assert float(footer["last_timestamp"][0]) == times[-1]
    assert float(footer["measured_srate"][0]) == pytest.approx(250.0)
    assert len(footer["clock_offsets"][0]["offset"]) == 4


def test_the_header_carries_all_metadata(tmp_path: Path) -> None:
    writer = XdfWriter(tmp_path / "a.xdf", [("session", "pilot <7>")])
    writer.add_stream(
        eeg(
            source_id="cyton-1",
            manufacturer="OpenBCI",
            simulated=True,
            can_drop_samples=True,
            extra=(("reference", "ears"),),
        )
    )
    writer.close()
    (stream,), header = pyxdf.load_xdf(tmp_path / "a.xdf")
    assert header["info"]["session"] == ["pilot <7>"]
    assert header["info"]["version"] == ["1.0"]
    info = stream["info"]
    assert info["source_id"] == ["cyton-1"]
    assert info["nominal_srate"] == ["250.0"]
    desc = info["desc"][0]
    assert desc["manufacturer"] == ["OpenBCI"]
    assert desc["simulated"] == ["true"]
    assert desc["reference"] == ["ears"]
    assert desc["synchronization"][0]["can_drop_samples"] == ["true"]
    channels = desc["channels"][0]["channel"]
    assert [c["label"][0] for c in channels] == ["Fp1", "Fp2"]
    assert {c["unit"][0] for c in channels} == {"microvolts"}
    assert {c["type"][0] for c in channels} == {"EEG"}


finite32 = st.floats(width=32, allow_nan=True, allow_infinity=True)
VALUES = {
    "float32": finite32,
    "double64": st.floats(),
    "int8": st.integers(-(2**7), 2**7 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
}
no_surrogates = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[str, int, float, list[tuple[list[float], list[list[Any]]]]]:
    """A format, a channel count, a rate and some chunks of times and rows."""
    format_ = draw(st.sampled_from([*VALUES, "string"]))
    width = draw(st.integers(1, 3))
    value = VALUES.get(format_, no_surrogates)
    row = st.lists(value, min_size=width, max_size=width)
    chunks = draw(st.lists(st.lists(st.tuples(st.floats(1e-3, 1e3), row), max_size=5), max_size=4))
    t, stamped = draw(st.floats(0, 1e6)), []
    for chunk in chunks:
        times = [t := t + step for step, _ in chunk]
        stamped.append((times, [values for _, values in chunk]))
    return format_, width, draw(st.sampled_from([0.0, 4.0, 250.0])), stamped


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(recording=recordings(), name=st.text(min_size=1, max_size=8))
def test_every_value_of_every_format_comes_back_to_the_bit(
    tmp_path: Path, recording: tuple[str, int, float, list[Any]], name: str
) -> None:
    format_, width, sfreq, chunks = recording
    path = tmp_path / "a.xdf"
    path.unlink(missing_ok=True)
    writer = XdfWriter(path, sync=False)
    labels = (name,) * width
    number = writer.add_stream(XdfStream("s", name, sfreq, labels, ("",) * width, format_))
    for times, rows in chunks:
        if format_ == "string":
            writer.strings(number, times, rows)
        else:
            data = np.array(rows, layout.NUMPY_OF[format_]).reshape(len(rows), width)
            writer.samples(number, np.array(times), data)
        writer.flush()
    writer.close()
    stream = load(path)["s"]
    all_times = [t for times, _ in chunks for t in times]
    all_rows = [row for _, rows in chunks for row in rows]
    assert list(stream["time_stamps"]) == all_times
    assert stream["footer"]["info"]["sample_count"] == [str(len(all_times))]
    if format_ == "string":
        assert stream["time_series"] == all_rows
    else:
        expected = np.array(all_rows, layout.NUMPY_OF[format_]).reshape(-1, width)
        np.testing.assert_array_equal(stream["time_series"], expected)


def test_times_a_reader_deduces_exactly_are_not_stored(tmp_path: Path) -> None:
    step = 1.0 / 250.0
    times = np.add.accumulate(np.array([100.0, *[step] * 999]))
    data = np.zeros((1000, 2), np.float32)
    sizes = []
    for name, stamps in (("deduced", times), ("explicit", times + np.linspace(0, 1e-9, 1000))):
        writer = XdfWriter(tmp_path / name, sync=False)
        writer.samples(writer.add_stream(eeg()), stamps, data)
        writer.close()
        np.testing.assert_array_equal(load(tmp_path / name)["eeg"]["time_stamps"], stamps)
        sizes.append((tmp_path / name).stat().st_size)
    assert sizes[1] - sizes[0] == pytest.approx(999 * 8, abs=64)  # the rest is text in the footer


def test_a_boundary_comes_every_ten_seconds(tmp_path: Path) -> None:
    clock = Time()
    writer = XdfWriter(tmp_path / "a.xdf", clock=clock)
    number = writer.add_stream(eeg())
    for second in range(60):
        clock.t = 100.0 + second
        writer.samples(number, np.array([clock.t]), np.zeros((1, 2), np.float32))
        writer.flush()
    writer.close()
    assert (tmp_path / "a.xdf").read_bytes().count(layout.BOUNDARY_UUID) == 60 / BOUNDARY_S - 1


def test_an_existing_recording_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.xdf").write_text("precious")
    with pytest.raises(SinkError, match="never overwritten"):
        XdfWriter(tmp_path / "a.xdf")
    assert (tmp_path / "a.xdf").read_text() == "precious"


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be created"):
        XdfWriter(tmp_path / "file" / "a.xdf")


def test_wrong_shapes_and_formats_are_refused(tmp_path: Path) -> None:
    writer = XdfWriter(tmp_path / "a.xdf")
    number = writer.add_stream(eeg())
    with pytest.raises(SinkError, match="shape"):
        writer.samples(number, np.zeros(1), np.zeros((1, 3), np.float32))
    with pytest.raises(SinkError, match="no channel format"):
        writer.add_stream(eeg(format="float16"))
    writer.close()
    writer.close()
    assert list(load(tmp_path / "a.xdf")) == ["eeg"]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float16", "float32"), ("uint8", "int16"), ("uint16", "int32"), ("uint32", "int64"), ("bool", "int8")],
)
def test_types_xdf_lacks_are_widened_without_loss(dtype: str, expected: str) -> None:
    assert channel_format(dtype) == expected
    assert np.can_cast(np.dtype(dtype), layout.NUMPY_OF[expected], "safe")


def test_a_type_without_a_lossless_format_is_refused() -> None:
    with pytest.raises(SinkError, match="uint64"):
        channel_format("uint64")
