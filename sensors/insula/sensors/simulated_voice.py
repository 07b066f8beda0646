"""Simulated voice: speech-like utterances with pauses; pitch, loudness and rate follow the script.

Higher arousal: higher and livelier pitch, louder, faster, shorter pauses (the most consistent finding
on vocal expression: Scherer, Speech Commun. 40, 2003). Valence only brightens the melody a little.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.types import Block, StreamInfo
from insula.sensors.generated import Generated, by_slot
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.probe import Found
from insula.sensors.script import Script, dice
from insula.sensors.synthetic_speech import Manner, utterance

SFREQ_HZ: Final = 16000.0
BLOCK: Final = 320
_TURN_S: Final = 4.0  # one utterance and one pause
_ROOM: Final = 0.0008  # RMS of the room's noise


def probe() -> list[Found]:
    """Always there."""
    return [Found("simulated person: voice (16 kHz)")]


def manner(valence: float, arousal: float) -> Manner:
    """How the simulated person speaks in this state."""
    return Manner(
        pitch_hz=130.0 * 2 ** (0.45 * arousal),
        range_oct=0.35 * 2 ** (0.8 * arousal + 0.4 * valence),
        syllables_per_s=4.2 * 2 ** (0.35 * arousal),
        rms=0.05 * 2 ** (1.2 * arousal),
    )


class Voice:
    """Sound as a pure function of the sample number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._script = Script(seed)
        self._turn = lru_cache(2)(self._render)

    def _render(self, number: int) -> npt.NDArray[np.float32]:
        """Turn ``number``: four seconds with one utterance."""
        rng = dice(self._seed, 20, number)
        valence, arousal = self._script.truth((number + 0.5) * _TURN_S)
        start = rng.uniform(0.2, 0.5)
        spoken = utterance(rng.uniform(2.3, 2.7) + 0.4 * arousal, manner(valence, arousal), SFREQ_HZ, rng)
        out = rng.normal(0.0, _ROOM, int(_TURN_S * SFREQ_HZ))
        first = int(start * SFREQ_HZ)
        out[first : first + len(spoken)] += spoken
        return out.astype(np.float32)[:, None]

    def __call__(self, first: int, n: int) -> npt.NDArray[np.float32]:
        """Samples ``first … first+n−1`` as ``(n, 1)``, full scale ±1."""
        return by_slot(self._turn, int(_TURN_S * SFREQ_HZ), first, n)


class SimulatedVoice:
    """Speech-like sound at 16 kHz, mono."""

    def __init__(
        self, *, seed: int = 0, epoch: float = 0.0, clock: Clock = now, sleep: Sleep = time.sleep
    ) -> None:
        """``seed`` chooses the person; script time 0 is ``epoch`` (s on LSL's clock) for all sensors."""
        info = StreamInfo(
            name="simulated_voice",
            type="Audio",
            sfreq=SFREQ_HZ,
            ch_names=("voice",),
            units=("full scale",),
            sensor_id=f"simulated_voice_{seed}",
            manufacturer="Insula (simulated)",
            simulated=True,
            limits=(-1.0, 1.0),
        )
        self._source = Generated(info, Voice(seed), block=BLOCK, epoch=epoch, pace=Pace(clock, sleep))

    def open(self) -> tuple[StreamInfo, ...]:
        """Start at the present moment of the script."""
        return self._source.open()

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The samples that fell due."""
        return self._source.read(timeout_s)

    def close(self) -> None:
        """Stop."""
        self._source.close()
