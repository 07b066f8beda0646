"""Raw signals for the eye: the last seconds of each sample stream, sound as its level (Qt-free)."""

from __future__ import annotations

from collections import deque

import numpy as np

from insula.edge.types import AffectEstimate, Chunk, StreamInfo
from insula.ui.dashboard import clues
from insula.ui.dashboard.series import FloatArray, GapLog, Series
from insula.ui.dashboard.view import SignalLane, VoiceLane

MODALITY_OF = {"Video": "face", "Audio": "voice", "EDA": "eda", "GSR": "eda", "EEG": "eeg"}
"""Which modality's colour a stream type wears."""

SPAN_S = {"EEG": 10.0, "Audio": 10.0, "PPG": 10.0}
"""Seconds on the screen for fast signals; slow ones (EDA, temperature) get a minute."""

SHOWN = frozenset({"EDA", "GSR", "EEG", "Audio", "PPG", "ECG", "Temperature", "Respiration"})
"""Stream types that are drawn; others (ground truth, acceleration, text) have a light only."""

SLOW_SPAN_S = 60.0
SAME_S = 0.3
"""Events closer than this are the same one, told again by the next estimate."""

SCR_FEATURE = "scr_onset"
"""Feature of a clue: how many seconds before the estimate the newest skin conductance response began."""

TOLD_HZ = 10.0
"""Estimates of a voice come less often than this."""

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
        self._heard = Series(2, int(TOLD_HZ * max(keep_s, self.span_s)) + 16) if self._audio else None
        self._artefacts: dict[str, GapLog] = {}
        self._kept_all = bool(keep_s)
        self._judged_t: float | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the stream's next samples."""
        if not len(chunk):
            return
        self.last_t = float(chunk.times[-1])
        if self._level is not None:
            self._series.extend(*self._level.feed(chunk))
        else:
            self._series.extend(chunk.times, chunk.data)

    def judge(self, estimate: AffectEstimate) -> None:
        """Take what an estimate that rests on this signal says of it."""
        if self._heard is not None:
            self._hear(estimate)
        elif self.info.type == "EEG":
            self._shade(estimate)
        for clue in estimate.clues:
            if clue.feature == SCR_FEATURE:
                self.mark(estimate.t - clue.value)

    def mark(self, t: float) -> None:
        """Note an event in the signal, such as a skin conductance response."""
        if not self._marks or t > self._marks[-1] + SAME_S:
            self._marks.append(t)

    def _hear(self, estimate: AffectEstimate) -> None:
        activity = clues.value(estimate.clues, "voice activity")
        if activity is not None and self._heard is not None:
            pitch = clues.value(estimate.clues, "pitch")
            self._heard.append(estimate.t, (activity, np.nan if pitch is None else pitch))

    def _shade(self, estimate: AffectEstimate) -> None:
        """Note from the last judgement on which electrodes are not good now."""
        since = estimate.t if self._judged_t is None else self._judged_t
        self._judged_t = estimate.t
        poor = clues.electrodes(estimate.clues)
        for name, log in self._artefacts.items():
            if name not in poor:
                log.clear(estimate.t)
        for name, mark in poor.items():
            log = self._artefacts.setdefault(name, GapLog(None if self._kept_all else 64))
            log.mark(since, mark)

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
            artefacts=tuple((name, gap) for name, log in self._artefacts.items() for gap in log.since(t0)),
            voice=VoiceLane(*self._heard.since(t0)) if self._heard is not None else None,
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
