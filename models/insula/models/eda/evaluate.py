"""``insula evaluate eda``: the shipped stress models on a pack, one CSV row per window, and a report card.

A row uses nothing after its ``t1_s`` and no label: segment names only decide where windows are cut and what
the card compares. The baseline is the first two minutes of clean signal of a person's session.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from insula.edge.errors import DataError
from insula.models.eda import cards
from insula.models.eda.features import WINDOW_S
from insula.models.eda.index import EDA_MODEL, PULSE_MODEL, Reading, StressIndex, StressModel
from insula.models.eda.packs import Recording, Segment, read_pack
from insula.models.eda.reader import read_seconds
from insula.models.report import ReportCard


@dataclass(frozen=True, slots=True)
class Row:
    """One window of the CSV; ``index`` and ``index_sd`` are empty where nothing was measured."""

    subject: str
    segment: str
    t0_s: float
    t1_s: float
    index: float | None
    index_sd: float | None
    quality: float
    reason: str


def evaluate(data: Path, predictions: Path) -> ReportCard:
    """Judge every window (60 s, side by side within a segment) of the pack ``data``.

    Writes ``predictions`` and returns the card. Raises ``DataError`` when the file is no EDA pack,
    ``ModelError`` when the weights are unusable.
    """
    rows: list[Row] = []
    eda, pulse = StressModel(EDA_MODEL), StressModel(PULSE_MODEL)
    sessions: dict[str, StressIndex] = {}
    for recording in read_pack(data):
        index = sessions.setdefault(recording.session, StressIndex(eda, pulse))
        index.gap()
        rows += judge(recording, index)
    if not rows:
        raise DataError(f"{data.name} holds no recording")
    write(predictions, rows)
    trained_on = frozenset(eda.manifest.preprocess["trained_on"])
    return cards.evaluation(data.name, rows, trained_on)


def judge(recording: Recording, index: StressIndex) -> Iterator[Row]:
    """The rows of one recording, as a live session would have given them."""
    readings: dict[int, Reading] = {}
    for second in read_seconds(recording.eda, recording.sfreq, recording.ppg, recording.ppg_sfreq):
        readings[second.t_s] = index.step(second)
    for segment in recording.segments:
        for t0, t1 in windows(segment):
            reading = readings.get(t1)
            if reading is None:
                yield Row(recording.subject, segment.name, t0, t1, None, None, 0.0, "the signal ends before")
                continue
            yield Row(
                recording.subject,
                segment.name,
                float(t0),
                float(t1),
                None if reading.index is None else round(reading.index, 5),
                None if reading.sd is None else round(reading.sd, 5),
                reading.quality,
                reading.reason,
            )


def windows(segment: Segment) -> list[tuple[int, int]]:
    """Windows of 60 s side by side from the segment's start; a shorter segment is one window of its own."""
    length = segment.end_s - segment.start_s
    if length < WINDOW_S:
        return [(segment.start_s, segment.end_s)]
    starts = range(segment.start_s, segment.end_s - WINDOW_S + 1, WINDOW_S)
    return [(start, start + WINDOW_S) for start in starts]


def write(path: Path, rows: list[Row]) -> None:
    """Write the rows as CSV; nothing is left half-written."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([field.name for field in fields(Row)])
        table.writerows(["" if value is None else value for value in astuple(row)] for row in rows)
    partial.replace(path)
