"""What an XDF file says about a stream: its header before the first sample, its footer after the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SinkError
from insula.edge.xdf import layout
from insula.edge.xdf.layout import Node

TIME_SOURCE: Final = "LSL clock, float64 seconds"
"""How our own streams say that their stamps need no straightening."""

_FORMAT_OF: Final = {
    "float16": "float32",
    "float32": "float32",
    "float64": "double64",
    "bool": "int8",
    "int8": "int8",
    "uint8": "int16",
    "int16": "int16",
    "uint16": "int32",
    "int32": "int32",
    "uint32": "int64",
    "int64": "int64",
}


def channel_format(dtype: str) -> str:
    """The XDF format that holds every value of a numpy type; raises ``SinkError`` when there is none."""
    if dtype not in _FORMAT_OF:
        raise SinkError(f"XDF has no channel format for {dtype}; it has {', '.join(layout.NUMPY_OF)}, string")
    return _FORMAT_OF[dtype]


@dataclass(frozen=True, slots=True)
class XdfStream:
    """What a stream header says. ``format`` is XDF's ("float32", "double64", "int8"… "int64", "string").

    ``sfreq`` is the nominal rate in Hz, 0 for irregular. ``ch_types`` defaults to ``type`` for every
    channel. ``can_drop_samples`` marks streams such as video frames, whose times a reader must not
    straighten. ``latency_s`` is the constant delay already taken off the times (``offset_mean``);
    ``extra`` becomes further elements of ``<desc>``. ``xml`` is a whole header that another program
    wrote, kept to the letter; the other fields then only say how to write the samples.
    """

    name: str
    type: str
    sfreq: float
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    format: str
    source_id: str = ""
    manufacturer: str = ""
    simulated: bool = False
    can_drop_samples: bool = False
    latency_s: float = 0.0
    ch_types: tuple[str, ...] = ()
    extra: tuple[Node, ...] = ()
    xml: bytes = b""

    def header(self, created_at: float) -> bytes:
        """The stream header's XML; ``created_at`` is on LSL's clock."""
        if self.xml:
            return self.xml
        types = self.ch_types or (self.type,) * len(self.ch_names)
        channels: list[Node] = [
            ("channel", (("label", label), ("unit", unit), ("type", kind)))
            for label, unit, kind in zip(self.ch_names, self.units, types, strict=True)
        ]
        synchronization: list[Node] = [
            ("time_source", TIME_SOURCE),
            ("offset_mean", repr(self.latency_s)),
            ("can_drop_samples", "true" if self.can_drop_samples else "false"),
        ]
        desc: list[Node] = [
            ("manufacturer", self.manufacturer),
            ("simulated", "true" if self.simulated else "false"),
            ("channels", channels),
            ("synchronization", synchronization),
            *self.extra,
        ]
        return layout.xml(
            [
                ("name", self.name),
                ("type", self.type),
                ("channel_count", str(len(self.ch_names))),
                ("nominal_srate", repr(float(self.sfreq))),
                ("channel_format", self.format),
                ("source_id", self.source_id),
                ("version", "1.0"),
                ("created_at", repr(created_at)),
                ("desc", desc),
            ]
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a stream is in the file: number of samples, time of the first and the last (s)."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def plus(self, times: Sequence[float] | npt.NDArray[np.float64]) -> Tally:
        """The tally after samples at ``times`` (at least one)."""
        return Tally(self.count + len(times), self.first if self.count else float(times[0]), float(times[-1]))


@dataclass(slots=True)
class Track:
    """A stream in the making: what its footer will say.

    ``safe`` and ``safe_offsets`` are what has reached the file; ``None`` while not even the header has.
    """

    stream: XdfStream
    tally: Tally = Tally()
    offsets: list[tuple[float, float]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    safe: Tally | None = None
    safe_offsets: int = 0

    def footer(self) -> bytes:
        """The footer's XML, about what is in the file."""
        safe = self.safe or Tally()
        info: list[Node] = [("writer", "insula")]
        if safe.count:
            info += [("first_timestamp", repr(safe.first)), ("last_timestamp", repr(safe.last))]
        info.append(("sample_count", str(safe.count)))
        if self.stream.sfreq > 0 and safe.last > safe.first:
            info.append(("measured_srate", repr((safe.count - 1) / (safe.last - safe.first))))
        info += sorted(self.notes.items())
        offsets: list[Node] = [
            ("offset", (("time", repr(time_s)), ("value", repr(offset_s))))
            for time_s, offset_s in self.offsets[: self.safe_offsets]
        ]
        info.append(("clock_offsets", offsets))
        return layout.xml(info)
