"""Report cards of the stress index: figures over people, floors, and controls for elapsed time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from insula.models import metrics, report
from insula.models.eda.examples import label_of
from insula.models.report import ReportCard, Score

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]

TARGET = "experimental condition: stress task (1) against rest (0), not felt stress"
ORDER_NOTE = (
    "the order of conditions is the same for everyone in these sets, so elapsed time alone separates the "
    "classes (see the floor); no input knows the time, and the drift line shows how far the index follows it "
    "within rest"
)
DRIFT_NOTE = "0.5 is no drift; people with six windows of rest or more"
NEIGHBOUR_S = 60.0
MIN_REST = 6
"""Fewer windows of rest than this say nothing about a drift."""


class ScoredRow(Protocol):
    """What a card needs of a CSV row."""

    @property
    def subject(self) -> str:
        """Person."""

    @property
    def segment(self) -> str:
        """Condition, as in the pack."""

    @property
    def t1_s(self) -> float:
        """End of the window, s."""

    @property
    def index(self) -> float | None:
        """Stress index."""

    @property
    def reason(self) -> str:
        """Why there is none, or why it is provisional."""


def people_scores(y: Ints, p: Floats, person: Names) -> tuple[Score, ...]:
    """AUC (pooled, and mean of people) and balanced accuracy at 0.5, bootstrapped over people."""
    decided = (p >= 0.5).astype(np.int64)

    def each_person(rows: Ints) -> float:
        values = [
            metrics.auc(y[one], p[one]) for one in (rows[person[rows] == n] for n in np.unique(person[rows]))
        ]
        return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")

    return (
        report.score("AUC, pooled", lambda rows: metrics.auc(y[rows], p[rows]), person),
        report.score("AUC, mean of people", each_person, person),
        report.score(
            "balanced accuracy, pooled",
            lambda rows: metrics.balanced_accuracy(y[rows], decided[rows]),
            person,
        ),
    )


def time_floor(y: Ints, t1_s: Floats, person: Names) -> Score:
    """AUC of elapsed time alone: the share of stress among other people's windows within a minute."""
    guess = np.full(len(y), 0.5)
    for name in np.unique(person):
        others = person != name
        for i in np.flatnonzero(~others):
            near = others & (np.abs(t1_s - t1_s[i]) <= NEIGHBOUR_S)
            if near.any():
                guess[i] = y[near].mean()
    value = metrics.auc(y, guess)
    if not np.isfinite(value):
        return Score("elapsed time alone (AUC)", None, note="one class only")
    return Score("elapsed time alone (AUC)", value, note="never an input; leave one person out")


def drift(y: Ints, p: Floats, t1_s: Floats, person: Names) -> Score:
    """AUC of the index for late against early rest of the same person: 0.5 when it does not follow time."""

    def statistic(rows: Ints) -> float:
        values = []
        for name in np.unique(person[rows]):
            rest = rows[(person[rows] == name) & (y[rows] == 0)]
            late = t1_s[rest] > np.median(t1_s[rest]) if len(rest) >= MIN_REST else np.zeros(0, np.bool_)
            if late.any():
                values.append(metrics.auc(late.astype(np.int64), p[rest]))
        return float(np.mean(values)) if values else float("nan")

    return report.score(
        "drift: index, late against early rest (AUC)", statistic, person, note="0.5 is no drift"
    )


def card(
    *,
    title: str,
    data: str,
    y: Ints,
    p: Floats,
    person: Names,
    t1_s: Floats,
    extra: tuple[Score, ...] = (),
    notes: tuple[str, ...] = (),
    before: Floats | None = None,
    temperature: float = 1.0,
) -> ReportCard:
    """The card of calibrated probabilities ``p``, one a window; ``before`` are those before calibration."""
    counts = np.bincount(y, minlength=2)
    rows = metrics.binary_probabilities(p)
    return ReportCard(
        title=title,
        data=data,
        group_key="person",
        n_groups=len(np.unique(person)),
        n_items=len(y),
        window_overlap=0.0,
        label_target=TARGET,
        class_counts=(("rest", int(counts[0])), ("stress task", int(counts[1]))),
        floors=(
            report.majority_floor(y),
            Score("constant answer (balanced accuracy, AUC)", 0.5),
            time_floor(y, t1_s, person),
        ),
        metrics=(
            *people_scores(y, p, person),
            Score("ECE", metrics.ece(y, rows).ece),
            Score("Brier", metrics.brier(y, rows)),
            Score("NLL", metrics.nll(y, rows)),
            drift(y, p, t1_s, person),
            *extra,
        ),
        per_class=report.per_class(y, (p >= 0.5).astype(np.int64), ("rest", "stress task")),
        calibration=(
            None
            if before is None
            else report.calibration(y, metrics.binary_probabilities(before), rows, temperature)
        ),
        notes=(ORDER_NOTE, *notes),
    )


def evaluation(name: str, rows: Sequence[ScoredRow], trained_on: frozenset[str]) -> ReportCard:
    """The card of one evaluated pack; windows with a provisional index are left out of its figures."""
    judged = [r for r in rows if r.index is not None]
    own = [r for r in judged if not r.reason and label_of(r.segment) >= 0]
    people = {r.subject for r in rows}
    seen = sorted(people & trained_on)
    notes = [
        f"{len(rows)} windows, {len(judged)} with an index, {len(own)} of them labelled and after the "
        "baseline; only these are scored",
    ]
    if seen:
        notes.append(
            f"{len(seen)} of {len(people)} people carry the name of one the model was trained on: if they "
            "are the same, these figures are optimistic; the model's card has those of people left out"
        )
    if not own:
        return ReportCard(
            title=f"stress index on {name}",
            data=name,
            group_key="person",
            n_groups=len(people),
            n_items=len(rows),
            window_overlap=0.0,
            label_target=TARGET,
            class_counts=(),
            floors=(Score("majority class (accuracy)", None, note="no labelled window in this file"),),
            metrics=(Score("AUC, pooled", None, note="no labelled window in this file"),),
            notes=tuple(notes),
        )
    return card(
        title=f"stress index on {name}",
        data=name,
        y=np.array([label_of(r.segment) for r in own], np.int64),
        p=np.array([r.index for r in own], np.float64),
        person=np.array([r.subject for r in own]),
        t1_s=np.array([r.t1_s for r in own], np.float64),
        notes=tuple(notes),
    )
