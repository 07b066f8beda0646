"""Estimates as a table: one row for each estimate and each fused state."""

from __future__ import annotations

import csv
import importlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from insula.edge.errors import SinkError
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Measure

INDICES: Final = ("stress", "workload")
COLUMNS: Final = (
    "time_s",
    "person",
    "modality",
    *(f"{axis}{tail}" for axis in ("valence", "arousal") for tail in ("", "_sd")),
    *(f"p_{name}" for name in EXPRESSIONS),
    *(f"{name}{tail}" for name in INDICES for tail in ("", "_sd")),
    "quality",
    "age_s",
    "reason",
)
"""``age_s``: how old the newest sample was when the estimate was made, on the recording's clock."""


class Table:
    """Writes ``estimates.csv`` and ``clues.jsonl`` of one recording; an empty field was not measured."""

    def __init__(self, folder: Path, *, begin: float, person: str) -> None:
        """``begin`` (s) becomes time 0; raises ``SinkError``."""
        self._begin, self._person = begin, person
        try:
            self._file = (folder / "estimates.csv").open("x", newline="", encoding="utf-8")
            self._clues = (folder / "clues.jsonl").open("x", encoding="utf-8")
        except OSError as error:
            raise SinkError(f"{folder} cannot be written: {error.strerror}") from error
        self._csv = csv.writer(self._file)
        self._csv.writerow(COLUMNS)

    def take(self, t: float, item: AffectEstimate | AffectState) -> None:
        """Add what was said at ``t`` (s)."""
        if isinstance(item, AffectState):
            modality, quality, age = "fused", math.nan, item.age_newest_s
        else:
            modality, quality, age = item.modality, item.quality, t - item.t
            self._add_clues(item)
        indices = dict(item.indices)
        measures = [item.valence, item.arousal]
        row: list[object] = [f"{item.t - self._begin:.6f}", self._person, modality]
        row += [cell for measure in measures for cell in _pair(measure)]
        row += (
            [""] * len(EXPRESSIONS)
            if item.expression is None
            else [_number(math.exp(p)) for p in item.expression]
        )
        row += [cell for name in INDICES for cell in _pair(indices.get(name))]
        row += [
            _number(quality),
            _number(math.nan if age is None else age),
            "" if item.measured else item.reason,
        ]
        self._csv.writerow(row)

    def _add_clues(self, estimate: AffectEstimate) -> None:
        if not estimate.clues:
            return
        told = [
            {
                "feature": clue.feature,
                "value": clue.value if math.isfinite(clue.value) else None,
                "unit": clue.unit,
                "z": clue.z,
            }
            for clue in estimate.clues
        ]
        line = {
            "time_s": round(estimate.t - self._begin, 6),
            "person": self._person,
            "modality": estimate.modality,
            "stream": estimate.stream,
            "clues": told,
        }
        self._clues.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._clues.close()


def _pair(measure: Measure | None) -> Sequence[str]:
    return ("", "") if measure is None else (_number(measure.mean), _number(measure.sd))


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""


def to_parquet(table: Path) -> Path | None:
    """The table as Parquet beside it where pyarrow is installed, ``None`` where it is not."""
    try:
        arrow, reader, writer = (importlib.import_module(f"pyarrow{m}") for m in ("", ".csv", ".parquet"))
    except ImportError:
        return None
    texts = {"person", "modality", "reason"}
    types = {name: arrow.string() if name in texts else arrow.float64() for name in COLUMNS}
    options = reader.ConvertOptions(column_types=types, strings_can_be_null=False)
    target = table.with_suffix(".parquet")
    writer.write_table(reader.read_csv(table, convert_options=options), target)
    return target
