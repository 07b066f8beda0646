"""A session's recording and what ``session.json`` says about it."""

from __future__ import annotations

import dataclasses
import datetime
import platform
import shutil
from importlib.metadata import version
from typing import Any

from insula.edge import SensingLoop
from insula.edge.config import Config
from insula.edge.errors import SinkError
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.sinks.xdf_streams import Recorded
from insula.models import manifest
from insula.sensors.lsl_tap import LslTap
from insula.ui.privacy.gate import Permit, kinds
from insula.ui.tally import Tally


class Recording:
    """Starts and stops the XDF file and the JSON lines of one session; each start makes new files."""

    def __init__(
        self, loop: SensingLoop, folder: SessionFolder, *, audio: bool, permit: Permit | None = None
    ) -> None:
        self.folder = folder
        self.session_started = loop.clock()
        self.since: float | None = None
        """Since when (s) it records; ``None`` while it does not."""
        self._loop = loop
        self._audio = audio
        self._permit = permit or Permit()
        self._takes = 0
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
        """Size of what is safe in the present file."""
        return self._xdf.size_bytes if self._xdf is not None else 0

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
        tail = "" if self._takes == 1 else f"-{self._takes}"
        xdf = self.folder.xdf.with_stem(self.folder.xdf.stem + tail)
        lines = self.folder.estimates.with_stem(self.folder.estimates.stem + tail)
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
            path=str(xdf), audio=self._audio, before_s=before_s, notes=notes, sealer=sealer()
        )
        for name, tap in self._taps.items():
            tap.discard()
            recorder.add_tap(name, tap)
        self._loop.add_sink(f"recording{tail}", recorder)
        try:
            mesh = permit.mode.keeps_mesh
            self._loop.add_sink(
                f"estimates{tail}", JsonlSink(path=str(lines), landmarks=mesh, sealer=sealer())
            )
        except SinkError:
            self._loop.remove_sink(f"recording{tail}")
            raise
        self._xdf = recorder
        self.since = self._loop.clock()

    def stop(self) -> None:
        """Finish the present file completely."""
        if self.since is None:
            return
        tail = "" if self._takes == 1 else f"-{self._takes}"
        self._loop.remove_sink(f"recording{tail}")
        self._loop.remove_sink(f"estimates{tail}")
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
        "streams": [dataclasses.asdict(writer.info) for writer in loop.streams],
        "engines": loop.engines,
        "models": {name: manifest.load(name).id for name in manifest.names()},
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
