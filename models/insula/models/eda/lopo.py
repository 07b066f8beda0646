"""Leave one person out for the stress index: every score is of a person the model never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eda import ensemble
from insula.models.eda.examples import Examples
from insula.models.split import Split, Windows, leave_one_group_out

Array = npt.NDArray[np.float64]

TRAIN_EVERY_S = 10
SMOOTH_S = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Member logits ``(n, m)`` of held-out people, before smoothing, one row a second."""

    logits: Array
    split: Split


def train_rows(examples: Examples) -> npt.NDArray[np.bool_]:
    """Rows a model learns from: labelled, judged, wholly inside a segment, one in ten seconds."""
    usable = (examples.label >= 0) & examples.whole & examples.judged
    return np.asarray(usable & (examples.t_s % TRAIN_EVERY_S == 0))


def fit(
    examples: Examples,
    inputs: tuple[str, ...],
    rows: npt.NDArray[np.bool_],
    seed: int,
    label: npt.NDArray[np.int64] | None = None,
) -> ensemble.Ensemble:
    """A model of ``rows``; ``label`` replaces the condition's (for controls)."""
    x = examples.inputs(rows, inputs)
    y = examples.label if label is None else label
    return ensemble.fit(x, y[rows], examples.person[rows], seed)


def run(
    examples: Examples, inputs: tuple[str, ...], seed: int, label: npt.NDArray[np.int64] | None = None
) -> Outcome:
    """Score every person by a model of the others; ``label`` replaces the condition's (for controls)."""
    end = examples.t_s.astype(np.float64)
    windows = Windows(np.array([str(r) for r in examples.recording]), end - 60.0, end)
    split = leave_one_group_out(examples.person, group_key="person", windows=windows)
    usable = train_rows(examples)
    if label is not None:
        usable = examples.whole & examples.judged & (label >= 0) & (examples.t_s % TRAIN_EVERY_S == 0)
    logits = np.full((len(examples.person), ensemble.MEMBERS), np.nan)
    for fold in split.folds:
        rows = usable.copy()
        rows[fold.test] = False
        model = fit(examples, inputs, rows, seed, label)
        x = examples.inputs(fold.test, inputs)
        logits[fold.test] = model.logits(x)
    return Outcome(logits, split)


def smooth(logits: Array, examples: Examples) -> Array:
    """Causal exponential mean over ``SMOOTH_S`` seconds of each recording, as the live index has it."""
    out = logits.copy()
    keep = np.exp(-1.0 / SMOOTH_S)
    state: Array | None = None
    for i in range(len(logits)):
        if i and examples.recording[i] != examples.recording[i - 1]:
            state = None
        if not examples.judged[i]:
            continue
        state = logits[i] if state is None else keep * state + (1 - keep) * logits[i]
        out[i] = state
    return out
