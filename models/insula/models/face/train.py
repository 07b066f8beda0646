"""Train the face's expression models on FER+ votes from a fixed seed (needs torch).

Three teachers, each without a third of the pictures, give every picture the opinion of a net that never saw
it; the student that ships learns from the votes and these opinions together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from insula.models.face import operating_point
from insula.models.face.crossfit import FOLDS, Judge, Logits, out_of_fold, taught_targets
from insula.models.face.fit import Recipe, Report, fit_net, predict_both_ways
from insula.models.face.pack import load_pack
from insula.models.face.publish import publish
from insula.models.face.sets import (
    VALID_FILE,
    TrainingSet,
    load_training_set,
)
from insula.models.face.shape_net import fit_shape_net, shape_logits

STUDENT: Final = Recipe()
TEACHER: Final = Recipe(widths=(48, 96, 192), epochs=10)

_TOLD: Final = 1000
"""Pictures of its fold that a teacher's progress is measured on: all would cost a fifth of its time."""


def train(
    data: Path, out: Path, seed: int = 0, *, student: Recipe = STUDENT, teacher: Recipe = TEACHER
) -> None:
    """Train on the packs in folder ``data``; when all is done, write models and manifest into ``out``.

    About 85 minutes on one core with bfloat16 in hardware. Raises ``DataError`` when a pack is missing or
    damaged.
    """
    console = Console()
    held_out = load_pack(data / VALID_FILE)
    sets = load_training_set(data, seed)
    console.print(f"{len(sets.train)} pictures train, {len(sets.tune)} tune")
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as bar:
        image = out_of_fold(sets, _image_judge(teacher, bar), seed)
        shapes = out_of_fold(sets, _shape_judge(teacher), seed)
        targets, worth = taught_targets(sets, image, shapes)
        bar.console.print(f"the teachers' opinion is worth {worth.votes:.1f} votes")
        taught = dataclasses.replace(sets, targets=targets)
        net = fit_net(taught, student, seed, _told(bar, "student"))
    point = operating_point.choose(sets, image)
    found = publish(net, sets, held_out, point, out, f"insula train face --data DIR (seed {seed})")
    console.print(f"held-out accuracy {found['accuracy']:.3f}; weights and manifest are in {out}")


def _image_judge(recipe: Recipe, bar: Progress) -> Judge:
    """Trains an image net; it judges by the picture."""

    def judge(part: TrainingSet, seed: int) -> Callable[[npt.NDArray[np.int64]], Logits]:
        told = dataclasses.replace(part, tune=part.tune[:_TOLD])
        net = fit_net(told, recipe, seed, _told(bar, f"teacher {len(bar.tasks) + 1} of {FOLDS}"))
        return lambda rows: predict_both_ways(net, part.pictures[rows])

    return judge


def _shape_judge(recipe: Recipe) -> Judge:
    """Trains a blendshape net; it judges where MediaPipe found the face."""

    def judge(part: TrainingSet, seed: int) -> Callable[[npt.NDArray[np.int64]], Logits]:
        net = fit_shape_net(part, recipe.balance, seed)
        return lambda rows: shape_logits(net, part.shapes[rows])

    return judge


def _told(bar: Progress, name: str) -> Report:
    """A line on the bar for one net's training."""
    task = bar.add_task(name, total=1.0)

    def report(done: float, line: str) -> None:
        bar.update(task, completed=done)
        if line:
            bar.console.print(f"{name}, {line}")

    return report
