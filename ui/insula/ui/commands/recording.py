"""A session's recording and what ``session.json`` says about it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import platform
import shutil
from importlib.metadata import version
from typing import Any

from insula.edge import SensingLoop
from insula.edge.config import Config
from insula.edge.errors import SinkError
from insula.edge.protocols import Sink
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.sinks.video import VideoRecorder
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.sinks.xdf_streams import Recorded
from insula.models import manifest
from insula.sensors.lsl_tap import LslTap
from insula.ui.privacy.gate import Permit, kinds
from insula.ui.tally import Tally


class Recording:
    """Starts and stops the XDF file and the JSON lines of one session; each start makes new files."""

    def __init__(
        self,
        loop: SensingLoop,
        folder: SessionFolder,
        *,
        audio: bool,
        video: bool = False,
        permit: Permit | None = None,
    ) -> None:
        self.folder = folder
        self.session_started = loop.clock()
        self.since: float | None = None
        """Since when (s) it records; ``None`` while it does not."""
        self._loop = loop
        self._audio = audio
        self._video = video
        self._permit = permit or Permit()
        self._takes = 0
        self._sinks: list[str] = []
        self._taps: dict[str, LslTap] = {}
        self._xdf: XdfRecorder | None = None
        self._counts: dict[str, dict[str, int]] = {}

    def attach(self, name: str, tap: LslTap) -> None:
        """Also record a stream of another program, in this file and the following; from any thread."""
        self._taps = {**self._taps, name: tap}
        if self._xdf is not None:
            self._xdf.add_tap(name, tap)

    def summary(self) -> dict[str, dict[str, int]]:
        """Samples, gaps and lost samples of each stream over all files; call when the loop has stopped."""
        if self.since is not None:
            self._ended()
        return self._counts

    def _ended(self) -> None:
        self._keep()
        self.since = self._xdf = None
        self._permit.log("recording stopped", self.folder.path)

    def _keep(self) -> None:
        for name, stream in self.recorded().items():
            sums = self._counts.setdefault(name, {"samples": 0, "gaps": 0, "lost": 0})
            for key, count in zip(sums, (stream.samples, stream.gaps, stream.lost), strict=True):
                sums[key] += count

    def recorded(self) -> dict[str, Recorded]:
        """What is safe in the present file, stream by stream; empty while none is written."""
        return self._xdf.recorded() if self._xdf is not None else {}

    @property
    def written_bytes(self) -> int:
        """Size of the session's files so far, pictures included."""
        total = 0
        with contextlib.suppress(OSError):  # the disk may be gone
            for file in self.folder.path.glob("*[!t]"):  # not .part: it is being replaced
                total += file.stat().st_size
        return total

    def free_bytes(self) -> int | None:
        """Room left on the disk, ``None`` when the disk is gone."""
        try:
            return shutil.disk_usage(self.folder.path).free
        except OSError:
            return None

    def start(self) -> None:
        """Begin a new file; raises ``SinkError`` when it cannot be made."""
        if self.since is not None:
            return
        self._takes += 1
        take = self.folder.take(self._takes)
        # Readers begin with what the rings still hold; what came before a later take was not to be recorded.
        before_s = 60.0 if self._takes == 1 else 0.0
        permit, sealer = self._permit, self.folder.sealer
        permit.log(
            "recording started",
            self.folder.path,
            streams=kinds(writer.info for writer in self._loop.streams),
            **{key: permit.facts()[key] for key in ("use", "mode", "keep_until", "encrypted")},
        )
        notes = {key: value for key, value in permit.facts().items() if value}
        recorder = XdfRecorder(
            path=str(take.xdf),
            audio=self._audio,
            before_s=before_s,
            sync=self._loop.config.sync,
            notes=notes,
            sealer=sealer(),
        )
        for name, tap in self._taps.items():
            tap.discard()
            recorder.add_tap(name, tap)
        lines = JsonlSink(path=str(take.estimates), landmarks=permit.mode.keeps_mesh, sealer=sealer())
        if self._video:  # before the recording, which at the end takes the last of its frame times
            video = VideoRecorder(take.xdf, before_s=before_s, sealer=sealer)
            self._add("video", video)
            for name, times in video.frame_times.items():
                recorder.add_tap(name, times)
        self._add("recording", recorder)
        self._add("estimates", lines)
        self._xdf = recorder
        self.since = self._loop.clock()

    def _add(self, name: str, sink: Sink) -> None:
        name = name if self._takes == 1 else f"{name}-{self._takes}"
        try:
            self._loop.add_sink(name, sink)
        except SinkError:
            self._remove()
            raise
        self._sinks.append(name)

    def _remove(self) -> None:
        for name in self._sinks:
            self._loop.remove_sink(name)
        self._sinks.clear()

    def stop(self) -> None:
        """Finish the present files completely."""
        if self.since is None:
            return
        self._remove()
        self._ended()


def describe(config: Config, loop: SensingLoop, title: str) -> dict[str, Any]:
    """What runs: for ``session.json``, before the first sample is written."""
    return {
        "title": title,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "clock_at_start": loop.clock(),
        "insula": version("insula"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "audio_recorded": config.audio,
        "video_recorded": config.video,
        "streams": [dataclasses.asdict(writer.info) for writer in loop.streams],
        "engines": loop.engines,
        "machine": dataclasses.asdict(loop.machine()),
        "models": {name: manifest.load(name).id for name in manifest.names()},
        "profile": loop.profile.id if loop.profile is not None else "",
        "config": dataclasses.asdict(config),
    }


def outcome(tally: Tally, length_s: float) -> dict[str, Any]:
    """What came of it: for ``session.json``, at the end."""
    return {
        "length_s": round(length_s, 3),
        "markers": tally.markers,
        "samples": {name: stats.samples for name, stats in tally.streams.items()},
        "modalities": {
            modality: {"measured": counts.measured, "not_measured": dict(counts.absent)}
            for modality, counts in tally.modalities.items()
        },
        "faults": [
            {"t": e.t, "node": e.node, "state": str(e.state), "reason": e.reason} for e in tally.faults
        ],
    }
