"""Puts a rehearsal where an engine puts a session: into rings and a feed, or into a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge import codec
from insula.edge.messages import MessageWriter
from insula.edge.protocols import Sink
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import StreamWriter
from insula.edge.testing import ManualClock
from insula.edge.types import Chunk, Marker, StreamInfo
from insula.ui.dashboard.control import session_message
from insula.ui.dashboard.presenter import Record
from insula.ui.dashboard.rehearsal import FAULTS, STREAMS, Fault, Rehearsal
from insula.ui.dashboard.source import FEED
from insula.ui.dashboard.view import Session

VIDEO_HZ = 30.0


class RingStage:
    """Stands where a presenter stands and passes what it is told on to streams, sinks and the feed."""

    def __init__(self, directory: Path | None, sinks: tuple[Sink, ...] = ()) -> None:
        """Make the rings in ``directory``, in private memory with ``None``."""
        self.writers = {info.name: StreamWriter(info, directory=directory) for info in STREAMS}
        self._feed = MessageWriter(directory / FEED) if directory is not None else None
        self._sinks = sinks
        for sink in sinks:
            sink.open({name: writer.reader() for name, writer in self.writers.items()})

    def add_stream(self, info: StreamInfo) -> None:
        """Nothing to do: the streams are there from the start."""

    def take(self, record: Record) -> None:
        """Publish a record."""
        if isinstance(record, Session | StreamInfo):
            if self._feed is not None and isinstance(record, Session):
                self._feed.put(session_message(record))
            return
        if self._feed is not None:
            self._feed.put(codec.dumps(record))
        for sink in self._sinks:
            sink.put(record)

    def take_chunk(self, stream: str, chunk: Chunk) -> None:
        """Push samples."""
        writer = self.writers[stream]
        writer.push(chunk.data.astype(writer.info.dtype), chunk.times)

    def stream_seen(self, stream: str, pushed: int, last_t: float | None) -> None:
        """Nothing to do: readers count for themselves."""

    def push_frame(self, image: npt.NDArray[np.uint8], t: float) -> None:
        """Push one frame."""
        self.writers["camera"].push(image, np.array([t]))

    def poll(self) -> None:
        """Let the sinks write."""
        for sink in self._sinks:
            sink.poll()

    def close(self) -> None:
        """Finish the sinks, end the streams and the feed."""
        for sink in self._sinks:
            sink.close()
        for writer in self.writers.values():
            writer.close()
        if self._feed is not None:
            self._feed.close()


def record(
    folder: Path,
    seconds: float,
    *,
    faults: tuple[Fault, ...] = FAULTS,
    markers: tuple[tuple[float, str], ...] = (),
    reports: Sequence[StepEvent | Answer | Rating] = (),
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write a session folder with ``seconds`` of the rehearsal and ``markers`` at (s, text).

    ``reports`` are what people said, with times that count from the begin; ``about`` goes to session.json.
    """
    start = 1000.0
    clock = ManualClock(start)
    session = SessionFolder.create(folder, {"title": "rehearsal", "clock_at_start": start})
    xdf = XdfRecorder(path=str(session.xdf), audio=True, sync=False, clock=clock)
    stage = RingStage(None, (xdf, JsonlSink(path=str(session.estimates))))
    rehearsal = Rehearsal(start, faults)
    told = list(markers)
    said = [_from(start, report) for report in reports]
    while clock.t < start + seconds:
        clock.advance(0.1)
        rehearsal.play(stage, clock.t)
        while told and start + told[0][0] <= clock.t:
            stage.take(Marker(start + told[0][0], told.pop(0)[1]))
        while said and said[0].t <= clock.t:
            stage.take(said.pop(0))
        stage.poll()
    stage.close()
    session.finish({"title": "rehearsal", "clock_at_start": start, "length_s": seconds, **(about or {})})


def _from(start: float, report: StepEvent | Answer | Rating) -> StepEvent | Answer | Rating:
    if isinstance(report, Answer) and report.onset is not None:
        report = replace(report, onset=start + report.onset)
    return replace(report, t=start + report.t)
