"""Cuts a BrainFlow board's tables into streams: one for each kind of signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from insula.edge.errors import SensorUnavailable
from insula.edge.retime import Retimer
from insula.edge.types import StreamInfo
from insula.sensors.silence import SilenceWatch

# BrainFlow's field, LSL's type, unit; in this order, and a channel belongs to the first that names it:
# a Cyton declares the same eight inputs as EEG, EMG, ECG and EOG.
SIGNALS: Final = (
    ("eeg_channels", "EEG", "microvolts"),
    ("eda_channels", "EDA", "microsiemens"),
    ("ppg_channels", "PPG", "counts"),
    ("ecg_channels", "ECG", "microvolts"),
    ("temperature_channels", "Temperature", "degree celsius"),
    ("accel_channels", "Accelerometer", "g"),
)
EEG_LIMIT_UV: Final = {
    "cyton": 187_500.0,  # ADS1299: 4.5 V at the gain of 24 that BrainFlow sets
    "cyton_daisy": 187_500.0,
    "muse_2": 1_000.0,  # 12 bits of 0.488 µV around the middle
    "muse_s": 1_000.0,
    "muse_2016": 1_000.0,
}
"""The largest reading of a board's EEG inputs, where its maker states it."""
TYPES: Final = [kind for _, kind, _ in SIGNALS]


@dataclass(frozen=True, slots=True)
class Origin:
    """Which board it is: BrainFlow's name, the board it stands in for (or ""), its number or address."""

    board: str
    master: str
    address: str


@dataclass(slots=True)
class Preset:
    """One of a board's data tables and the streams cut out of it.

    ``rows`` holds pairs of a stream's number and its rows; ``watch`` starts anew when the board is opened.
    """

    number: int
    timestamp_row: int
    sfreq: float
    retimer: Retimer
    watch: SilenceWatch
    rows: list[tuple[int, list[int]]] = field(default_factory=list)


def layout(
    shim: Any, board_id: Any, signals: list[str], sfreq: float, origin: Origin
) -> tuple[list[Preset], tuple[StreamInfo, ...]]:
    """Tables and streams of a board that carry one of ``signals``; ``sfreq`` 0 = the nominal rate."""
    presets: list[Preset] = []
    infos: list[StreamInfo] = []
    for number in sorted(shim.BoardShim.get_board_presets(board_id.value)):
        descr = shim.BoardShim.get_board_descr(board_id.value, number)
        rate = sfreq or float(descr["sampling_rate"])
        preset = Preset(number, descr["timestamp_channel"], rate, Retimer(rate), SilenceWatch(rate, 0.0))
        for kind, unit, rows in _cut(descr):
            if kind in signals and all(info.type != kind for info in infos):
                preset.rows.append((len(infos), rows))
                names = descr.get("eeg_names", "").split(",") if kind == "EEG" else []
                infos.append(_info(kind, unit, rate, names, len(rows), origin))
        if preset.rows:
            presets.append(preset)
    if not presets:
        raise SensorUnavailable(f"BrainFlow board {origin.board!r} has none of: {', '.join(signals)}")
    return presets, tuple(infos)


def _cut(descr: dict[str, Any]) -> list[tuple[str, str, list[int]]]:
    """Type, unit and rows of each kind of signal in a table."""
    taken: set[int] = set()
    found = []
    for key, kind, unit in SIGNALS:
        rows = [row for row in descr.get(key, ()) if row not in taken]
        taken.update(rows)
        if rows:
            found.append((kind, unit, rows))
    return found


def _info(kind: str, unit: str, sfreq: float, names: list[str], n: int, origin: Origin) -> StreamInfo:
    limit = EEG_LIMIT_UV.get(origin.master or origin.board) if kind == "EEG" else None
    return StreamInfo(
        name=kind,
        type=kind,
        sfreq=sfreq,
        ch_names=tuple(names) if len(names) == n else tuple(f"{kind}{i + 1}" for i in range(n)),
        units=(unit,) * n,
        sensor_id=f"brainflow:{origin.board}:{origin.address}:{kind}",
        manufacturer=f"BrainFlow {origin.master or origin.board}",
        simulated="synthetic" in (origin.board, origin.master),
        limits=None if limit is None else (-limit, limit),
    )
