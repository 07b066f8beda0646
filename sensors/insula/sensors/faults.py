"""Makes any sensor fail on purpose: for tests, and to try out what a session does when one is unplugged."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.protocols import Sensor
from insula.edge.types import Block, StreamInfo
from insula.sensors.pacing import Sleep

Kind = Literal["unplug", "unclean", "stall", "gap", "nan", "rail", "jitter", "duplicate", "backward", "rate"]
KINDS: Final[dict[str, str]] = {
    "unplug": "the device is gone: reads raise SensorLost, opening raises SensorUnavailable",
    "unclean": "the device is gone, and closing it fails as well",
    "stall": "the device stays open and sends nothing",
    "gap": "samples are taken and thrown away",
    "nan": "samples become NaN (floating-point streams)",
    "rail": "samples sit at the end of the range",
    "jitter": "time stamps move by up to ±20 ms (or half a block), in their order",
    "duplicate": "every time stamp of a block is that of its first sample",
    "backward": "time stamps jump 1 s back",
    "rate": "every tenth sample is missing, the times run on",
}

_GONE: Final = frozenset({"unplug", "unclean"})
_RAIL: Final = 1e6  # beyond the range of every sensor, in its unit


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one kind from ``at_s`` to ``at_s + for_s`` seconds after the sensor was first opened."""

    kind: Kind
    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a fault is one of {', '.join(KINDS)}, not {self.kind!r}")


class Faulty:
    """A sensor with faults; ``unplug`` and ``replug`` may be called from any thread."""

    def __init__(
        self,
        sensor: Sensor,
        faults: Sequence[Fault] = (),
        *,
        seed: int = 0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Pass on what ``sensor`` delivers, spoiled by ``faults``; ``seed`` chooses the jitter."""
        self._sensor = sensor
        self._faults = tuple(faults)
        self._rng = np.random.default_rng(seed)
        self._clock = clock
        self._sleep = sleep
        self._began: float | None = None
        self._infos: tuple[StreamInfo, ...] = ()
        self._unplugged = threading.Event()

    def unplug(self) -> None:
        """Take the device away, now."""
        self._unplugged.set()

    def replug(self) -> None:
        """Put it back."""
        self._unplugged.clear()

    @property
    def unplugged(self) -> bool:
        """Whether :meth:`unplug` holds."""
        return self._unplugged.is_set()

    def _active(self) -> set[str]:
        since = self._clock() - (self._clock() if self._began is None else self._began)
        kinds = {str(f.kind) for f in self._faults if f.at_s <= since < f.at_s + f.for_s}
        return kinds | {"unplug"} if self._unplugged.is_set() else kinds

    @property
    def plays_back(self) -> bool:
        """Whether the sensor within plays a recording."""
        return bool(getattr(self._sensor, "plays_back", False))

    def open(self) -> tuple[StreamInfo, ...]:
        """Open the sensor, unless it is unplugged."""
        if self._active() & _GONE:
            raise SensorUnavailable("unplugged (on purpose)")
        self._infos = self._sensor.open()
        if self._began is None:
            self._began = self._clock()
        return self._infos

    def read(self, timeout_s: float) -> Sequence[Block]:
        """What the sensor delivers, spoiled."""
        active = self._active()
        if active & _GONE:
            raise SensorLost("unplugged (on purpose)")
        if "stall" in active:
            self._sleep(timeout_s)
            return ()
        blocks = self._sensor.read(timeout_s)
        if "gap" in active:
            return ()
        return [self._spoil(block, active) for block in blocks] if active else blocks

    def _spoil(self, block: Block, active: set[str]) -> Block:
        data, times = block.data, block.times
        if "nan" in active and data.dtype.kind == "f":
            data = np.full_like(data, np.nan)
        if "rail" in active and data.dtype.kind in "iuf":
            data = np.full_like(data, _RAIL if data.dtype.kind == "f" else np.iinfo(data.dtype.name).max)
        if times is not None and len(times):
            if "jitter" in active:
                span = min(0.02, (times[-1] - times[0]) / 2 or 0.02)
                times = times + self._rng.uniform(-span, span)
            if "duplicate" in active:
                times = np.full_like(times, times[0])
            if "backward" in active:
                times = times - 1.0
        if "rate" in active and not self._infos[block.stream].is_video:
            keep = np.arange(len(data)) % 10 != 9
            data, times = data[keep], None if times is None else times[keep]
        return Block(block.stream, data, times, block.retimer)

    def close(self) -> None:
        """Close the sensor."""
        self._sensor.close()
        if "unclean" in self._active():
            raise OSError("it cannot be closed (on purpose)")
