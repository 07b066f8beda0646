from __future__ import annotations

import math

import numpy as np
import pytest

from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.testing import ManualClock
from insula.edge.types import (
    AffectEstimate,
    AffectState,
    Chunk,
    Clue,
    Contribution,
    Face,
    Marker,
    Measure,
    Modality,
    StreamInfo,
)
from insula.ui.dashboard.presenter import LAG_S, SILENCE_S, Presenter
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.series import Gap
from insula.ui.dashboard.tracks import absences
from insula.ui.dashboard.view import Light, LiveView, SensorCard, Session

CAMERA = StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (48, 64, 3))
WRIST = StreamInfo("wrist", "EDA", 4.0, ("EDA",), ("microsiemens",))
SOUND = StreamInfo("microphone", "Audio", 16000.0, ("mono",), ("",))
FLAT = (math.log(1 / 8),) * 8


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100.0)


@pytest.fixture
def presenter(clock: ManualClock) -> Presenter:
    presenter = Presenter(clock)
    for info in (CAMERA, WRIST, SOUND):
        presenter.add_stream(info)
    return presenter


def face(t: float, *, valence: float = 0.3, sample: int = 0, quality: float = 0.9) -> AffectEstimate:
    return AffectEstimate(
        "face",
        "camera",
        t,
        quality,
        valence=Measure(valence, 0.1),
        arousal=Measure(0.1, 0.1),
        expression=FLAT,
        va_source="native",
        faces=(Face((1.0, 2.0, 3.0, 4.0), 0.9),),
        sample=sample,
    )


def state(t: float, **missing: str) -> AffectState:
    parts = tuple(
        Contribution(m, m not in missing, missing.get(m, ""), 0.5, 0.05, 0.9) for m in ("face", "eda")
    )
    measured = "face" not in missing
    return AffectState(
        t,
        valence=Measure(0.2, 0.1) if measured else None,
        arousal=Measure(0.1, 0.1) if measured else None,
        contributions=parts,
        reason="" if measured else "nothing is measured",
        age_newest_s=0.05,
        va_source="native" if measured else None,
    )


def card(view: LiveView, stream: str) -> SensorCard:
    return next(c for c in view.sensors if c.stream == stream)


def alive(presenter: Presenter, stream: str, t: float) -> None:
    presenter.stream_seen(stream, 10, t)


def test_before_anything_arrives_it_waits_and_shows_no_value(presenter: Presenter) -> None:
    view = presenter.view()
    assert view.now.valence is None
    assert view.now.reason == "waiting for the first estimate"
    assert card(view, "camera").light is Light.STARTING


def test_a_measured_state_is_shown_with_its_age(presenter: Presenter, clock: ManualClock) -> None:
    presenter.take(state(100.0))
    clock.advance(0.1)
    now = presenter.view().now
    assert now.valence == Measure(0.2, 0.1)
    assert now.age_s == pytest.approx(0.15)
    assert now.reason == ""


def test_silence_of_the_engine_hides_every_value(presenter: Presenter, clock: ManualClock) -> None:
    presenter.take(face(100.0))
    presenter.take(state(100.0))
    clock.advance(SILENCE_S + 0.1)
    view = presenter.view()
    assert view.now.valence is None
    assert view.now.expression is None
    assert "no news from the engine" in view.now.reason
    assert view.fused.gaps[-1].t0 == 100.0
    assert all(lane.reason for lane in view.modalities)
    assert card(view, "camera").light is Light.LOST


def test_values_come_back_after_silence_and_the_gap_stays(presenter: Presenter, clock: ManualClock) -> None:
    presenter.take(state(100.0))
    clock.advance(5.0)
    presenter.view()
    presenter.take(state(105.0))
    view = presenter.view()
    assert view.now.valence is not None
    assert [(g.t0, g.t1) for g in view.fused.gaps] == [(100.0, 105.0)]


def test_a_modality_not_measured_is_a_gap_with_nan_and_a_reason(presenter: Presenter) -> None:
    presenter.take(face(99.0))
    presenter.take(AffectEstimate("face", "camera", 99.5, 0.0, reason="no face in the picture"))
    lane = presenter.view().modalities[0]
    assert lane.reason == "no face in the picture"
    assert [(g.t0, g.t1, g.reason) for g in lane.gaps] == [(99.0, None, "no face in the picture")]
    assert np.isnan(lane.rows[-1]).all()


def test_the_gap_ends_with_the_next_measured_estimate(presenter: Presenter) -> None:
    presenter.take(face(98.0))
    presenter.take(AffectEstimate("face", "camera", 98.5, 0.0, reason="no face"))
    presenter.take(face(99.0))
    lane = presenter.view().modalities[0]
    assert lane.reason == ""
    assert [(g.t0, g.t1) for g in lane.gaps] == [(98.0, 99.0)]


def test_fusion_may_call_an_estimate_too_old(presenter: Presenter) -> None:
    presenter.take(face(98.0))
    presenter.take(state(100.0, face="last estimate is 2 s old"))
    lane = next(lane for lane in presenter.view().modalities if lane.key == "face")
    assert lane.reason == "last estimate is 2 s old"


def test_a_fused_valence_that_is_absent_stays_absent(presenter: Presenter) -> None:
    presenter.take(state(99.0))
    presenter.take(state(100.0, face="no face"))
    now = presenter.view().now
    assert now.valence is None
    assert now.reason == "nothing is measured"


def test_valence_alone_can_be_absent(presenter: Presenter) -> None:
    arousal = Measure(0.1, 0.1)
    valence = Measure(0.2, 0.1)
    for t, v in ((97.0, valence), (98.0, None), (99.0, None), (99.5, valence)):
        presenter.take(AffectState(t, v, arousal, va_source="native"))
    lane = presenter.view().fused
    assert lane.gaps == ()
    assert absences(lane, 0, "not measured") == (Gap(97.0, 99.5, "not measured"),)
    assert absences(lane, 2, "not measured") == ()


def test_an_absence_has_the_reason_of_the_gap_it_lies_in(presenter: Presenter) -> None:
    presenter.take(state(98.0))
    presenter.take(state(99.0, face="no face"))
    assert absences(presenter.view().fused, 0, "not measured") == (Gap(99.0, None, "nothing is measured"),)


def test_an_index_not_measured_now_has_no_value(presenter: Presenter) -> None:
    stress = (("stress", Measure(0.6, 0.1)),)
    presenter.take(AffectEstimate("eda", "wrist", 99.0, 0.9, indices=stress))
    assert presenter.view().indices[0].now == Measure(0.6, 0.1)
    presenter.take(AffectEstimate("eda", "wrist", 99.5, 0.0, reason="electrode off"))
    lane = presenter.view().indices[0]
    assert lane.now is None
    assert lane.reason == "electrode off"
    assert np.isnan(lane.rows[-1, 0])


def test_the_overlay_belongs_to_the_analysed_frame(presenter: Presenter, clock: ManualClock) -> None:
    alive(presenter, "camera", 100.0)
    presenter.take(face(99.95, sample=41))
    video = presenter.view().video
    assert (video.stream, video.index) == ("camera", 41)
    assert video.faces[0].box == (1.0, 2.0, 3.0, 4.0)


def test_a_late_analysis_gives_the_bare_newest_frame(presenter: Presenter, clock: ManualClock) -> None:
    presenter.take(face(100.0, sample=41))
    clock.advance(LAG_S + 0.05)
    alive(presenter, "camera", clock())
    video = presenter.view().video
    assert video.index is None
    assert video.faces == ()
    assert video.reason


def test_overlays_have_a_bound(presenter: Presenter) -> None:
    for k in range(500):
        presenter.take(face(50 + k * 0.01, sample=k))
    assert presenter.faces(0) == ()
    assert presenter.faces(499)


@pytest.mark.parametrize(
    ("node_state", "light"),
    [
        (NodeState.LOST, Light.LOST),
        (NodeState.FAILED, Light.LOST),
        (NodeState.STALLED, Light.STALLED),
        (NodeState.STOPPED, Light.STOPPED),
        (NodeState.STARTING, Light.STARTING),
    ],
)
def test_the_engine_decides_the_light(presenter: Presenter, node_state: NodeState, light: Light) -> None:
    alive(presenter, "wrist", 100.0)
    presenter.take(HealthEvent(100.0, "wrist", "sensor", node_state, "cable pulled"))
    shown = card(presenter.view(), "wrist")
    assert shown.light is light
    assert shown.reason == "cable pulled"
    assert shown.quality is None


def test_health_of_a_sensor_lights_all_its_streams(presenter: Presenter) -> None:
    info = StreamInfo("board.EDA", "EDA", 250.0, ("EDA",), ("microsiemens",))
    presenter.add_stream(info)
    presenter.take(StreamStats(100.0, "board.EDA", "board", 249.0, 250.0, 0.01, 100))
    presenter.take(HealthEvent(100.0, "board", "sensor", NodeState.LOST, "no data for 3 s"))
    shown = card(presenter.view(), "board.EDA")
    assert (shown.light, shown.reason, shown.rate_hz) == (Light.LOST, "no data for 3 s", 249.0)


def test_silent_samples_stall_the_light_within_a_second(presenter: Presenter, clock: ManualClock) -> None:
    alive(presenter, "wrist", 100.0)
    assert card(presenter.view(), "wrist").light is Light.GOOD
    clock.advance(1.05)
    presenter.take(Marker(clock(), "so that the engine is not silent"))
    shown = card(presenter.view(), "wrist")
    assert shown.light is Light.STALLED
    assert shown.reason == "nothing for 1 s"


def test_weak_quality_is_said_in_words(presenter: Presenter) -> None:
    alive(presenter, "camera", 100.0)
    presenter.take(face(100.0, quality=0.2))
    shown = card(presenter.view(), "camera")
    assert shown.light is Light.WEAK
    assert shown.reason == "weak signal, quality 20%"


def test_a_modality_without_a_value_is_no_fault_of_its_sensor(presenter: Presenter) -> None:
    alive(presenter, "camera", 100.0)
    presenter.take(AffectEstimate("face", "camera", 100.0, 0.0, reason="no face in the picture"))
    shown = card(presenter.view(), "camera")
    assert (shown.light, shown.reason) == (Light.ABSENT, "no face in the picture")


def test_cards_are_in_the_order_of_the_modalities(presenter: Presenter) -> None:
    assert [c.stream for c in presenter.view().sensors] == ["camera", "microphone", "wrist"]


def test_events_tell_loss_and_return_once(presenter: Presenter) -> None:
    lost = HealthEvent(101.0, "wrist", "sensor", NodeState.LOST, "cable pulled")
    for event in (
        HealthEvent(100.0, "wrist", "sensor", NodeState.RUNNING),
        lost,
        lost,
        HealthEvent(102.0, "wrist", "sensor", NodeState.RUNNING),
    ):
        presenter.take(event)
    assert [(e.kind, e.text) for e in presenter.view().events] == [
        ("bad", "wrist lost: cable pulled"),
        ("good", "wrist is back"),
    ]


def test_events_tell_when_a_modality_is_slowed_and_the_machine_warm(presenter: Presenter) -> None:
    running = NodeState.RUNNING
    slow = "slowed to every 133 ms: an estimate takes 52 ms of its 67 ms"
    for event in (
        HealthEvent(100.0, "machine", "machine", running, "cpu-thermal 60 °C, acts at 95 °C"),
        HealthEvent(100.0, "face estimator", "estimator", running),
        HealthEvent(101.0, "face estimator", "estimator", running, slow),
        HealthEvent(102.0, "machine", "machine", running, "cpu-thermal 66 °C, acts at 95 °C"),
        HealthEvent(103.0, "face estimator", "estimator", running),
    ):
        presenter.take(event)
    assert [(e.kind, e.text) for e in presenter.view().events] == [
        ("bad", f"face estimator: {slow}"),
        ("plain", "cpu-thermal 66 °C, acts at 95 °C"),
        ("good", "face estimator runs at full rate again"),
    ]


def test_a_marker_is_on_the_traces_and_in_the_log(presenter: Presenter) -> None:
    presenter.take(Marker(99.0, "stimulus"))
    view = presenter.view()
    assert [(m.t, m.text) for m in view.marks] == [(99.0, "stimulus")]
    assert view.events[0].text == "stimulus"


def test_a_complaint_of_the_engine_is_no_marker_of_the_operator(presenter: Presenter) -> None:
    presenter.take(Marker(99.0, "recording could not start: disk full", "insula"))
    assert presenter.view().events[0].kind == "bad"


def test_markers_of_another_computer_are_shown(presenter: Presenter) -> None:
    presenter.add_stream(StreamInfo("stimuli", "Markers", 0.0, ("text",), ("",), "S256"))
    presenter.take_chunk("stimuli", Chunk(np.array([["Reiz Ä".encode()]], "S256"), np.array([99.0]), 0))
    view = presenter.view()
    assert [(m.t, m.text) for m in view.marks] == [(99.0, "Reiz Ä")]
    assert view.events[0].text == "stimuli: Reiz Ä"


def test_raw_samples_are_windowed_and_hatched_when_the_sensor_is_gone(
    presenter: Presenter, clock: ManualClock
) -> None:
    times = 30.0 + np.arange(280) / 4.0
    presenter.take_chunk("wrist", Chunk(np.arange(280.0)[:, None], times, 0))
    alive(presenter, "wrist", float(times[-1]))
    lane = next(s for s in presenter.view().signals if s.stream == "wrist")
    assert lane.times[0] >= 40.0
    assert lane.rows[-1, 0] == 279.0
    assert lane.reason == ""
    presenter.take(HealthEvent(100.0, "wrist", "sensor", NodeState.LOST, "cable pulled"))
    assert next(s for s in presenter.view().signals if s.stream == "wrist").reason == "cable pulled"


def test_sound_is_shown_as_its_level(presenter: Presenter) -> None:
    t = 99.0 + np.arange(16000) / 16000.0
    wave = 0.1 * np.sin(2 * np.pi * 1000.0 * t)[:, None]
    for part in range(0, 16000, 123):  # blocks that fit no 20 ms
        presenter.take_chunk("microphone", Chunk(wave[part : part + 123], t[part : part + 123], part))
    lane = next(s for s in presenter.view().signals if s.stream == "microphone")
    assert len(lane.times) == 50
    np.testing.assert_allclose(lane.rows, 20 * math.log10(0.1 / math.sqrt(2)), atol=0.01)


def test_silence_of_a_microphone_is_the_floor_not_minus_infinity(presenter: Presenter) -> None:
    t = 99.0 + np.arange(3200) / 16000.0
    presenter.take_chunk("microphone", Chunk(np.zeros((3200, 1), np.int16), t, 0))
    lane = next(s for s in presenter.view().signals if s.stream == "microphone")
    assert lane.rows.min() == -60.0


def test_a_skin_response_is_marked_in_the_signal(presenter: Presenter) -> None:
    clue = Clue("wrist", "scr_onset", 1.4, "s")
    stress = (("stress", Measure(0.6, 0.1)),)
    presenter.take(AffectEstimate("eda", "wrist", 99.0, 0.9, indices=stress, clues=(clue,)))
    lane = next(s for s in presenter.view().signals if s.stream == "wrist")
    assert lane.marks == (pytest.approx(97.6),)


def test_the_end_of_the_session_is_said(presenter: Presenter) -> None:
    presenter.take(state(100.0))
    presenter.end()
    view = presenter.view()
    assert view.session.ended
    assert view.silence == "the session has ended"
    assert view.now.valence is None


def test_session_facts_are_kept_through_the_end(presenter: Presenter) -> None:
    presenter.take(Session(name="pilot-07", started=90.0))
    presenter.end()
    assert presenter.view().session.name == "pilot-07"


def test_simulated_streams_make_the_window_say_so(clock: ManualClock) -> None:
    presenter = Presenter(clock)
    presenter.add_stream(WRIST)
    assert not presenter.view().simulated
    rehearsal = Rehearsal(100.0)
    rehearsal.poll(presenter)
    assert presenter.view().simulated


@pytest.mark.parametrize(("modality", "t"), [("face", 23.0), ("eda", 40.0), ("eeg", 6.0)])
def test_the_rehearsal_shows_its_faults(modality: Modality, t: float) -> None:
    clock = ManualClock(100.0)
    presenter = Presenter(clock)
    rehearsal = Rehearsal(100.0)
    while clock.t < 100.0 + t:
        clock.advance(0.1)
        rehearsal.poll(presenter)
    reasons = {lane.key: lane.reason for lane in presenter.view().modalities}
    assert reasons[modality]
    assert not any(reason for key, reason in reasons.items() if key not in (modality, "voice"))
