"""A driver: a pretended instrument whose tone swells and fades every ten seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from insula.edge.errors import ConfigError, SensorLost
from insula.edge.types import Block, StreamInfo

SFREQ_HZ: Final = 16000.0
BLOCK: Final = 800
SWELL_S: Final = 10.0


class Tone:
    """Sensor of one stream, mono int16 at 16 kHz, in blocks of 50 ms."""

    def __init__(self, *, pitch_hz: float = 220.0) -> None:
        if not 20.0 <= pitch_hz <= 8000.0:
            raise ConfigError(f"pitch_hz = {pitch_hz:g}: choose 20–8000")
        self._pitch_hz = pitch_hz
        self._sent: int | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Connect; a real driver raises ``SensorUnavailable`` in words when it cannot."""
        self._sent, self._began = 0, time.monotonic()
        return (
            StreamInfo(
                name="tone",
                type="Audio",
                sfreq=SFREQ_HZ,
                ch_names=("mono",),
                units=("normalized",),
                dtype="int16",
                sensor_id="tone-1",
                manufacturer="own_sensor",
                simulated=True,  # no microphone is involved, and everybody downstream is told
            ),
        )

    def read(self, timeout_s: float) -> Sequence[Block]:
        """Wait for the next block, for ``timeout_s`` at most."""
        if self._sent is None:
            raise SensorLost("the instrument is not open")
        wait_s = self._began + (self._sent + BLOCK) / SFREQ_HZ - time.monotonic()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return ()
        time.sleep(max(0.0, wait_s))
        t = np.arange(self._sent, self._sent + BLOCK) / SFREQ_HZ
        loud = 0.5 - 0.5 * np.cos(2 * np.pi * t / SWELL_S)
        sound = 8000 * loud * np.sin(2 * np.pi * self._pitch_hz * t)
        self._sent += BLOCK
        return (Block(0, sound.astype(np.int16)[:, None]),)  # no times: stamped when it arrives

    def close(self) -> None:
        """Release the device; may be called in any state."""
        self._sent = None
