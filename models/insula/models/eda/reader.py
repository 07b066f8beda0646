"""From samples to one feature vector a second, with the person's own baseline: training, evaluation and live.

All three run this same code sample after sample, so that what was scored is what runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from insula.models.eda import features
from insula.models.eda.follower import LEVEL, QUARTERS_PER_S, Follower
from insula.models.eda.ppg import find_beats
from insula.models.eda.scr import Scr

Array = npt.NDArray[np.float64]

BASELINE_S = 120
BASELINE_EVERY_S = 5
MIN_CLEAN = 0.5
"""Below this share of clean samples a window is not judged."""
GOOD_WINDOW = 0.8
"""A window enters the baseline only when this share of it is clean."""


@dataclass(slots=True)
class Baseline:
    """Means of a person's features over their first two minutes of clean signal."""

    clean_s: int = 0
    _sum: Array = field(default_factory=lambda: np.zeros(0))
    _count: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def ready(self) -> bool:
        """Whether two minutes of clean signal have been seen."""
        return self.clean_s >= BASELINE_S

    @property
    def left_s(self) -> int:
        """Seconds of clean signal still missing."""
        return max(0, BASELINE_S - self.clean_s)

    def step(self, clean: bool, values: Array | None) -> None:
        """Count one second; ``values`` is its feature vector when the window is full and clean."""
        if self.ready:
            return
        self.clean_s += int(clean)
        if values is None or self.clean_s % BASELINE_EVERY_S:
            return
        if len(self._sum) == 0:
            self._sum, self._count = np.zeros(len(values)), np.zeros(len(values))
        seen = np.isfinite(values)
        self._sum[seen] += values[seen]
        self._count[seen] += 1

    @classmethod
    def known(cls, values: Array) -> Baseline:
        """A complete baseline with these means (f,), NaN where nothing is known."""
        return cls(BASELINE_S, np.nan_to_num(values), np.isfinite(values).astype(np.float64))

    def mean(self, n: int) -> Array:
        """Mean of every feature, NaN where it was never seen."""
        if len(self._sum) == 0:
            return np.full(n, np.nan)
        return np.where(self._count > 0, self._sum / np.maximum(self._count, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Second:
    """What is known at the end of second ``t_s`` of a recording.

    ``values`` are the raw features (NaN = not measurable), ``None`` while the first window fills;
    ``clean`` is the window's share of clean samples; ``marks`` are the artefacts of this very second.
    """

    t_s: int
    values: Array | None
    clean: float
    marks: int
    level_us: float


class FeatureReader:
    """Turns one EDA channel into :class:`Second` records; the chunks' lengths change nothing."""

    def __init__(self, sfreq: float) -> None:
        self._follower = Follower(sfreq)
        self._contrast = features.Contrast()
        self._quarters = np.zeros((0, 4))
        self._marks = np.zeros(0, np.uint8)
        self._kept_from = 0
        self._t_s = 0
        self.responses: list[Scr] = []
        """Responses of the last two minutes."""

    def push(self, y: Array) -> list[Second]:
        """Take samples ``(n,)`` µS; return the seconds they completed, with the EDA features."""
        step = self._follower(y)
        self._quarters = np.concatenate([self._quarters, step.quarters])
        self._marks = np.concatenate([self._marks, step.marks])
        self.responses += step.responses
        whole = (self._kept_from + len(self._quarters)) // QUARTERS_PER_S - self._t_s
        if whole == 0:
            return []
        t_s = np.arange(self._t_s + 1, self._t_s + whole + 1)
        found = self._seconds(t_s)
        self._t_s += whole
        self._forget()
        return found

    def _seconds(self, t_s: npt.NDArray[np.int64]) -> list[Second]:
        start = int(t_s[0] - 1) * QUARTERS_PER_S - self._kept_from
        new = self._quarters[start : start + len(t_s) * QUARTERS_PER_S].reshape(len(t_s), QUARTERS_PER_S, 4)
        marks = np.bitwise_or.reduce(self._marks[start : start + new.shape[0] * 4].reshape(-1, 4), axis=1)
        level = new[:, :, LEVEL].mean(axis=1)
        usable = features.clean_share(new) > 0.5
        contrast = self._contrast(np.where(usable, np.log(level + 0.05), np.nan))
        length = features.WINDOW_S * QUARTERS_PER_S
        full = t_s >= features.WINDOW_S
        clean = np.zeros(len(t_s))
        values: list[Array | None] = [None] * len(t_s)
        if full.any():
            ends = t_s[full] * QUARTERS_PER_S - self._kept_from
            windows = sliding_window_view(self._quarters, length, axis=0)[ends - length].transpose(0, 2, 1)
            table = features.eda_features(windows, self.responses, t_s[full], contrast[full])
            clean[full] = features.clean_share(windows)
            values[len(t_s) - len(table) :] = list(table)
        for i in np.flatnonzero(~full):
            so_far = self._quarters[: int(t_s[i]) * QUARTERS_PER_S]
            clean[i] = features.clean_share(so_far[None])[0]
        return [
            Second(int(t), v, float(c), int(m), float(y))
            for t, v, c, m, y in zip(t_s, values, clean, marks, level, strict=True)
        ]

    def _forget(self) -> None:
        surplus = self._t_s * QUARTERS_PER_S - self._kept_from - features.WINDOW_S * QUARTERS_PER_S
        if surplus > 0:
            self._quarters, self._marks = self._quarters[surplus:], self._marks[surplus:]
            self._kept_from += surplus
        self.responses = [r for r in self.responses if r.peak_s >= self._t_s - 2 * features.WINDOW_S]


def read_seconds(eda: Array, sfreq: float, ppg: Array | None, ppg_sfreq: float) -> list[Second]:
    """Follow a whole recording: EDA features, then pulse features (NaN without ``ppg``), every second."""
    seconds = FeatureReader(sfreq).push(eda)
    t_s = np.array([second.t_s for second in seconds], np.int64)
    pulse = np.full((len(t_s), len(features.PULSE_FEATURES)), np.nan)
    if ppg is not None and len(ppg) > 2 * ppg_sfreq:
        beats = find_beats(ppg, ppg_sfreq)
        if len(beats.peak_s):
            pulse = features.pulse_features(beats, t_s)
    return [
        second if second.values is None else replace(second, values=np.concatenate([second.values, row]))
        for second, row in zip(seconds, pulse, strict=True)
    ]
