"""Raw signals for the eye: the last seconds of each sample stream, sound as its level (Qt-free)."""

from __future__ import annotations

from collections import deque

import numpy as np

from insula.edge.types import Chunk, StreamInfo
from insula.ui.dashboard.series import FloatArray, Series
from insula.ui.dashboard.view import SignalLane

MODALITY_OF = {"Video": "face", "Audio": "voice", "EDA": "eda", "GSR": "eda", "EEG": "eeg"}
"""Which modality's colour a stream type wears."""

SPAN_S = {"EEG": 10.0, "Audio": 10.0, "PPG": 10.0}
"""Seconds on the screen for fast signals; slow ones (EDA, temperature) get a minute."""

SHOWN = frozenset({"EDA", "GSR", "EEG", "Audio", "PPG", "ECG", "Temperature", "Respiration"})
"""Stream types that are drawn; others (ground truth, acceleration, text) have a light only."""

SLOW_SPAN_S = 60.0
SAME_S = 0.3
"""Events closer than this are the same one, told again by the next estimate."""

LEVEL_HZ = 50.0
LEVEL_FLOOR_DB = -60.0


class SignalTrack:
    """The newest samples of one stream, ready to be drawn; ``keep_s`` seconds of them."""

    def __init__(self, info: StreamInfo, keep_s: float = 0.0) -> None:
        self.info = info
        self.modality = MODALITY_OF.get(info.type, "")
        self.span_s = SPAN_S.get(info.type, SLOW_SPAN_S)
        self.last_t: float | None = None
        self._audio = info.type == "Audio"
        self._level = _Level(info.sfreq) if self._audio else None
        rate = LEVEL_HZ if self._audio else (info.sfreq or 50.0)
        columns = 1 if self._audio else info.n_channels
        self._series = Series(columns, int(rate * max(keep_s, self.span_s) * 1.3) + 16)
        self._marks: deque[float] = deque(maxlen=None if keep_s else 64)

    def add(self, chunk: Chunk) -> None:
        """Take the stream's next samples."""
        if not len(chunk):
            return
        self.last_t = float(chunk.times[-1])
        if self._level is not None:
            self._series.extend(*self._level.feed(chunk))
        else:
            self._series.extend(chunk.times, chunk.data)

    def mark(self, t: float) -> None:
        """Note an event in the signal, such as a skin conductance response."""
        if not self._marks or t > self._marks[-1] + SAME_S:
            self._marks.append(t)

    def whole(self) -> SignalLane:
        """Return everything that was kept."""
        return self._lane(-np.inf, "")

    def lane(self, now: float, reason: str) -> SignalLane:
        """Return what is to be drawn at ``now``."""
        return self._lane(now - self.span_s, reason)

    def _lane(self, t0: float, reason: str) -> SignalLane:
        times, rows = self._series.since(t0)
        info = self.info
        return SignalLane(
            stream=info.name,
            type=info.type,
            modality=self.modality,
            ch_names=("level",) if self._audio else info.ch_names,
            unit="dB FS" if self._audio else (info.units[0] if info.units else ""),
            span_s=self.span_s,
            times=times,
            rows=rows,
            marks=tuple(t for t in self._marks if t > t0),
            reason=reason,
            simulated=info.simulated,
        )


class _Level:
    """Root mean square of sound in blocks of 20 ms, in dB re full scale, floored."""

    def __init__(self, sfreq: float) -> None:
        self._block = max(1, round((sfreq or 16000.0) / LEVEL_HZ))
        self._left = np.empty(0)
        self._left_t = np.empty(0)

    def feed(self, chunk: Chunk) -> tuple[FloatArray, FloatArray]:
        """Return times ``(n,)`` and levels ``(n, 1)`` of the blocks that are complete."""
        data = chunk.data
        scale = 32768.0 if np.issubdtype(data.dtype, np.integer) else 1.0
        mono = np.concatenate([self._left, data.mean(axis=1, dtype=np.float64) / scale])
        times = np.concatenate([self._left_t, chunk.times])
        n = len(mono) // self._block
        used = n * self._block
        self._left, self._left_t = mono[used:], times[used:]
        power = np.square(mono[:used].reshape(n, self._block)).mean(axis=1)
        level = np.maximum(10.0 * np.log10(power + 1e-12), LEVEL_FLOOR_DB)
        return times[self._block - 1 : used : self._block], level[:, None]
