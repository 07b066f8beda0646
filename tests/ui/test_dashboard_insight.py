from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from insula.edge.testing import ManualClock
from insula.edge.types import (
    AffectEstimate,
    AffectState,
    Clue,
    Contribution,
    Face,
    Marker,
    Measure,
    StreamInfo,
)
from insula.models.explain import explain
from insula.ui.dashboard import clues, insight
from insula.ui.dashboard.bands import BANDS, band_powers
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.view import Pose, SignalLane, Unit

CAMERA = StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (48, 64, 3))
HEADSET = StreamInfo("headset", "EEG", 250.0, ("Fp1", "C3"), ("microvolts",) * 2)
SOUND = StreamInfo("microphone", "Audio", 16000.0, ("mono",), ("",))


def state(t: float, *, valence: float = 0.2, p: float = 0.5, apart: float | None = None) -> AffectState:
    rest = math.log((1 - p) / 7)
    return AffectState(
        t,
        valence=Measure(valence, 0.1),
        arousal=Measure(-0.1, 0.1),
        expression=(math.log(p), *(rest,) * 7),
        contributions=(Contribution("face", True, "", 1.0, 0.05, 0.9),),
        va_source="native",
        disagreement=apart,
    )


def test_clues_tell_action_units_pose_and_electrodes() -> None:
    said = (
        Clue("camera", "AU12 lip corner puller", 0.7, "0…1", 2.0),
        Clue("camera", "AU04 brow lowerer", 0.1),
        *(Clue("camera", f"head {axis}", value, "°") for axis, value in (("yaw", 9.0), ("pitch", 4.0))),
    )
    assert clues.units(said) == (Unit(4, "brow lowerer", 0.1), Unit(12, "lip corner puller", 0.7, 2.0))
    assert clues.pose(said) is None
    assert clues.pose((*said, Clue("camera", "head roll", 1.0, "°"))) == Pose(9.0, 4.0, 1.0)
    sight = [Clue("camera", f"gaze {axis}", value, "°") for axis, value in (("yaw", -3.0), ("pitch", 5.0))]
    whole = (*said, Clue("camera", "head roll", 1.0, "°"), *sight)
    assert clues.pose(whole) == Pose(9.0, 4.0, 1.0, (-3.0, 5.0))
    assert clues.pose(whole[:-1]) == Pose(9.0, 4.0, 1.0)
    assert clues.pose(tuple(sight)) is None
    assert clues.electrodes((Clue("headset", "electrode Fp1: blink", 0.8),)) == {"Fp1": "blink"}
    assert clues.value(said, "pitch") is None


def test_the_interval_of_an_expression_is_that_of_the_last_seconds() -> None:
    steady = insight.Steadiness()
    for k in range(9):
        steady.add(state(k * 0.05, p=0.3))
    assert steady.likely() is None
    for k in range(9, 400):
        steady.add(state(k * 0.05, p=0.3 if k < 250 else 0.6))
    found = steady.likely()
    assert found is not None
    assert found[0] == pytest.approx((0.6, 0.6))


def test_rest_is_measured_between_its_markers() -> None:
    rest = insight.Rest()
    rest.add(state(0.5, valence=0.9))
    rest.marker(1.0, "baseline begin")
    assert rest.baseline.since == 1.0
    for k in range(30):
        rest.add(state(1.0 + k * 0.1, valence=0.1 if k % 2 else 0.3))
    rest.marker(4.0, "baseline end")
    rest.add(state(5.0, valence=0.9))
    found = rest.baseline
    assert found.since is None
    assert found.valence is not None
    assert (found.valence.mean, found.valence.sd) == pytest.approx((0.2, 0.1))


def test_too_short_a_rest_keeps_the_one_before() -> None:
    rest = insight.Rest()
    for begin in (0.0, 10.0):
        rest.begin(begin)
        for k in range(30 if begin == 0.0 else 5):
            rest.add(state(begin + k * 0.1, valence=0.2 + begin))
        rest.end()
    assert rest.baseline.valence is not None
    assert rest.baseline.valence.mean == pytest.approx(0.2)


def test_the_sentence_stands_still_for_a_second_unless_something_goes() -> None:
    explainer = insight.Explainer("en")
    first = explainer.text(state(1.0, valence=0.2), [])
    assert "valence +0.20" in first
    assert explainer.text(state(1.5, valence=0.4), []) == first
    assert "valence +0.40" in explainer.text(state(2.1, valence=0.4), [])
    gone = AffectState(2.2, reason="nothing is measured")
    assert explainer.text(gone, []) == ""


def test_the_sessions_own_explanation_comes_first_while_it_is_fresh() -> None:
    for language, told in (("en", "as told"), ("de", "wie gesagt")):
        explainer = insight.Explainer(language)
        explainer.take(replace(explain(state(1.0), []), english="as told", german="wie gesagt"))
        assert explainer.text(state(1.5), []) == told
        assert explainer.text(state(9.0), []) != told


def test_the_view_carries_why_disagreement_rest_and_the_frames_own_units() -> None:
    clock = ManualClock(100.0)
    presenter = Presenter(clock)
    for info in (CAMERA, HEADSET, SOUND):
        presenter.add_stream(info)
    presenter.stream_seen("camera", 10, 100.0)
    smile = Clue("camera", "AU12 lip corner puller", 0.7, "0…1", 2.0)
    box = (Face((1.0, 2.0, 3.0, 4.0), 0.9),)
    presenter.take(
        AffectEstimate(
            "face", "camera", 100.0, 0.9, Measure(0.2, 0.1), va_source="native",
            clues=(smile,), faces=box, sample=7,
        )
    )  # fmt: skip
    presenter.take(state(100.0, apart=2.6))
    presenter.take(Marker(100.0, "baseline begin"))
    view = presenter.view()
    assert view.video.index == 7
    assert view.video.units == (Unit(12, "lip corner puller", 0.7, 2.0),)
    assert view.now.disagreement == 2.6
    assert "contradict" in view.now.why
    assert view.baseline.since == 100.0


def test_electrodes_are_shaded_from_the_judgement_before_until_they_are_good() -> None:
    clock = ManualClock(100.0)
    presenter = Presenter(clock)
    presenter.add_stream(HEADSET)
    for t, said in ((98.0, ()), (99.0, ("electrode Fp1: blink",)), (100.0, ())):
        told = tuple(Clue("headset", text, 0.8) for text in said)
        presenter.take(
            AffectEstimate("eeg", "headset", t, 0.9, indices=(("workload", Measure(0.5, 0.1)),), clues=told)
        )
    (name, gap), = presenter.view().signals[0].artefacts  # fmt: skip
    assert (name, gap.t0, gap.t1, gap.reason) == ("Fp1", 98.0, 100.0, "blink")


def test_the_voice_is_heard_with_and_without_pitch() -> None:
    clock = ManualClock(100.0)
    presenter = Presenter(clock)
    presenter.add_stream(SOUND)
    for t, said in ((99.0, (("pitch", 180.0), ("voice activity", 0.9))), (99.5, (("voice activity", 0.1),))):
        told = tuple(Clue("microphone", name, value) for name, value in said)
        presenter.take(AffectEstimate("voice", "microphone", t, 0.0, reason="no voice", clues=told))
    voice = presenter.view().signals[0].voice
    assert voice is not None
    np.testing.assert_allclose(voice.rows, [[0.9, 180.0], [0.1, np.nan]])


def test_band_powers_tell_alpha_from_beta() -> None:
    t = np.arange(0, 10, 1 / 250)
    rows = np.stack([40 * np.sin(2 * np.pi * 10 * t), 40 * np.sin(2 * np.pi * 20 * t), 0 * t], axis=1)
    lane = SignalLane(
        "headset", "EEG", "eeg", ("O1", "C3", "dead"), "microvolts", 10.0, t, rows, (), "", False
    )
    powers = band_powers(lane)
    assert powers is not None
    assert powers.ch_names == ("O1", "C3")
    assert [list(BANDS)[k] for k in powers.db.argmax(axis=1)] == ["alpha", "beta"]
    assert band_powers(replace(lane, times=t[:100], rows=rows[:100])) is None
