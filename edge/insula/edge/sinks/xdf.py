"""The recording: everything of a session in one XDF file.

Sensor streams as they are (video as the times and numbers of its frames, never pixels; sound only when
asked for), the fused state, each modality's estimates, why something was not measured, markers, and
what went well or wrong with sensors and outputs.
"""

from __future__ import annotations

import math
import shutil
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent
from insula.edge.privacy.crypt import Sealer
from insula.edge.protocols import Item
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.sinks.rows import (
    HEALTH,
    MARKER_SOURCES,
    MARKERS,
    REASONS,
    STATE,
    Reasons,
    Row,
    rating_row,
    rows,
    text_row,
)
from insula.edge.sinks.xdf_streams import (
    Recorded,
    Source,
    about,
    is_text,
    lsl_clock_offset,
    own_stream,
    sensor_stream,
    why_private,
)
from insula.edge.sinks.xdf_taps import Tap, Tapped
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, AffectState, Chunk, Marker
from insula.edge.xdf.layout import Node
from insula.edge.xdf.writer import XdfWriter

FLUSH_S: Final = 0.3
"""What a crash can cost, together with the poll period of about 0.1 s."""

CLOCK_OFFSET_S: Final = 5.0
"""Seconds between clock-offset chunks, as LabRecorder writes them."""

_Rows = tuple[list[float], list[Sequence[float]]]


@dataclass(slots=True)
class _Texts:
    """Rows of a string stream since the last poll.

    Estimates speak of the past, states of now: a row of a ``report`` takes the time of the row before it
    where its own is earlier. Markers keep their times.
    """

    number: int
    report: bool
    rows: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    last_t: float = -math.inf

    def add(self, t: float, *texts: str) -> None:
        """Keep one row for the next poll."""
        self.rows.append((t, texts))

    def flush(self, writer: XdfWriter) -> None:
        """Write the rows in the order of their times: they come from several threads."""
        self.rows.sort(key=itemgetter(0))
        times = [max(t, self.last_t) if self.report else t for t, _ in self.rows]
        writer.strings(self.number, times, [row for _, row in self.rows])
        self.last_t = max(times, default=self.last_t)
        self.rows.clear()


class XdfRecorder:
    """Sink that records a session to ``path``, which must not exist yet.

    ``audio`` allows raw sound into the file. Samples from up to ``before_s`` seconds before the recording
    began are kept (the streams hold about 60 s): all for a session recorded from its start, 0 for an
    operator's button. ``sync`` waits for the disk at every flush, so that a power cut costs no more than
    a crash: about half a second. ``notes`` go into the file's header; ``sealer`` encrypts the file.
    """

    def __init__(
        self,
        *,
        path: str,
        audio: bool = False,
        before_s: float = 60.0,
        sync: bool = True,
        notes: Mapping[str, str] | None = None,
        sealer: Sealer | None = None,
        clock: Clock = now,
    ) -> None:
        self.path = Path(path)
        self.left_out: dict[str, str] = {}
        self._audio = audio
        self._before_s = before_s
        self._since = -math.inf
        self._sync = sync
        self._notes = notes or {}
        self._sealer = sealer
        self._clock = clock
        self._writer: XdfWriter | None = None
        self._simulated = False
        self._closed = False
        self._streams: Mapping[str, StreamReader] = {}
        self._sources: dict[str, Source] = {}
        self._coming: deque[tuple[str, Tap]] = deque()
        self._taps: dict[str, Tapped] = {}
        self._own: dict[str, int] = {}
        self._rows: dict[str, _Rows] = {}
        self._texts: dict[str, _Texts] = {}
        self._reasons = Reasons()
        self._flush_due = self._offset_due = clock()

    @property
    def _file(self) -> XdfWriter:
        if self._writer is None:
            raise self._not_open()
        return self._writer

    def _not_open(self) -> SinkError:
        return SinkError(f"{self.path.name} is not open for recording")

    @property
    def size_bytes(self) -> int:
        """Bytes safe in the file so far."""
        return self._writer.size_bytes if self._writer else 0

    def free_bytes(self) -> int:
        """Room left on the disk; raises ``OSError`` when the disk is gone."""
        return shutil.disk_usage(self.path.parent).free

    def recorded(self) -> dict[str, Recorded]:
        """What is safe in the file, stream by stream; may be asked from any thread."""
        if self._writer is None:
            return {}
        numbers = self._own | {name: texts.number for name, texts in self._texts.items()}
        sources, taps = dict(self._sources), dict(self._taps)
        return {
            **{name: source.recorded(self._writer) for name, source in sources.items()},
            **{name: tapped.recorded() for name, tapped in taps.items()},
            **{name: Recorded.of(self._writer.written(number)) for name, number in numbers.items()},
        }

    def add_tap(self, name: str, tap: Tap) -> None:
        """Also record what ``tap`` gives, under a ``name`` of its own; from any thread, at any time."""
        self._coming.append((name, tap))

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Create the file and announce the streams; raises ``SinkError`` in words."""
        self._since = self._clock() - self._before_s
        info: list[Node] = [
            ("writer", f"insula {version('insula')}"),
            ("audio", str(self._audio).lower()),
            ("lsl_clock_offset", lsl_clock_offset(self._clock)),
            *self._notes.items(),
        ]
        self._writer = XdfWriter(self.path, info, sync=self._sync, sealer=self._sealer, clock=self._clock)
        self._streams = streams
        self._simulated = simulated = any(reader.info.simulated for reader in streams.values())
        if streams:  # else nothing can be estimated
            self._own[STATE.name] = self._file.add_stream(own_stream(STATE, "double64", simulated))
        self._texts = {
            layout.name: _Texts(self._file.add_stream(own_stream(layout, "string", simulated)), report)
            for layout, report in (
                (MARKERS, False),
                (MARKER_SOURCES, False),
                (REASONS, True),
                (HEALTH, True),
            )
        }
        self._meet_new_streams()
        self._file.flush()

    def put(self, item: Item) -> None:
        """Take a state, an estimate, a marker, a change of health, a step, an answer or a rating."""
        if self._writer is None:
            raise self._not_open()
        if isinstance(item, AffectState | AffectEstimate):
            for row in rows(item):
                self._add_row(row, item)
            for node, reason in self._reasons.news(item):
                self._texts[REASONS.name].add(item.t, node, reason)
        elif isinstance(item, Marker):
            self._texts[MARKERS.name].add(item.t, item.text)
            self._texts[MARKER_SOURCES.name].add(item.t, item.source)
        elif isinstance(item, HealthEvent):
            self._texts[HEALTH.name].add(item.t, item.node, str(item.state), item.reason)
        elif isinstance(item, StepEvent | Answer | Explanation):
            layout, texts = text_row(item)
            if layout.name not in self._texts:  # most sessions have no protocol, some no fusion
                number = self._file.add_stream(own_stream(layout, "string", self._simulated))
                self._texts[layout.name] = _Texts(number, report=False)
                self._offset_due = self._clock()  # readers want one for every stream
            self._texts[layout.name].add(item.t, *texts)
        elif isinstance(item, Rating):
            self._add_row(rating_row(item), item)

    def poll(self) -> None:
        """Take what is new in the streams; flush when it is time."""
        self._meet_new_streams()
        self._drain()
        t = self._clock()
        if t >= self._offset_due:
            self._offset_due = t + CLOCK_OFFSET_S
            texts = (text.number for text in self._texts.values())
            sources = (source.number for source in self._sources.values())
            for number in (*sources, *self._own.values(), *texts):  # recorder and streams share one clock
                self._file.clock_offset(number, t, 0.0)
            for tapped in self._taps.values():
                tapped.note_offset()
        if t >= self._flush_due:
            self._flush_due = t + FLUSH_S
            self._file.flush()

    def wait(self) -> None:
        """Return when everything flushed is safe, however slow the disk is."""
        self._file.wait()

    def close(self) -> None:
        """Take the rest, write the footers, close the file; safe to call again."""
        if self._writer is None or self._closed:
            return
        self._closed = True
        try:
            self._drain()
            for source in self._sources.values():
                self._writer.note(source.number, "gaps", str(source.gaps))
                self._writer.note(source.number, "lost_samples", str(source.reader.overruns))
            for tapped in self._taps.values():
                tapped.finish()
        finally:
            self._writer.close()

    def _meet_new_streams(self) -> None:
        for name, reader in tuple(self._streams.items()):
            if name in self._sources or name in self.left_out:
                continue
            if reason := why_private(reader.info, audio=self._audio):
                self.left_out[name] = reason
                self._texts[REASONS.name].add(self._clock(), name, reason)
                continue
            self._sources[name] = Source(reader, self._file.add_stream(sensor_stream(reader.info)))
        while self._coming:
            name, tap = self._coming.popleft()
            self._taps[name] = Tapped(tap, self._file)
            self._taps[name].note_offset()

    def _drain(self) -> None:
        for source in self._sources.values():
            for chunk in source.reader.read_new(data=not source.reader.info.is_video):
                start = int(np.searchsorted(chunk.times, self._since))
                if start < len(chunk):
                    source.saw(chunk)
                    self._write(source, Chunk(chunk.data[start:], chunk.times[start:], chunk.first + start))
        for tapped in self._taps.values():
            tapped.drain()
        for name, (times, values) in self._rows.items():
            self._file.samples(self._own[name], np.array(times), np.array(values))
        self._rows.clear()
        for texts in self._texts.values():
            texts.flush(self._file)

    def _write(self, source: Source, chunk: Chunk) -> None:
        info = source.reader.info
        if is_text(info):
            rows_ = [[text.decode("utf-8", "replace") for text in row] for row in chunk.data.tolist()]
            self._file.strings(source.number, chunk.times.tolist(), rows_)
            return
        data = chunk.data
        if info.is_video:
            data = np.arange(chunk.first, chunk.first + len(chunk), dtype=np.int64)[:, np.newaxis]
        self._file.samples(source.number, chunk.times, data)

    def _add_row(self, row: Row, item: AffectState | AffectEstimate | Rating) -> None:
        name = row.layout.name
        if name not in self._own:
            simulated = self._simulated if isinstance(item, Rating) else item.simulated
            stream = own_stream(row.layout, "double64", simulated, about(item))
            self._own[name] = self._file.add_stream(stream)
            self._offset_due = self._clock()
        times, values = self._rows.setdefault(name, ([], []))
        times.append(row.t)
        values.append(row.values)
