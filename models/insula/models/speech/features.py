"""Streaming, causal speech front end: log-mel spectrum, pitch salience, pitch, voicing and level.

Every frame depends on its own 32 ms of sound only, so feeding the samples in any pieces gives the
same frames as feeding them at once, and the algorithmic delay is one frame length (32 ms).

Pitch follows Boersma (1993, "Accurate short-term analysis of the fundamental frequency …"): the
autocorrelation of the windowed frame divided by that of the window, so that a periodic frame peaks
near 1 at its period. The network sees this function folded into log-spaced bins (*pitch salience*),
which keeps octave ambiguities visible instead of deciding them frame by frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

SFREQ_HZ: Final = 16_000
FRAME: Final = 512
"""Samples in a frame: 32 ms, two periods of the lowest pitch."""
HOP: Final = 160
"""Samples from frame to frame: 10 ms."""
FRAME_RATE_HZ: Final = SFREQ_HZ / HOP
N_MEL: Final = 64
N_SALIENCE: Final = 48

_N_FFT = 1024
_MEL_RANGE_HZ = (50.0, 7_600.0)
_LAG_RANGE = (25, 240)  # 640 Hz … 67 Hz
_POWER_FLOOR = 1e-10
_VOICED = 0.5
_OCTAVE_COST = 0.02  # a shorter period wins when two are nearly as salient (Boersma's octave cost)

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frames:
    """Features of ``n`` frames.

    ``mel`` (n, 64) natural log of the band power; ``salience`` (n, 48) pitch salience from high to low
    pitch, about 0…1; ``pitch_hz`` (n,) with NaN where unvoiced; ``voicing`` (n,) 0…1; ``level_db`` (n,)
    dB relative to full scale.
    """

    mel: FloatArray
    salience: FloatArray
    pitch_hz: FloatArray
    voicing: FloatArray
    level_db: FloatArray

    def __len__(self) -> int:
        return len(self.level_db)

    def cut(self, start: int, stop: int) -> Frames:
        """Frames ``start`` to ``stop`` (exclusive), as views."""
        part = slice(start, stop)
        return Frames(
            self.mel[part], self.salience[part], self.pitch_hz[part], self.voicing[part], self.level_db[part]
        )


def join(parts: Sequence[Frames]) -> Frames:
    """Consecutive frames as one; at least one part."""
    return Frames(
        np.concatenate([p.mel for p in parts]),
        np.concatenate([p.salience for p in parts]),
        np.concatenate([p.pitch_hz for p in parts]),
        np.concatenate([p.voicing for p in parts]),
        np.concatenate([p.level_db for p in parts]),
    )


class FeatureStream:
    """Turns 16 kHz mono samples, pushed in pieces of any size, into frames."""

    def __init__(self) -> None:
        self._rest: FloatArray = np.zeros(0, np.float32)

    def push(self, samples: FloatArray) -> Frames:
        """Return the frames completed by ``samples`` (n,), in full scale −1…1."""
        sound = np.concatenate([self._rest, samples.astype(np.float32, copy=False)])
        count = max(0, (len(sound) - FRAME) // HOP + 1)
        self._rest = sound[count * HOP :].copy()
        if not count:
            return _analyse(np.zeros((0, FRAME), np.float32))
        return _analyse(np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP][:count])

    def reset(self) -> None:
        """Forget the unfinished frame (after a gap)."""
        self._rest = np.zeros(0, np.float32)


def analyse(samples: FloatArray) -> Frames:
    """Frames of a whole recording (n,) at 16 kHz."""
    return FeatureStream().push(samples)


def _analyse(frames: FloatArray) -> Frames:
    power = np.abs(np.fft.rfft(frames * _WINDOW, _N_FFT, axis=1)) ** 2
    mel = np.log(power @ _MEL_BANK + _POWER_FLOOR)
    lags = np.fft.irfft(power, axis=1)[:, : _LAG_RANGE[1] + 2]
    periodicity = lags / np.maximum(lags[:, :1], _POWER_FLOOR) / _WINDOW_LAGS
    salience = np.maximum.reduceat(periodicity[:, : _LAG_RANGE[1] + 1], _LAG_STARTS, axis=1)
    pitch, voicing = _pick_pitch(periodicity)
    level = 10.0 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + _POWER_FLOOR)
    return Frames(
        mel=mel.astype(np.float32),
        salience=np.clip(salience, -1.0, 1.5).astype(np.float32),
        pitch_hz=pitch.astype(np.float32),
        voicing=voicing.astype(np.float32),
        level_db=level.astype(np.float32),
    )


def _pick_pitch(
    periodicity: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pitch in Hz (NaN where unvoiced) and voicing 0…1 from the highest local maximum of each row."""
    low, high = _LAG_RANGE
    centre = periodicity[:, low : high + 1]
    before, after = periodicity[:, low - 1 : high], periodicity[:, low + 1 : high + 2]
    peak = (centre >= before) & (centre > after)
    score = np.where(peak, centre - _OCTAVE_COST * np.log2(np.arange(low, high + 1) / low), -1.0)
    best = score.argmax(axis=1)
    rows = np.arange(len(best))
    left, top, right = before[rows, best], centre[rows, best], after[rows, best]
    curvature = left - 2 * top + right
    shift = np.where(np.abs(curvature) > 1e-9, 0.5 * (left - right) / np.minimum(curvature, -1e-9), 0.0)
    voicing = np.where(score[rows, best] > -1.0, np.clip(top, 0.0, 1.0), 0.0)
    pitch = SFREQ_HZ / (best + low + np.clip(shift, -0.5, 0.5))
    return np.where(voicing >= _VOICED, pitch, np.nan), voicing


def _mel_bank() -> npt.NDArray[np.float64]:
    """Triangular bands, equally wide on the mel scale (O'Shaughnessy 1987): (513, 64)."""

    def to_mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hz, np.float64) / 700.0)

    edges = np.linspace(to_mel(_MEL_RANGE_HZ[0]), to_mel(_MEL_RANGE_HZ[1]), N_MEL + 2)
    bins = to_mel(np.fft.rfftfreq(_N_FFT, 1 / SFREQ_HZ))[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    bank: npt.NDArray[np.float64] = np.maximum(0.0, np.minimum(rise, fall))
    return np.asarray(bank / np.maximum(bank.sum(axis=0), 1e-9))


def _window_lags() -> npt.NDArray[np.float64]:
    lags = np.fft.irfft(np.abs(np.fft.rfft(_WINDOW, _N_FFT)) ** 2)[: _LAG_RANGE[1] + 2]
    return np.asarray(lags / lags[0])


_WINDOW = np.hanning(FRAME + 1)[:-1]
_WINDOW_LAGS = _window_lags()
_MEL_BANK = _mel_bank()
_LAG_STARTS = np.unique(np.geomspace(*_LAG_RANGE, N_SALIENCE + 1).astype(int))[:N_SALIENCE]
