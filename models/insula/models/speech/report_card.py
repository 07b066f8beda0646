"""The report card of a speech evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models import metrics, report
from insula.models.manifest import Manifest
from insula.models.report import Calibration, ReportCard, Score
from insula.models.speech.classes import CLASSES, class_points, label_index
from insula.models.speech.corpus import Clip
from insula.models.speech.model import Judgement

if TYPE_CHECKING:
    from insula.models.speech.evaluate import Outcome

Ints = npt.NDArray[np.int64]


def judge_card(pack: str, model: Manifest, clips: Sequence[Clip], outcomes: Sequence[Outcome]) -> ReportCard:
    """Figures over the labelled clips that were measured; raises ``DataError`` when there are none."""
    rows: list[tuple[int, str, Judgement, Judgement]] = []
    for clip, outcome in zip(clips, outcomes, strict=True):
        label = label_index(clip.emotion)
        if label is not None and outcome.session is not None and outcome.alone is not None:
            rows.append((label, clip.speaker or clip.path, outcome.session, outcome.alone))
    if not rows:
        raise DataError(f"{pack}: no labelled clip could be measured; the reasons are in the predictions")
    y = np.array([row[0] for row in rows], np.int64)
    speakers = np.array([row[1] for row in rows])
    session = _probabilities([row[2] for row in rows])
    alone = _probabilities([row[3] for row in rows])
    counts = np.bincount(y, minlength=len(CLASSES))
    reliability = metrics.ece(y, session)
    temperature = float(model.card.metrics.get("temperature", 1.0))
    before = metrics.softmax(np.log(np.maximum(session, 1e-12)) * temperature)
    return ReportCard(
        title=f"Voice: {model.id} on {pack}",
        data=f"{pack}: {len(clips)} clips, {len(rows)} labelled and measured; weights: {model.card.licence}",
        group_key="speaker",
        n_groups=len(np.unique(speakers)),
        n_items=len(rows),
        window_overlap=None,
        label_target=model.card.target,
        class_counts=tuple((CLASSES[i], int(n)) for i, n in enumerate(counts) if n),
        floors=(
            report.majority_floor(y),
            Score("chance (UAR)", 1.0 / int((counts > 0).sum())),
            _ece_floor(session),
        ),
        metrics=(
            *report.classification_scores(y, session, speakers),
            *_alone_scores(y, alone, speakers),
            *_va_scores(y, [row[2] for row in rows], speakers),
        ),
        per_class=tuple(c for c in report.per_class(y, session.argmax(axis=1), CLASSES) if c.n),
        calibration=Calibration(metrics.ece(y, before).ece, reliability.ece, temperature, reliability.counts),
        notes=_notes(clips, outcomes),
    )


def _probabilities(judgements: Sequence[Judgement]) -> npt.NDArray[np.float64]:
    p = np.exp(np.stack([j.log_probabilities for j in judgements]).astype(np.float64))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def _ece_floor(probabilities: npt.NDArray[np.float64]) -> Score:
    """ECE these probabilities would show if they were exactly right: bins of few items are never even."""
    rng = np.random.default_rng(0)
    upto = probabilities.cumsum(axis=1)
    upto[:, -1] = 1.0
    draws = [(rng.random((len(upto), 1)) < upto).argmax(axis=1) for _ in range(100)]
    mean = float(np.mean([metrics.ece(drawn, probabilities).ece for drawn in draws]))
    return Score("ECE of perfect probabilities", mean, note=f"what {len(upto)} items allow")


def _alone_scores(
    y: Ints, alone: npt.NDArray[np.float64], speakers: npt.NDArray[np.str_]
) -> tuple[Score, ...]:
    top = alone.argmax(axis=1)
    return (
        report.score("UAR, each clip alone", lambda i: metrics.uar(y[i], top[i], len(CLASSES)), speakers),
        report.score("ECE, each clip alone", lambda i: metrics.ece(y[i], alone[i]).ece, speakers),
    )


def _va_scores(y: Ints, judgements: Sequence[Judgement], speakers: npt.NDArray[np.str_]) -> tuple[Score, ...]:
    """Agreement of mapped V/A with the labels' own points: a check of the mapping, no human rating."""
    truth = class_points(y)
    valence = np.array([j.valence.mean for j in judgements])
    arousal = np.array([j.arousal.mean for j in judgements])
    note = "mapped, against the label's own point"
    return (
        report.score("valence CCC", lambda i: metrics.ccc(truth[i, 0], valence[i]), speakers, note=note),
        report.score("arousal CCC", lambda i: metrics.ccc(truth[i, 1], arousal[i]), speakers, note=note),
    )


def _notes(clips: Sequence[Clip], outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    notes = [
        "Every figure without 'alone' lets a running, unlabelled baseline of the speaker's earlier clips "
        "enter (random order, seed 0), as in live use.",
        "Valence/arousal are mapped from the classes; no human rating was there to test them.",
    ]
    if any(clip.split == "train" for clip in clips):
        notes.append("This pack holds clips marked 'train': on those the shipped weights are not unseen.")
    reasons: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.reason:
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
    notes += [f"{count} clips {reason}" for reason, count in sorted(reasons.items())]
    return tuple(notes)
