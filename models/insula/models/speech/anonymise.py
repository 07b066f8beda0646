"""Voice anonymisation for export, offline: pitch and timbre are moved, the melody of speech and words stay.

The whole voice is shifted by some semitones, formants and pitch together: time is stretched by
waveform-similarity overlap-add, then the sound is resampled. ``strong`` moves the timbre further by the
McAdams method (Patino et al., Interspeech 2021; a baseline of the VoicePrivacy Challenge): in each frame the
angles φ of the poles of a linear prediction are raised to φ^α. It hides the speaker better and costs most of
the expression (``benchmarks/voice_privacy.py`` measures both). The amounts are drawn at random for every
recording and stored nowhere, so that they cannot be undone by looking them up.

It hinders recognising a speaker; it does not make the voice anonymous in law. The words stay, and so does
what they say about a person.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter, resample

from insula.models.speech.features import FloatArray

ALPHA: Final = (0.70, 0.90)
"""Range of McAdams' coefficient; 1 changes nothing."""
SEMITONES: Final = (1.5, 3.5)
"""Range of the shift, up or down."""

_ORDER: Final = 20
_FRAME: Final = 320
_HOP: Final = 160
_SILENT: Final = 1e-4
_LONGEST_POLE: Final = 0.99
_GRAIN: Final = 640
_SEEK: Final = 160

Array = npt.NDArray[np.float64]


def anonymise(sound: FloatArray, rng: np.random.Generator, *, strong: bool = False) -> FloatArray:
    """The samples (n,) at 16 kHz with another pitch and timbre, as many and as loud.

    ``rng`` draws the amounts: give a fresh one for each recording and forget it.
    """
    alpha = rng.uniform(*ALPHA) if strong else 1.0
    moved = shifted(sound, rng.uniform(*SEMITONES) * rng.choice((-1.0, 1.0)))
    return mcadams(moved, alpha) if strong else moved


def shifted(sound: FloatArray, semitones: float) -> FloatArray:
    """The samples (n,) with everything ``semitones`` higher, at the same pace."""
    factor = 2.0 ** (semitones / 12.0)
    if len(sound) < 2 * _GRAIN:
        return sound
    stretched = _stretch(sound.astype(np.float64), factor)
    return np.asarray(resample(stretched, len(sound)), np.float32)


def mcadams(sound: FloatArray, alpha: float) -> FloatArray:
    """The samples (n,) with the angles of the poles raised to ``alpha``; silence stays silence."""
    window = np.sqrt(np.hanning(_FRAME + 1)[:-1])
    padded = np.concatenate([np.zeros(_FRAME), sound.astype(np.float64), np.zeros(2 * _FRAME)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP] * window
    loudness = np.sqrt(np.mean(frames**2, axis=1))
    heard = np.flatnonzero(loudness >= _SILENT)
    predictors = _predictors(frames[heard])
    out = np.zeros(len(padded))
    moved = frames.copy()
    for row, before, after in zip(heard, predictors, _moved(predictors, alpha), strict=True):
        again = lfilter([1.0], after, lfilter(before, [1.0], frames[row]))
        moved[row] = again * (loudness[row] / max(float(np.sqrt(np.mean(again**2))), 1e-9))
    for number, frame in enumerate(moved * window):
        out[number * _HOP : number * _HOP + _FRAME] += frame
    return out[_FRAME : _FRAME + len(sound)].astype(np.float32)


def _predictors(frames: Array) -> Array:
    """Linear prediction of each frame by autocorrelation: (n, order + 1), beginning with 1."""
    lags = np.stack(
        [np.einsum("nt,nt->n", frames[:, : _FRAME - k], frames[:, k:]) for k in range(_ORDER + 1)], axis=1
    )
    lags[:, 0] *= 1.0 + 1e-6  # keeps the equations solvable for a pure tone
    toeplitz = lags[:, np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))]
    weights = np.linalg.solve(toeplitz, lags[:, 1:, None])[..., 0]
    return np.concatenate([np.ones((len(frames), 1)), -weights], axis=1)


def _moved(predictors: Array, alpha: float) -> list[Array]:
    """The predictors with the angles of their poles raised to ``alpha``."""
    companion = np.zeros((len(predictors), _ORDER, _ORDER))
    companion[:, 0] = -predictors[:, 1:]
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1.0
    poles = np.linalg.eigvals(companion)
    angle, length = np.angle(poles), np.minimum(np.abs(poles), _LONGEST_POLE)
    paired = np.abs(poles.imag) > 1e-9
    angle = np.where(paired, np.sign(angle) * np.minimum(np.abs(angle) ** alpha, np.pi), angle)
    return [np.asarray(np.poly(row).real) for row in length * np.exp(1j * angle)]


def _stretch(sound: Array, factor: float) -> Array:
    """``factor`` times as long at the same pitch (WSOLA, Verhelst and Roelands 1993)."""
    window, hop = np.hanning(_GRAIN + 1)[:-1], _GRAIN // 2
    padded = np.concatenate([np.zeros(_SEEK), sound, np.zeros(_GRAIN + hop + _SEEK)])
    count = int(len(sound) * factor) // hop
    out = np.zeros(count * hop + _GRAIN)
    follow = padded[_SEEK : _SEEK + _GRAIN]
    for k in range(count):
        centre = _SEEK + int(k * hop / factor)
        near = padded[centre - _SEEK : centre + _SEEK + _GRAIN]
        likeness = np.correlate(near, follow, "valid")
        at = centre - _SEEK + int(likeness.argmax())
        out[k * hop : k * hop + _GRAIN] += padded[at : at + _GRAIN] * window
        follow = padded[at + hop : at + hop + _GRAIN]
    return out[: round(len(sound) * factor)]
