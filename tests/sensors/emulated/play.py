"""Plays a file sensor to its end."""

from __future__ import annotations

from collections.abc import Iterator

from insula.edge.errors import EndOfStream
from insula.edge.protocols import Sensor
from insula.edge.types import Block


def until_end(sensor: Sensor, timeout_s: float = 1.0) -> Iterator[Block]:
    """Every block of an open sensor, as it comes."""
    while True:
        try:
            blocks = sensor.read(timeout_s)
        except EndOfStream:
            return
        yield from blocks
