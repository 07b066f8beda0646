"""Speech-like sound by source and filter: a glottal pulse train through four moving formants.

After Fant's source-filter model and Klatt's cascade of resonators (J. Acoust. Soc. Am. 67, 1980): no
words, but syllables of vowels and noise-like consonants with pitch, loudness and rate under control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Samples = npt.NDArray[np.float64]

_VOWELS_HZ: Final = np.array(
    [
        (730.0, 1090.0, 2440.0, 3400.0),  # a
        (530.0, 1840.0, 2480.0, 3500.0),  # e
        (290.0, 2190.0, 2900.0, 3600.0),  # i
        (570.0, 840.0, 2410.0, 3300.0),  # o
        (330.0, 900.0, 2240.0, 3300.0),  # u
    ]
)
_BANDWIDTHS_HZ: Final = (80.0, 100.0, 140.0, 220.0)
_FRAME_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said: mean pitch in Hz, its range in octaves, syllables a second, loudness (RMS)."""

    pitch_hz: float
    range_oct: float
    syllables_per_s: float
    rms: float


def _contour(points: Samples, n: int) -> Samples:
    """Values at ``n`` samples of a line through evenly spread points."""
    return np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)


def _glottis(pitch: Samples, sfreq: float, rng: np.random.Generator) -> Samples:
    """Pulse train of the given pitch per sample, −12 dB an octave, with breath in it."""
    phase = np.cumsum(pitch) / sfreq
    pulses = np.diff(np.floor(phase), prepend=0.0) * (1 + 0.08 * rng.normal(size=len(pitch)))
    slope = lfilter([1.0], [1.0, -0.97], lfilter([1.0], [1.0, -0.9], pulses))
    return np.asarray(np.diff(slope, prepend=0.0) + 0.004 * rng.normal(size=len(pitch)))


def _formants(source: Samples, tracks: Samples, sfreq: float) -> Samples:
    """Pass ``source`` through resonators whose centres ``(n_frames, 4)`` in Hz change every 10 ms."""
    frame = int(_FRAME_S * sfreq)
    out = source
    for track, bandwidth in zip(tracks.T, _BANDWIDTHS_HZ, strict=True):
        radius = np.exp(-np.pi * bandwidth / sfreq)
        state = np.zeros(2)
        filtered = np.empty_like(out)
        for number, centre in enumerate(track):
            a1 = -2 * radius * np.cos(2 * np.pi * centre / sfreq)
            part = slice(number * frame, (number + 1) * frame)
            filtered[part], state = lfilter([1 + a1 + radius**2], [1.0, a1, radius**2], out[part], zi=state)
        out = filtered
    return out


def utterance(duration_s: float, manner: Manner, sfreq: float, rng: np.random.Generator) -> Samples:
    """Something like a sentence of ``duration_s`` seconds, ``(n,)``, full scale ±1."""
    syllables = max(2, round(duration_s * manner.syllables_per_s))
    frames = int(duration_s / _FRAME_S)
    n = frames * int(_FRAME_S * sfreq)
    vowels = _VOWELS_HZ[rng.integers(0, len(_VOWELS_HZ), syllables)]
    tracks = np.stack([_contour(f, frames) for f in vowels.T], axis=1)
    melody = rng.uniform(-0.5, 0.5, syllables + 1) + np.linspace(0.3, -0.5, syllables + 1)
    pitch = manner.pitch_hz * 2 ** (manner.range_oct * _contour(melody, n))
    voiced = _formants(_glottis(pitch, sfreq, rng), tracks, sfreq)
    beat = np.linspace(0, syllables, n) % 1.0
    opening = np.clip(np.minimum(beat / 0.25, (1.0 - beat) / 0.25), 0.0, 1.0)
    stress = _contour(rng.uniform(0.6, 1.0, syllables), n)
    hiss = np.diff(rng.normal(size=n), prepend=0.0) * (1.0 - opening) ** 2
    sound = voiced / voiced.std() * (0.1 + 0.9 * opening) * stress + 0.12 * hiss
    fade = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.03 * sfreq), 0.0, 1.0)
    return np.asarray(np.clip(sound / sound.std() * manner.rms * fade, -1.0, 1.0))
