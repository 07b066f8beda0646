"""Pulse from a wrist photoplethysmogram: beats by two moving averages, inter-beat intervals with a gate.

Beat finding follows the two-moving-averages idea of Elgendi et al. (PLoS ONE 2013): the squared, band-passed
wave is a beat where its mean over a systole exceeds its mean over a beat. A beat is known ``KNOWN_AFTER_S``
after its peak: whoever asks at time t must use beats up to ``t − KNOWN_AFTER_S`` only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, lfilter, sosfilt

Array = npt.NDArray[np.float64]

BAND_HZ = (0.5, 8.0)
SYSTOLE_S, BEAT_S, NOISE_S = 0.111, 0.667, 10.0
MAX_SYSTOLE_S = 0.6
REFRACTORY_S = 0.3
MIN_IBI_S, MAX_IBI_S = 0.33, 1.6
MAX_IBI_CHANGE = 0.2
MEDIAN_BEATS = 9
KNOWN_AFTER_S = 1.5
"""Sum of the longest systole, half a beat's mean and the refractory time, rounded up."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Beats of one recording: ``peak_s`` and pulse ``amplitude`` (sensor units), each ``(n,)``.

    ``ibi_s[i]`` is the interval that ends at beat i, NaN for the first; ``good[i]`` says that it is
    physiological and within 20 % of the median of the last nine.
    """

    peak_s: Array
    amplitude: Array
    ibi_s: Array
    good: npt.NDArray[np.bool_]


def _trailing_mean(x: Array, n: int) -> Array:
    mean: Array = lfilter(np.full(n, 1.0 / n), [1.0], x)
    return mean


def find_beats(wave: Array, sfreq: float) -> Beats:
    """Find beats in a pulse wave ``(n,)`` at ``sfreq`` ≥ 32 Hz; what it says of t is fixed by t + 1.5 s."""
    x = sosfilt(butter(2, BAND_HZ, "bandpass", fs=sfreq, output="sos"), wave)
    power = np.maximum(x, 0.0) ** 2
    short, long = round(SYSTOLE_S * sfreq) | 1, round(BEAT_S * sfreq) | 1
    ahead_short, ahead_long = short // 2, long // 2
    padded = np.concatenate([power, np.zeros(ahead_long)])
    systole = _trailing_mean(padded, short)[ahead_short : ahead_short + len(x)]
    beat = _trailing_mean(padded, long)[ahead_long : ahead_long + len(x)]
    noise = _trailing_mean(power, round(NOISE_S * sfreq))
    inside = np.concatenate([[False], systole > beat + 0.02 * noise, [False]])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    wide = ends - starts >= short
    ends = np.minimum(ends, starts + round(MAX_SYSTOLE_S * sfreq))
    peaks = [int(a + np.argmax(x[a:b])) for a, b in zip(starts[wide], ends[wide], strict=True)]
    kept = _refractory(peaks, x, round(REFRACTORY_S * sfreq))
    return _beats(np.asarray(kept, np.int64), x, sfreq)


def _refractory(peaks: list[int], x: Array, gap: int) -> list[int]:
    kept: list[int] = []
    for peak in peaks:
        if kept and peak - kept[-1] < gap:
            if x[peak] > x[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    return kept


def _beats(peaks: npt.NDArray[np.int64], x: Array, sfreq: float) -> Beats:
    back = round(2 * REFRACTORY_S * sfreq)
    amplitude = np.array([x[p] - x[max(0, p - back) : p + 1].min() for p in peaks], np.float64)
    at = peaks.astype(np.float64)
    inner = (peaks > 0) & (peaks < len(x) - 1)
    left, mid, right = (x[peaks[inner] + k] for k in (-1, 0, 1))
    bend = left - 2 * mid + right
    at[inner] += np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    ibi = np.diff(at / sfreq, prepend=np.nan)
    good = np.zeros(len(ibi), np.bool_)
    if len(ibi) > 1:
        late = ibi[1:]
        past = sliding_window_view(np.concatenate([np.full(MEDIAN_BEATS - 1, late[0]), late]), MEDIAN_BEATS)
        median = np.median(past, axis=1)
        steady = np.abs(late - median) < MAX_IBI_CHANGE * median
        good[1:] = (late > MIN_IBI_S) & (late < MAX_IBI_S) & steady
    return Beats(at / sfreq, amplitude, ibi, good)
