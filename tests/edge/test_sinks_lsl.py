from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from insula.edge.clock import now
from insula.edge.errors import SinkError
from insula.edge.lsl_network import keep_local
from insula.edge.protocols import Sink
from insula.edge.sinks.rows import ESTIMATES, STATE
from insula.edge.testing import ManualClock, memory_stream
from insula.edge.types import AffectEstimate, AffectState, Marker, Measure, StreamInfo

keep_local()  # before liblsl is loaded: tests stay on the loopback interface
pylsl = pytest.importorskip("pylsl")

from insula.edge.sinks.lsl import REPEAT_S, LslSink, clock_offset  # noqa: E402

SIMULATED = StreamInfo("eda", "EDA", 4.0, ("EDA",), ("microsiemens",), simulated=True)


@pytest.fixture
def source() -> str:
    """A source id no other test run on this machine has."""
    return f"test-{os.getpid()}"


@pytest.fixture
def sink(source: str) -> Iterator[LslSink]:
    sink = LslSink(source_id=source)
    sink.open({"eda": memory_stream(SIMULATED)[1]})
    yield sink
    sink.close()


def inlet(name: str, source: str) -> Any:
    return inlet_of(f"{source}:{name}")


def inlet_of(source_id: str) -> Any:
    found = pylsl.resolve_byprop("source_id", source_id, 1, 10.0)
    assert found, source_id
    inlet = pylsl.StreamInlet(found[0], recover=False)
    inlet.open_stream(10.0)
    return inlet


def description(info: Any) -> dict[str, str]:
    return {
        key: info.desc().child_value(key)
        for key in ("manufacturer", "simulated", "model", "stream", "va_source")
    }


def channels(info: Any) -> list[tuple[str, str, str]]:
    found, channel = [], info.desc().child("channels").child("channel")
    while not channel.empty():
        found.append(tuple(channel.child_value(key) for key in ("label", "unit", "type")))
        channel = channel.next_sibling("channel")
    return found


def test_it_fits_the_seam() -> None:
    assert isinstance(LslSink(), Sink)


def test_the_state_arrives_with_its_own_time_and_nan_for_not_measured(sink: LslSink, source: str) -> None:
    state = inlet("insula.state", source)
    info = state.info(10.0)
    assert info.name() == "insula.state"
    assert [label for label, _, _ in channels(info)] == list(STATE.labels)
    assert {kind for _, _, kind in channels(info)} == {"AffectState"}
    assert channels(info)[0] == ("valence", "1", "AffectState")
    assert description(info)["simulated"] == "true"
    t = now() - 0.25
    sink.put(AffectState(t, valence=Measure(0.5, 0.125), va_source="mapped"))
    sample, stamp = state.pull_sample(10.0)
    row = dict(zip(STATE.labels, sample, strict=True))
    assert row["valence"] == 0.5
    assert row["valence_sd"] == 0.125
    assert math.isnan(row["arousal"])
    assert stamp + state.time_correction(10.0) == pytest.approx(t, abs=1e-3)


def test_a_modality_appears_with_its_first_estimate(sink: LslSink, source: str) -> None:
    estimate = AffectEstimate(
        "eda", "wrist", now(), 1.0, indices=(("stress", Measure(0.75, 0.25)),), model="eda-1 abc"
    )
    sink.put(estimate)
    eda = inlet("insula.eda", source)
    sink.put(estimate)
    sample, _ = eda.pull_sample(10.0)
    assert sample[ESTIMATES["eda"].labels.index("stress")] == 0.75
    facts = description(eda.info(10.0))
    assert facts["model"] == "eda-1 abc"
    assert facts["stream"] == "wrist"


def test_markers_and_reasons_are_texts(sink: LslSink, source: str) -> None:
    markers, reasons = inlet("insula.markers", source), inlet("insula.reasons", source)
    assert markers.info(10.0).type() == "Markers"
    sink.put(Marker(now(), "Übung beginnt"))
    assert markers.pull_sample(10.0)[0] == ["Übung beginnt"]
    sink.put(AffectEstimate("eda", "eda", now(), 0.0, reason="the electrode is dry"))
    assert reasons.pull_sample(10.0)[0] == ["eda", "the electrode is dry"]
    sink.poll()


def test_our_clock_and_lsl_s_agree() -> None:
    assert abs(clock_offset()) < 1e-3
    assert clock_offset(lambda: now() - 5.0) == pytest.approx(5.0, abs=1e-3)


def test_a_sink_that_is_not_open_says_so() -> None:
    sink = LslSink()
    with pytest.raises(SinkError, match="not open"):
        sink.put(Marker(0.0, "go"))
    sink.close()


def test_closing_withdraws_the_streams_and_a_new_sink_may_take_over(source: str) -> None:
    for _ in range(2):
        sink = LslSink(source_id=source)
        sink.open({})
        assert pylsl.resolve_byprop("source_id", f"{source}:insula.state", 1, 10.0)
        sink.close()
        sink.close()


def test_a_late_receiver_is_told_what_is_not_measured(source: str) -> None:
    clock = ManualClock(now())
    sink = LslSink(source_id=source, clock=clock)
    sink.open({})
    sink.put(AffectEstimate("eda", "eda", clock(), 0.0, reason="baseline: 60 s left"))
    late = inlet("insula.reasons", source)
    sink.poll()
    assert late.pull_sample(timeout=0.2) == (None, None)
    clock.advance(REPEAT_S)
    sink.poll()
    sample, _ = late.pull_sample(timeout=10.0)
    assert sample == ["eda", "baseline: 60 s left"]
    late.close_stream()
    sink.close()


def test_body_signals_are_offered_when_asked_for_and_sound_never(source: str) -> None:
    writer, reader = memory_stream(SIMULATED)
    voice = memory_stream(StreamInfo("voice", "Audio", 16000.0, ("mono",), ("normalized",)))[1]
    sink = LslSink(source_id=source, signals=True)
    sink.open({"eda": reader, "voice": voice})
    receiver = inlet_of(f"{source}:signal:eda")
    t = now()
    writer.push(np.array([[1.5], [2.5]], np.float32), np.array([t, t + 0.25]))
    sink.poll()
    samples, times = [], []
    while len(samples) < 2:
        sample, at = receiver.pull_sample(timeout=10.0)
        samples.append(sample[0])
        times.append(at)
    assert samples == [1.5, 2.5]
    assert times == pytest.approx([t, t + 0.25], abs=2e-3)
    assert receiver.info(10.0).desc().child_value("simulated") == "true"
    assert not pylsl.resolve_byprop("source_id", f"{source}:signal:voice", 1, 0.5)
    receiver.close_stream()
    sink.close()
