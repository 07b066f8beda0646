"""What a recording amounts to in a line: for the table and the figure of all recordings."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge.errors import DataError, SinkError
from insula.edge.untrusted import parse_json
from insula.ui.dashboard.series import FloatArray
from insula.ui.report.facts import Facts
from insula.ui.report.style import LABELS

FILE: Final = "summary.json"
Quartiles = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Summary:
    """``measured`` is each modality's share (0…1) of the time; quartiles are ``None`` where nothing was."""

    name: str
    length_s: float
    measured: dict[str, float]
    valence: Quartiles | None
    arousal: Quartiles | None
    indices: dict[str, float]
    simulated: bool


def summary(name: str, facts: Facts) -> Summary:
    """Sum up a session."""
    session = facts.session
    medians = {lane.name: _quartiles(lane.rows[:, 0]) for lane in session.indices}
    return Summary(
        name=name,
        length_s=round(session.length_s, 3),
        measured={row.key: round(row.share, 4) for row in facts.validity},
        valence=_quartiles(session.fused.rows[:, 0]),
        arousal=_quartiles(session.fused.rows[:, 2]),
        indices={name: found[1] for name, found in medians.items() if found is not None},
        simulated=bool(facts.simulated),
    )


def _quartiles(values: FloatArray) -> Quartiles | None:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, middle, high = (round(float(v), 4) for v in np.percentile(finite, (25, 50, 75)))
    return low, middle, high


def write(found: Summary, folder: Path) -> None:
    """Keep it beside the results it sums up."""
    (folder / FILE).write_text(json.dumps(asdict(found), indent=2, ensure_ascii=False), "utf-8")


def read(folder: Path) -> Summary:
    """What :func:`write` kept; raises ``DataError``."""
    try:
        told = parse_json((folder / FILE).read_text("utf-8"))
        for axis in ("valence", "arousal"):
            told[axis] = None if told[axis] is None else tuple(told[axis])
        return Summary(**told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{folder / FILE} cannot be read: {error}") from error


def table(found: Sequence[Summary], target: Path) -> None:
    """Write one line a recording; an empty field was not measured."""
    indices = sorted({name for one in found for name in one.indices})
    head = ["recording", "length_s", *(f"measured_{key}" for key in LABELS)]
    head += [f"{axis}_{part}" for axis in ("valence", "arousal") for part in ("q25", "median", "q75")]
    head += [*(f"{name}_median" for name in indices), "simulated"]
    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(head)
            for one in found:
                quartiles = [*(one.valence or ("", "", "")), *(one.arousal or ("", "", ""))]
                shares = [one.measured.get(key, 0.0) for key in LABELS]
                medians = [one.indices.get(name, "") for name in indices]
                rows.writerow(
                    [one.name, one.length_s, *shares, *quartiles, *medians, str(one.simulated).lower()]
                )
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror}") from error
