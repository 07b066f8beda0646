"""One recording into one folder of results, which is a session folder that report and dashboard open."""

from __future__ import annotations

import dataclasses
import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from insula.edge.protocols import Item
from insula.edge.session import SessionFolder
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.types import AffectEstimate, AffectState, Marker
from insula.models import manifest
from insula.ui.analysis.hashing import EstimateHash, file_hash
from insula.ui.analysis.offline import Offline, Setting
from insula.ui.analysis.source import Recording, recorded_files
from insula.ui.analysis.table import Table

_POLL_EVERY = 500
Watch = Callable[[float, Item], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run; ``hash`` is that of its estimates (SHA-256)."""

    hash: str
    measured: dict[str, tuple[int, int]]
    """By modality: estimates with a value, and all."""
    absent: dict[str, str]


def fingerprint(path: Path) -> dict[str, Any]:
    """What decides the estimates: the input's hash, the version, the models' hashes."""
    return {
        "input_sha256": file_hash(*recorded_files(path)),
        "insula": version("insula"),
        "models": {name: manifest.load(name).id for name in manifest.names()},
    }


def compute(recording: Recording, setting: Setting, watch: Watch | None = None) -> Outcome:
    """Run the offline driver to the end; ``watch`` is told the recording's time and each item."""
    estimates = EstimateHash()
    counts: Counter[tuple[str, bool]] = Counter()
    for t, item in Offline(recording, setting).items():
        estimates.take(item)
        if isinstance(item, AffectEstimate):
            counts[item.modality, item.measured] += 1
        if watch is not None:
            watch(t, item)
    modalities = dict.fromkeys(modality for modality, _ in counts)
    measured = {m: (counts[m, True], counts[m, True] + counts[m, False]) for m in modalities}
    absent = {str(m): reason for m, reason in recording.absent.items()}
    return Outcome(estimates.hexdigest(), measured, absent)


def write(
    recording: Recording,
    setting: Setting,
    folder: Path,
    about: dict[str, Any],
    *,
    person: str = "",
    watch: Watch | None = None,
) -> Outcome:
    """Compute into ``folder``, which must not hold anything; raises ``InsulaError``."""
    about = {
        **about,
        "clock_at_start": recording.begin,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "streams": [dataclasses.asdict(feed.info) for feed in recording.feeds],
        "absent": {str(m): reason for m, reason in recording.absent.items()},
    }
    files = SessionFolder.create(folder, about)
    lines = JsonlSink(path=str(files.estimates))
    lines.open({})
    with Table(folder, begin=recording.begin, person=person or recording.path.name) as table:
        written = 0

        def take(t: float, item: Item) -> None:
            nonlocal written
            lines.put(item)
            if isinstance(item, AffectEstimate | AffectState):
                table.take(t, item)
            if watch is not None:
                watch(t, item)
            written += 1
            if written % _POLL_EVERY == 0:
                lines.poll()

        try:
            outcome = compute(recording, setting, take)
        finally:
            lines.close()
    files.finish(
        {
            **about,
            "length_s": round(recording.end - recording.begin, 3),
            "estimates_sha256": outcome.hash,
            "markers": sum(isinstance(item, Marker) for item in recording.markers),
        }
    )
    return outcome
