"""The published protocol of the multi-task network: condition and conductance from questionnaire answers.

Answers are given once a condition, so all rows of a person's condition have the same inputs. Folds that
shuffle rows let a model look them up; a nearest neighbour is enough to show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.eda.packs import Recording
from insula.models.eda.wesad import read_panas
from insula.models.split import grouped_kfold

Array = npt.NDArray[np.float64]

CONDITIONS: Final = {"baseline": "Base", "cognitive_load": "TSST", "amusement": "Fun"}
"""Segments of the WESAD loader and what its questionnaires call them."""
EVERY_S: Final = 10


@dataclass(frozen=True, slots=True)
class Study:
    """Rows: ``answers`` (n, items), class ``y`` (n,) 0…2, conductance ``eda`` (n,) µS, ``person`` (n,)."""

    answers: Array
    y: npt.NDArray[np.int64]
    eda: Array
    person: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Held-out macro-F1 of the class and Pearson's r of the conductance."""

    f1: float
    r: float


def dealt_at_random(seed: int) -> Study:
    """15 people × 3 conditions × 40 rows, 26 answers of 1–5; class and level are dealt at random."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(45), 40)
    answers = rng.integers(1, 6, (45, 26))[group].astype(np.float64)
    y, eda = rng.integers(0, 3, 45)[group], rng.lognormal(0, 1, 45)[group] + rng.normal(0, 0.05, len(group))
    return Study(answers, y, eda, np.array([f"p{g // 3}" for g in group]))


def of_wesad(root: Path, recordings: list[Recording]) -> Study:
    """Every 10 s of the three conditions, with the PANAS answers given for them; raises ``DataError``."""
    rows: list[tuple[tuple[float, ...], int, float, str]] = []
    for recording in recordings:
        given = read_panas(root / recording.subject / f"{recording.subject}_quest.csv")
        step = round(EVERY_S * recording.sfreq)
        for segment in recording.segments:
            name = CONDITIONS.get(segment.name, "")
            if name not in given:
                continue
            a, b = (round(s * recording.sfreq) for s in (segment.start_s, segment.end_s))
            for start in range(a, b - step + 1, step):
                level = float(recording.eda[start : start + step].mean())
                rows.append((given[name], list(CONDITIONS).index(segment.name), level, recording.subject))
    if not rows:
        raise DataError(f"{root}: no condition has both a signal and answers")
    answers, y, eda, person = zip(*rows, strict=True)
    return Study(np.array(answers), np.array(y), np.array(eda), np.array(person))


def score(study: Study, *, shuffled: bool, seed: int = 0) -> Outcome:
    """Nearest neighbour by the answers. ``shuffled``: five random folds over rows; else of whole people."""
    if shuffled:
        part = np.random.default_rng(seed).permutation(len(study.y)) % 5
        folds = [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(5)]
    else:
        n = min(5, len(np.unique(study.person)))
        kept = grouped_kfold(study.person, n, group_key="person", seed=seed)
        folds = [(fold.train, fold.test) for fold in kept.folds]
    guess, level = np.empty(len(study.y), np.int64), np.empty(len(study.y))
    for train, test in folds:
        apart = ((study.answers[test, None] - study.answers[None, train]) ** 2).sum(axis=2)
        near = train[apart.argmin(axis=1)]
        guess[test], level[test] = study.y[near], study.eda[near]
    return Outcome(metrics.macro_f1(study.y, guess, 3), metrics.pearson(study.eda, level))
