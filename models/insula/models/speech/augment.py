"""Virtual speakers: the same voices through other throats, rooms, microphones, codecs and noise.

One :class:`Voice` is drawn per speaker and copy and applied to *all* clips of that speaker, so that the
person's own baseline (see ``reference.py``) is taken through the same throat, room and microphone as
the clip it is compared with. Noise is drawn per clip. Everything comes from the generator handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, resample_poly

from insula.models.speech.corpus import opus_round_trip
from insula.models.speech.features import SFREQ_HZ, FloatArray

_EQ_POINTS_HZ = np.array([0.0, 100.0, 300.0, 1_000.0, 3_000.0, 6_000.0, 8_000.0])


@dataclass(frozen=True, slots=True)
class Voice:
    """What one virtual speaker does to every clip.

    ``speed_percent`` of the original (pitch, formants and tempo move together), ``impulse`` of room and
    microphone (FIR at 16 kHz), ``codec`` ("", "opus", "mulaw") with Opus' ``compression`` 0…1, ``gain_db``.
    """

    speed_percent: int
    impulse: FloatArray
    codec: str
    compression: float
    gain_db: float


def draw_voice(rng: np.random.Generator) -> Voice:
    """A random virtual speaker."""
    return Voice(
        speed_percent=int(rng.integers(88, 113)),
        impulse=np.convolve(_equaliser(rng), _room(rng)).astype(np.float32),
        codec=str(rng.choice(["", "opus", "mulaw"], p=[0.55, 0.35, 0.10])),
        compression=float(rng.uniform(0.6, 0.98)),
        gain_db=float(rng.uniform(-15.0, 5.0)),
    )


def apply_voice(voice: Voice, sound: FloatArray) -> FloatArray:
    """The clip (n,) as the virtual speaker's microphone would deliver it."""
    out = resample_poly(sound, 100, voice.speed_percent) if voice.speed_percent != 100 else sound
    out = fftconvolve(out, voice.impulse)[: len(out)]
    out = out * 10 ** (voice.gain_db / 20) / max(1.0, float(np.abs(out).max()) * 10 ** (voice.gain_db / 20))
    if voice.codec == "opus":
        out = opus_round_trip(out, voice.compression)
    elif voice.codec == "mulaw":
        out = _mu_law(out)
    return np.asarray(out, np.float32)


def add_noise(
    sound: FloatArray, snr_db: float, rng: np.random.Generator, talkers: Sequence[FloatArray]
) -> FloatArray:
    """Add white, pink, brown or babble noise (n,) at ``snr_db`` dB below the clip's mean power.

    ``talkers`` are other people's clips for the babble.
    """
    kind = rng.choice(["white", "pink", "brown", "babble"])
    noise = (
        _babble(len(sound), rng, talkers)
        if kind == "babble" and talkers
        else _coloured(len(sound), rng, str(kind))
    )
    power = float(np.mean(sound**2)) / max(float(np.mean(noise**2)), 1e-12)
    return np.asarray(sound + noise * np.sqrt(power) * 10 ** (-snr_db / 20), np.float32)


def _equaliser(rng: np.random.Generator) -> FloatArray:
    """A smooth linear-phase response of ±6 dB through seven points: (65,)."""
    gains = rng.normal(0.0, 3.0, len(_EQ_POINTS_HZ)).clip(-6, 6)
    grid = np.fft.rfftfreq(64, 1 / SFREQ_HZ)
    response = 10 ** (np.interp(grid, _EQ_POINTS_HZ, gains) / 20)
    taps = np.roll(np.fft.irfft(response), 32)
    return np.asarray(taps * np.hanning(65)[:64], np.float32)


def _room(rng: np.random.Generator) -> FloatArray:
    """Direct sound plus, in half of the cases, an exponential tail of 0.1–0.6 s reverberation time."""
    if rng.random() < 0.5:
        return np.ones(1, np.float32)
    rt60 = rng.uniform(0.1, 0.6)
    time = np.arange(int(rt60 * SFREQ_HZ)) / SFREQ_HZ
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / rt60)
    tail *= 10 ** (rng.uniform(-18, -3) / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    return np.asarray(tail, np.float32)


def _coloured(n: int, rng: np.random.Generator, kind: str) -> FloatArray:
    spectrum = np.fft.rfft(rng.normal(size=n))
    slope = {"pink": 0.5, "brown": 1.0}.get(kind, 0.0)
    spectrum *= np.maximum(np.fft.rfftfreq(n, 1 / SFREQ_HZ), 20.0) ** -slope
    return np.asarray(np.fft.irfft(spectrum, n), np.float32)


def _babble(n: int, rng: np.random.Generator, talkers: Sequence[FloatArray]) -> FloatArray:
    out = np.zeros(n, np.float32)
    for _ in range(int(rng.integers(2, 6))):
        talker = talkers[int(rng.integers(len(talkers)))]
        out += np.roll(np.resize(talker, n), int(rng.integers(n))) / max(float(np.std(talker)), 1e-6)
    return out


def _mu_law(sound: FloatArray) -> FloatArray:
    """8-bit µ-law (ITU-T G.711's companding curve), the roughest codec a telephone path adds."""
    squeezed = np.sign(sound) * np.log1p(255 * np.abs(sound).clip(0, 1)) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    return np.asarray(np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255, np.float32)
