"""How a voice moves: rhythm of the spectrum, effort of its peaks, coupling of pitch, level and tilt.

The modulation spectrum (power of slow changes, 1–20 Hz, of each cepstral track) is what syllable rate,
tremor and emphasis look like without finding a single syllable (Wu, Falk & Chan 2011, "Automatic speech
emotion recognition using modulation spectral features").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from insula.models.speech.features import FRAME_RATE_HZ
from insula.models.speech.stretch import MEAN_PITCH, Array, Bools, Stretch, percentiles

N_DYNAMICS: Final = 247

_BANDS_HZ = ((1, 2), (2, 4), (4, 6), (6, 9), (9, 13), (13, 20))
_N_FFT = 1024
_SLOW_FRAMES = 15  # 0.15 s, about a syllable
_LOUDEST = 67  # percentile of level from which a frame counts as loud
_FEW = 5  # frames below which a kind of frame stands for nothing
_SHORTEST_RUN = 8


def dynamics(stretch: Stretch) -> Array:
    """Describe a stretch by 247 numbers, all independent of the microphone's gain."""
    tracks = _tracks(stretch)
    return np.concatenate(
        [_modulation(tracks), *_kinds(stretch), *_slow_change(tracks, stretch.active), _melody(stretch)]
    )


def _tracks(stretch: Stretch) -> Array:
    """Twelve cepstra, level, tilt and pitch (n, 15), each with zero mean and of like size."""
    level = np.maximum(stretch.frames.level_db - stretch.level, -30.0) / 4.0
    mean = stretch.pitch[stretch.voiced].mean() if stretch.voiced.any() else MEAN_PITCH
    pitch = np.where(stretch.voiced, stretch.pitch - mean, 0.0) * 5.0
    tracks = np.column_stack([stretch.cepstra[:, :12], level, stretch.tilt, pitch])
    return np.asarray(tracks - tracks.mean(axis=0))


def _modulation(tracks: Array) -> Array:
    """Log power of every track in six bands of change, (90,)."""
    window = np.hanning(len(tracks))[:, None]
    power = np.abs(np.fft.rfft(tracks * window, _N_FFT, axis=0)) ** 2 / (window**2).sum()
    rate = np.fft.rfftfreq(_N_FFT, 1.0 / FRAME_RATE_HZ)
    bands = [power[(rate >= low) & (rate < high)].mean(axis=0) for low, high in _BANDS_HZ]
    return np.log(np.concatenate(bands) + 1e-3)


def _kinds(stretch: Stretch) -> tuple[Array, ...]:
    """Mean and deviation of the cepstra where loud and where voiced, mean where unvoiced: 5 × (20,)."""
    level = stretch.frames.level_db
    loud = stretch.cepstra[stretch.active & (level >= percentiles(level[stretch.active], (_LOUDEST,))[0])]
    voiced = _those(stretch, stretch.voiced)
    unvoiced = _those(stretch, stretch.active & ~stretch.voiced)
    return loud.mean(axis=0), loud.std(axis=0), voiced.mean(axis=0), voiced.std(axis=0), unvoiced.mean(axis=0)


def _those(stretch: Stretch, frames: Bools) -> Array:
    return stretch.cepstra[frames if frames.sum() > _FEW else stretch.active]


def _slow_change(tracks: Array, active: Bools) -> tuple[Array, Array, Array]:
    """Deviation, 95th and 5th percentile of the tracks' change over 0.15 s: 3 × (15,)."""
    both = active[_SLOW_FRAMES:] & active[:-_SLOW_FRAMES]
    change = (tracks[_SLOW_FRAMES:] - tracks[:-_SLOW_FRAMES])[both]
    if len(change) <= 3:
        change = np.zeros((4, tracks.shape[1]))
    rise, fall = percentiles(change, (95, 5))
    return change.std(axis=0), rise, fall


def _melody(stretch: Stretch) -> Array:
    """Couplings of pitch, level and tilt; slopes and peaks of the voiced runs; skew of pitch: (12,)."""
    pitch, voiced = stretch.pitch, stretch.voiced
    level = stretch.frames.level_db.astype(np.float64)
    sung = pitch[voiced] if voiced.sum() > _FEW else np.full(_FEW, MEAN_PITCH)
    mean = sung.mean()
    edges = np.diff(np.concatenate([[0], voiced.astype(int), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    runs = [pitch[a:b] for a, b in zip(starts, stops, strict=True) if b - a >= _SHORTEST_RUN]
    slopes = np.array([run[-3:].mean() - run[:3].mean() for run in runs] or [0.0])
    peaks = np.array([run.max() for run in runs] or [mean])
    couplings = [
        _correlation(pitch[voiced], level[voiced]),
        _correlation(pitch[voiced], stretch.tilt[voiced]),
        _correlation(level[stretch.active], stretch.tilt[stretch.active]),
    ]
    skew = ((sung - mean) ** 3).mean() / (sung.std() ** 3 + 1e-3)
    rises = [slopes.mean(), slopes.std(), slopes[-1], slopes[0]]
    heights = [peaks.std(), peaks[0] - mean, peaks[-1] - mean, peaks.max() - mean]
    return np.array([*couplings, *rises, *heights, skew])


def _correlation(a: Array, b: Array) -> float:
    """Pearson's correlation, 0 where there is too little or no change."""
    if len(a) <= 10:
        return 0.0
    scale = a.std() * b.std()
    return float(((a - a.mean()) * (b - b.mean())).mean() / scale) if scale > 1e-9 else 0.0
