"""One description per stretch of speech: statistics of spectrum, pitch, level, rhythm and voice.

The choice follows the tradition of the Interspeech ComParE and GeMAPS sets (Eyben et al. 2016): low-level
descriptors and their change, summarised by mean, deviation and percentiles, plus contour and rate measures
and the movements of ``dynamics``. Everything but the last value is independent of the microphone's gain.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from insula.models.speech.dynamics import N_DYNAMICS, dynamics
from insula.models.speech.features import FRAME_RATE_HZ, FloatArray, Frames
from insula.models.speech.stretch import (
    MEAN_PITCH,
    Array,
    Bools,
    Stretch,
    active_frames,
    percentiles,
    prepare,
)

WINDOW_FRAMES: Final = 400
"""The longest stretch described at once: the last 4 s."""
MIN_FRAMES: Final = 50
"""The shortest: 0.5 s."""
N_FUNCTIONALS: Final = 648 + N_DYNAMICS
LEVEL: Final = N_FUNCTIONALS - 1
"""Index of the absolute level in dB re full scale: it means something only relative to the person's own."""

SPECTRUM: Final = slice(375, 439)
"""Where the mean gain-free log-mel spectrum of the active frames stands, and"""
SPREAD: Final = slice(439, 503)
"""its deviation."""
PITCH: Final = 615
"""Index of the mean pitch, log2 of Hz."""

_PERCENTILES = (5, 25, 50, 75, 95)
_OCTAVE_JUMP = 0.3  # octaves in 10 ms: a tracking error, not a voice


def functionals(frames: Frames) -> FloatArray:
    """Describe 50 to 400 frames (0.5 to 4 s) by 895 numbers; raises ``ValueError`` for fewer or more."""
    if not MIN_FRAMES <= len(frames) <= WINDOW_FRAMES:
        raise ValueError(f"a description needs {MIN_FRAMES} to {WINDOW_FRAMES} frames, not {len(frames)}")
    stretch = prepare(frames)
    track = _descriptors(stretch)
    change = _slope(track)
    values = np.concatenate(
        [
            _summary(np.concatenate([track, change], axis=1)[stretch.active]),
            np.abs(change[stretch.active]).mean(axis=0),
            *_spectrum(stretch),
            _pitch(stretch),
            _rhythm(stretch),
            _contour(stretch),
            _level(stretch),
            dynamics(stretch),
            [stretch.level],
        ]
    )
    return values.astype(np.float32)


def _descriptors(stretch: Stretch) -> Array:
    """Low-level descriptors (n, 25): cepstra, tilt, centroid, flux, voicing, level within the window."""
    power, frames = stretch.power, stretch.frames
    centroid = power @ np.arange(power.shape[1]) / power.sum(axis=1)
    flux = np.concatenate([[0.0], np.abs(np.diff(stretch.mel, axis=0)).mean(axis=1)])
    level = frames.level_db - stretch.level
    return np.column_stack([stretch.cepstra, stretch.tilt, centroid, flux, frames.voicing, level])


def _slope(track: Array) -> Array:
    """Regression slope over five frames, 0 at the ends: as ``track``."""
    slope = np.zeros_like(track)
    slope[2:-2] = (track[3:-1] - track[1:-3] + 2 * (track[4:] - track[:-4])) / 10
    return slope


def _summary(rows: Array) -> Array:
    ranked = np.sort(rows, axis=0)
    at = (np.asarray(_PERCENTILES) * (len(rows) - 1) / 100).astype(int)
    return np.concatenate([rows.mean(axis=0), rows.std(axis=0), *ranked[at]])


def _spectrum(stretch: Stretch) -> tuple[Array, ...]:
    """Mean and deviation of the spectrum, mean of the voiced spectrum, mean pitch salience."""
    voiced, salience = stretch.voiced, stretch.frames.salience
    enough = bool(voiced.sum() > 5)
    spectrum = stretch.mel[stretch.active]
    sung = stretch.mel[voiced] if enough else spectrum
    return (
        spectrum.mean(axis=0),
        spectrum.std(axis=0),
        sung.mean(axis=0),
        (salience[voiced] if enough else salience).mean(axis=0, dtype=np.float64),
    )


def _pitch(stretch: Stretch) -> Array:
    """Pitch level, range and movement, and shimmer (mean level step between voiced frames)."""
    voiced = stretch.voiced
    pitch = stretch.pitch[voiced] if voiced.sum() >= 5 else np.full(5, MEAN_PITCH)
    step = np.diff(pitch)
    step = step[np.abs(step) < _OCTAVE_JUMP]
    if not len(step):
        step = np.zeros(1)
    both = voiced[1:] & voiced[:-1]
    shimmer = np.abs(np.diff(stretch.frames.level_db))[both].mean() if both.any() else 0.0
    points = percentiles(pitch, _PERCENTILES)
    place = np.linspace(-1, 1, len(pitch))
    slope = (place * (pitch - pitch.mean())).sum() / (place**2).sum()
    movement = [np.abs(step).mean(), step.mean(), step.std(), (step > 0).mean(), slope, shimmer]
    return np.array([pitch.mean(), pitch.std(), *points, points[-1] - points[0], *movement])


def _rhythm(stretch: Stretch) -> Array:
    """Voiced and active share, level peaks and voiced stretches a second, lengths of voiced stretches."""
    voiced = stretch.voiced
    edges = np.diff(np.concatenate([[0], voiced.astype(int), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    runs = stops - starts if len(starts) else np.zeros(1)
    rates = [_peak_rate_hz(stretch.frames, stretch.active), len(starts) * FRAME_RATE_HZ / len(voiced)]
    return np.array([voiced.mean(), stretch.active.mean(), *rates, runs.mean(), runs.std(), runs.max()])


def syllable_rate_hz(frames: Frames) -> float:
    """Peaks of the smoothed level a second, a stand-in for the syllable rate (after Mermelstein 1975)."""
    return _peak_rate_hz(frames, active_frames(frames.level_db))


def _peak_rate_hz(frames: Frames, active: Bools) -> float:
    smooth = np.convolve(frames.level_db, np.ones(7) / 7, "same")
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:])
    return float((peaks & active[1:-1]).sum() * FRAME_RATE_HZ / len(frames))


def _contour(stretch: Stretch) -> Array:
    """Pitch, level and tilt of each third of the active frames, relative to the whole: (9,)."""
    pitch, active, voiced = stretch.pitch, stretch.active, stretch.voiced
    whole = pitch[voiced].mean() if voiced.sum() >= 5 else MEAN_PITCH
    tilt = stretch.tilt[active].mean()
    values: list[float] = []
    for part in np.array_split(np.flatnonzero(active), 3):
        sung = part[voiced[part]]
        values.append(float(pitch[sung].mean() - whole) if len(sung) > 2 else 0.0)
        values.append(float(stretch.frames.level_db[part].mean() - stretch.level) if len(part) else 0.0)
        values.append(float(stretch.tilt[part].mean() - tilt) if len(part) else 0.0)
    return np.array(values)


def _level(stretch: Stretch) -> Array:
    """Dynamics of the level in dB.

    Never the duration: live it only says how long the phrase is going on, and in one corpus some classes'
    clips were cut to 2.00 s.
    """
    level = stretch.frames.level_db
    quiet, loud = percentiles(level, (10, 95))
    return np.array([level[stretch.active].std(), loud - quiet])
