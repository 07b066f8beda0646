"""XDF files, through pyxdf."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from insula.edge import packfile
from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo
from insula.edge.xdf.header import TIME_SOURCE
from insula.sensors.order import rising
from insula.sensors.probe import library
from insula.sensors.recording import Track
from insula.sensors.units import TEXT, as_text, canonical


def read_xdf(path: Path, *more: Path, dejitter: bool = True) -> list[Track]:
    """Every stream that holds samples, clock offsets and jitter removed, on one time line.

    ``more`` are later takes of the same session on the same clock: streams of one name and kind are joined.
    ``dejitter=False`` leaves the stamps of our own streams as they were written: pyxdf's regression closes
    gaps shorter than 500 samples, 15 s of a slow stream, and ours need none. Streams of other programs that
    lie beside them in our recordings keep their senders' stamps and are straightened.
    """
    takes = [(file, _filled(file, dejitter)) for file in (path, *more)]
    filled = [stream for _, streams in takes for stream in streams]
    if not filled:
        raise SensorUnavailable(f"{path.name} holds no samples")
    begin = min(float(s["time_stamps"][0]) for s in filled)
    try:
        tracks = [_track(stream, begin, path) for stream in takes[0][1]]
        for file, streams in takes[1:]:
            tracks = _joined(tracks, [_track(stream, begin, file) for stream in streams])
    except (ValueError, IndexError) as error:
        raise SensorUnavailable(f"{path.name} holds streams that cannot be: {error}") from error
    return tracks


def _filled(path: Path, dejitter: bool) -> list[Any]:
    try:
        streams = _loaded(path, dejitter_timestamps=dejitter)
        foreign = [s["info"]["stream_id"] for s in streams if _is_foreign(s)]
        if not dejitter and 0 < len(foreign) < len(streams):
            even = {s["info"]["stream_id"]: s for s in _loaded(path, select_streams=foreign)}
            streams = [even.get(s["info"]["stream_id"], s) for s in streams]
        return [s for s in streams if len(s["time_stamps"]) and int(_text(s["info"], "channel_count") or 0)]
    except SensorUnavailable:
        raise
    except Exception as error:  # a third party's parser on anybody's bytes
        raise SensorUnavailable(f"pyxdf cannot read {path.name}: {type(error).__name__}: {error}") from error


def _loaded(path: Path, **options: Any) -> list[Any]:
    pyxdf = library("pyxdf", "install it (pip install pyxdf)")
    with _opened(path) as file:  # pyxdf leaves a file it refuses open
        streams, _ = pyxdf.load_xdf(file, verbose=False, **options)
    return list(streams)


def _is_foreign(stream: Any) -> bool:
    """Whether a regular stream was recorded as its sender stamped it."""
    info = stream["info"]
    regular = float(_text(info, "nominal_srate") or 0.0) > 0
    return regular and _text(info, "desc", "synchronization", "time_source") != TIME_SOURCE


def _joined(tracks: list[Track], later: list[Track]) -> list[Track]:
    """``tracks`` with their continuations appended; what has none before is a track of its own."""
    found = list(tracks)
    for track in later:
        same = (i for i, t in enumerate(found) if _alike(t.info, track.info) and t.times[-1] < track.times[0])
        if (k := next(same, None)) is None:
            found.append(track)
            continue
        before = found[k]
        data, times = np.concatenate((before.data, track.data)), np.concatenate((before.times, track.times))
        found[k] = Track(before.info, data, times)
    return found


def _alike(a: StreamInfo, b: StreamInfo) -> bool:
    """Whether two streams may be one: a sender without an id is only known by its file."""
    return a == replace(b, sensor_id=a.sensor_id)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes; of a compressed one no more than fits."""
    with path.open("rb") as file:
        if path.suffix.lower() != ".xdfz":
            yield file
        else:
            yield io.BytesIO(packfile.gunzipped(file))


def _text(node: Any, *keys: str) -> str:
    """A value deep in pyxdf's dictionaries, where every element is a list of one; "" when it is not there."""
    for key in keys:
        if not isinstance(node, dict) or not node.get(key):
            return ""
        node = node[key][0]
    return str(node or "")


def _channels(info: Any, n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and units of ``n`` channels."""
    try:
        described = info["desc"][0]["channels"][0]["channel"]
    except (KeyError, TypeError, IndexError):
        described = []
    if len(described) != n:
        described = [{}] * n
    labels = tuple(_text(c, "label") or f"ch{i + 1}" for i, c in enumerate(described))
    return labels, tuple(canonical(_text(c, "unit")) for c in described)


def _track(stream: Any, begin: float, path: Path) -> Track:
    info = stream["info"]
    series = stream["time_series"]
    data = as_text(series) if isinstance(series, list) else np.asarray(series)
    times = np.asarray(stream["time_stamps"], dtype=np.float64) - begin
    order = np.argsort(times, kind="stable")  # clock resets can leave samples out of order
    labels, units = _channels(info, data.shape[1])
    return Track(
        StreamInfo(
            name=_text(info, "name") or "stream",
            type=_text(info, "type") or "Other",
            sfreq=float(_text(info, "nominal_srate") or 0.0),
            ch_names=labels,
            units=units,
            dtype=TEXT if isinstance(series, list) else data.dtype.name,
            sensor_id=_text(info, "source_id") or f"file:{path.name}",
            manufacturer=_text(info, "desc", "manufacturer"),
            simulated=_text(info, "desc", "simulated") == "true",
        ),
        data[order],
        rising(times[order], -np.inf),
    )
