"""The pulse beside a live skin-conductance stream: the features that evaluation reads from a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.stream import StreamReader
from insula.edge.stream_times import GAP_STEPS
from insula.edge.types import StreamInfo
from insula.models.eda.features import PULSE_FEATURES, pulse_features
from insula.models.eda.ppg import find_beats

Array = npt.NDArray[np.float64]

HISTORY_S: Final = 300
"""The slowest mean a feature is held against forgets in 120 s."""
LOST_S: Final = 3.0
"""A pulse wave that is older says nothing about now."""
_LOWEST_HZ, _HIGHEST_HZ = 32.0, 256.0


def fits(info: StreamInfo) -> bool:
    """Whether a stream is a pulse wave that can be followed: type PPG, 32–256 Hz, any unit."""
    return info.type.upper() in {"PPG", "BVP"} and _LOWEST_HZ <= info.sfreq <= _HIGHEST_HZ


class LivePulse:
    """Follows the first channel of a pulse stream; owns ``reader``."""

    def __init__(self, reader: StreamReader) -> None:
        self.reader = reader
        self._sfreq = reader.info.sfreq
        self._wave, self._times = np.empty(0), np.empty(0)

    def rows(self, ends: Array) -> Array:
        """Pulse features ``(n, 9)`` at the rising, whole-second ``ends`` (n,) in s on the stream's clock.

        NaN where the pulse cannot be judged: too little of it, unsteady, or none any more.
        """
        self._follow()
        nothing = np.full((len(ends), len(PULSE_FEATURES)), np.nan)
        t = float(ends[-1])
        known = int(np.searchsorted(self._times, t, side="right"))
        if known < 2 * self._sfreq or t - self._times[known - 1] > LOST_S:
            return nothing
        length = HISTORY_S + round(t - float(ends[0]))
        beats = find_beats(self._wave[:known], self._sfreq)
        if not len(beats.peak_s):
            return nothing
        # Second 0 is so long before the last end that every end is a whole, positive second after it.
        placed = replace(beats, peak_s=beats.peak_s + (self._times[0] - t + length))
        self._forget(t - length)
        return pulse_features(placed, np.round(ends - t).astype(np.int64) + length)

    def _follow(self) -> None:
        """Take what is new; a gap or a lost sample starts the wave anew."""
        for chunk in self.reader.read_new():
            wave = np.asarray(chunk.data[:, 0], np.float64)
            before = self._times[-1] if len(self._times) else chunk.times[0]
            steps = np.diff(chunk.times, prepend=before) * self._sfreq
            broken = np.flatnonzero((steps > GAP_STEPS) | ~np.isfinite(wave))
            if len(broken):
                start = int(broken[-1]) + int(not np.isfinite(wave[broken[-1]]))
                self._wave, self._times = wave[start:], chunk.times[start:]
            else:
                self._wave = np.concatenate([self._wave, wave])
                self._times = np.concatenate([self._times, chunk.times])

    def _forget(self, t: float) -> None:
        old = int(np.searchsorted(self._times, t))
        self._wave, self._times = self._wave[old:], self._times[old:]
