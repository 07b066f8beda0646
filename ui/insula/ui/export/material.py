"""What an export is made from: the recorded signals, what was marked, what was said, on one time line."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError, SensorUnavailable, SinkError
from insula.edge.reports import Answer, StepEvent
from insula.edge.session import SessionFolder
from insula.edge.sinks.rows import ANSWERS, STEPS, text_item
from insula.edge.types import MODALITIES, AffectState
from insula.sensors import replay
from insula.sensors.recording import Track
from insula.sensors.recording_xdf import read_xdf
from insula.ui.analysis.source import is_ours, recorded_tracks, takes_of
from insula.ui.annotations import Annotations
from insula.ui.dashboard.recorded import Recorded, offset_between
from insula.ui.protocol.sheets import Sheet, load, sheets
from insula.ui.report.facts import Facts, gather

_OURS: Final = "insula."
_MOST_SILENCE: Final = 1000
"""Missing samples for each that is there, beyond which a stream's clock must have jumped."""
_SILENT: Final = ("Video", "VideoFile", "Text", "Markers", STEPS.type, ANSWERS.type)


@dataclass(frozen=True, slots=True)
class Event:
    """Something marked at ``t`` (s since the begin), by ``source``."""

    t: float
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Note:
    """What ``author`` noted about the time from ``t0`` to ``t1`` (s since the begin)."""

    t0: float
    t1: float
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class Material:
    """A recording to export. All times are s since its first sample, which is ``begin`` on our clock.

    ``facts`` hold what was estimated; ``None`` when nothing was.
    """

    name: str
    person: str
    signals: tuple[Track, ...]
    events: tuple[Event, ...]
    length_s: float
    facts: Facts | None
    begin: float
    started: datetime.datetime | None
    simulated: bool
    videos: tuple[Path, ...]
    notes: tuple[Note, ...] = ()
    sheets: tuple[Sheet, ...] = ()

    @property
    def states(self) -> list[AffectState]:
        """The fused states, empty when nothing was estimated."""
        return self.facts.session.states if self.facts else []


def gather_material(path: Path, called: str = "") -> Material:
    """Read a session folder, a folder of results or a single recording; raises ``DataError``."""
    name = called or path.resolve().name
    if not (path / "session.json").is_file():
        return _single(path, name)
    _, about = SessionFolder.open(path)
    facts = _facts(path)
    try:
        takes = takes_of(path)
    except DataError:
        if facts is None:
            raise
        return _material(name, about, (), facts, facts.session.begin)
    tracks = read_xdf(*takes, dejitter=False)
    offset = None
    if facts is not None:
        own = next((track.times for track in tracks if track.info.name == "insula.state"), np.zeros(0))
        offset = offset_between(np.array([state.t for state in facts.session.states]), own)
    videos = tuple(sorted(path.glob("session*.mkv")))
    aligned = facts if offset is not None else None
    found = _material(name, about, tuple(tracks), aligned, offset or 0.0, videos)
    return found if offset is None else replace(found, notes=_notes(path, offset))


def _notes(path: Path, begin: float) -> tuple[Note, ...]:
    said = Annotations(path).all()
    return tuple(Note(a.t0 - begin, (a.t0 if a.t1 is None else a.t1) - begin, a.text, a.author) for a in said)


def _single(path: Path, name: str) -> Material:
    try:
        tracks = replay.load(str(path))
        if is_ours(tracks):
            tracks = read_xdf(path, dejitter=False)
    except SensorUnavailable as error:
        raise DataError(str(error)) from error
    return _material(name.partition(".")[0], {}, tuple(tracks), None, 0.0)


def _facts(path: Path) -> Facts | None:
    try:
        return gather(path)
    except DataError:
        return None


def _material(
    name: str,
    about: dict[str, Any],
    tracks: tuple[Track, ...],
    facts: Facts | None,
    begin: float,
    videos: tuple[Path, ...] = (),
) -> Material:
    signals = tuple(
        track
        for track in tracks
        if _is_data(track.info.name) and track.info.type not in _SILENT and track.data.dtype.kind != "S"
    )
    ends = [float(track.times[-1]) for track in tracks]
    if facts is not None:
        ends.append(facts.session.end - begin)
    config = about.get("config") or {}
    simulated = bool(facts and facts.simulated) or any(track.info.simulated for track in signals)
    return Material(
        name=name,
        person=label(str(config.get("person") or name)),
        signals=unique(signals),
        events=_events(tracks, facts, begin),
        length_s=max(ends, default=0.0),
        facts=facts,
        begin=begin,
        started=_date(about.get("started")),
        simulated=simulated,
        videos=videos,
        sheets=tuple(
            sheets(_reported(tracks), load(about)) if facts is None else _sheets(facts.session, begin)
        ),
    )


def _sheets(session: Recorded, begin: float) -> list[Sheet]:
    return sheets(session.items, load(session.about), begin)


def _reported(tracks: tuple[Track, ...]) -> list[StepEvent | Answer]:
    """Steps and answers of a recording; a text longer than 256 bytes is cut, as everywhere in tracks."""
    return [
        text_item(track.info.name, t, [bytes(cell).decode("utf-8", "replace") for cell in row])
        for track in tracks
        if track.info.name in (STEPS.name, ANSWERS.name) and track.data.dtype.kind == "S"
        for t, row in zip(track.times.tolist(), track.data.tolist(), strict=True)
    ]


def _is_data(name: str) -> bool:
    """Whether a stream is somebody's data: a sensor's or a rating, not what Insula said."""
    return not name.startswith(_OURS) or name.startswith(f"{_OURS}rating.")


def _events(tracks: tuple[Track, ...], facts: Facts | None, begin: float) -> tuple[Event, ...]:
    if any(track.info.type == "Markers" for track in tracks):
        with_signal = [
            track for track in tracks if track.info.type == "Markers" or track.info.type not in _SILENT
        ]
        try:
            found = recorded_tracks(Path("export"), with_signal).markers
        except DataError:  # markers alone
            found = ()
        return tuple(Event(mark.t, mark.text, mark.source) for mark in found)
    marks = facts.session.marks if facts else ()
    return tuple(Event(mark.t - begin, mark.text, "insula.markers") for mark in marks)


def unique(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """The tracks with names that no other has."""
    seen: dict[str, int] = {}
    named = []
    for track in tracks:
        seen[track.info.name] = seen.get(track.info.name, 0) + 1
        number = seen[track.info.name]
        name = track.info.name if number == 1 else f"{track.info.name}-{number}"
        named.append(replace(track, info=replace(track.info, name=name)))
    return tuple(named)


def label(text: str) -> str:
    """A BIDS label: letters and digits alone."""
    return re.sub(r"[^0-9A-Za-z]", "", text) or "unknown"


def file_name(text: str) -> str:
    """A stream's name as part of a file's."""
    return re.sub(r"[^0-9A-Za-z._-]", "_", text).strip(".") or "stream"


def _date(text: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None


def make(out: Path) -> Path:
    """Make the folder ``out``; raises ``SinkError``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out} cannot be made: {error.strerror}") from error
    return out


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular stream without holes: ``data`` ``(n, n_channels)`` from ``start`` (s) on at ``sfreq`` Hz.

    Where samples are missing it is NaN; ``gaps`` are those stretches, begin and length in s.
    """

    data: npt.NDArray[np.float64]
    start: float
    sfreq: float
    gaps: tuple[tuple[float, float], ...]


def grid(track: Track) -> Grid:
    """Each sample at its place on the regular raster of its stream, moved by half a period at most.

    The raster's rate is the nominal one, or the measured one where that is off by more than 1 part in 1000
    (a track of an hour would otherwise slip by seconds).
    """
    times, nominal = track.times, track.info.sfreq
    steps = np.diff(times)
    inside = steps[steps < 1.5 / nominal]
    measured = 1.0 / float(np.mean(inside)) if len(inside) else nominal
    sfreq = nominal if abs(measured / nominal - 1) < 1e-3 else measured
    place = np.round((times - times[0]) * sfreq).astype(np.int64)
    if place[-1] > _MOST_SILENCE * len(times) + _MOST_SILENCE:
        hours = float(times[-1] - times[0]) / 3600
        raise DataError(
            f"{track.info.name}: {len(times)} samples over {hours:.1f} h: its clock jumped; use --to csv"
        )
    data = np.full((int(place[-1]) + 1, track.data.shape[1]), np.nan)
    data[place] = track.data
    missing = np.ones(len(data), bool)
    missing[place] = False
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype(np.int8)))
    start = float(times[0])
    gaps = tuple((start + a / sfreq, (b - a) / sfreq) for a, b in edges.reshape(-1, 2).tolist())
    return Grid(data, start, sfreq, gaps)


def measured_keys(material: Material) -> tuple[str, ...]:
    """The modalities that spoke."""
    if material.facts is None:
        return ()
    return tuple(row.key for row in material.facts.validity if row.share > 0 and row.key in MODALITIES)
