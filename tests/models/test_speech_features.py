from __future__ import annotations

import numpy as np
import pytest

from insula.models.speech.features import FRAME, HOP, SFREQ_HZ, FeatureStream, FloatArray, analyse, join
from insula.models.speech.functionals import LEVEL, N_FUNCTIONALS, functionals, syllable_rate_hz


def voice(pitch_hz: float, seconds: float = 1.0, level: float = 0.1, seed: int = 0) -> FloatArray:
    """A buzz with harmonics and a slow tremolo, in a little noise."""
    time = np.arange(int(seconds * SFREQ_HZ)) / SFREQ_HZ
    tone = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 12))
    noise = np.random.default_rng(seed).normal(0, 0.003, len(time))
    return np.asarray(level * (tone * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)) + noise), np.float32)


@pytest.mark.parametrize("piece", [1, 7, 160, 512, 4_001])
def test_pieces_of_any_size_give_the_frames_of_the_whole(piece: int) -> None:
    sound = voice(150.0, 0.5)
    stream = FeatureStream()
    parts = [stream.push(sound[i : i + piece]) for i in range(0, len(sound), piece)]
    streamed, whole = join([p for p in parts if len(p)]), analyse(sound)
    assert len(streamed) == len(whole) == (len(sound) - FRAME) // HOP + 1
    for name in ("mel", "salience", "voicing", "level_db", "pitch_hz"):
        np.testing.assert_allclose(getattr(streamed, name), getattr(whole, name), rtol=1e-5, atol=1e-5)


def test_a_frame_does_not_depend_on_what_follows() -> None:
    sound = voice(150.0, 0.5)
    changed = sound.copy()
    changed[4_000:] = 0.0
    frames = (4_000 - FRAME) // HOP + 1
    np.testing.assert_array_equal(analyse(sound).mel[:frames], analyse(changed).mel[:frames])


@pytest.mark.parametrize("pitch_hz", [80.0, 120.0, 220.0, 350.0, 500.0])
def test_pitch_of_a_buzz(pitch_hz: float) -> None:
    frames = analyse(voice(pitch_hz))
    assert np.nanmedian(frames.pitch_hz) == pytest.approx(pitch_hz, rel=0.01)
    assert np.isfinite(frames.pitch_hz).mean() > 0.95


def test_noise_has_no_pitch_and_silence_neither() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, SFREQ_HZ).astype(np.float32)
    assert np.isnan(analyse(noise).pitch_hz).mean() > 0.9
    silence = analyse(np.zeros(SFREQ_HZ, np.float32))
    assert np.isnan(silence.pitch_hz).all()
    assert (silence.level_db <= -99).all()
    assert np.isfinite(silence.mel).all()


def test_level_of_a_full_scale_sine() -> None:
    time = np.arange(SFREQ_HZ) / SFREQ_HZ
    level = analyse(np.sin(2 * np.pi * 200 * time).astype(np.float32)).level_db
    assert level.mean() == pytest.approx(-3.01, abs=0.1)


def test_too_little_sound_gives_no_frame() -> None:
    assert len(FeatureStream().push(np.zeros(FRAME - 1, np.float32))) == 0


def test_reset_forgets_the_unfinished_frame() -> None:
    stream = FeatureStream()
    stream.push(np.ones(FRAME - 1, np.float32))
    stream.reset()
    assert len(stream.push(np.zeros(FRAME - 1, np.float32))) == 0


def test_only_the_last_functional_depends_on_the_gain() -> None:
    quiet, loud = functionals(analyse(voice(150, 2.0, 0.05))), functionals(analyse(voice(150, 2.0, 0.1)))
    assert quiet.shape == (N_FUNCTIONALS,)
    np.testing.assert_allclose(np.delete(quiet, LEVEL), np.delete(loud, LEVEL), atol=0.02)
    assert loud[LEVEL] - quiet[LEVEL] == pytest.approx(6.02, abs=0.05)


def test_functionals_are_finite_for_sound_without_any_voice() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, SFREQ_HZ).astype(np.float32)
    assert np.isfinite(functionals(analyse(noise))).all()
    assert np.isfinite(functionals(analyse(np.zeros(SFREQ_HZ, np.float32)))).all()


def test_functionals_refuse_too_short_and_too_long() -> None:
    for seconds in (0.3, 4.2):
        with pytest.raises(ValueError, match="50 to 400 frames"):
            functionals(analyse(voice(150, seconds)))


def test_rate_counts_the_tremolo() -> None:
    assert syllable_rate_hz(analyse(voice(150, 3.0))) == pytest.approx(4.0, abs=0.8)
