"""``insula evaluate eeg``: the shipped workload model on a pack, one CSV row per window.

A row uses nothing after its ``t1_s`` and no label; the rest baseline is the first minute of clean rest of the
same person, and the windows inside it have no index and say so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from insula.edge.errors import DataError
from insula.models import manifest
from insula.models.eeg import cards, eegmat, montage, quality
from insula.models.eeg.dataset import EVERY_S
from insula.models.eeg.workload import Reading, WorkloadReader, model_for
from insula.models.manifest import Manifest
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
    """Judge every window (4 s, one a second) of the pack ``data``; write ``predictions`` and return the card.

    Raises ``DataError`` when the file is no EEG pack, ``ModelError`` when the weights are unusable.
    """
    model: Manifest | None = None
    rows: list[Row] = []
    for person in eegmat.people(data):
        names = tuple(name for name in person.ch_names if montage.is_electrode(name))
        if len(names) < 4:
            raise DataError(f"{data.name}: only {len(names)} channels have names of the 10–20 system")
        model = model or manifest.load(model_for(names))
        rows += judge(person, names, model)
    if model is None:
        raise DataError(f"{data.name} holds nobody")
    _write(predictions, rows)
    return _card(data, rows, model)


def judge(person: eegmat.Person, names: tuple[str, ...], model: Manifest) -> Iterator[Row]:
    """The rows of one person, rest first, as a live session would have given them."""
    reader = WorkloadReader(model, person.sfreq, names)
    columns = [person.ch_names.index(name) for name in names]
    timing = reader.model.timing
    every = round(EVERY_S / timing.hop_s)
    for segment, samples in person.segments.items():
        reader.gap()
        no_rest = segment != eegmat.REST and reader.tracker.baseline is None
        for number, reading in enumerate(reader.push(samples[:, columns])):
            if number % every == 0:
                t1_s = reading.tracked.token.end / person.sfreq
                yield _row(person.name, segment, t1_s - timing.window_s, t1_s, reading, no_rest=no_rest)
    reader.model.close()


def _row(name: str, segment: str, t0_s: float, t1_s: float, reading: Reading, *, no_rest: bool) -> Row:
    index, reason = reading.index, reading.reason
    if no_rest:  # a baseline that would come from the arithmetic itself is none
        index, reason = None, "no rest baseline: the rest recording holds too little clean signal"
    return Row(
        name,
        segment,
        round(t0_s, 3),
        round(t1_s, 3),
        None if index is None else round(index.mean, 5),
        None if index is None else round(index.sd, 5),
        round(quality.overall(reading.tracked.token.marks), 3),
        reason,
    )


def _write(path: Path, rows: list[Row]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Row)])
        writer.writerows(["" if value is None else value for value in astuple(row)] for row in rows)
    part.replace(path)


def _card(data: Path, rows: list[Row], model: Manifest) -> ReportCard:
    judged = [row for row in rows if row.index is not None]
    if not judged:
        raise DataError(f"no window of {data.name} could be judged; the CSV says why for each")
    p = np.array([row.index for row in judged], np.float64)
    known = sorted({row.subject for row in judged} & set(model.preprocess["trained_on"]))
    seen = (
        f"{len(known)} of these people ({', '.join(known)}) were in the training of {model.name}: for them "
        "these figures are too good; the model's card holds those of unseen people"
        if known
        else f"none of these people's names is among those {model.name} was trained on"
    )
    timing = model.preprocess
    return cards.card(
        title=f"EEG workload index on {data.name}",
        data=f"{data.name}: {len(rows)} windows, {len(judged)} judged",
        y=np.array([row.segment == eegmat.ARITHMETIC for row in judged], np.int64),
        before=p,
        after=p,
        temperature=1.0,
        person=np.array([row.subject for row in judged]),
        t1_s=np.array([row.t1_s for row in judged]),
        overlap=1 - EVERY_S / float(timing["window_s"]),
        notes=(
            seen,
            f"rest baseline: the first {timing['baseline_s']:g} s of clean rest; its "
            f"{len(rows) - len(judged)} windows and those of bad signal have no index and are not scored",
            f"score averaged over the past {timing['smooth_s']:g} s of the same recording",
            "the probability carries its calibration already (temperature of the model's manifest)",
        ),
    )
