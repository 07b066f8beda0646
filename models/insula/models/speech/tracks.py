"""What the network over frames reads: the course of spectrum, pitch salience, pitch and level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.models.speech.features import N_MEL, N_SALIENCE, FloatArray, Frames
from insula.models.speech.stretch import active_frames, gain_free

N_TRACKS: Final = N_MEL + N_SALIENCE + 3
PITCH_TRACK: Final = N_MEL + N_SALIENCE
_LOWEST_DB = -40.0
_SALIENCE_STEPS = 80.0


def tracks(frames: Frames) -> FloatArray:
    """Gain-free log-mel, salience, log2 pitch (0 unvoiced), voiced, level in steps of 10 dB: (n, 115)."""
    active = active_frames(frames.level_db)
    level = float(frames.level_db[active].mean())
    voiced = np.isfinite(frames.pitch_hz) & active
    out = np.empty((len(frames), N_TRACKS), np.float32)
    out[:, :N_MEL] = gain_free(frames.mel, level)
    out[:, N_MEL:PITCH_TRACK] = frames.salience
    out[:, PITCH_TRACK] = np.where(voiced, np.log2(np.where(voiced, frames.pitch_hz, 1.0)), 0.0)
    out[:, PITCH_TRACK + 1] = voiced
    out[:, PITCH_TRACK + 2] = np.maximum(frames.level_db - level, _LOWEST_DB) / 10.0
    return out


@dataclass(frozen=True, slots=True)
class Kept:
    """Frames in a quarter of the memory, for training sets: half precision and steps of 1/80."""

    mel: npt.NDArray[np.float16]
    salience: npt.NDArray[np.int8]
    pitch_hz: FloatArray
    voicing: FloatArray
    level_db: FloatArray

    @classmethod
    def of(cls, frames: Frames) -> Kept:
        """Keep ``frames``."""
        salience = np.round(frames.salience * _SALIENCE_STEPS).clip(-127, 127).astype(np.int8)
        return cls(frames.mel.astype(np.float16), salience, frames.pitch_hz, frames.voicing, frames.level_db)

    def __len__(self) -> int:
        return len(self.level_db)

    def tracks(self, start: int, stop: int) -> FloatArray:
        """The tracks of frames ``start`` to ``stop`` (exclusive), as if they were all there is."""
        part = slice(start, stop)
        mel = self.mel[part].astype(np.float32)
        salience = self.salience[part].astype(np.float32) / np.float32(_SALIENCE_STEPS)
        rest = (self.pitch_hz[part], self.voicing[part], self.level_db[part])
        return tracks(Frames(mel, salience, *rest))
