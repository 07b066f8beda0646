"""Report cards of the workload index: figures over people, floors, and controls for drift and muscle."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from insula.models import metrics, report
from insula.models.report import ReportCard, Score

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]

TARGET = "experimental condition: serial subtraction (1) against rest (0), not felt effort"
DRIFT_NOTE = (
    "rest always comes first and is a recording of its own: a drift between the two recordings separates the "
    "classes too, and these data cannot exclude it; the drift line shows how far the index moves within rest"
)


def people_scores(y: npt.NDArray[np.int64], p: Floats, person: Names) -> tuple[Score, ...]:
    """Balanced accuracy at 0.5, averaged over people and pooled, and AUC; bootstrapped over people."""
    decided = (p >= 0.5).astype(np.int64)

    def each_person(rows: metrics.Ints) -> float:
        names, inverse = np.unique(person[rows], return_inverse=True)
        values = [
            metrics.balanced_accuracy(y[rows[inverse == k]], decided[rows[inverse == k]])
            for k in range(len(names))
        ]
        return float(np.mean(values))

    return (
        report.score("balanced accuracy, mean of people", each_person, person),
        report.score(
            "balanced accuracy, pooled",
            lambda rows: metrics.balanced_accuracy(y[rows], decided[rows]),
            person,
        ),
        report.score("AUC, pooled", lambda rows: metrics.auc(y[rows], p[rows]), person),
    )


def drift(y: npt.NDArray[np.int64], p: Floats, t1_s: Floats, person: Names) -> Score:
    """AUC of the index for late against early rest of the same person: 0.5 when it does not follow time."""
    values = []
    for name in np.unique(person):
        rows = (person == name) & (y == 0)
        late = t1_s[rows] > np.median(t1_s[rows]) if rows.any() else np.zeros(0, bool)
        if late.any():
            values.append(metrics.auc(late.astype(np.int64), p[rows]))
    if not values:
        return Score("drift: index, late against early rest (AUC)", None, note="no rest after the baseline")
    return Score(
        "drift: index, late against early rest (AUC)", float(np.mean(values)), note="0.5 is no drift"
    )


def card(
    *,
    title: str,
    data: str,
    y: npt.NDArray[np.int64],
    before: Floats,
    after: Floats,
    temperature: float,
    person: Names,
    t1_s: Floats,
    overlap: float,
    extra: tuple[Score, ...] = (),
    notes: tuple[str, ...] = (),
) -> ReportCard:
    """The card of probabilities ``before`` and ``after`` calibration, one a window."""
    counts = np.bincount(y, minlength=2)
    probabilities = metrics.binary_probabilities(after)
    decided = (after >= 0.5).astype(np.int64)
    return ReportCard(
        title=title,
        data=data,
        group_key="person",
        n_groups=len(np.unique(person)),
        n_items=len(y),
        window_overlap=overlap,
        label_target=TARGET,
        class_counts=(("rest", int(counts[0])), ("arithmetic", int(counts[1]))),
        floors=(
            report.majority_floor(y),
            Score("constant answer (balanced accuracy)", 0.5),
            Score("seconds since the segment's start (AUC)", _time_floor(y, t1_s), note="never an input"),
        ),
        metrics=(
            *people_scores(y, after, person),
            Score("Brier", metrics.brier(y, probabilities)),
            Score("NLL", metrics.nll(y, probabilities)),
            drift(y, after, t1_s, person),
            *extra,
        ),
        per_class=report.per_class(y, decided, ("rest", "arithmetic")),
        calibration=report.calibration(y, metrics.binary_probabilities(before), probabilities, temperature),
        notes=(DRIFT_NOTE, *notes),
    )


def _time_floor(y: npt.NDArray[np.int64], t1_s: Floats) -> float | None:
    value = metrics.auc(y, -t1_s)
    return value if np.isfinite(value) else None


def manifest_card(card: ReportCard, dim: int) -> dict[str, Any]:
    """The card's part of a model's manifest."""
    assert card.calibration is not None
    figures = {s.name: round(s.value, 4) for s in card.metrics if s.value is not None}
    return {
        "what": "workload index: probability of mental arithmetic against rest, after a rest baseline "
        f"(RBTransformer of width {dim})",
        "data": f"EEGMAT (Zyma et al., Data 2019, 4(1):14), {card.n_groups} people, ODC-By 1.0",
        "licence": "Apache-2.0; the data are ODC-By 1.0: attribute Zyma et al. 2019",
        "split": "leave one person out; the shipped weights are trained on all of them",
        "target": TARGET,
        "recipe": "insula train eeg --data DIR",
        "not_for": [
            "valence, emotion or expression: across people EEG does not show them (docs/validity-eeg.md)",
            "diagnosis, fitness for duty, assessment at work or school",
        ],
        "caveats": [
            DRIFT_NOTE,
            "part of the index is activity above 30 Hz, which at forehead and temples is mostly muscle: see "
            "the controls among the metrics",
            "healthy adults, one laboratory, one amplifier, one task, recordings cleaned by hand",
            *card.notes[2:3],
        ],
        "metrics": figures | {"ECE": round(card.calibration.ece_after, 4)},
        "floors": {s.name: round(s.value, 4) for s in card.floors if s.value is not None},
    }
