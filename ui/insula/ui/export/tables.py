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

Kind = Literal["parquet", "csv"]


def export(material: Material, out: Path, kind: Kind) -> list[Path]:
    """Write ``signal-NAME`` for each stream, ``events`` and ``estimates``; returns the files.

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
    if material.facts is not None:
        files.append(_estimates(material, out, kind))
    return files


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
