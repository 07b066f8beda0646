"""A head over the last sixteen frames beside the newest frame and plain averages (needs torch).

All three are given the same made-up films: trained on films of training pictures, chosen on films of tune
pictures, compared on films of held-out pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress

from insula.models import metrics
from insula.models.face.crop import fit as sized
from insula.models.face.dynamics import Windows, fit, judge
from insula.models.face.model import ExpressionNet
from insula.models.face.pack import load_pack, majority
from insula.models.face.sequences import LENGTH, RATE_HZ, Pictures, film
from insula.models.face.sets import VALID_FILE, load_training_set

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FILMS: Final = {"held-out": 300, "tune": 250, "train": 1200}
_EPOCHS: Final = 3
_WEIGHTS: Final = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
_LENGTHS: Final = (2, 3, 4, 6, 8, 12, 16)
_SETTLED: Final = 12
"""Frames after the beginning or a change from which a film counts as steady: 0.8 s."""


@dataclass(frozen=True, slots=True)
class Films:
    """What the net reads in films: embeddings and logits, and the frame of change of each, or −1."""

    windows: Windows
    change: Ints

    @property
    def steady(self) -> npt.NDArray[np.bool_]:
        """Frames (films, 48) well after the beginning and away from a change."""
        frame, change = np.arange(LENGTH)[None], self.change[:, None]
        apart = (change < 0) | (frame < change - 3) | (frame >= change + _SETTLED)
        return np.asarray(apart & (frame >= _SETTLED))


def train(data: Path, out: Path, seed: int = 0) -> None:
    """Train and compare with the installed face net; write ``face-dynamics.txt`` into ``out``, no weights.

    Nothing is shipped from here: see docs/validity.md. Raises ``DataError`` when a pack is missing.
    """
    console, net = Console(), ExpressionNet()
    sets, held_out = load_training_set(data, seed), load_pack(data / VALID_FILE)
    unseen = np.stack([sized(held_out.picture(row)) for row in range(len(held_out))])
    classes = majority(sets.votes)
    given = {
        "train": (sets.pictures[sets.train], classes[sets.train]),
        "tune": (sets.pictures[sets.tune], classes[sets.tune]),
        "held-out": (unseen, majority(held_out.votes)),
    }
    try:
        with Progress(console=console) as bar:
            task = bar.add_task("films", total=sum(_FILMS.values()))
            found = experiment(net, given, _FILMS, seed, lambda: bar.advance(task))
    finally:
        net.close()
    (out / "face-dynamics.txt").write_text(found, "utf-8")
    console.print(found, highlight=False)


def experiment(
    net: ExpressionNet,
    given: Mapping[str, tuple[Pictures, Ints]],
    counts: Mapping[str, int],
    seed: int,
    told: Callable[[], None],
) -> str:
    """Make films of the pictures and classes ``given`` for "train", "tune" and "held-out", fit, compare."""
    films = {
        name: filmed(net, *given[name], count, seed + k, told)
        for k, (name, count) in enumerate(counts.items())
    }
    head = fit(films["train"].windows, _EPOCHS, seed)
    tune, held_out = films["tune"], films["held-out"]
    table = compare(tune, judge(head, tune.windows), held_out, judge(head, held_out.windows))
    size = sum(p.numel() for p in head.parameters())
    return f"net {net.manifest.id}; a head of {size} parameters; films {dict(counts)}; seed {seed}\n{table}\n"


def filmed(
    net: ExpressionNet, pictures: Pictures, classes: Ints, n: int, seed: int, told: Callable[[], None]
) -> Films:
    """``n`` films of pictures that have a majority, as the net reads them frame by frame."""
    rng, known = np.random.default_rng(seed), np.flatnonzero(classes >= 0)
    embeddings, logits, truth, change = [], [], [], []
    for _ in range(n):
        made = film(pictures[known], classes[known], rng)
        readings = [net.read(frame) for frame in made.frames]
        embeddings.append([reading.embedding for reading in readings])
        logits.append([reading.log_probabilities for reading in readings])
        truth.append(made.truth)
        change.append(made.change)
        told()
    windows = Windows(np.array(embeddings, np.float32), np.array(logits, np.float32), np.array(truth))
    return Films(windows, np.array(change))


def averaged(logits: npt.NDArray[np.float32], weight: float) -> Floats:
    """Exponential average of logits (films, frames, 8) with this weight of the newest frame."""
    found = logits.astype(np.float64)
    for k in range(1, found.shape[1]):
        found[:, k] = (1 - weight) * found[:, k - 1] + weight * found[:, k]
    return found


def running(logits: npt.NDArray[np.float32], frames: int) -> Floats:
    """Mean of logits (films, frames, 8) over the last ``frames``."""
    back = np.maximum(np.arange(logits.shape[1])[:, None] - np.arange(frames)[None], 0)
    return np.asarray(logits.astype(np.float64)[:, back].mean(axis=2))


def compare(tune: Films, tuned: Floats, held_out: Films, unseen: Floats) -> str:
    """The table: rivals and temperatures chosen on ``tune``; figures and differences on ``held_out``."""
    ways: dict[str, tuple[Floats, Floats]] = {
        "newest frame": (tune.windows.logits.astype(np.float64), held_out.windows.logits.astype(np.float64)),
        **_best("exponential average, weight", averaged, _WEIGHTS, tune, held_out),
        **_best("running mean, frames", running, _LENGTHS, tune, held_out),
        "dynamics head": (tuned, unseen),
    }
    found = {}
    for name, (before, after) in ways.items():
        temperature = metrics.fit_temperature(tune.windows.truth.ravel(), before.reshape(-1, 8))
        found[name] = figures(held_out, after / temperature)
    lines = [f"{name:<34} " + _line(values) for name, values in found.items()]
    head = found["dynamics head"]
    for name, values in found.items():
        if values is not head:
            lines.append(f"head − {name}: " + ", ".join(_difference(head, values, key) for key in head))
    return "\n".join(lines)


def figures(films: Films, logits: Floats) -> dict[str, Floats]:
    """Of each film (NaN where it has none): accuracy, NLL, accuracy in steady parts, delay, flicker."""
    truth, top, steady = films.windows.truth, logits.argmax(axis=2), films.steady
    chosen = np.take_along_axis(metrics.softmax(logits), truth[..., None], axis=2)[..., 0]
    right = (top == truth).astype(np.float64)
    together = steady[:, 1:] & steady[:, :-1] & (truth[:, 1:] == truth[:, :-1])
    jumps = (top[:, 1:] != top[:, :-1]) & together
    delay = np.full(len(truth), np.nan)
    for row, change in enumerate(films.change):
        if change >= 0 and right[row, change:].any():
            delay[row] = right[row, change:].argmax() / RATE_HZ
    return {
        "accuracy": right.mean(axis=1),
        "NLL": -np.log(np.maximum(chosen, 1e-12)).mean(axis=1),
        "steady accuracy": _mean(right, steady),
        "delay s": delay,
        "flicker 1/s": _mean(jumps.astype(np.float64), together) * RATE_HZ,
    }


def _mean(values: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    count = where.sum(axis=1)
    total = (values * where).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))


def _best(
    name: str,
    way: Callable[[npt.NDArray[np.float32], float], Floats]
    | Callable[[npt.NDArray[np.float32], int], Floats],
    options: Sequence[float],
    tune: Films,
    held_out: Films,
) -> dict[str, tuple[Floats, Floats]]:
    """The option with the least NLL on the tune films, its temperature fitted, applied to both."""

    def cost(option: float) -> float:
        logits = way(tune.windows.logits, option).reshape(-1, 8)  # type: ignore[arg-type]
        truth = tune.windows.truth.ravel()
        return metrics.nll(truth, metrics.softmax(logits / metrics.fit_temperature(truth, logits)))

    chosen = min(options, key=cost)
    return {f"{name} {chosen:g}": tuple(way(f.windows.logits, chosen) for f in (tune, held_out))}  # type: ignore[arg-type, dict-item]


def _line(values: Mapping[str, Floats]) -> str:
    return "  ".join(f"{key} {np.nanmean(each):.3f}" for key, each in values.items())


def _difference(a: Mapping[str, Floats], b: Mapping[str, Floats], key: str) -> str:
    both = np.flatnonzero(np.isfinite(a[key]) & np.isfinite(b[key]))
    gap = (a[key] - b[key])[both]
    low, high = metrics.bootstrap(lambda rows: float(gap[rows].mean()), np.arange(len(gap)))
    return f"{key} {gap.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
