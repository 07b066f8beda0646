"""Continuous ratings: OMG-Empathy's two averages, agreement, label grids, the raters' reaction delay.

Ratings are ``(n,)`` or ``(n, n_labels)`` float64 arrays on a regular grid; NaN is *not rated* and never
enters a figure as a number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models.metrics import ccc, pearson

Floats = npt.NDArray[np.float64]

LONGEST_DELAY_S = 6.0
"""Raters react within this time to what they see; a longer best lag speaks of something else."""

_FEWEST = 2
_LEAST_S = 10.0


# ---- grids ----------------------------------------------------------------------------------------------


def on_grid(times: npt.ArrayLike, values: npt.ArrayLike, hz: float, begin: float, end: float) -> Floats:
    """Hold each rating until the next one, at ``hz`` from ``begin`` to before ``end`` (s).

    ``times`` ``(n,)`` rise; ``values`` ``(n, n_labels)``. Before the first rating, and later than two
    periods of the slower of rating and grid after the last one, nothing was rated: NaN.
    """
    t, v = np.asarray(times, np.float64), np.asarray(values, np.float64)
    v = v[:, np.newaxis] if v.ndim == 1 else v
    grid = begin + np.arange(max(0, round((end - begin) * hz))) / hz
    if not len(t):
        return np.full((len(grid), v.shape[1] if v.ndim == 2 else 1), np.nan)
    usual = float(np.median(np.diff(t))) if len(t) > 1 else 1.0 / hz
    k = np.searchsorted(t, grid + 1e-9, "right") - 1
    held: Floats = v[np.maximum(k, 0)].copy()
    held[(k < 0) | (grid - t[np.maximum(k, 0)] > 2 * max(usual, 1.0 / hz))] = np.nan
    return held


def cells(times: npt.ArrayLike, values: npt.ArrayLike, hz: float, begin: float, end: float) -> Floats:
    """Mean of what was rated in each cell of ``1 / hz`` seconds, NaN for an empty cell (CALMED: 5 Hz).

    For classes given as ones and zeros this is the share of the cell in which each was chosen.
    """
    t, v = np.asarray(times, np.float64), np.asarray(values, np.float64)
    n = max(0, round((end - begin) * hz))
    where = np.floor((t - begin) * hz + 1e-9).astype(np.int64)
    rated = (where >= 0) & (where < n) & np.isfinite(v).all(axis=1)
    sums = np.zeros((n, v.shape[1]))
    counts = np.zeros(n)
    np.add.at(sums, where[rated], v[rated])
    np.add.at(counts, where[rated], 1.0)
    mean: Floats = np.full_like(sums, np.nan)
    mean[counts > 0] = sums[counts > 0] / counts[counts > 0, np.newaxis]
    return mean


def labels(shares: npt.ArrayLike, names: Sequence[str]) -> list[str]:
    """The class that fills most of each cell of ``(n, n_classes)``, "" where nothing was rated."""
    found = np.asarray(shares, np.float64)
    return ["" if np.isnan(row).any() else names[int(row.argmax())] for row in found]


# ---- figures --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EmpathyScore:
    """OMG-Empathy's two figures and the CCC of every (subject, story) they rest on."""

    personalised: float
    general: float
    each: Mapping[tuple[str, str], float]


def empathy(pairs: Mapping[tuple[str, str], tuple[npt.ArrayLike, npt.ArrayLike]]) -> EmpathyScore:
    """Score predictions of each subject's valence in each story: ``{(subject, story): (truth, prediction)}``.

    Personalised: the mean over stories for each subject, then over subjects; general: the other way round.
    The two differ only where stories are missing. Frames without a rating are left out.
    """
    if not pairs:
        raise DataError("there is nothing to score")
    each = {key: _ccc(*pair) for key, pair in pairs.items()}
    subjects, stories = ({key[k] for key in each} for k in (0, 1))
    by_subject = [_mean([c for (s, _), c in each.items() if s == subject]) for subject in sorted(subjects)]
    by_story = [_mean([c for (_, s), c in each.items() if s == story]) for story in sorted(stories)]
    return EmpathyScore(_mean(by_subject), _mean(by_story), each)


def agreement(ratings: Mapping[str, npt.ArrayLike]) -> dict[tuple[str, str], float]:
    """CCC of every pair of annotators over the frames that both rated; NaN when those are too few."""
    return {(a, b): _ccc(ratings[a], ratings[b]) for a, b in combinations(sorted(ratings), 2)}


def alpha(ratings: Sequence[npt.ArrayLike], *, nominal: bool = False) -> float:
    """Krippendorff's α of several annotators' values on one grid (Krippendorff 2011), NaN without any pair.

    Interval differences, or with ``nominal`` same or not the same. Frames with fewer than two ratings are
    left out.
    """
    table = np.stack([np.asarray(r, np.float64) for r in ratings])
    table = table[:, np.isfinite(table).sum(axis=0) >= 2]
    rated = np.isfinite(table)
    if not rated.any():
        return float("nan")
    within = 0.0
    for column, here in zip(table.T, rated.T, strict=True):
        values = column[here]
        within += _disagreement(values, nominal) / (len(values) - 1)
    every = table[rated]
    expected = _disagreement(every, nominal) / (len(every) - 1)
    return float(1.0 - within / expected) if expected > 0 else float("nan")


def _disagreement(values: Floats, nominal: bool) -> float:
    """Sum of δ² over all ordered pairs."""
    n = len(values)
    if nominal:
        counts = np.unique(values, return_counts=True)[1]
        return float(n * n - np.sum(counts.astype(np.float64) ** 2))
    return float(2 * n * np.sum(values**2) - 2 * np.sum(values) ** 2)


def _ccc(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape:
        raise DataError(f"two ratings of different length: {len(x)} and {len(y)} frames")
    both = np.isfinite(x) & np.isfinite(y)
    return ccc(x[both], y[both]) if both.sum() >= _FEWEST else float("nan")


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


# ---- reaction delay ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """Of one person: what was shown or measured (``signal``) and what was rated, ``(n,)`` on one grid."""

    person: str
    signal: Floats
    rating: Floats


@dataclass(frozen=True, slots=True)
class Delay:
    """By how much ratings lag behind: the best lag in s, the mean correlation there and without a lag."""

    seconds: float
    at_best: float
    at_zero: float
    courses: int


def reaction_delay(courses: Sequence[Course], hz: float, *, held_out: Collection[str]) -> Delay:
    """Search the lag of 0…6 s at which ratings follow the signal best, on training people only.

    A lag that is searched on the people one tests with inflates every score (a 2 s delay takes a CCC of 1
    down to 0.86). ``held_out`` are the test people: ``DataError`` when one of them is among the courses.
    """
    if not held_out:
        raise DataError("name the people held out for testing: the delay must not be searched on them")
    if leaked := sorted({course.person for course in courses} & set(held_out)):
        raise DataError(f"{', '.join(leaked)} is held out for testing: search the delay on others")
    long = [course for course in courses if len(course.rating) / hz >= LONGEST_DELAY_S + _LEAST_S]
    if not long:
        raise DataError(f"no training course of at least {LONGEST_DELAY_S + _LEAST_S:.0f} s: no delay")
    steps = round(LONGEST_DELAY_S * hz)
    curve = [_mean([_follows(course, lag) for course in long]) for lag in range(steps + 1)]
    if not np.isfinite(curve).any():
        raise DataError("signal or rating is constant everywhere: no delay can be found")
    best = int(np.nanargmax(curve))
    return Delay(best / hz, curve[best], curve[0], len(long))


def _follows(course: Course, lag: int) -> float:
    signal = course.signal[: len(course.signal) - lag]
    rating = course.rating[lag:]
    both = np.isfinite(signal) & np.isfinite(rating)
    return pearson(signal[both], rating[both]) if both.sum() >= _FEWEST else float("nan")
