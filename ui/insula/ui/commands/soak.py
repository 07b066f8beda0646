"""``insula bench soak``: the whole loop for hours at real rates, memory and samples accounted for."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from insula.edge import SensingLoop, runtime_dir
from insula.edge.health import StreamStats
from insula.edge.machine import resident_mb
from insula.edge.sinks.feed import FeedSink
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.sinks.xdf_streams import Recorded
from insula.ui.commands import demo
from insula.ui.tally import Tally
from insula.ui.terminal import clock_text, console

GROWTH_MB = 30.0
"""Growth of the process from the first tenth of the run to its end that still counts as flat."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the process holds: resident memory in MB, threads, file descriptors."""

    memory_mb: float
    threads: int
    files: int


def reading() -> Reading:
    """Read it off the operating system (Linux; elsewhere memory and files are not measured: NaN and −1)."""
    memory_mb, files = resident_mb(), Path("/proc/self/fd")
    return Reading(
        float("nan") if memory_mb is None else memory_mb,
        threading.active_count(),
        len(list(files.iterdir())) if files.is_dir() else -1,
    )


def unaccounted(streams: Mapping[str, StreamStats], recorded: Mapping[str, Recorded]) -> dict[str, int]:
    """Samples of each stream that are neither in the file nor counted as lost; empty when all are."""
    missing = {}
    for name, stats in streams.items():
        held = recorded[name].samples + recorded[name].lost if name in recorded else 0
        if held != stats.samples:
            missing[name] = stats.samples - held
    return missing


def run(hours: float) -> bool:
    """Run for ``hours``, print a line now and then and the account at the end; returns whether it is flat."""
    tally, readings = Tally(), []
    directory = runtime_dir.create("soak")
    with tempfile.TemporaryDirectory() as folder:
        recorder = XdfRecorder(path=f"{folder}/session.xdf", audio=True)
        loop = SensingLoop(demo.config(), directory=directory)
        loop.subscribe(tally.take)
        loop.open()
        try:
            loop.add_sink("recording", recorder)
            loop.add_sink("dashboard feed", FeedSink(path=str(directory / "feed.ring")))
            loop.begin()
            began, length_s = loop.clock(), hours * 3600
            every_s = max(length_s / 20, 5.0)
            while (elapsed := loop.clock() - began) < length_s:
                time.sleep(min(every_s, length_s - elapsed))
                readings.append(reading())
                line = readings[-1]
                console.print(
                    f"{clock_text(loop.clock() - began)}  {line.memory_mb:.0f} MB  "
                    f"{line.threads} threads  {line.files} files"
                )
        except KeyboardInterrupt:
            console.print("stopped early; the account so far:")
        finally:
            loop.stop()
        directory.rmdir()
        return _account(tally, readings, unaccounted(tally.streams, recorder.recorded()))


def _account(tally: Tally, readings: list[Reading], missing: Mapping[str, int]) -> bool:
    table = Table("stream", "samples", "gaps", "not accounted for")
    for name, stats in tally.streams.items():
        table.add_row(name, str(stats.samples), str(stats.gaps), str(missing.get(name, 0)))
    console.print(table)
    early = readings[: max(1, len(readings) // 10)]
    grown_mb = readings[-1].memory_mb - early[-1].memory_mb if readings else 0.0
    same = not readings or (readings[-1].threads, readings[-1].files) == (early[-1].threads, early[-1].files)
    for event in tally.faults:
        console.print(f"{event.node} {event.state}: {event.reason}")
    console.print(f"memory grew by {grown_mb:.1f} MB; threads and files {'stayed' if same else 'CHANGED'}")
    return grown_mb <= GROWTH_MB and same and not missing
