"""How each constant of fusion is fitted; every function takes data and returns one number or a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.models import metrics
from insula.models.fusion.pool import entropy, pool_logs
from insula.models.fusion.shown import Shown, pairs
from insula.models.fusion.streams import Readings
from insula.models.fusion.tracker import Z90

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL: Final = 0.9


def walk(courses: Sequence[Floats], step_s: float, lags: int) -> float:
    """Standard deviation (1/√s) by which estimates ``(n, k)`` wander from an older one of the same course.

    The mean squared difference at lags of 1 … ``lags`` steps is ``w² · lag`` for a random walk: least squares
    through the origin, so that the scatter of single estimates counts too.
    """
    ages = step_s * np.arange(1, lags + 1)
    apart = []
    for lag in range(1, lags + 1):
        squares = [np.ravel((c[lag:] - c[:-lag]) ** 2) for c in courses if len(c) > lag]
        apart.append(float(np.nanmean(np.concatenate(squares))))
    return float(np.sqrt(max(ages @ np.array(apart) / (ages @ ages), 0.0)))


def correlation(readings: Sequence[Readings], seed: int) -> tuple[float, float]:
    """Correlation of two streams' errors within a condition: the mean, and the most that is not excluded.

    The most is the upper end of the 95 % interval (people drawn again) of the pair that correlates most; one
    row in 20 s enters.
    """
    parts = []
    for one in readings:
        table = one.table
        kept = (table.label >= 0) & np.isfinite(one.index).all(axis=1) & (table.t_s % 20 < 1)
        # what is left after the mean of the condition
        error = one.index[kept] - np.where(
            (table.label[kept] == 1)[:, None],
            one.index[kept][table.label[kept] == 1].mean(axis=0),
            one.index[kept][table.label[kept] == 0].mean(axis=0),
        )
        parts.append((error, table.person[kept]))
    rng = np.random.default_rng(seed)

    def pairwise(draw: bool) -> Floats:
        found = []
        for error, person in parts:
            people = np.unique(person)
            chosen = rng.choice(people, len(people)) if draw else people
            rows = np.concatenate([np.flatnonzero(person == p) for p in chosen])
            table = np.corrcoef(error[rows].T)
            found += table[np.triu_indices(len(table), 1)].tolist()
        return np.array(found)

    drawn = np.array([pairwise(True) for _ in range(300)])
    return float(pairwise(False).mean()), float(np.quantile(drawn, 0.975, axis=0).max())


def leap(courses: Sequence[Floats], deviations: Sequence[Floats], quantile: float = 0.999) -> float:
    """The leap between two undamaged neighbours (in their deviations) that only 1 in 1000 exceeds."""
    leaps = [
        np.abs(np.diff(c, axis=0)) / np.hypot(s[1:], s[:-1])
        for c, s in zip(courses, deviations, strict=True)
        if len(c) > 1
    ]
    return float(np.nanquantile(np.concatenate([np.ravel(x) for x in leaps]), quantile))


def gain(shown: Shown, axis: int) -> float:
    """What a deviation must be multiplied by so that 90 % of the truths lie within the 90 % interval."""
    z = np.abs(shown.value - shown.target)[:, axis] / shown.sd[:, axis]
    return float(np.quantile(z, LEVEL) / Z90)


def elsewhere(shown: Shown, axis: int) -> float:
    """What must be added to a deviation (in quadrature) for the same, every person counting the same."""
    low, high = 0.0, 2.0
    for _ in range(30):
        extra = (low + high) / 2
        low, high = (extra, high) if covered(shown, axis, 1.0, extra) < LEVEL else (low, extra)
    return high


def covered(shown: Shown, axis: int, gain: float, extra: float) -> float:
    """Share of truths inside the 90 % interval, mean of people."""
    sd = np.hypot(gain * shown.sd[:, axis], extra)
    inside = np.abs(shown.value - shown.target)[:, axis] <= Z90 * sd
    return float(np.mean([inside[shown.person == p].mean() for p in np.unique(shown.person)]))


@dataclass(frozen=True, slots=True)
class Pool:
    """Reliability of face and voice (the larger is 1), the pool's gain, and the fit's mean NLL."""

    face: float
    voice: float
    gain: float
    nll: float


def pool(face: Shown, voice: Shown, seed: int) -> Pool:
    """Reliabilities and gain that make the labels of class-matched pairs likeliest."""
    left, right = pairs(face, voice, seed)
    best = Pool(1.0, 1.0, 1.0, np.inf)
    for share in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0):
        for strength in (1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0):
            logs = pooled(face.log_p[left], voice.log_p[right], (1.0, share), strength)
            loss = metrics.nll(face.label[left], np.exp(logs))
            if loss < best.nll - 1e-6:
                best = Pool(1.0, share, strength, loss)
    return best


def pooled(face: Floats, voice: Floats, reliability: tuple[float, float], strength: float) -> Floats:
    """Pooled log-probabilities (n, 8) of pairs, as the live pool computes them at full quality."""
    rows = []
    for pair in zip(face, voice, strict=True):
        say = [max(r * (1.0 - entropy(p)), 1e-3) for r, p in zip(reliability, pair, strict=True)]
        rows.append(pool_logs(np.stack(pair), np.array(say), strength))
    return np.array(rows)


def conformal(log_p: Floats, label: Ints, level: float = LEVEL) -> float:
    """Least probability of an expression that cannot be excluded: split conformal (Vovk et al. 2005).

    On exchangeable new items the set of all expressions at least that likely holds the truth with probability
    ``level``.
    """
    p = np.exp(log_p[np.arange(len(label)), label])
    return -held_by(-p, level)


def held_by(scores: Floats, level: float = LEVEL) -> float:
    """The score that a new, exchangeable one stays within with probability ``level``."""
    rank = min(int(np.ceil((len(scores) + 1) * level)), len(scores))
    return float(np.sort(scores)[rank - 1])


def compound_ratio(face: Shown, listed: frozenset[frozenset[int]]) -> tuple[float, float, float]:
    """The p2/p1 from which a listed pair is named, with its F0.5 and how often the votes show one.

    Truth: viewers split over a listed pair, the second with at least half of the first's votes and both with
    70 % of all. Chosen by F0.5 on the rows given: a mixture named wrongly is worse than one not named.
    """
    best = (1.0, 0.0)
    for ratio in np.arange(0.1, 1.0, 0.05):
        score = compound_score(face, listed, float(ratio))
        if score > best[1]:
            best = (float(ratio), score)
    return (*best, float(_split(face, listed).mean()))


def compound_score(face: Shown, listed: frozenset[frozenset[int]], ratio: float) -> float:
    """F0.5 of the compounds named from p2/p1 = ``ratio`` on, against the viewers' votes."""
    truth, p = _split(face, listed), np.exp(face.log_p)
    found = _listed(p, ratio, listed) & (np.sort(p, axis=1)[:, -2:].sum(axis=1) >= 0.5)
    hits = float(np.sum(found & truth))
    return 1.25 * hits / max(float(found.sum() + 0.25 * truth.sum()), 1.0)


def _split(face: Shown, listed: frozenset[frozenset[int]]) -> npt.NDArray[np.bool_]:
    """Over which pictures viewers were split (n,)."""
    both = np.sort(face.votes, axis=1)[:, -2:].sum(axis=1)
    return np.asarray(_listed(face.votes, 0.5, listed) & (both >= 0.7))


def _listed(p: Floats, ratio: float, listed: frozenset[frozenset[int]]) -> npt.NDArray[np.bool_]:
    order = np.argsort(-p, axis=1)[:, :2]
    first, second = (p[np.arange(len(p)), order[:, k]] for k in (0, 1))
    known = np.array([frozenset(pair) in listed for pair in order.tolist()])
    return np.asarray(known & (second >= ratio * first))
