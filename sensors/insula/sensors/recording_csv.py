"""Recordings as CSV: a header line, then one line a sample.

The first column is ``time_s`` (seconds, from any start); every other column is a channel, named with
its unit in brackets: ``time_s,EDA [uS],TEMP [degC]``. An empty field is a missing value (NaN). Evenly
spaced times make a regular stream, others an irregular one.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.recording import Track
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
    return round(1.0 / middle, 3) if middle > 0 and even.mean() > 0.95 else 0.0


def read_csv(path: Path, kind: str) -> list[Track]:
    """The file as one track of type ``kind`` ("": by the unit); ``SensorUnavailable`` names the bad line."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        head = next(lines, [])
        if len(head) < 2 or head[0].strip() != "time_s":
            raise SensorUnavailable(f"{path.name}: the first line must be 'time_s,NAME [unit],…', not {head}")
        matches = [_HEADER.match(cell) for cell in head[1:]]
        if not all(matches):
            raise SensorUnavailable(f"{path.name}: a channel is written as 'NAME [unit]', see the first line")
        rows = []
        for cells in lines:
            try:
                if len(cells) != len(head):
                    raise ValueError(f"{len(cells)} fields instead of {len(head)}")
                rows.append([float(cell) if cell.strip() else np.nan for cell in cells])
            except ValueError as error:
                raise SensorUnavailable(f"{path.name}, line {lines.line_num}: {error}") from error
    if not rows:
        raise SensorUnavailable(f"{path.name} holds no samples")
    table = np.array(rows)
    times = table[:, 0] - table[0, 0]
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise SensorUnavailable(f"{path.name}: time_s must rise from line to line")
    units = tuple(canonical((m["unit"] or "") if m else "") for m in matches)
    info = StreamInfo(
        name=path.stem,
        type=kind or _TYPES.get(units[0], "Other"),
        sfreq=_rate(times),
        ch_names=tuple(m["name"] if m else "" for m in matches),
        units=units,
        sensor_id=f"file:{path.name}",
    )
    return [Track(info, table[:, 1:].astype(np.float32), times)]
