"""Measures how fast a driver notices a loss and comes back."""

from __future__ import annotations

import time

from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.protocols import Sensor


def read_some(sensor: Sensor, blocks: int, within_s: float) -> int:
    """Read until ``blocks`` blocks have come; returns how many did."""
    until, got = time.monotonic() + within_s, 0
    while got < blocks and time.monotonic() < until:
        got += len(sensor.read(0.1))
    return got


def seconds_to_loss(sensor: Sensor, within_s: float = 5.0) -> tuple[float, str]:
    """Read as the reader loop does until the driver says that the device is lost: how long, and its words."""
    start = time.monotonic()
    while time.monotonic() < start + within_s:
        try:
            sensor.read(0.1)
        except SensorLost as error:
            return time.monotonic() - start, str(error)
    raise AssertionError(f"the loss was not noticed within {within_s} s")


def seconds_to_return(sensor: Sensor, within_s: float = 10.0) -> float:
    """Close and reopen until data comes again, as the reader loop does: how long that took."""
    start = time.monotonic()
    sensor.close()
    while time.monotonic() < start + within_s:
        try:
            sensor.open()
            if read_some(sensor, 1, 3.0):
                return time.monotonic() - start
        except (SensorUnavailable, SensorLost):
            sensor.close()
    raise AssertionError(f"no data again within {within_s} s")
