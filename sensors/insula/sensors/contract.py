"""What every ``Sensor`` must do, as checks that raise ``AssertionError``: for ours and for third parties'.

::

    check_sensor(MySensor(port="…"))
    check_failed_open(MySensor(port="nothing there"))

They run in real time and need the device (or something that speaks its protocol).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from insula.edge.clock import now
from insula.edge.errors import EndOfStream, SensorLost, SensorUnavailable
from insula.edge.protocols import Sensor
from insula.edge.types import Block, StreamInfo

GRACE_S = 0.5
"""How much longer than its time-out a read may take, on a busy machine."""


def check_sensor(sensor: Sensor, *, patience_s: float = 5.0) -> None:
    """Open, read, close and open again; ``patience_s`` is how long the first block may take."""
    assert isinstance(sensor, Sensor)
    sensor.close()  # before the first open
    _check_closed(sensor)
    threads = threading.active_count()
    first = _check_run(sensor, patience_s)
    again = _check_run(sensor, patience_s)
    assert first == again, "the streams changed between two openings"
    sensor.open()
    assert sensor.open() == first, "a second open without a close in between must work"
    sensor.close()
    sensor.close()
    _check_closed(sensor)
    _check_threads(threads)


def check_failed_open(sensor: Sensor) -> None:
    """An open that fails says why in one line, may be repeated, and leaves nothing behind."""
    threads = threading.active_count()
    for _ in range(2):
        try:
            sensor.open()
        except SensorUnavailable as error:
            message = str(error)
            assert message, "the error says nothing"
            assert "\n" not in message, f"the error has more than one line: {message!r}"
        else:
            raise AssertionError("the open should have failed")
    _check_closed(sensor)
    sensor.close()
    _check_threads(threads)


def _check_threads(before: int) -> None:
    """As many threads as before; those of a device emulated in this process need a moment to notice."""
    until = now() + 2.0
    while threading.active_count() > before and now() < until:
        threading.Event().wait(0.02)
    assert threading.active_count() <= before, f"threads were left behind: {threading.enumerate()}"


def _check_closed(sensor: Sensor) -> None:
    try:
        sensor.read(0.0)
    except SensorLost:
        return
    raise AssertionError("reading a closed sensor must raise SensorLost")


def _check_run(sensor: Sensor, patience_s: float) -> tuple[StreamInfo, ...]:
    infos = sensor.open()
    assert infos, "a sensor has at least one stream"
    assert len({info.name for info in infos}) == len(infos), "two streams have one name"
    newest = [-np.inf] * len(infos)
    until, blocks = now() + patience_s, 0
    while blocks < 3 and now() < until:
        got = _timed_read(sensor, 0.1)
        if got is None:
            break
        for block in got:
            newest[block.stream] = _check_block(block, infos[block.stream], newest[block.stream])
        blocks += len(got)
    assert blocks, f"nothing came within {patience_s} s"
    sensor.close()
    return infos


def _timed_read(sensor: Sensor, timeout_s: float) -> Sequence[Block] | None:
    start = now()
    try:
        return sensor.read(timeout_s)
    except EndOfStream:
        return None
    finally:
        took_s = now() - start
        assert took_s < timeout_s + GRACE_S, f"a read of {timeout_s} s took {took_s:.2f} s"


def _check_block(block: Block, info: StreamInfo, newest: float) -> float:
    """Shape, type and times; returns the newest time."""
    assert block.data.dtype == np.dtype(info.dtype), f"{info.name}: {block.data.dtype}, said {info.dtype}"
    if info.is_video:
        assert block.data.shape == info.shape, f"{info.name}: {block.data.shape}, said {info.shape}"
        n = 1
    else:
        assert block.data.ndim == 2, f"{info.name}: samples are (n, n_channels)"
        assert block.data.shape[1] == info.n_channels, f"{info.name}: wrong number of channels"
        n = len(block.data)
        assert n, f"{info.name}: an empty block"
    if block.times is None:
        return newest
    assert block.times.shape == (n,), f"{info.name}: one time a sample"
    assert block.times.dtype == np.float64, f"{info.name}: times are float64"
    assert (np.diff(np.concatenate(([newest], block.times))) > 0).all(), f"{info.name}: times must rise"
    return float(block.times[-1])
