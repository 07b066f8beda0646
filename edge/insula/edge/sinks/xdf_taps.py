"""Streams that go into the recording past the rings, to the letter: header, stamps, values as they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from insula.edge.sinks.xdf_streams import Recorded
from insula.edge.xdf.header import XdfStream
from insula.edge.xdf.writer import XdfWriter

PAUSE_S: Final = 0.5
"""A regular stream's stamps that jump by more than this and a sample have a gap: senders stamp in chunks."""

Samples = tuple[npt.NDArray[np.float64], "npt.NDArray[np.generic] | Sequence[Sequence[str]]"]
"""Times ``(n,)`` in s on the sender's clock, and values ``(n, n_channels)`` or rows of text."""


class Tap(Protocol):
    """A source of samples with a header of its own. None of its methods raises or blocks."""

    stream: XdfStream

    def pull(self) -> Samples | None:
        """What came since the last call, in order; ``None`` when there is nothing (more)."""

    def offset(self) -> tuple[float, float] | None:
        """Moment on the sender's clock and what to add to it for ours (s); ``None``: not measured yet."""

    def lost(self) -> int:
        """Samples that are known to be lost."""


class Tapped:
    """A tap on its way into the file; used by the recorder's thread, ``recorded`` by any."""

    def __init__(self, tap: Tap, writer: XdfWriter) -> None:
        self._tap = tap
        self._writer = writer
        self._number = writer.add_stream(tap.stream)
        self._gaps = 0
        self._last_t = np.inf
        self._offset_s = 0.0

    def drain(self) -> None:
        """Write what is new."""
        stream = self._tap.stream
        while (samples := self._tap.pull()) is not None:
            times, data = samples
            if isinstance(data, np.ndarray):
                self._writer.samples(self._number, times, data)
            else:
                self._writer.strings(self._number, times.tolist(), data)
            if stream.sfreq > 0:
                steps = np.diff(times, prepend=self._last_t)
                self._gaps += int(np.count_nonzero(steps > PAUSE_S + 1.0 / stream.sfreq))
            self._last_t = float(times[-1])

    def note_offset(self) -> None:
        """Write the clocks' offset."""
        if (measured := self._tap.offset()) is not None:
            self._writer.clock_offset(self._number, *measured)
            self._offset_s = measured[1]

    def finish(self) -> None:
        """Say in the footer how complete it is."""
        self._writer.note(self._number, "gaps", str(self._gaps))
        self._writer.note(self._number, "lost_samples", str(self._tap.lost()))

    def recorded(self) -> Recorded:
        """What is safe in the file, on our clock."""
        tally = self._writer.written(self._number)
        first, last = tally.first + self._offset_s, tally.last + self._offset_s
        return Recorded(tally.count, first, last, self._gaps, self._tap.lost())
