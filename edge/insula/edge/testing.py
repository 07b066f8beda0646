"""Fakes for tests, here and of third parties: a clock moved by hand, a stream in memory, a played sensor.

They work at the seams, so a test needs no mocks and never sleeps::

    writer, reader = memory_stream(info)
    writer.push(data, sample_times(len(data), info.sfreq))
    estimate = estimator.estimate(reader)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorError
from insula.edge.stream import StreamReader, StreamWriter
from insula.edge.types import Block, StreamInfo


class ManualClock:
    """An ``insula.edge.clock.Clock`` that stands still until it is told."""

    def __init__(self, t: float = 1000.0) -> None:
        self.t = t

    def __call__(self) -> float:
        """Return the time in s."""
        return self.t

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.t += seconds


def memory_stream(info: StreamInfo, *, seconds: float = 60.0) -> tuple[StreamWriter, StreamReader]:
    """Return a stream in private memory and a reader that has seen nothing yet."""
    writer = StreamWriter(info, seconds=seconds)
    return writer, writer.reader()


def sample_times(n: int, sfreq: float, start: float = 1000.0) -> npt.NDArray[np.float64]:
    """Return ``n`` evenly spaced stamps in s, the first one at ``start``."""
    return start + np.arange(n) / sfreq


class PlayedSensor:
    """A ``Sensor`` that plays a given course: each step is what one ``read`` returns, or raises.

    ``EndOfStream``, ``SensorLost`` and ``SensorUnavailable`` are put into the course as instances; after its
    end, reads return nothing. ``unavailable`` are raised by the first calls of ``open``, one each.
    ``opened`` and ``closed`` count the calls that went through.
    """

    def __init__(
        self,
        infos: Sequence[StreamInfo],
        course: Iterable[Sequence[Block] | Exception] = (),
        *,
        unavailable: Iterable[SensorError] = (),
    ) -> None:
        self._infos = tuple(infos)
        self._course = iter(course)
        self._unavailable = iter(unavailable)
        self.opened = self.closed = 0

    def open(self) -> tuple[StreamInfo, ...]:
        """Return the streams, or raise the next of ``unavailable``."""
        for error in self._unavailable:
            raise error
        self.opened += 1
        return self._infos

    def read(self, timeout_s: float) -> Sequence[Block]:
        """Return the next step of the course at once; nothing when it is through."""
        step = next(self._course, ())
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        """Count the call."""
        self.closed += 1
