"""How the streams of a session appear in an XDF file: which, with which header, and how complete."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.edge.clock import Clock
from insula.edge.reports import Rating
from insula.edge.sinks.rows import REASONS, Layout
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, AffectState, Chunk, StreamInfo
from insula.edge.xdf.header import Tally, XdfStream, channel_format
from insula.edge.xdf.layout import Node
from insula.edge.xdf.writer import XdfWriter


@dataclass(slots=True)
class Source:
    """A sensor stream on its way into the file."""

    reader: StreamReader
    number: int
    gaps: int = 0
    expected: int | None = None
    last_t: float = math.inf

    def saw(self, chunk: Chunk) -> None:
        """Count a gap where samples are missing, by number or by time."""
        info = self.reader.info
        # A camera lowers its rate in poor light; only a pause of a second is a gap there.
        longest = 1.0 if info.is_video else 1.5 / info.sfreq if info.sfreq > 0 else math.inf
        late = chunk.times[0] - self.last_t > longest
        if late or self.expected not in (None, chunk.first):
            self.gaps += 1
        self.expected, self.last_t = chunk.first + len(chunk), float(chunk.times[-1])

    def recorded(self, writer: XdfWriter) -> Recorded:
        """What of the stream is safe in the file."""
        return Recorded.of(writer.written(self.number), self.gaps, self.reader.overruns)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How much of a stream is safe in the file. ``lost`` samples were overwritten before they were read."""

    samples: int
    first_t: float
    last_t: float
    gaps: int = 0
    lost: int = 0

    @classmethod
    def of(cls, tally: Tally, gaps: int = 0, lost: int = 0) -> Recorded:
        """From what the writer knows."""
        return cls(tally.count, tally.first, tally.last, gaps, lost)


NO_SOUND: Final = "sound is not recorded (audio = false); its estimates are"
NO_PICTURES: Final = "pictures are never recorded here; their times are, from a camera of Insula"


def why_private(info: StreamInfo, *, audio: bool) -> str:
    """Why a stream must stay out of the file, "" when it may go in."""
    return "" if info.is_video else why_private_type(info.type, audio=audio)


def why_private_type(kind: str, *, audio: bool) -> str:
    """Why samples of a content type must stay out of the file, "" when they may go in."""
    kind = kind.casefold()
    if kind == "audio" and not audio:
        return NO_SOUND
    if kind in ("videoraw", "videocompressed"):  # LSL's types for pixels as samples
        return NO_PICTURES
    return ""


def is_text(info: StreamInfo) -> bool:
    """Whether the stream carries texts (UTF-8 bytes, numpy kind S), such as markers of another program."""
    return np.dtype(info.dtype).kind == "S"


def sensor_stream(info: StreamInfo) -> XdfStream:
    """The header of a sensor's stream; video becomes a stream of frame numbers."""
    video = info.is_video
    form = "int64" if video else "string" if is_text(info) else channel_format(info.dtype)
    return XdfStream(
        name=info.name,
        type=info.type,
        sfreq=info.sfreq,
        ch_names=("frame",) if video else info.ch_names,
        units=("frame number",) if video else info.units,
        format=form,
        source_id=info.sensor_id,
        manufacturer=info.manufacturer,
        simulated=info.simulated,
        can_drop_samples=video,
        latency_s=info.latency_s,
        extra=(("frame_size", "x".join(map(str, info.shape[1::-1]))),) if video else (),
    )


def own_stream(layout: Layout, form: str, simulated: bool, about: tuple[Node, ...] = ()) -> XdfStream:
    """The header of a stream of ours in XDF's format ``form``."""
    why = "NaN; not rated" if layout.type == "Rating" else f"NaN; the reason is in {REASONS.name}"
    numeric: tuple[Node, ...] = (("not_measured", why),)
    return XdfStream(
        name=layout.name,
        type=layout.type,
        sfreq=layout.sfreq,
        ch_names=layout.labels,
        units=layout.units,
        format=form,
        source_id=layout.name,
        manufacturer="insula",
        simulated=simulated,
        extra=() if form == "string" else numeric + about,
    )


def about(item: AffectState | AffectEstimate | Rating) -> tuple[Node, ...]:
    """What else the header of an item's stream says."""
    if isinstance(item, AffectState):
        return ()
    if isinstance(item, Rating):
        return (("annotator", item.annotator), ("role", item.role))
    return (("model", item.model), ("stream", item.stream), ("va_source", item.va_source or ""))


def lsl_clock_offset(clock: Clock) -> str:
    """LSL's clock minus ours in s, measured; the reason where liblsl is missing."""
    try:
        from insula.edge.sinks.lsl import clock_offset  # liblsl is optional here
    except ImportError as error:
        return f"not measured: {error}"
    return repr(clock_offset(clock))
