from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from insula.edge.errors import ModelError
from insula.edge.protocols import Estimator
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import AffectEstimate, StreamInfo
from insula.models.speech.estimator import SpeechEstimator
from insula.sensors.synthetic_speech import Manner, utterance

Sound = npt.NDArray[np.float32]
SFREQ = 16_000
INFO = StreamInfo("mic", "Audio", SFREQ, ("mono",), ("full scale",), sensor_id="m")


def speech(seconds: float, seed: int = 0, rms: float = 0.1) -> Sound:
    return utterance(seconds, Manner(150, 0.5, 4, rms), SFREQ, np.random.default_rng(seed)).astype(np.float32)


def hush(seconds: float, level: float = 0.001) -> Sound:
    return np.random.default_rng(1).normal(0, level, int(seconds * SFREQ)).astype(np.float32)


@pytest.fixture
def estimator() -> Iterator[SpeechEstimator]:
    voice = SpeechEstimator()
    voice.start(INFO)
    yield voice
    voice.close()


def judge(
    voice: SpeechEstimator, sound: Sound, piece: int = 4_000, info: StreamInfo = INFO
) -> list[AffectEstimate]:
    """Push the sound piece by piece (250 ms) through a stream, as the runtime does."""
    writer, reader = memory_stream(info)
    times = sample_times(len(sound), SFREQ)
    out = []
    for i in range(0, len(sound), piece):
        writer.push(sound[i : i + piece, None], times[i : i + piece])
        if (estimate := voice.estimate(reader)) is not None:
            out.append(estimate)
    writer.close()
    return out


def test_is_an_estimator(estimator: SpeechEstimator) -> None:
    assert isinstance(estimator, Estimator)
    assert estimator.period_s == 0.25


def test_accepts_16_khz_mono_audio_only(estimator: SpeechEstimator) -> None:
    assert estimator.accepts(INFO) == ""
    stereo = StreamInfo("mic", "Audio", SFREQ, ("l", "r"), ("", ""))
    slow = StreamInfo("mic", "Audio", 8_000, ("mono",), ("",))
    eeg = StreamInfo("cap", "EEG", 250, ("Fz",), ("microvolts",))
    assert "2 channels" in estimator.accepts(stereo)
    assert "8000 Hz" in estimator.accepts(slow)
    assert "not Audio" in estimator.accepts(eeg)


def test_speech_is_judged_every_250_ms_and_silence_is_not_measured(estimator: SpeechEstimator) -> None:
    estimates = judge(estimator, np.concatenate([hush(1.0), speech(3.0), hush(1.5)]))
    assert len(estimates) == 22
    assert all(e.reason == "no voice" and not e.measured for e in estimates[:4])
    assert any(e.reason.startswith("voice began less than") for e in estimates[4:8])
    assert sum(e.measured for e in estimates[4:16]) >= 8
    assert all(e.reason == "no voice" and e.expression is None for e in estimates[-3:])


def test_an_estimate_says_when_what_and_why(estimator: SpeechEstimator) -> None:
    estimates = judge(estimator, np.concatenate([hush(1.0), speech(2.0)]))
    last = [e for e in estimates if e.measured][-1]
    assert last.modality == "voice"
    assert last.va_source == "mapped"
    assert last.expression is not None
    assert np.exp(last.expression).sum() == pytest.approx(1.0, abs=1e-5)
    assert last.valence is not None
    assert last.valence.sd > 0
    assert last.model.startswith("speech-expression-v")
    assert last.t == pytest.approx(1000.0 + (last.sample / SFREQ), abs=1e-4)
    clues = {clue.feature: clue for clue in last.clues}
    assert set(clues) >= {"pitch", "energy", "speech rate", "voice activity", "signal-to-noise ratio"}
    assert clues["pitch"].value == pytest.approx(150, rel=0.3)
    assert clues["pitch"].z is None  # no baseline yet
    assert 0.9 < last.quality <= 1.0


@pytest.mark.parametrize("model", ["speech-expression", "speech-expression-nc"])
def test_the_size_of_the_pieces_does_not_matter(model: str) -> None:
    sound = np.concatenate([hush(1.0), speech(2.0)])
    last = []
    for piece in (500, 4_000, len(sound)):
        voice = SpeechEstimator(model=model)
        voice.start(INFO)
        last.append(judge(voice, sound, piece)[-1])
        voice.close()
    for other in last[1:]:
        assert other.expression is not None
        np.testing.assert_allclose(other.expression, last[0].expression, atol=1e-3)


def test_phrases_build_the_persons_baseline_and_clues_get_z(estimator: SpeechEstimator) -> None:
    talk = np.concatenate([part for i in range(6) for part in (speech(1.5, i), hush(0.8))])
    first = judge(estimator, talk)
    again = judge(estimator, np.concatenate([hush(0.5), speech(1.5, 7)]))
    pitch = next(c for c in [e for e in again if e.measured][-1].clues if c.feature == "pitch")
    assert any(e.measured for e in first)
    assert pitch.z is not None
    assert abs(pitch.z) < 10
    estimator.new_person()
    fresh = judge(estimator, np.concatenate([hush(0.5), speech(1.5, 7)]))
    assert next(c for c in [e for e in fresh if e.measured][-1].clues if c.feature == "pitch").z is None


def test_a_gap_ends_the_phrase(estimator: SpeechEstimator) -> None:
    writer, reader = memory_stream(INFO)
    sound = np.concatenate([hush(0.5), speech(2.0)])
    writer.push(sound[:, None], sample_times(len(sound), SFREQ))
    before = estimator.estimate(reader)
    more = speech(0.4, 3)
    writer.push(more[:, None], sample_times(len(more), SFREQ, start=1010.0))
    after = estimator.estimate(reader)
    assert before is not None
    assert before.measured
    assert after is not None
    assert not after.measured


def test_no_news_is_no_statement(estimator: SpeechEstimator) -> None:
    _, reader = memory_stream(INFO)
    assert estimator.estimate(reader) is None


def test_nothing_is_said_twice_of_the_same_sound(estimator: SpeechEstimator) -> None:
    """Said again, a false reading would confirm itself in the fusion's gate."""
    said = [e for e in judge(estimator, speech(2.0), piece=100) if e.measured]
    assert said
    assert len({e.sample for e in said}) == len(said)


def test_a_dead_microphone_is_told_from_a_quiet_room(estimator: SpeechEstimator) -> None:
    assert "delivers silence" in judge(estimator, np.zeros(SFREQ, np.float32))[-1].reason


def test_clipping_is_refused(estimator: SpeechEstimator) -> None:
    loud = np.clip(speech(2.0) * 40, -1, 1)
    assert judge(estimator, loud)[-1].reason.startswith("clipped")


def test_speech_below_the_noise_is_not_judged_as_clean(estimator: SpeechEstimator) -> None:
    clean = judge(estimator, np.concatenate([hush(1.0), speech(2.0)]))[-1]
    other = SpeechEstimator()
    other.start(INFO)
    sound = np.concatenate([np.zeros(SFREQ, np.float32), speech(2.0)])
    noisy = judge(other, sound + hush(3.0, 0.05))[-1]
    other.close()
    assert noisy.quality < 0.7 * clean.quality


def test_simulated_sound_is_called_simulated(estimator: SpeechEstimator) -> None:
    info = StreamInfo("sim", "Audio", SFREQ, ("mono",), ("full scale",), simulated=True)
    estimator.start(info)
    assert all(e.simulated for e in judge(estimator, speech(1.5), info=info))


def test_nan_samples_are_a_reason_and_do_not_stay(estimator: SpeechEstimator) -> None:
    broken = speech(1.0)
    broken[5_000:5_100] = np.nan
    assert any("not numbers" in e.reason for e in judge(estimator, broken))
    assert judge(estimator, np.concatenate([hush(0.5), speech(2.0)]))[-1].measured


def test_an_unknown_model_says_which_there_are() -> None:
    with pytest.raises(ModelError, match="speech-expression-nc"):
        SpeechEstimator(model="speech-magic").start(INFO)


def test_use_before_start_is_a_plain_error() -> None:
    writer, reader = memory_stream(INFO)
    writer.push(speech(0.5)[:, None], sample_times(8_000, SFREQ))
    with pytest.raises(RuntimeError, match="not started"):
        SpeechEstimator().estimate(reader)
