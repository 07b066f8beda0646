"""The report card printed after every training run and evaluation: figures with their split and floors.

A card without a floor or a group key cannot be made: an accuracy alone says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models import metrics


@dataclass(frozen=True, slots=True)
class Score:
    """A named figure, with the 95 % bootstrap interval over groups where there is one.

    ``value`` is ``None`` when it could not be measured; ``note`` then says why.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.note:
            raise ValueError(f"{self.name}: a figure that was not measured must say why")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.name}: {self.value} is not a figure; give None and a note")

    def text(self) -> str:
        """The figure as a person reads it."""
        if self.value is None:
            return f"not measured: {self.note}"
        interval = "" if self.low is None or self.high is None else f"  [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{interval}" + (f"  ({self.note})" if self.note else "")


@dataclass(frozen=True, slots=True)
class PerClass:
    """One class: its number of items and its figures (``nan`` where undefined)."""

    name: str
    n: int
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration error before and after a temperature, and the items in each of its bins (after)."""

    ece_before: float
    ece_after: float
    temperature: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReportCard:
    """What was measured on what, split how, against which floors.

    ``window_overlap`` is the mean share (0…1) that a window shares with the next one, ``None`` where items
    are not windows. ``group_key`` is the unit of the split; write "none (…why…)" where the data have none.
    """

    title: str
    data: str
    group_key: str
    n_groups: int
    n_items: int
    window_overlap: float | None
    label_target: str
    class_counts: tuple[tuple[str, int], ...]
    floors: tuple[Score, ...]
    metrics: tuple[Score, ...]
    per_class: tuple[PerClass, ...] = ()
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.group_key or not self.label_target:
            raise ValueError("a report card names its group key and what its labels are")
        if not self.floors:
            raise ValueError("a report card needs at least one floor beside its scores")

    def rows(self) -> list[tuple[str, str, str]]:
        """Every line as ``(section, name, text)``, for a table."""
        overlap = "items are not windows" if self.window_overlap is None else f"{self.window_overlap:.0%}"
        out = [
            ("data", "set", self.data),
            ("data", "split by", f"{self.group_key}, {self.n_groups} groups, {self.n_items} items"),
            ("data", "window overlap", overlap),
            ("data", "label target", self.label_target),
            ("data", "classes", ", ".join(f"{name} {n}" for name, n in self.class_counts) or "continuous"),
        ]
        out += [("floor", score.name, score.text()) for score in self.floors]
        out += [("metric", score.name, score.text()) for score in self.metrics]
        out += [
            (
                "class",
                c.name,
                f"recall {_f(c.recall)}, precision {_f(c.precision)}, F1 {_f(c.f1)}, n {c.n}",
            )
            for c in self.per_class
        ]
        if (c := self.calibration) is not None:
            text = f"{c.ece_before:.3f} → {c.ece_after:.3f} at temperature {c.temperature:.2f}"
            out.append(("calibration", "ECE", text))
            out.append(("calibration", "items per bin", " ".join(map(str, c.counts))))
        out += [("note", str(i + 1), note) for i, note in enumerate(self.notes)]
        return out

    def render(self) -> str:
        """The card as plain text."""
        rows = self.rows()
        width = max(len(name) for _, name, _ in rows)
        lines, section = [self.title, "=" * len(self.title)], ""
        for kind, name, text in rows:
            lines.append(f"{kind if kind != section else '':<12} {name:<{width}}  {text}")
            section = kind
        return "\n".join(lines)


def score(
    name: str, statistic: Callable[[metrics.Ints], float], groups: npt.ArrayLike, *, note: str = ""
) -> Score:
    """``statistic`` (a function of row indices) over all rows, with its bootstrap interval over groups."""
    value = statistic(np.arange(len(np.asarray(groups))))
    if not math.isfinite(value):
        return Score(name, None, note=note or "undefined on these items")
    low, high = metrics.bootstrap(statistic, groups)
    if not math.isfinite(low):
        return Score(name, value, note=note)
    return Score(name, value, low, high, note)


def classification_scores(
    y: npt.ArrayLike, probabilities: npt.ArrayLike, groups: npt.ArrayLike
) -> tuple[Score, ...]:
    """Accuracy, UAR, F1s, Brier and NLL of probabilities ``(n, n_classes)``, bootstrapped over groups."""
    truth, probs = np.asarray(y, np.int64), np.asarray(probabilities, np.float64)
    k, top = probs.shape[1], probs.argmax(axis=1)
    figures: list[tuple[str, Callable[[metrics.Ints], float]]] = [
        ("accuracy (WAR)", lambda i: metrics.accuracy(truth[i], top[i])),
        ("UAR (balanced accuracy)", lambda i: metrics.uar(truth[i], top[i], k)),
        ("macro-F1", lambda i: metrics.macro_f1(truth[i], top[i], k)),
        ("macro-F1, present only", lambda i: metrics.macro_f1_present(truth[i], top[i], k)),
        ("weighted F1", lambda i: metrics.weighted_f1(truth[i], top[i], k)),
        ("Brier", lambda i: metrics.brier(truth[i], probs[i])),
        ("NLL", lambda i: metrics.nll(truth[i], probs[i])),
    ]
    if k == 2:
        figures.insert(2, ("AUC", lambda i: metrics.auc(truth[i], probs[i, 1])))
    return tuple(score(name, statistic, groups) for name, statistic in figures)


def per_class(y: npt.ArrayLike, p: npt.ArrayLike, names: Sequence[str]) -> tuple[PerClass, ...]:
    """Recall, precision and F1 of every class, in the order of ``names``."""
    k = len(names)
    counts = metrics.confusion(y, p, k).sum(axis=1)
    recall, precision, f1 = metrics.recalls(y, p, k), metrics.precisions(y, p, k), metrics.f1_scores(y, p, k)
    return tuple(
        PerClass(name, int(counts[i]), float(recall[i]), float(precision[i]), float(f1[i]))
        for i, name in enumerate(names)
    )


def calibration(
    y: npt.ArrayLike, before: npt.ArrayLike, after: npt.ArrayLike, temperature: float
) -> Calibration:
    """Calibration of probabilities ``(n, n_classes)`` before and after a temperature."""
    reliability = metrics.ece(y, after)
    return Calibration(metrics.ece(y, before).ece, reliability.ece, temperature, reliability.counts)


def majority_floor(y: npt.ArrayLike) -> Score:
    """Accuracy of always saying the commonest class."""
    counts = np.bincount(np.asarray(y, np.int64))
    return Score("majority class (accuracy)", float(counts.max() / counts.sum()))


def _f(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"
