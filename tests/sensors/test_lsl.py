"""LSL inlets against real outlets on the loopback."""

from __future__ import annotations

import numpy as np
import pylsl
import pytest
from faults import read_some, seconds_to_loss, seconds_to_return
from outlet import Sender

from insula.edge.clock import now
from insula.edge.errors import SensorUnavailable
from insula.sensors.lsl_inlet import LslInlet, probe


def eeg(name: str, rate: float = 250.0, source_id: str = "amp-1") -> pylsl.StreamInfo:
    info = pylsl.StreamInfo(name, "EEG", 3, rate, "float32", source_id)
    channels = info.desc().append_child("channels")
    for label in ("Fp1", "Fp2", "Cz"):
        channels.append_child("channel").append_child_value("label", label).append_child_value("unit", "uV")
    info.desc().append_child("acquisition").append_child_value("manufacturer", "Amps Inc.")
    return info


def test_every_sample_once_in_order_with_the_senders_description() -> None:
    with Sender(eeg("complete")):
        inlet = LslInlet(name="complete", type="EEG")
        (info,) = inlet.open()
        assert (info.type, info.sfreq, info.ch_names) == ("EEG", 250.0, ("Fp1", "Fp2", "Cz"))
        assert info.units == ("microvolts",) * 3
        assert (info.sensor_id, info.manufacturer, info.simulated) == ("amp-1", "Amps Inc.", False)
        times, rows = [], []
        while sum(map(len, rows)) < 500:
            for block in inlet.read(0.1):
                assert block.times is not None
                times.append(block.times)
                rows.append(block.data)
                newest = now() - block.times[-1]
        inlet.close()
    numbers = np.concatenate(rows)[:, 0]
    np.testing.assert_array_equal(np.diff(numbers), 1.0)
    steps = np.diff(np.concatenate(times))
    assert steps.min() > 0
    assert np.median(steps) == pytest.approx(1 / 250.0, rel=0.02)
    assert -0.05 < newest < 0.1


def test_markers_are_text_and_those_of_one_moment_are_all_kept() -> None:
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("events", "Markers", 1, 0, "string", "events-1"))
    inlet = LslInlet(type="Markers", source_id="events-1")
    (info,) = inlet.open()
    assert (info.dtype, info.sfreq) == ("S256", 0.0)
    assert outlet.wait_for_consumers(2.0)
    at = pylsl.local_clock()
    for text in ("begin", "grün", "x" * 300):
        outlet.push_sample([text], at)
    texts: list[bytes] = []
    stamps: list[float] = []
    while len(texts) < 3:
        for block in inlet.read(1.0):
            assert block.times is not None
            texts += block.data[:, 0].tolist()
            stamps += block.times.tolist()
    assert texts == [b"begin", "grün".encode(), b"x" * 256]
    assert stamps[0] == pytest.approx(at, abs=1e-3)
    assert stamps[0] < stamps[1] < stamps[2] < at + 0.01
    assert list(inlet.read(0.01)) == []  # silence of a marker stream is no loss
    inlet.close()


@pytest.mark.parametrize("kind", ["float32", "double64", "int8", "int16", "int32"])
def test_every_channel_format_keeps_its_type(kind: str) -> None:
    with Sender(pylsl.StreamInfo(f"as {kind}", "Other", 2, 100.0, kind, f"as-{kind}")):
        inlet = LslInlet(name=f"as {kind}")
        (info,) = inlet.open()
        (block,) = inlet.read(2.0)
        inlet.close()
    assert info.dtype == {"double64": "float64"}.get(kind, kind)
    assert block.data.dtype == np.dtype(info.dtype)
    assert info.ch_names == ("ch1", "ch2")


def test_an_outlet_that_ends_is_a_loss_and_its_return_is_used() -> None:
    inlet = LslInlet(name="restarted")
    with Sender(eeg("restarted")):
        inlet.open()
        assert read_some(inlet, 5, 3.0)
    took_s, words = seconds_to_loss(inlet)
    assert took_s < 1.1
    assert "restarted" in words
    with Sender(eeg("restarted")):
        assert seconds_to_return(inlet) < 3.0
    inlet.close()


def test_a_silent_sender_is_a_loss() -> None:
    with Sender(eeg("silent")) as sender:
        inlet = LslInlet(name="silent")
        inlet.open()
        assert read_some(inlet, 5, 3.0)
        sender.pause()
        took_s, words = seconds_to_loss(inlet)
        inlet.close()
    assert took_s < 1.2
    assert "silent for" in words


def test_two_streams_that_fit_are_named() -> None:
    with Sender(eeg("twin", source_id="left")), Sender(eeg("twin", source_id="right")):
        found: set[str] = set()
        while found != {"left", "right"}:
            found = {str(f.options.get("source_id")) for f in probe() if "twin" in f.label}
        one = LslInlet(name="twin", source_id="left")
        assert one.open()[0].sensor_id == "left"
        one.close()


def test_a_quote_in_a_name_is_no_query(tmp_path: object) -> None:
    with Sender(eeg("Anna's amp")):
        inlet = LslInlet(name="Anna's amp")
        assert inlet.open()[0].name == "Anna's amp"
        inlet.close()


def test_nothing_asked_for_is_refused() -> None:
    with pytest.raises(SensorUnavailable, match="give name, type or source_id"):
        LslInlet().open()


def test_a_sender_of_one_burst_a_second_is_not_lost_and_its_times_are_even() -> None:
    with Sender(eeg("bursts", rate=100.0), per_push=100):
        inlet = LslInlet(name="bursts")
        inlet.open()
        times: list[np.ndarray] = []
        while sum(map(len, times)) < 400:
            times += [block.times for block in inlet.read(0.1) if block.times is not None]
        inlet.close()
    steps = np.diff(np.concatenate(times))
    assert 0.005 < steps.min() <= steps.max() < 0.015
