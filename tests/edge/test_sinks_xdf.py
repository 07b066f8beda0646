from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf

from insula.edge.errors import SinkError
from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Sink
from insula.edge.sinks.rows import ESTIMATES, STATE
from insula.edge.sinks.xdf import CLOCK_OFFSET_S, FLUSH_S, XdfRecorder
from insula.edge.sinks.xdf_streams import NO_PICTURES, NO_SOUND
from insula.edge.stream import FRAME_SLOTS, StreamReader, StreamWriter
from insula.edge.testing import ManualClock, memory_stream, sample_times
from insula.edge.types import AffectEstimate, AffectState, Contribution, Marker, Measure, StreamInfo

EEG = StreamInfo("eeg", "EEG", 250.0, ("Fp1", "Fp2"), ("microvolts",) * 2, sensor_id="cyton", simulated=True)
EDA = StreamInfo("eda", "EDA", 4.0, ("EDA",), ("microsiemens",))
SOUND = StreamInfo("voice", "Audio", 16000.0, ("mono",), ("normalized",))
CAMERA = StreamInfo(
    "camera", "Video", 30.0, ("rgb",), ("",), "uint8", (8, 12, 3), sensor_id="cam-0", latency_s=0.042
)
T0 = 1000.0


def load(path: Path) -> dict[str, dict[str, Any]]:
    streams, header = pyxdf.load_xdf(path, dejitter_timestamps=False)
    return {"": header} | {stream["info"]["name"][0]: stream for stream in streams}


def record(path: Path, *infos: StreamInfo, **options: Any) -> tuple[XdfRecorder, dict[str, StreamWriter]]:
    recorder = XdfRecorder(path=str(path), clock=options.pop("clock", ManualClock(T0)), **options)
    pairs = {info.name: memory_stream(info) for info in infos}
    recorder.open({name: reader for name, (_, reader) in pairs.items()})
    return recorder, {name: writer for name, (writer, _) in pairs.items()}


def test_it_fits_the_seam(tmp_path: Path) -> None:
    assert isinstance(XdfRecorder(path=str(tmp_path / "a.xdf")), Sink)


def test_samples_arrive_in_the_file_as_they_are(tmp_path: Path) -> None:
    recorder, writers = record(tmp_path / "a.xdf", EEG, EDA)
    eeg = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    for part in range(10):
        writers["eeg"].push(eeg[part * 50 : part * 50 + 50], sample_times(50, 250.0, T0 + part * 0.2))
        recorder.poll()
    writers["eda"].push(np.array([[np.nan], [2.0]], np.float32), np.array([T0, T0 + 0.25]))
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    np.testing.assert_array_equal(streams["eeg"]["time_series"], eeg)
    np.testing.assert_allclose(streams["eeg"]["time_stamps"], sample_times(500, 250.0, T0), atol=1e-6)
    np.testing.assert_array_equal(streams["eda"]["time_series"], [[np.nan], [2.0]])
    info = streams["eeg"]["info"]
    assert info["source_id"] == ["cyton"]
    assert info["desc"][0]["simulated"] == ["true"]
    assert streams["eda"]["info"]["desc"][0]["simulated"] == ["false"]
    assert streams["insula.state"]["info"]["desc"][0]["simulated"] == ["true"]
    recorder.close()
    assert recorder.recorded()["eeg"].samples == 500
    assert recorder.size_bytes == (tmp_path / "a.xdf").stat().st_size


def test_video_is_recorded_as_frame_times_never_as_pixels(tmp_path: Path) -> None:
    recorder, writers = record(tmp_path / "a.xdf", CAMERA)
    secret = np.frombuffer(b"PIXELSPIXELS" * 24, np.uint8).reshape(8, 12, 3)
    for k in range(5):
        writers["camera"].push(secret, np.array([T0 + k / 30]))
    recorder.close()
    stream = load(tmp_path / "a.xdf")["camera"]
    np.testing.assert_array_equal(stream["time_series"], np.arange(5)[:, np.newaxis])
    np.testing.assert_allclose(stream["time_stamps"], T0 + np.arange(5) / 30, atol=1e-6)
    desc = stream["info"]["desc"][0]
    assert desc["frame_size"] == ["12x8"]
    assert desc["synchronization"][0]["can_drop_samples"] == ["true"]
    assert desc["synchronization"][0]["offset_mean"] == ["0.042"]  # taken off the times already
    assert b"PIXELS" not in (tmp_path / "a.xdf").read_bytes()


def test_frame_times_survive_when_the_pictures_were_overwritten(tmp_path: Path) -> None:
    recorder, writers = record(tmp_path / "a.xdf", CAMERA)
    for k in range(FRAME_SLOTS + 600):
        writers["camera"].push(np.zeros((8, 12, 3), np.uint8), np.array([T0 + k / 30]))
    recorder.close()
    assert len(load(tmp_path / "a.xdf")["camera"]["time_stamps"]) == FRAME_SLOTS + 600
    assert recorder.recorded()["camera"].lost == 0


@pytest.mark.parametrize("audio", [False, True])
def test_sound_is_recorded_only_when_asked_for_and_the_file_says_so(tmp_path: Path, audio: bool) -> None:
    recorder, writers = record(tmp_path / "a.xdf", SOUND, audio=audio)
    writers["voice"].push(np.ones((160, 1), np.float32), sample_times(160, 16000.0, T0))
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    assert ("voice" in streams) is audio
    assert streams[""]["info"]["audio"] == [str(audio).lower()]
    assert recorder.left_out == ({} if audio else {"voice": NO_SOUND})
    assert streams["insula.reasons"]["time_series"] == ([] if audio else [["voice", NO_SOUND]])


def test_pixels_that_come_as_samples_of_another_program_stay_out(tmp_path: Path) -> None:
    pixels = StreamInfo("foreign", "VideoRaw", 30.0, ("p",), ("",), "uint8")
    recorder, writers = record(tmp_path / "a.xdf", pixels)
    writers["foreign"].push(np.full((9, 1), 7, np.uint8), sample_times(9, 30.0, T0))
    recorder.close()
    assert "foreign" not in load(tmp_path / "a.xdf")
    assert recorder.left_out == {"foreign": NO_PICTURES}


def test_states_and_estimates_are_rows_with_nan_for_not_measured(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    expression = tuple(math.log(1 / 8) for _ in range(8))
    recorder.put(
        AffectState(
            T0,
            valence=Measure(0.25, 0.125),
            expression=expression,
            indices=(("stress", Measure(0.5, 0.0625)),),
            contributions=(Contribution("eda", True, weight=1.0), Contribution("face", False, "no face")),
            age_newest_s=0.5,
            age_oldest_s=0.75,
            va_source="mapped",
        )
    )
    recorder.put(AffectState(T0 + 0.05, reason="nothing is measured"))
    recorder.put(AffectEstimate("eeg", "eeg", T0, 0.5, reason="electrode Fp1 is off", simulated=True))
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    first, second = streams["insula.state"]["time_series"]
    state = dict(zip(STATE.labels, first, strict=True))
    assert state["valence"] == 0.25
    assert state["valence_sd"] == 0.125
    assert math.isnan(state["arousal"])
    assert state["p_fear"] == pytest.approx(1 / 8)
    assert state["stress"] == 0.5
    assert math.isnan(state["workload"])
    assert state["age_oldest"] == 0.75
    assert state["weight_eda"] == 1.0
    assert math.isnan(state["weight_face"])
    assert np.isnan(second[:-1]).all()
    (eeg,) = streams["insula.eeg"]["time_series"]
    estimate = dict(zip(ESTIMATES["eeg"].labels, eeg, strict=True))
    assert estimate["quality"] == 0.5
    assert estimate["simulated"] == 1.0
    assert math.isnan(estimate["valence"])
    assert streams["insula.eeg"]["info"]["desc"][0]["simulated"] == ["true"]
    labels = [c["label"][0] for c in streams["insula.state"]["info"]["desc"][0]["channels"][0]["channel"]]
    assert labels == list(STATE.labels)


def test_reasons_are_written_when_they_change(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    measured = AffectEstimate("face", "camera", T0 + 2, 1.0, valence=Measure(0.0, 0.1), va_source="native")
    recorder.put(AffectEstimate("face", "camera", T0, 0.0, reason="no face in view"))
    recorder.put(AffectEstimate("face", "camera", T0 + 1, 0.0, reason="no face in view"))
    recorder.put(measured)
    recorder.close()
    reasons = load(tmp_path / "a.xdf")["insula.reasons"]
    assert reasons["time_series"] == [["face", "no face in view"], ["face", ""]]
    assert list(reasons["time_stamps"]) == [T0, T0 + 2]


def test_markers_and_health_are_texts_with_their_times(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    recorder.put(Marker(T0 + 1, "Stroop beginnt · Übung", "dashboard"))
    recorder.put(HealthEvent(T0 + 2, "eda", "sensor", NodeState.LOST, "unplugged"))
    recorder.put(StreamStats(T0, "eda", "eda", 4.0, 4.0, 0.1, 9))
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    assert streams["insula.markers"]["time_series"] == [["Stroop beginnt · Übung"]]
    assert streams["insula.marker_sources"]["time_series"] == [["dashboard"]]
    assert list(streams["insula.markers"]["time_stamps"]) == [T0 + 1]
    assert streams["insula.health"]["time_series"] == [["eda", "lost", "unplugged"]]


def test_an_index_without_a_channel_gets_a_stream_of_its_own(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    recorder.put(AffectEstimate("eda", "eda", T0, 1.0, indices=(("startle", Measure(0.25, 0.5)),)))
    recorder.close()
    np.testing.assert_array_equal(
        load(tmp_path / "a.xdf")["insula.eda.startle"]["time_series"], [[0.25, 0.5]]
    )


def test_texts_of_another_program_are_recorded_as_texts(tmp_path: Path) -> None:
    info = StreamInfo("stimuli", "Markers", 0.0, ("text",), ("",), "S256")
    recorder, writers = record(tmp_path / "a.xdf", info)
    texts = np.array([["go"], [b"\xc3\x9cbung"]], "S256")
    writers["stimuli"].push(texts, np.array([T0, T0 + 1.5]))
    recorder.close()
    stream = load(tmp_path / "a.xdf")["stimuli"]
    assert stream["time_series"] == [["go"], ["Übung"]]
    assert list(stream["time_stamps"]) == [T0, T0 + 1.5]
    assert stream["info"]["channel_format"] == ["string"]


@pytest.mark.parametrize(("before_s", "kept"), [(0.0, 2), (0.5, 4), (60.0, 6)])
def test_of_the_time_before_the_recording_only_what_was_asked_for_is_kept(
    tmp_path: Path, before_s: float, kept: int
) -> None:
    writer, reader = memory_stream(EDA)
    writer.push(np.zeros((4, 1), np.float32), sample_times(4, 4.0, T0 - 1.0))
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"), before_s=before_s, clock=ManualClock(T0))
    recorder.open({"eda": reader})
    writer.push(np.ones((2, 1), np.float32), sample_times(2, 4.0, T0))
    recorder.close()
    values = load(tmp_path / "a.xdf")["eda"]["time_series"][:, 0]
    assert len(values) == kept
    assert list(values[-2:]) == [1.0, 1.0]


def test_a_pause_of_a_sensor_is_a_gap(tmp_path: Path) -> None:
    recorder, writers = record(tmp_path / "a.xdf", EDA, CAMERA)
    for t in (T0, T0 + 0.5, T0 + 5.0):
        writers["eda"].push(np.ones((2, 1), np.float32), sample_times(2, 4.0, t))
        writers["camera"].push(np.zeros((8, 12, 3), np.uint8), np.array([t]))
        recorder.poll()
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    assert streams["eda"]["footer"]["info"]["gaps"] == ["1"]
    assert streams["camera"]["footer"]["info"]["gaps"] == ["1"]


def test_texts_are_sorted_by_time_within_a_poll(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    recorder.put(Marker(T0 + 2, "second", "b"))
    recorder.put(Marker(T0 + 1, "first", "a"))
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    assert streams["insula.markers"]["time_series"] == [["first"], ["second"]]
    assert streams["insula.marker_sources"]["time_series"] == [["a"], ["b"]]
    assert list(streams["insula.markers"]["time_stamps"]) == [T0 + 1, T0 + 2]


def test_the_times_of_reports_never_go_back_while_markers_keep_theirs(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path / "a.xdf")
    for t, back in ((T0 + 1, 0.2), (T0 + 2, 1.5)):  # the estimate speaks of a moment before the state's
        recorder.put(AffectState(t, reason=f"no voice at {t}"))
        recorder.put(Marker(t, "now"))
        recorder.poll()
        recorder.put(AffectEstimate("voice", "voice", t - back, 0.0, reason=f"too quiet at {t}"))
        recorder.put(Marker(t - back, "a moment ago"))
        recorder.poll()
    recorder.close()
    streams = load(tmp_path / "a.xdf")
    assert list(streams["insula.reasons"]["time_stamps"]) == [T0 + 1, T0 + 1, T0 + 2, T0 + 2]
    assert list(streams["insula.markers"]["time_stamps"]) == [T0 + 1, T0 + 0.8, T0 + 2, T0 + 0.5]
    assert list(streams["insula.voice"]["time_stamps"]) == [T0 + 0.8, T0 + 0.5]


def test_a_stream_that_comes_late_is_recorded_from_then_on(tmp_path: Path) -> None:
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"), clock=ManualClock(T0))
    streams: dict[str, StreamReader] = {}
    recorder.open(streams)
    recorder.poll()
    writer, streams["eda"] = memory_stream(EDA)
    writer.push(np.ones((3, 1), np.float32), sample_times(3, 4.0, T0))
    recorder.poll()
    recorder.close()
    assert len(load(tmp_path / "a.xdf")["eda"]["time_stamps"]) == 3


def test_lost_samples_and_gaps_are_counted_in_the_footer(tmp_path: Path) -> None:
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"), clock=ManualClock(T0))
    writer = StreamWriter(EEG, seconds=2.0)
    recorder.open({"eeg": writer.reader()})
    for part in range(20):
        if part in (1, 19):
            recorder.poll()
        writer.push(np.full((100, 2), part, np.float32), sample_times(100, 250.0, T0 + part * 0.4))
    recorder.close()
    stream = load(tmp_path / "a.xdf")["eeg"]
    footer = stream["footer"]["info"]
    lost = int(footer["lost_samples"][0])
    assert lost > 0
    assert lost + int(footer["sample_count"][0]) == 2000
    assert footer["gaps"] == ["1"]
    assert recorder.recorded()["eeg"].lost == lost
    assert len(stream["time_stamps"]) == 2000 - lost


def test_everything_older_than_the_flush_period_is_on_the_disk(tmp_path: Path) -> None:
    clock = ManualClock(T0)
    recorder, writers = record(tmp_path / "a.xdf", EEG, clock=clock)
    for step in range(1, 30):
        clock.t = T0 + step * 0.1
        writers["eeg"].push(np.zeros((25, 2), np.float32), sample_times(25, 250.0, clock.t - 0.1))
        recorder.put(AffectState(clock.t, reason="…"))
        recorder.poll()
        recorder.wait()
        streams = load(tmp_path / "a.xdf")
        for name in ("eeg", "insula.state"):
            newest = max(streams[name]["time_stamps"], default=T0)
            assert clock.t - newest < FLUSH_S + 0.11, name
    recorder.close()


def test_clock_offsets_are_zero_because_recorder_and_streams_share_a_clock(tmp_path: Path) -> None:
    clock = ManualClock(T0)
    recorder, _ = record(tmp_path / "a.xdf", EEG, clock=clock)
    for _ in range(4):
        recorder.poll()
        clock.advance(CLOCK_OFFSET_S)
    recorder.close()
    stream = load(tmp_path / "a.xdf")["eeg"]
    assert stream["clock_values"] == [0.0] * 4
    assert "lsl_clock_offset" in load(tmp_path / "a.xdf")[""]["info"]
    np.testing.assert_allclose(np.diff(stream["clock_times"]), CLOCK_OFFSET_S)


def test_recording_twice_into_one_file_is_refused_and_nothing_is_harmed(tmp_path: Path) -> None:
    (tmp_path / "a.xdf").write_bytes(b"precious")
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"))
    with pytest.raises(SinkError, match="never overwritten"):
        recorder.open({})
    recorder.close()
    assert (tmp_path / "a.xdf").read_bytes() == b"precious"


def test_a_recorder_that_was_not_opened_says_so(tmp_path: Path) -> None:
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"))
    with pytest.raises(SinkError, match="not open"):
        recorder.poll()
    assert recorder.free_bytes() > 0
    assert recorder.recorded() == {}
