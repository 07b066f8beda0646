"""Recordings as CSV: a header line, then one line a sample.

The first column is ``time_s`` (seconds, from any start); every other column is a channel, named with
its unit in brackets: ``time_s,EDA [uS],TEMP [degC]``. An empty field is a missing value (NaN). Evenly
spaced times make a regular stream, others an irregular one.
"""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.recording import MOST_HZ, Track
from insula.sensors.units import canonical

_HEADER: Final = re.compile(r"^\s*(?P<name>[^\[\]]+?)\s*(?:\[(?P<unit>[^\]]*)\])?\s*$")
_TYPES: Final = {"microsiemens": "EDA", "microvolts": "EEG", "degree celsius": "Temperature"}
_EVEN: Final = 0.02  # a step may differ by this part from the median in a regular stream


def _rate(times: npt.NDArray[np.float64]) -> float:
    """Sampling rate in Hz of evenly spaced times, else 0."""
    steps = np.diff(times)
    if not len(steps):
        return 0.0
    middle = float(np.median(steps))
    even = np.abs(steps - middle) <= _EVEN * middle + 1e-4  # files keep few decimals
    return round(1.0 / max(middle, 1e-300), 3) if middle > 0 and even.mean() > 0.95 else 0.0


def _channels(path: Path, head: list[str]) -> list[re.Match[str]]:
    """What the first line says of each channel."""
    if len(head) < 2 or head[0].strip() != "time_s":
        raise SensorUnavailable(
            f"{path.name}: the first line must be 'time_s,NAME [unit],…', not {', '.join(head)[:200]!r}"
        )
    matches = [match for cell in head[1:] if (match := _HEADER.match(cell))]
    if len(matches) < len(head) - 1:
        raise SensorUnavailable(f"{path.name}: a channel is written as 'NAME [unit]', see the first line")
    return matches


def _numbers(cells: list[str], width: int) -> list[float]:
    if len(cells) != width:
        raise ValueError(f"{len(cells)} fields instead of {width}")
    return [float(cell) if cell.strip() else math.nan for cell in cells]


def read_csv(path: Path, kind: str) -> list[Track]:
    """The file as one track of type ``kind`` ("": by the unit); ``SensorUnavailable`` names the bad line."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SensorUnavailable(f"{path.name} cannot be read: {error}") from error
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        head = next(lines, [])
        matches = _channels(path, head)
        rows = [_numbers(cells, len(head)) for cells in lines]
    except (ValueError, csv.Error) as error:
        raise SensorUnavailable(f"{path.name}, line {lines.line_num}: {error}") from error
    if not rows:
        raise SensorUnavailable(f"{path.name} holds no samples")
    table = np.array(rows)
    if not (np.isfinite(table[:, 0]).all() and (np.diff(table[:, 0]) > 0).all()):
        raise SensorUnavailable(f"{path.name}: time_s must rise from line to line")
    times = table[:, 0] - table[0, 0]
    sfreq = _rate(times)
    if sfreq > MOST_HZ:
        raise SensorUnavailable(f"{path.name}: time_s is in seconds; its steps would be {sfreq:g} Hz")
    units = tuple(canonical(m["unit"] or "") for m in matches)
    info = StreamInfo(
        name=path.stem,
        type=kind or _TYPES.get(units[0], "Other"),
        sfreq=sfreq,
        ch_names=tuple(m["name"] for m in matches),
        units=units,
        sensor_id=f"file:{path.name}",
    )
    with np.errstate(over="ignore"):  # what no float32 holds is no measurement: it counts as not finite
        return [Track(info, table[:, 1:].astype(np.float32), times)]
