"""Skin conductance responses: onset, peak, amplitude, rise and half-recovery time, found causally.

Trough-to-peak scoring on the conductance after a 1 Hz low-pass (Boucsein et al., Psychophysiology 2012):
a response rises by at least 0.01 µS, faster than 0.005 µS/s (slower is tonic drift), and is over when the
signal has left its peak by 0.01 µS or by half of the rise. Its rise lasts 0.25 to 10 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt, sosfilt_zi

Array = npt.NDArray[np.float64]

CUTOFF_HZ = 1.0
MIN_AMPLITUDE_US = 0.01
DRIFT_US_PER_S = 0.005
MIN_RISE_S, MAX_RISE_S = 0.25, 10.0
DELAY_S = float(np.sqrt(2.0) / (2 * np.pi * CUTOFF_HZ))
"""Group delay of the second-order Butterworth low-pass at low frequency; taken off all times."""


@dataclass(frozen=True, slots=True)
class Scr:
    """One response; times in s since the stream's first sample, amplitude in µS.

    ``half_recovery_s`` is the time from the peak to half of the amplitude, ``None`` when the next
    response came first. ``known_s`` is the time of the sample that completed this record.
    """

    onset_s: float
    peak_s: float
    amplitude_us: float
    half_recovery_s: float | None
    known_s: float

    @property
    def rise_s(self) -> float:
        """Time from onset to peak, s."""
        return self.peak_s - self.onset_s


class ScrDetector:
    """Finds responses in one EDA channel; a response is returned once its recovery is known or cut off.

    The smoothed signal, less a drift of 0.005 µS/s, is walked from turning point to turning point. What is
    found does not depend on how the stream was cut into chunks: a chunk's end is only one more point of a
    monotone run.
    """

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._sos = butter(2, CUTOFF_HZ, fs=sfreq, output="sos")
        self._drift = DRIFT_US_PER_S / sfreq
        self._shortest, self._longest = MIN_RISE_S * sfreq, MAX_RISE_S * sfreq
        self.reset()

    def reset(self) -> None:
        """Forget everything; times start at 0 again."""
        self._zi: Array | None = None
        self._n = 0
        self._last = 0.0
        self._last_bad = -1
        self._trough = (0, 0.0)
        self._top: tuple[int, float, int] | None = None
        self._half = 0.0
        self._open: tuple[int, int, float] | None = None

    def __call__(self, y: Array, bad: npt.NDArray[np.bool_]) -> list[Scr]:
        """Take the next samples ``(n,)`` µS with their fault marks; return the responses that ended."""
        n = len(y)
        if n == 0:
            return []
        if self._zi is None:
            self._zi = sosfilt_zi(self._sos) * y[0]
            self._last = float(y[0])
            self._trough = (-1, self._last)
        smooth, self._zi = sosfilt(self._sos, y, zi=self._zi)
        s = np.concatenate([[self._last], smooth])
        number = np.arange(self._n - 1, self._n + n)
        last_bad = np.maximum.accumulate(np.where(np.append(False, bad), number, self._last_bad))
        found = self._walk(s, last_bad)
        self._n += n
        self._last, self._last_bad = float(s[-1]), int(last_bad[-1])
        return found

    def _walk(self, s: Array, last_bad: npt.NDArray[np.int64]) -> list[Scr]:
        """Visit the runs of ``s``, whose first element is the last sample of the chunk before.

        ``last_bad`` is the number of the newest faulty sample up to each.
        """
        down = np.diff(s) < self._drift
        turns = np.flatnonzero(down[1:] != down[:-1]) + 1
        starts, ends = np.concatenate([[0], turns]), np.append(turns, len(s) - 1)
        lows = np.minimum(np.minimum.reduceat(s[1:], starts), s[starts])
        before, drift = self._n - 1, self._drift
        (trough_n, trough), top = self._trough, self._top
        found: list[Scr] = []
        columns = (starts, ends, s[ends], lows, down[starts], last_bad[ends])
        for start, end, value, low, falling, faulty in zip(*(c.tolist() for c in columns), strict=True):
            n = before + end
            if not falling:
                if top is not None:
                    if value > top[1]:
                        top = (n, value, faulty)
                elif value - trough - drift * (n - trough_n) >= MIN_AMPLITUDE_US:
                    if self._open is not None:
                        rising = s[start : end + 1] - drift * np.arange(
                            before + start - trough_n, n - trough_n + 1
                        )
                        self._close(
                            before + start + int((rising - trough >= MIN_AMPLITUDE_US).argmax()), False, found
                        )
                    top = (n, value, faulty)
                continue
            if top is None:
                if value - drift * (n - trough_n) < trough:
                    trough_n, trough = n, value
            elif top[1] - low >= min(MIN_AMPLITUDE_US, (top[1] - trough) / 2):
                self._confirm(trough_n, trough, top)
                trough_n, trough, top = n, value, None
            if self._open is not None and low <= self._half:
                self._close(before + start + int((s[start : end + 1] <= self._half).argmax()), True, found)
        self._trough, self._top = (trough_n, trough), top
        return found

    def _confirm(self, onset: int, low: float, top: tuple[int, float, int]) -> None:
        """The signal has left its top: a response, if its rise is neither faulty nor too short or long."""
        peak, high, last_bad = top
        self._open = None
        if self._shortest <= peak - onset <= self._longest and last_bad < onset:
            self._open, self._half = (onset, peak, high - low), (high + low) / 2

    def _close(self, at: int, recovered: bool, found: list[Scr]) -> None:
        assert self._open is not None
        onset, peak, amplitude = self._open
        found.append(
            Scr(
                onset_s=onset / self._sfreq - DELAY_S,
                peak_s=peak / self._sfreq - DELAY_S,
                amplitude_us=amplitude,
                half_recovery_s=(at - peak) / self._sfreq if recovered else None,
                known_s=(at + 1) / self._sfreq,
            )
        )
        self._open = None
