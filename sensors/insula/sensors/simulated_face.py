"""Simulated camera: a drawn face whose expression follows the script, with blinks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost
from insula.edge.types import Block, StreamInfo
from insula.sensors.drawn_face import HEIGHT, WIDTH, Image, draw, look, paint_still
from insula.sensors.pacing import Pace, SampleClock, Sleep
from insula.sensors.probe import Found
from insula.sensors.script import Script, dice

_BLINK_EVERY_S: Final = 4  # one blink somewhere in every slot of this length
_BLINK_S: Final = 0.25


def probe() -> list[Found]:
    """Always there."""
    return [Found(f"simulated person: face ({WIDTH}×{HEIGHT}, 30 fps)")]


class SimulatedFace:
    """A drawn face, 640×480 RGB, with the word SIMULATED in the picture."""

    def __init__(
        self,
        *,
        fps: float = 30.0,
        seed: int = 0,
        epoch: float = 0.0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """``fps`` frames a second.

        ``seed`` chooses the person; script time 0 is ``epoch`` s on LSL's clock (the same for all sensors).
        """
        self._fps = fps
        self._seed = seed
        self._epoch = epoch
        self._pace = Pace(clock, sleep)
        self._script = Script(seed)
        self._still: Image | None = None
        self._frames: SampleClock | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Paint what stands still and start at the present frame."""
        if self._still is None:
            self._still = paint_still()
        self._frames = SampleClock(self._fps, 1, self._epoch, self._pace, max_lag_s=0.0)
        return (
            StreamInfo(
                name="simulated_face",
                type="Video",
                sfreq=self._fps,
                ch_names=("RGB",),
                units=("uint8",),
                dtype="uint8",
                shape=(HEIGHT, WIDTH, 3),
                sensor_id=f"simulated_face_{self._seed}",
                manufacturer="Insula (simulated)",
                simulated=True,
            ),
        )

    def _lids(self, t: float) -> float:
        """0 open … −1 shut."""
        slot = int(t // _BLINK_EVERY_S)
        start = slot * _BLINK_EVERY_S + dice(self._seed, 30, slot).uniform(0.0, _BLINK_EVERY_S - _BLINK_S)
        into = (t - start) / _BLINK_S
        return -float(np.sin(np.pi * into)) if 0.0 < into < 1.0 else 0.0

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The newest frame that fell due; a late reader misses the older ones, as with a camera."""
        if self._frames is None or self._still is None:
            raise SensorLost("simulated_face is closed")
        due = self._frames.take(timeout_s)
        if not due:
            return ()
        newest = due[-1:]
        t = newest[0] / self._fps
        face = draw(self._still, look(*self._script.truth(t), self._lids(t)))
        return (Block(0, face, self._frames.times(newest)),)

    def close(self) -> None:
        """Stop."""
        self._frames = None
