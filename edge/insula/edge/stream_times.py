"""Time stamps in chunk records: a chunk keeps the time of its last sample and one step.

Pure functions between ``(n,)`` times in s and the two numbers a record has room for. Times that do not
rise by one step are cut into several chunks, so that every stamp comes back to within
:data:`TOLERANCE_S` and the last of each chunk exactly.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.ring import Records

TOLERANCE_S: Final = 1e-6
GAP_STEPS: Final = 1.5
"""A step longer than this many nominal periods is a gap: at least one sample is missing."""

Times = npt.NDArray[np.float64]


def regular_step(times: Times, sfreq: float) -> float | None:
    """Step in s of times that rise evenly and without a gap, 0 for a single one, else ``None``."""
    n = len(times)
    if n == 1:
        return 0.0
    step = float(times[-1] - times[0]) / (n - 1)
    if not step > 0 or step * sfreq > GAP_STEPS:
        return None
    if n > 2:
        off = np.abs(times - (times[0] + step * np.arange(n))).max()
        if off > min(TOLERANCE_S, step / 4):
            return None
    return step


def runs(times: Times, sfreq: float) -> list[tuple[int, int, float]]:
    """Cut rising ``times`` into regular runs ``(start, stop, step)``."""
    gaps = np.flatnonzero(np.diff(times) * sfreq > GAP_STEPS) + 1 if sfreq > 0 else np.empty(0, np.intp)
    found: list[tuple[int, int, float]] = []
    edges = [0, *gaps.tolist(), len(times)]
    for start, stop in itertools.pairwise(edges):
        found += _runs_between_gaps(times, start, stop)
    return found


def _runs_between_gaps(times: Times, start: int, stop: int) -> list[tuple[int, int, float]]:
    steps = np.diff(times[start:stop])
    bends = np.flatnonzero(np.abs(np.diff(steps)) > TOLERANCE_S) + start + 1  # sample where the step changes
    found: list[tuple[int, int, float]] = []
    for bend in [*bends.tolist(), stop - 1]:
        if bend < start:
            continue  # its first step belongs to no run: the run before ended at that sample
        piece = times[start : bend + 1]
        step = regular_step(piece, 0.0)
        if step is None:  # each step is close to the next, yet they drift
            found += [(i, i + 1, 0.0) for i in range(start, bend + 1)]
        else:
            found.append((start, bend + 1, step))
        start = bend + 1
    return found


def rebuild(records: Records, first: int) -> Times:
    """Times of the samples ``first …`` of contiguous records."""
    n = records["n"].astype(np.int64)
    last = records["first"].astype(np.int64) + n - 1
    number = np.arange(int(records["first"][0]), int(last[-1]) + 1)
    times = records["t"].repeat(n) - records["step"].repeat(n) * (last.repeat(n) - number)
    return np.asarray(times[first - number[0] :], np.float64)


def groups(records: Records, sfreq: float) -> list[Records]:
    """Records split where samples are missing, by number or (in a regular stream) by time."""
    if len(records) < 2:
        return [records] if len(records) else []
    first, n = records["first"].astype(np.int64), records["n"].astype(np.int64)
    broken = first[1:] != first[:-1] + n[:-1]
    if sfreq > 0:
        begin = records["t"] - records["step"] * (n - 1)
        broken |= begin[1:] - records["t"][:-1] > GAP_STEPS / sfreq
    edges = [0, *(np.flatnonzero(broken) + 1).tolist(), len(records)]
    return [records[a:b] for a, b in itertools.pairwise(edges)]
