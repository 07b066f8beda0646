"""What the simulated sensors of regular rate share: due samples → computed samples → one block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorLost
from insula.edge.types import Block, StreamInfo
from insula.sensors.pacing import Pace, SampleClock

Signal = Callable[[int, int], npt.NDArray[np.float32]]
"""Samples ``first … first+n−1`` of a stream as ``(n, n_channels)``; a pure function of the numbers."""


class Generated:
    """Plays a signal as a sensor: the ``open``/``read``/``close`` of every simulated sample stream."""

    def __init__(self, info: StreamInfo, signal: Signal, *, block: int, epoch: float, pace: Pace) -> None:
        """``block`` samples come at a time; sample 0 belongs to ``epoch`` (s on the pace's clock)."""
        self._info = info
        self._signal = signal
        self._start = partial(SampleClock, info.sfreq, block, epoch, pace)
        self._samples: SampleClock | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Start at the present sample."""
        self._samples = self._start()
        return (self._info,)

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The samples that fell due."""
        if self._samples is None:
            raise SensorLost(f"{self._info.name} is closed")
        due = self._samples.take(timeout_s)
        if not due:
            return ()
        return (Block(0, self._signal(due.start, len(due)), self._samples.times(due)),)

    def close(self) -> None:
        """Stop."""
        self._samples = None


def by_slot(
    render: Callable[[int], npt.NDArray[np.float32]], slot: int, first: int, n: int
) -> npt.NDArray[np.float32]:
    """Samples ``first … first+n−1`` of a signal that is rendered in slots of ``slot`` samples."""
    parts = []
    at, stop = first, first + n
    while at < stop:
        number, offset = divmod(at, slot)
        take = min(slot - offset, stop - at)
        parts.append(render(number)[offset : offset + take])
        at += take
    return np.concatenate(parts)
