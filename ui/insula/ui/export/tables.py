"""Signals, estimates and events as Parquet or CSV: what pandas, R and MATLAB read."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Literal

import numpy as np

from insula.edge.errors import ConfigError
from insula.edge.types import AffectEstimate, AffectState
from insula.ui.analysis.table import Table, to_parquet
from insula.ui.export.material import Material, file_name, make
from insula.ui.protocol.sheets import Sheet, response_time

Kind = Literal["parquet", "csv"]


def export(material: Material, out: Path, kind: Kind) -> list[Path]:
    """Write ``signal-NAME`` for each stream, ``events`` and ``estimates``; returns the files.

    Where somebody was asked, ``answers`` and ``scores`` say what was answered and the sums of subscales.
    ``time_s`` counts from the recording's first sample in every table.
    """
    write = _Writer(kind)
    make(out)
    files = []
    for track in material.signals:
        columns: dict[str, Any] = {"time_s": track.times}
        for name, unit, values in zip(track.info.ch_names, track.info.units, track.data.T, strict=True):
            columns[_column(columns, f"{name} [{unit}]" if unit else name)] = values
        files.append(write(out / f"signal-{file_name(track.info.name)}", columns))
    events = material.events
    texts = {"text": [e.text for e in events], "source": [e.source for e in events]}
    files.append(write(out / "events", {"time_s": np.array([e.t for e in events]), **texts}))
    if material.sheets:
        files += [write(out / "answers", _answers(material)), write(out / "scores", _scores(material))]
    if material.facts is not None:
        files.append(_estimates(material, out, kind))
    return files


def _answers(material: Material) -> dict[str, list[Any]]:
    """One row an item; where it was not answered, answer, label and response time are null."""
    rows = [(sheet, answer) for sheet in material.sheets for answer in sheet.answers]
    answers = [answer for _, answer in rows]
    return {
        "time_s": [a.t for a in answers],
        **_steps([sheet for sheet, _ in rows]),
        "item": [a.item for a in answers],
        "answer": [a.value for a in answers],
        "label": [a.text for a in answers],
        "response_time_s": [response_time(a) for a in answers],
        "missing": [a.reason for a in answers],
        "respondent": [a.respondent for a in answers],
        "role": [a.role for a in answers],
    }


def _scores(material: Material) -> dict[str, list[Any]]:
    """One row a subscale of each time it was asked; the score is null where an item is missing."""
    rows = [(sheet, name, score) for sheet in material.sheets for name, score in sheet.scores.items()]
    return {
        "time_s": [sheet.t for sheet, _, _ in rows],
        **_steps([sheet for sheet, _, _ in rows]),
        "subscale": [name for _, name, _ in rows],
        "score": [None if isinstance(score, str) else score for _, _, score in rows],
        "missing": [score if isinstance(score, str) else "" for _, _, score in rows],
    }


def _steps(found: list[Sheet]) -> dict[str, list[Any]]:
    steps = [sheet.step for sheet in found]
    return {
        "step": [step and step.index for step in steps],
        "step_name": [step and step.name for step in steps],
        "condition": [step and step.condition for step in steps],
        "trial": [step and step.trial for step in steps],
        "questionnaire": [sheet.name for sheet in found],
    }


def _estimates(material: Material, out: Path, kind: Kind) -> Path:
    """The same table as ``insula analyze`` writes, but of what was said live."""
    assert material.facts is not None
    with Table(out, begin=material.begin, person=material.person) as table:
        for item in material.facts.session.items:
            if isinstance(item, AffectState | AffectEstimate):
                table.take(item.t, item)
    target = out / "estimates.csv"
    if kind == "parquet" and (parquet := to_parquet(target)) is not None:
        target.unlink()
        return parquet
    return target


def _column(taken: dict[str, Any], name: str) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found


class _Writer:
    def __init__(self, kind: Kind) -> None:
        try:
            self._arrow = importlib.import_module("pyarrow")
            self._file = importlib.import_module(f"pyarrow.{kind}")
        except ImportError as error:
            raise ConfigError("this export needs pyarrow: pip install 'insula[export]'") from error
        self._kind = kind

    def __call__(self, target: Path, columns: dict[str, Any]) -> Path:
        path = target.with_name(f"{target.name}.{self._kind}")
        table = self._arrow.table(columns)
        if self._kind == "parquet":
            self._file.write_table(table, path)
        else:
            self._file.write_csv(table, path)
        return path
