"""Folders of the Empatica E4: one CSV a signal, first line start (Unix s), second line rate (Hz)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.recording import MOST_HZ, Track, regular
from insula.sensors.units import TEXT, as_text

# file: type, channels, unit, factor from the file's numbers to the unit
_SIGNALS: Final = {
    "EDA": ("EDA", ("EDA",), "microsiemens", 1.0),
    "BVP": ("PPG", ("BVP",), "nanowatts", 1.0),
    "TEMP": ("Temperature", ("TEMP",), "degree celsius", 1.0),
    "HR": ("HeartRate", ("HR",), "beats per minute", 1.0),
    "ACC": ("Accelerometer", ("X", "Y", "Z"), "g", 1.0 / 64.0),
}


def is_e4(folder: Path) -> bool:
    """Whether the folder holds at least one of the E4's signals."""
    return any((folder / f"{name}.csv").is_file() for name in _SIGNALS)


def _numbers(path: Path) -> npt.NDArray[np.float64]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a file of empty lines: said below, in our words
            return np.loadtxt(path, delimiter=",", ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise SensorUnavailable(f"{path.name} is not an Empatica E4 file: {error}") from error


def _is_head(table: npt.NDArray[np.float64]) -> bool:
    """Whether the first two lines are a time and a rate."""
    return bool(np.isfinite(table[0, 0]) and 0 < table[1, 0] <= MOST_HZ)


def _info(
    folder: Path, name: str, kind: str, sfreq: float, channels: tuple[str, ...], unit: str, dtype: str
) -> StreamInfo:
    return StreamInfo(
        name=name,
        type=kind,
        sfreq=sfreq,
        ch_names=channels,
        units=(unit,) * len(channels),
        dtype=dtype,
        sensor_id=f"file:{folder.name}/{name}",
        manufacturer="Empatica E4",
    )


def read_e4(folder: Path) -> list[Track]:
    """Every signal of the folder, on one time line that begins with the earliest."""
    found: list[tuple[float, Track]] = []
    for name, (kind, channels, unit, factor) in _SIGNALS.items():
        path = folder / f"{name}.csv"
        if not path.is_file() or path.stat().st_size == 0:
            continue
        table = _numbers(path)
        if len(table) < 3 or table.shape[1] != len(channels) or not _is_head(table):
            raise SensorUnavailable(
                f"{path.name}: an E4 file has a start, a rate and {len(channels)} column(s)"
            )
        sfreq = float(table[1, 0])
        with np.errstate(over="ignore"):  # what no float32 holds is no measurement: it counts as not finite
            data = (table[2:] * factor).astype(np.float32)
        info = _info(folder, name, kind, sfreq, channels, unit, "float32")
        found.append((float(table[0, 0]), Track(info, data, regular(len(data), sfreq))))
    if not found:
        raise SensorUnavailable(f"{folder} holds no Empatica E4 signals ({', '.join(_SIGNALS)}.csv)")
    begin = min(start for start, _ in found)
    tracks = [Track(t.info, t.data, t.times + (start - begin)) for start, t in found]
    tags = folder / "tags.csv"
    if tags.is_file() and tags.stat().st_size > 0:
        stamps = _numbers(tags).ravel()
        times = np.unique(stamps[np.isfinite(stamps)]) - begin
        info = _info(folder, "tags", "Markers", 0.0, ("tag",), "", TEXT)
        tracks.append(Track(info, as_text([["tag"]] * len(times)), times))
    return tracks
