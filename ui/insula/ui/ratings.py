"""Continuous ratings of a recorded session: where they are kept, read and written out.

Ratings given live are streams of ``session.xdf``. Ratings given later, while watching, never touch that file:
each pass is a file of its own, ``rating-ANNOTATOR-N.xdf``, with the same kind of stream and the times of
the recording.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyxdf

from insula.edge.errors import DataError, SinkError
from insula.edge.reports import ROLES, Rating
from insula.edge.sinks.xdf import XdfRecorder
from insula.models.ratings import EmpathyScore, cells, empathy, labels, on_grid

Floats = npt.NDArray[np.float64]

AXES: Final = ("valence", "arousal")
OMG_HZ: Final = 25.0
"""OMG-Empathy's videos, and its labels, one for each frame."""

_OMG_NAME = re.compile(r"Subject_(?P<subject>[^_]+)_Story_(?P<story>[^_.]+)\.csv$")


@dataclass(frozen=True, slots=True)
class Rated:
    """One pass of one annotator: ``times`` ``(n,)`` in s as recorded, ``values`` ``(n, n_labels)``."""

    annotator: str
    role: str
    labels: tuple[str, ...]
    times: Floats
    values: Floats
    file: str

    @property
    def is_axes(self) -> bool:
        """Whether it rates axes; else it chooses classes."""
        return set(self.labels) <= set(AXES)


def check_annotator(annotator: str, role: str) -> None:
    """Raise ``DataError`` for a name that makes no file name or an unknown role."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", annotator):
        raise DataError(f"annotator {annotator!r} should be a short name of letters, digits, - and _")
    if role not in ROLES:
        raise DataError(f"role {role!r} is none of {', '.join(ROLES)}")


class RatingFile:
    """A pass being rated: a crash-safe XDF file beside the recording."""

    def __init__(self, session: Path, annotator: str) -> None:
        """Make the next free file of this annotator; raises ``SinkError``."""
        number = 1
        while (path := session / f"rating-{annotator}-{number}.xdf").exists():
            number += 1
        self.path = path
        self._recorder = XdfRecorder(path=str(path))
        self._recorder.open({})

    def put(self, rating: Rating) -> None:
        """Keep one sample; on the disk after about a third of a second."""
        self._recorder.put(rating)
        self._recorder.poll()

    def close(self) -> None:
        """Finish the file."""
        self._recorder.close()


def read(session: Path) -> tuple[Rated, ...]:
    """Return every rating of a session folder, those given live first; raises ``DataError``."""
    files = [*sorted(session.glob("session*.xdf")), *sorted(session.glob("rating-*.xdf"))]
    if not files:
        raise DataError(f"{session} is not a session folder: it holds no XDF file")
    return tuple(rated for file in files for rated in _ratings(file))


def _ratings(file: Path) -> Iterator[Rated]:
    try:
        wanted = [s["stream_id"] for s in pyxdf.resolve_streams(str(file)) if s["type"] == "Rating"]
        streams: list[Any] = []
        if wanted:
            streams, _ = pyxdf.load_xdf(str(file), select_streams=wanted, dejitter_timestamps=False)
    except Exception as error:  # pyxdf raises what its parser raises
        raise DataError(f"{file.name} cannot be read: {error}; 'insula repair' may mend it") from error
    for stream in streams:
        about = stream["info"]["desc"][0]
        names = tuple(str(c["label"][0]) for c in about["channels"][0]["channel"])
        values = np.asarray(stream["time_series"], np.float64).reshape(-1, len(names))
        times = np.asarray(stream["time_stamps"], np.float64)
        yield Rated(str(about["annotator"][0]), str(about["role"][0]), names, times, values, file.name)


def export_frames(rated: Rated, path: Path, begin: float, end: float, hz: float = OMG_HZ) -> int:
    """Write OMG-Empathy's form: a column for each label, a row for each frame; returns the rows not rated.

    A frame that was not rated is an empty field, not a number.
    """
    rows = on_grid(rated.times, rated.values, hz, begin, end)
    _write(path, rated.labels, ([_field(v) for v in row] for row in rows.tolist()))
    return int(np.isnan(rows).any(axis=1).sum())


def export_cells(rated: Rated, path: Path, begin: float, end: float, hz: float = 5.0) -> int:
    """Write one row for each cell of ``1 / hz`` s; of classes the one that fills most of the cell."""
    found = cells(rated.times, rated.values, hz, begin, end)
    starts = [f"{k / hz:.3f}" for k in range(len(found))]
    if rated.is_axes:
        body = ([t, *map(_field, row)] for t, row in zip(starts, found.tolist(), strict=True))
        _write(path, ("time_s", *rated.labels), body)
    else:
        chosen = labels(found, rated.labels)
        _write(path, ("time_s", "class"), ([t, c] for t, c in zip(starts, chosen, strict=True)))
    return int(np.isnan(found).any(axis=1).sum())


def score_folders(truth: Path, predictions: Path) -> EmpathyScore:
    """Score ``Subject_<s>_Story_<t>.csv`` files against those of the same name; raises ``DataError``."""
    pairs: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for file in sorted(truth.glob("*.csv")):
        name = _OMG_NAME.match(file.name)
        if name is None:
            continue
        if not (other := predictions / file.name).is_file():
            raise DataError(f"{predictions} has no {file.name}: every story of the truth needs a prediction")
        pairs[name["subject"], name["story"]] = (read_valence(file), read_valence(other))
    if not pairs:
        raise DataError(f"{truth} holds no Subject_<number>_Story_<number>.csv")
    return empathy(pairs)


def read_valence(path: Path) -> Floats:
    """Read the ``valence`` column of a CSV file; empty and NaN are not rated. Raises ``DataError``."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return np.array([float(row["valence"] or "nan") for row in rows])
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: no column of numbers called 'valence' ({error})") from error


def on_one_grid(
    passes: Mapping[str, Rated], axis: str, hz: float, begin: float, end: float
) -> dict[str, Floats]:
    """Return one axis of several passes on one grid, for figures of agreement."""
    return {
        name: on_grid(rated.times, rated.values, hz, begin, end)[:, rated.labels.index(axis)]
        for name, rated in passes.items()
        if axis in rated.labels
    }


def chosen(rated: Rated, hz: float, begin: float, end: float) -> Floats:
    """Return the number of the chosen class on a grid, NaN where none was."""
    shares = on_grid(rated.times, rated.values, hz, begin, end)
    rated_there = np.isfinite(shares).all(axis=1)
    return np.where(rated_there, np.nan_to_num(shares).argmax(axis=1), np.nan)


def _field(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"


def _write(path: Path, header: tuple[str, ...], rows: Iterator[list[str]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}") from error
