"""Features of 60 s windows of EDA and pulse, one window a second; none knows the time of the session.

Levels enter as logarithms relative to a recent past of fixed length, never relative to the whole session,
so that a slow drift over the session carries no information on how much of it has passed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from insula.models.eda.follower import FAULTY, LEVEL, PHASIC, QUARTERS_PER_S, TONIC
from insula.models.eda.ppg import KNOWN_AFTER_S, Beats
from insula.models.eda.scr import Scr

Array = npt.NDArray[np.float64]

WINDOW_S = 60
FAST_S = 10.0
SLOW_S = (30.0, 60.0, 120.0)
MIN_IBIS = 10
MIN_PULSE_COVER = 0.3
"""Share of a window that good inter-beat intervals must cover before the pulse is used."""

EDA_FEATURES = (
    "level_vs_30s",
    "level_vs_60s",
    "level_vs_120s",
    "slope",
    "relative_slope",
    "tonic_change",
    "log_phasic",
    "log_relative_phasic",
    "scr_per_min",
    "log_scr_sum",
    "log_relative_spread",
    "log_relative_activity",
    "scr_rise",
)
PULSE_FEATURES = (
    "pulse_rate",
    "pulse_vs_30s",
    "pulse_vs_60s",
    "pulse_vs_120s",
    "log_rmssd",
    "log_sdnn",
    "log_amplitude",
    "log_amplitude_cv",
    "pulse_slope",
)
NAMES = (*EDA_FEATURES, *PULSE_FEATURES)


class Contrast:
    """A value against its own recent past: mean over ``FAST_S`` minus means over ``SLOW_S`` seconds.

    The means are exponential and corrected for their start, so the first seconds are no special case.
    A second without a value (NaN) changes nothing: the past fades no further.
    """

    def __init__(self) -> None:
        self._keep = np.exp(-1.0 / np.array([FAST_S, *SLOW_S]))
        self._sums = np.zeros((len(self._keep), 2))
        self._last = np.full(len(SLOW_S), np.nan)

    def __call__(self, values: Array) -> Array:
        """Contrasts ``(n, 3)`` after each of the next ``n`` seconds; NaN before the first value."""
        seen = np.isfinite(values)
        both = np.column_stack([values[seen], np.ones(int(seen.sum()))])
        means = np.empty((len(both), len(self._keep)))
        for i, keep in enumerate(self._keep):
            sums, _ = lfilter([1.0], [1.0, -keep], both, axis=0, zi=keep * self._sums[i][None])
            means[:, i] = sums[:, 0] / sums[:, 1]
            if len(sums):
                self._sums[i] = sums[-1]
        contrasts = np.concatenate([self._last[None], means[:, :1] - means[:, 1:]])
        self._last = contrasts[-1]
        out: Array = contrasts[np.cumsum(seen)]
        return out


def eda_features(
    windows: Array, responses: Sequence[Scr], t_s: npt.NDArray[np.int64], contrast: Array
) -> Array:
    """Features ``(n, 13)`` of the windows that end at seconds ``t_s`` (n,), in the order of ``EDA_FEATURES``.

    ``windows`` are quarter-second means ``(n, 240, 4)``; ``responses`` may be more than the windows hold, and
    each counts from the moment it was known; ``contrast`` (n, 3) of the log level.
    """
    level, tonic = windows[:, :, LEVEL], windows[:, :, TONIC]
    mean = level.mean(axis=1) + 0.05
    t = (np.arange(level.shape[1]) - (level.shape[1] - 1) / 2) / QUARTERS_PER_S
    slope = level @ t / (t @ t)
    spread = (level - slope[:, None] * t).std(axis=1)
    activity = np.abs(np.diff(level, axis=1)).mean(axis=1) * QUARTERS_PER_S
    phasic = windows[:, :, PHASIC].mean(axis=1)
    count, total, rise = _responses(responses, t_s)
    return np.column_stack(
        [
            contrast,
            slope,
            slope / mean,
            (tonic[:, -1] - tonic[:, 0]) / mean,
            np.log(phasic + 0.003),
            np.log(phasic / mean + 0.003),
            count * (60.0 / WINDOW_S),
            np.log(total + 0.01),
            np.log(spread / mean + 0.002),
            np.log(activity / mean + 0.001),
            np.where(count > 0, rise / np.maximum(count, 1), np.nan),
        ]
    )


def _responses(responses: Sequence[Scr], t_s: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Number, summed amplitude and summed rise time of the responses in, and known by, each window."""
    if not responses:
        return np.zeros(len(t_s)), np.zeros(len(t_s)), np.zeros(len(t_s))
    table = np.array([(r.peak_s, r.known_s, r.amplitude_us, r.rise_s) for r in responses])
    out = np.zeros((len(t_s), 3))
    for peak, known, amplitude, rise in table:
        inside = (t_s >= known) & (t_s > peak) & (t_s - WINDOW_S <= peak)
        out[inside] += (1.0, amplitude, rise)
    return out[:, 0], out[:, 1], out[:, 2]


def clean_share(windows: Array) -> Array:
    """Share of samples without an artefact mark ``(n,)`` in quarter-second means ``(n, k, 4)``, 0…1."""
    share: Array = 1.0 - windows[:, :, FAULTY].mean(axis=1)
    return share


def pulse_features(beats: Beats, t_s: npt.NDArray[np.int64]) -> Array:
    """Features ``(n, 9)`` at seconds ``t_s``, in the order of ``PULSE_FEATURES``; NaN where unusable."""
    last = np.searchsorted(beats.peak_s, t_s - KNOWN_AFTER_S)
    first = np.searchsorted(beats.peak_s, t_s - KNOWN_AFTER_S - WINDOW_S)
    good = beats.good
    ibi = np.where(good, beats.ibi_s, 0.0)
    rate = np.where(good, 60.0 / np.where(good, beats.ibi_s, 1.0), 0.0)
    step = np.diff(beats.ibi_s, prepend=np.nan)
    pair = good & np.append(False, good[:-1])
    step_sq = np.where(pair, step, 0.0) ** 2
    amplitude = np.log(np.maximum(beats.amplitude, 1e-3))
    at = np.where(good, beats.peak_s, 0.0)

    def total(x: Array) -> Array:
        sums = np.concatenate([[0.0], np.cumsum(x)])
        return np.asarray(sums[last] - sums[first])

    n, n_pairs = total(good.astype(np.float64)), total(pair.astype(np.float64))
    n_beats = np.maximum(last - first, 1)
    usable = (n >= MIN_IBIS) & (total(ibi) >= MIN_PULSE_COVER * WINDOW_S)
    n = np.maximum(n, 1)
    mean_ibi = total(ibi) / n
    sd_ibi = np.sqrt(np.maximum(total(ibi**2) / n - mean_ibi**2, 0.0))
    mean_amplitude = total(amplitude) / n_beats
    sd_amplitude = np.sqrt(np.maximum(total(amplitude**2) / n_beats - mean_amplitude**2, 0.0))
    spread_t = total(at**2) - total(at) ** 2 / n
    pulse_slope = (total(at * rate) - total(at) * total(rate) / n) / np.maximum(spread_t, 1.0)
    rmssd = np.sqrt(total(step_sq) / np.maximum(n_pairs, 1))
    table = np.column_stack(
        [
            60.0 / np.maximum(mean_ibi, 0.1),
            _pulse_contrast(beats, t_s),
            np.where(n_pairs > 5, np.log(rmssd + 0.003), np.nan),
            np.log(sd_ibi + 0.003),
            mean_amplitude,
            np.log(sd_amplitude + 0.01),
            pulse_slope,
        ]
    )
    table[~usable] = np.nan
    return table


def _pulse_contrast(beats: Beats, t_s: npt.NDArray[np.int64]) -> Array:
    """The :class:`Contrast` of the log pulse rate at seconds ``t_s``."""
    n = int(t_s[-1]) + 1 if len(t_s) else 1
    known = np.ceil(beats.peak_s[beats.good] + KNOWN_AFTER_S).astype(np.int64)
    value = np.log(60.0 / beats.ibi_s[beats.good])[known < n]
    known = known[known < n]
    count = np.bincount(known, minlength=n)
    total = np.bincount(known, value, n)
    per_second = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return Contrast()(per_second)[t_s]
