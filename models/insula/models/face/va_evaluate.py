"""Valence and arousal against people's own ratings: a user's head, or the values mapped from expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import metrics, report
from insula.models.face.evaluate import Predictions, write_csv
from insula.models.face.model import ExpressionNet
from insula.models.face.va_head import VaHead
from insula.models.face.va_pack import Floats, Readings, VaPack, load_va_pack, read_faces
from insula.models.report import ReportCard, Score
from insula.models.va import VaCalibration, mapped_values

AXES: Final = ("valence", "arousal")


def evaluate(data: Path, predictions: Path, head_file: str = "") -> ReportCard:
    """Predict every picture of the rated pack, write the CSV of ``insula evaluate face``, return the card.

    ``head_file`` names the manifest of a head (``insula train face-va``); "" judges the mapped values.
    Raises ``DataError`` or ``ModelError``.
    """
    pack, net = load_va_pack(data), ExpressionNet()
    head = None
    try:
        head = VaHead(Path(head_file), net) if head_file else None
        readings = read_faces(net, pack.faces, lambda done: None)
        values = np.full((len(readings.reasons), 4), np.nan)
        rows = np.flatnonzero(readings.measured)
        if not len(rows):
            raise DataError(f"{data.name}: no picture could be judged")
        if head is None:
            values[rows] = np.stack(mapped_values(readings.probabilities[rows], net.va), axis=1)
        else:
            values[rows] = [head.values(x) for x in readings.inputs[rows]]
        title = f"face valence/arousal, {head.manifest.id if head else f'mapped by {net.manifest.id}'}"
        logs = readings.inputs[:, -len(EXPRESSIONS) :]
        write_csv(predictions, Predictions(logs, values, readings.quality, readings.reasons))
        found = values[rows][:, [0, 2]], values[rows][:, [1, 3]]
        return rated_card(title, data.name, pack, readings, net.va, found, group_key="person")
    finally:
        net.close()
        if head is not None:
            head.close()


def rated_card(
    title: str,
    name: str,
    pack: VaPack,
    readings: Readings,
    va: VaCalibration,
    found: tuple[Floats, Floats],
    *,
    group_key: str,
) -> ReportCard:
    """The card of predicted means and standard deviations (m, 2) of the pictures that could be judged."""
    rows = np.flatnonzero(readings.measured)
    y, groups = pack.ratings[rows], pack.groups[rows]
    mapped = np.stack(mapped_values(readings.probabilities[rows], va), axis=1)
    scores: list[Score] = []
    floors: list[Score] = []
    for axis, named in enumerate(AXES):
        truth, mean, spread = y[:, axis], found[0][:, axis], found[1][:, axis]
        scores += _scores(named, truth, mean, spread, groups)
        floors += [
            Score(f"{named} RMSE, the mean for all", float(truth.std()), note="its CCC is 0"),
            Score(f"{named} CCC, mapped from expressions", metrics.ccc(truth, mapped[:, 2 * axis])),
            Score(f"{named} RMSE, mapped from expressions", metrics.rmse(truth, mapped[:, 2 * axis])),
        ]
    return ReportCard(
        title=title,
        data=f"{name}: {len(pack.ratings)} pictures, {len(rows)} judged",
        group_key=group_key,
        n_groups=len(np.unique(groups)),
        n_items=len(rows),
        window_overlap=None,
        label_target="valence and arousal −1…1 as rated in this set",
        class_counts=(),
        floors=tuple(floors),
        metrics=tuple(scores),
        notes=(f"{len(readings.reasons) - len(rows)} pictures could not be judged and are left out",),
    )


def _scores(
    name: str, truth: Floats, mean: Floats, spread: Floats, groups: npt.NDArray[np.str_]
) -> list[Score]:
    def over(what: str, statistic: Callable[[Floats, Floats], float]) -> Score:
        return report.score(f"{name} {what}", lambda rows: statistic(truth[rows], mean[rows]), groups)

    return [
        over("CCC", metrics.ccc),
        over("RMSE", metrics.rmse),
        over("MAE", metrics.mae),
        Score(f"{name} 90 % interval holds", metrics.interval_coverage(truth, mean, spread)),
        Score(f"{name} mean sd", float(spread.mean())),
    ]
