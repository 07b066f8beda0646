"""Run the shipped face net over a pack it has never seen: predictions as CSV, figures as a report card."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import metrics, report
from insula.models.face.model import ExpressionNet, read_picture
from insula.models.face.pack import FacePack, Gray, load_pack, majority, vote_distribution
from insula.models.report import ReportCard, Score
from insula.models.va import circumplex_moments, mapped_values

COLUMNS: Final = (
    "row",
    *(f"p_{name}" for name in EXPRESSIONS),
    "valence",
    "valence_sd",
    "arousal",
    "arousal_sd",
    "quality",
    "reason",
)
_QUALITY_BINS: Final = ((0.0, 0.5), (0.5, 0.66), (0.66, 1.01))


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row a picture; NaN where nothing was measured, with the reason.

    ``log_probabilities`` (n, 8); ``values`` (n, 4) = valence, its sd, arousal, its sd; ``quality`` (n,).
    """

    log_probabilities: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    quality: npt.NDArray[np.float64]
    reasons: tuple[str, ...]

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Which rows carry an estimate (n,)."""
        return np.isfinite(self.log_probabilities[:, 0])


def evaluate(data: Path, predictions: Path) -> ReportCard:
    """Predict every picture of pack ``data``, write ``predictions`` as CSV, return the report card.

    The CSV has one row a picture, in order; a picture that cannot be judged has a reason and empty values.
    Raises ``DataError`` when the pack itself is unusable.
    """
    pack = load_pack(data)
    net = ExpressionNet()
    try:
        found = predict(net, pack)
    finally:
        net.close()
    write_csv(predictions, found)
    return make_card(data.name, pack, found, net)


def predict(net: ExpressionNet, pack: FacePack) -> Predictions:
    """Judge every picture of the pack in order."""
    n = len(pack)
    logs, values = np.full((n, len(EXPRESSIONS)), np.nan), np.full((n, 4), np.nan)
    quality, reasons = np.zeros(n), []
    for row, picture, reason in pack.pictures():
        reasons.append(reason or _judge(net, picture, row, logs, values, quality))
    return Predictions(logs, values, quality, tuple(reasons))


def _judge(
    net: ExpressionNet,
    picture: Gray | None,
    row: int,
    logs: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    quality: npt.NDArray[np.float64],
) -> str:
    """Fill one row, or return why not."""
    if picture is None:
        return "no picture"
    reading, worth, reason = read_picture(net, picture)
    if reading is None:
        return reason
    logs[row] = reading.log_probabilities
    values[row] = [float(column[0]) for column in mapped_values(reading.probabilities, net.va)]
    quality[row] = worth
    return ""


def write_csv(path: Path, found: Predictions) -> None:
    """Write the predictions; raises ``DataError`` when the file cannot be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row, reason in enumerate(found.reasons):
                if reason:
                    writer.writerow([row, *[""] * (len(COLUMNS) - 2), reason])
                    continue
                numbers = [*np.exp(found.log_probabilities[row]), *found.values[row], found.quality[row]]
                writer.writerow([row, *(f"{number:.6f}" for number in numbers), ""])
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); choose another file") from error


def make_card(name: str, pack: FacePack, found: Predictions, net: ExpressionNet) -> ReportCard:
    """The report card of the predictions of ``net``."""
    truth = majority(pack.votes)
    rows = np.flatnonzero((truth >= 0) & found.measured)
    if not len(rows):
        raise DataError(f"{name}: no picture has more than five votes for one expression and could be judged")
    y, logs = truth[rows], found.log_probabilities[rows]
    probabilities, before = np.exp(logs), net.untempered(logs)
    missed = int(((truth >= 0) & ~found.measured).sum())
    counts = np.bincount(y, minlength=len(EXPRESSIONS))
    return ReportCard(
        title=f"face expression, {net.manifest.id}",
        data=f"{name}: {len(pack)} pictures, {len(rows)} counted (one expression with more than 5 votes)",
        group_key="picture (the set names no persons: not person-independent)",
        n_groups=len(rows),
        n_items=len(rows),
        window_overlap=None,
        label_target="perceived expression, majority of ten crowd votes",
        class_counts=tuple(zip(EXPRESSIONS, counts.tolist(), strict=True)),
        floors=(report.majority_floor(y),),
        metrics=(
            *report.classification_scores(y, probabilities, rows),
            *_agreement(pack, found),
            *_by_quality(y, probabilities.argmax(1), found.quality[rows]),
        ),
        per_class=report.per_class(y, probabilities.argmax(1), EXPRESSIONS),
        calibration=report.calibration(y, before, probabilities, net.temperature),
        notes=(
            f"{missed} counted pictures could not be judged and are left out of the figures above",
            "valence/arousal are mapped from expressions; their truth is mapped from the votes in the same "
            "way, not rated by people",
        ),
    )


def _agreement(pack: FacePack, found: Predictions) -> tuple[Score, ...]:
    """Valence/arousal against what the votes map to, over every judged picture with an expression vote."""
    opinion = vote_distribution(pack.votes)
    rows = np.flatnonzero(np.isfinite(opinion[:, 0]) & found.measured)
    target, _ = circumplex_moments(opinion[rows])
    scores: list[Score] = []
    for axis, name in enumerate(("valence", "arousal")):
        y, mean, sd = target[:, axis], found.values[rows, 2 * axis], found.values[rows, 2 * axis + 1]
        scores += [
            _score(f"{name} CCC (mapped)", metrics.ccc(y, mean)),
            Score(f"{name} RMSE (mapped)", metrics.rmse(y, mean)),
            Score(f"{name} 90 % interval holds", metrics.interval_coverage(y, mean, sd)),
        ]
    return tuple(scores)


def _by_quality(
    y: npt.NDArray[np.int64], top: npt.NDArray[np.int64], quality: npt.NDArray[np.float64]
) -> tuple[Score, ...]:
    """Accuracy in three bins of picture quality."""
    scores = []
    for low, high in _QUALITY_BINS:
        rows = (quality >= low) & (quality < high)
        name = f"accuracy, quality {low:.2f}–{min(high, 1.0):.2f}"
        if rows.any():
            scores.append(Score(name, metrics.accuracy(y[rows], top[rows]), note=f"n {int(rows.sum())}"))
        else:
            scores.append(Score(name, None, note="no picture of this quality"))
    return tuple(scores)


def _score(name: str, value: float) -> Score:
    return Score(name, value) if np.isfinite(value) else Score(name, None, note="undefined on these pictures")
