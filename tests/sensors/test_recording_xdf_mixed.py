"""Recordings of ours that also hold streams of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insula.edge.testing import sample_times
from insula.edge.xdf import layout
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.writer import XdfWriter
from insula.sensors.recording_xdf import read_xdf


def foreign(name: str, sfreq: float) -> XdfStream:
    """A header as another program wrote it."""
    told = (("name", name), ("type", "EEG"), ("channel_count", "1"), ("nominal_srate", str(sfreq)),
            ("channel_format", "float32"), ("source_id", name))  # fmt: skip
    return XdfStream(name, "EEG", sfreq, ("",), ("",), "float32", xml=layout.xml(told))


def test_their_jitter_is_straightened_and_our_stamps_stay(tmp_path: Path) -> None:
    even = sample_times(2000, 100.0, 0.0)
    jittered = even + np.random.default_rng(0).uniform(0, 0.004, 2000)
    with_gap = np.concatenate((even[:1000], even[1000:] + 0.3))
    writer = XdfWriter(tmp_path / "a.xdf", sync=False)
    theirs = writer.add_stream(foreign("amp", 100.0))
    ours = writer.add_stream(XdfStream("wrist", "EDA", 100.0, ("EDA",), ("microsiemens",), "float32"))
    values = np.arange(2000, dtype=np.float32)[:, np.newaxis]
    writer.samples(theirs, 500.0 + jittered, values)
    writer.clock_offset(theirs, 500.0, 7.0)
    writer.clock_offset(theirs, 520.0, 7.0)
    writer.samples(ours, 507.0 + with_gap, values)
    writer.close()
    amp, wrist = read_xdf(tmp_path / "a.xdf", dejitter=False)
    np.testing.assert_allclose(np.diff(amp.times), 0.01, atol=1e-5)
    assert np.diff(wrist.times).max() == pytest.approx(0.31)
    assert abs(amp.times[0] - wrist.times[0]) < 0.005  # their clock is 7 s behind ours
