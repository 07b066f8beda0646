"""The simulated person's script as a stream of its own: the ground truth beside the output."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.types import Block, StreamInfo
from insula.sensors.generated import Generated
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.probe import Found
from insula.sensors.script import Script

SFREQ_HZ = 10.0


def probe() -> list[Found]:
    """Always there."""
    return [Found("simulated person: script (ground truth)")]


class SimulatedTruth:
    """Valence and arousal of the script at 10 Hz, type "VA"."""

    def __init__(
        self, *, seed: int = 0, epoch: float = 0.0, clock: Clock = now, sleep: Sleep = time.sleep
    ) -> None:
        """``seed`` chooses the person; script time 0 is ``epoch`` (s on LSL's clock) for all sensors."""
        self._script = Script(seed)
        info = StreamInfo(
            name="simulated_truth",
            type="VA",
            sfreq=SFREQ_HZ,
            ch_names=("valence", "arousal"),
            units=("1", "1"),
            sensor_id=f"simulated_truth_{seed}",
            manufacturer="Insula (simulated)",
            simulated=True,
        )
        self._source = Generated(info, self._signal, block=1, epoch=epoch, pace=Pace(clock, sleep))

    def _signal(self, first: int, n: int) -> npt.NDArray[np.float32]:
        return self._script.values(np.arange(first, first + n) / SFREQ_HZ).astype(np.float32)

    def open(self) -> tuple[StreamInfo, ...]:
        """Start at the present moment of the script."""
        return self._source.open()

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The values that fell due."""
        return self._source.read(timeout_s)

    def close(self) -> None:
        """Stop."""
        self._source.close()
