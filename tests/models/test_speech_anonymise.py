"""Anonymised voices: as long and loud as before, another pitch and timbre, the same melody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

from insula.models.speech.anonymise import SEMITONES, anonymise, mcadams, shifted
from insula.models.speech.features import analyse

Array = npt.NDArray[np.float32]


def vowel(seconds: float = 2.0, formants: tuple[float, ...] = (600.0, 1200.0, 2600.0)) -> Array:
    """A buzz of rising and falling pitch (about 120 Hz) through resonances."""
    t = np.arange(int(seconds * 16000)) / 16000
    pitch = 120.0 * 2 ** (np.sin(2 * np.pi * 0.7 * t) * 4 / 12)
    sound = (np.diff(np.floor(np.cumsum(pitch) / 16000), prepend=0) > 0).astype(np.float64)
    for hz in formants:
        r, w = 0.975, 2 * np.pi * hz / 16000
        sound = lfilter([1.0], [1.0, -2 * r * np.cos(w), r * r], sound)
    return (0.2 * sound / np.abs(sound).max()).astype(np.float32)


def rms(sound: Array) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


def timbre(sound: Array) -> Array:
    return analyse(sound).mel.mean(0)


def melody(sound: Array) -> Array:
    return np.log2(analyse(sound).pitch_hz)


@pytest.mark.parametrize("strong", [False, True])
def test_length_and_loudness_stay(strong: bool) -> None:
    sound = vowel()
    moved = anonymise(sound, np.random.default_rng(1), strong=strong)
    assert len(moved) == len(sound)
    assert moved.dtype == np.float32
    assert 0.8 < rms(moved) / rms(sound) < 1.25
    assert np.isfinite(moved).all()


def test_pitch_moves_by_the_semitones_and_its_course_stays() -> None:
    sound = vowel()
    for semitones in (-3.0, 2.0):
        before, after = melody(sound), melody(shifted(sound, semitones))
        both = np.isfinite(before) & np.isfinite(after)
        assert both.mean() > 0.8
        moved = (after - before)[both] * 12
        assert abs(np.median(moved) - semitones) < 0.3
        assert np.mean(np.abs(moved - semitones) < 0.7) > 0.8  # frame by frame; the rest are octave slips


def test_the_formants_move_and_the_pitch_does_not() -> None:
    sound = vowel()
    moved = mcadams(sound, 0.8)
    assert np.abs(timbre(moved) - timbre(sound)).max() > 1.0  # more than 4 dB in some band
    assert np.abs(timbre(mcadams(sound, 1.0)) - timbre(sound)).max() < 0.2  # 1 changes nothing
    before, after = melody(sound), melody(moved)
    both = np.isfinite(before) & np.isfinite(after)
    assert abs(np.median((after - before)[both])) < 0.03


def test_every_recording_is_moved_by_another_amount() -> None:
    sound, rng = vowel(), np.random.default_rng(3)
    pitches = [np.nanmedian(melody(anonymise(sound, rng))) - np.nanmedian(melody(sound)) for _ in range(6)]
    shifts = np.abs(np.array(pitches)) * 12
    assert (shifts > SEMITONES[0] - 0.6).all()
    assert (shifts < SEMITONES[1] + 0.6).all()
    assert np.ptp(shifts) > 0.2


def test_silence_and_very_short_sounds_stay_as_they_are() -> None:
    for n in (0, 10, 500, 16000):
        silence = np.zeros(n, np.float32)
        for strong in (False, True):
            assert np.array_equal(anonymise(silence, np.random.default_rng(0), strong=strong), silence)
