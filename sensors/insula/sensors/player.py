"""Plays what has a known time line: blocks come out when they are due."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from insula.edge.errors import EndOfStream
from insula.edge.types import Block
from insula.sensors.pacing import Pace

Timeline = Generator[tuple[float, Block], None, None]
"""Blocks with the moment on the clock at which each is due, in order; closing it releases the file."""


class Player:
    """Delivers a timeline's blocks, each when it is due on the pace's clock."""

    def __init__(self, timeline: Timeline, pace: Pace, name: str) -> None:
        """``name`` is what the end of the stream is reported for."""
        self._timeline = timeline
        self._pace = pace
        self._name = name
        self._waiting: tuple[float, Block] | None = None

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The next block if it is due within ``timeout_s``; raises ``EndOfStream`` when all are out."""
        if self._waiting is None:
            self._waiting = next(self._timeline, None)
        if self._waiting is None:
            raise EndOfStream(self._name)
        due, block = self._waiting
        if not self._pace.wait(due, timeout_s):
            return ()
        self._waiting = None
        return (block,)

    def close(self) -> None:
        """Release the file."""
        self._timeline.close()
