"""Takes the device's own voice out of a microphone's sound, given what its loudspeaker plays.

A partitioned-block frequency-domain Kalman filter (Enzner and Vary 2006, "Frequency-domain adaptive Kalman
filter for acoustic echo control in hands-free telephones"; partitions after Kuech, Mabande and Enzner,
ICASSP 2014). Its step follows from how uncertain every coefficient is and how much sound the echo does not
explain, so that a person who speaks at the same time (double talk) holds it still without any detector.

It subtracts and does nothing else. The suppressors of telephony also damp what is left, and with it the
spectrum of a person who speaks at the same time, which is what is to be judged here
(``benchmarks/own_voice.py`` compares). While the loudspeaker is silent the sound passes bit by bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from insula.models.speech.features import FloatArray

BLOCK: Final = 256
"""Samples taken at once: 16 ms at 16 kHz."""
PARTITIONS: Final = 16
"""Blocks of echo that are modelled: 256 ms from loudspeaker to microphone, by way of the walls too."""

_FORGET = 0.999  # of the room, a block: people and doors move
_SMOOTH = 0.92  # of the power of what the echo does not explain
_FIRST_DOUBT = 0.03  # variance of a coefficient before anything was heard: a loudspeaker beside a microphone
_LEAST_DOUBT = 1e-3  # a filter too sure of itself would not follow a change
_FIRST_OTHER = 1.0  # so that the first blocks do not pull the filter to wherever they point
_SILENT = 1e-10  # mean square of a reference that plays nothing

Complex = npt.NDArray[np.complex64]


class EchoCanceller:
    """Subtracts from blocks of a microphone what a reference explains of it. 16 kHz, full scale −1…1.

    Both blocks are of the same time; the echo comes 0–256 ms later.
    """

    def __init__(self) -> None:
        bins = BLOCK + 1
        self._filter: Complex = np.zeros((PARTITIONS, bins), np.complex64)
        self._doubt: FloatArray = np.full((PARTITIONS, bins), _FIRST_DOUBT, np.float32)
        self._other: FloatArray = np.full(bins, _FIRST_OTHER, np.float32)
        self.pause()

    def pause(self) -> None:
        """Forget what was played (after a gap), not the room."""
        self._played: Complex = np.zeros_like(self._filter)
        self._before: FloatArray = np.zeros(BLOCK, np.float32)

    def push(self, microphone: FloatArray, reference: FloatArray) -> FloatArray:
        """The microphone's block (256,) without what the reference's (256,) and earlier ones explain."""
        self._played[1:] = self._played[:-1]
        self._played[0] = np.fft.rfft(np.concatenate([self._before, reference]))
        self._before = reference
        power = np.abs(self._played) ** 2
        if float(power.mean()) < _SILENT * 2 * BLOCK:
            return microphone
        echo = np.fft.irfft((self._filter * self._played).sum(axis=0))[BLOCK:]
        left = np.asarray(microphone - echo, np.float32)
        self._adapt(left, power)
        worse = float(left @ left) > float(microphone @ microphone)  # the room has just changed
        return microphone if worse else left

    def _adapt(self, left: FloatArray, power: FloatArray) -> None:
        error = np.fft.rfft(np.concatenate([np.zeros(BLOCK, np.float32), left]))
        self._other += np.asarray((1.0 - _SMOOTH) * (np.abs(error) ** 2 - self._other), np.float32)
        gain = self._doubt / (0.5 * (power * self._doubt).sum(axis=0) + self._other + 1e-9)
        step = np.fft.irfft(gain * self._played.conj() * error, axis=1)
        step[:, BLOCK:] = 0.0  # the filter is as long as a block; what lies beyond is circular
        self._filter = np.asarray(_FORGET * (self._filter + np.fft.rfft(step, axis=1)), np.complex64)
        grown = (1.0 - _FORGET**2) * np.abs(self._filter) ** 2
        kept = _FORGET**2 * (1.0 - 0.5 * gain * power) * self._doubt
        self._doubt = np.maximum(kept + grown, _LEAST_DOUBT)
