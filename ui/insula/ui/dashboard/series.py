"""Time series and gap logs behind the traces: fixed memory, views instead of copies (Qt-free)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Series:
    """The newest rows of ``(t, values)``; a row that is not newer than the last one is dropped and counted.

    The buffer is twice the capacity and is folded back when full, so that every window is one contiguous
    view and an append costs O(1) on average.
    """

    def __init__(self, n_columns: int, capacity: int) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._times = np.empty(2 * capacity)
        self._rows = np.empty((2 * capacity, n_columns))
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self._capacity)

    @property
    def last_t(self) -> float | None:
        """Time of the newest row in s, ``None`` when empty."""
        return float(self._times[self._end - 1]) if self._end else None

    def append(self, t: float, row: Sequence[float]) -> None:
        """Append one row."""
        self.extend(np.array([t]), np.array([row], dtype=np.float64))

    def extend(self, times: FloatArray, rows: npt.NDArray[np.generic]) -> None:
        """Append ``(n,)`` ascending times with ``(n, n_columns)`` rows."""
        if self._end and len(times) and times[0] <= self._times[self._end - 1]:
            keep = times > self._times[self._end - 1]
            self.dropped += int(len(times) - np.count_nonzero(keep))
            times, rows = times[keep], rows[keep]
        times, rows = times[-self._capacity :], rows[-self._capacity :]
        n = len(times)
        if self._end + n > len(self._times):
            kept = self._capacity
            self._times[:kept] = self._times[self._end - kept : self._end]
            self._rows[:kept] = self._rows[self._end - kept : self._end]
            self._end = kept
        self._times[self._end : self._end + n] = times
        self._rows[self._end : self._end + n] = rows
        self._end += n

    def since(self, t0: float) -> tuple[FloatArray, FloatArray]:
        """Return views of the rows from ``t0`` on: times ``(n,)`` and values ``(n, n_columns)``."""
        begin = max(0, self._end - self._capacity)
        first = begin + int(np.searchsorted(self._times[begin : self._end], t0))
        return self._times[first : self._end], self._rows[first : self._end]


def envelope(times: FloatArray, rows: FloatArray, step_s: float) -> tuple[FloatArray, FloatArray]:
    """Reduce rows to the lowest and the highest value of every ``step_s``: two rows a step.

    The steps are fixed in time, not relative to the window, so that a scrolling line does not shimmer.
    """
    steps = np.floor(times / step_s)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(steps)) + 1))
    reduced = np.empty((2 * len(starts), rows.shape[1]))
    reduced[0::2] = np.minimum.reduceat(rows, starts, axis=0)
    reduced[1::2] = np.maximum.reduceat(rows, starts, axis=0)
    return np.repeat(times[starts], 2), reduced


@dataclass(frozen=True, slots=True)
class Gap:
    """From ``t0`` to ``t1`` (s; ``None``: until now) nothing was measured, because of ``reason``."""

    t0: float
    t1: float | None
    reason: str


class GapLog:
    """When something was not measured, and why; the newest ``most`` gaps, all of them with ``None``."""

    def __init__(self, most: int | None = 64) -> None:
        self._closed: deque[Gap] = deque(maxlen=most)
        self._open: Gap | None = None

    @property
    def reason(self) -> str:
        """Why nothing is measured now; "" when something is."""
        return self._open.reason if self._open else ""

    def mark(self, t: float, reason: str) -> None:
        """Open a gap at ``t``; a new reason closes the old gap and opens another.

        A reason that counts ("29 s left", "28 s left") is the same one, told anew.
        """
        if self._open is not None:
            if _uncounted(self._open.reason) == _uncounted(reason):
                self._open = Gap(self._open.t0, None, reason)
                return
            t = max(t, self._open.t0)
            self.clear(t)
        self._open = Gap(t, None, reason)

    def clear(self, t: float) -> None:
        """Close the open gap at ``t``."""
        if self._open is not None:
            if t > self._open.t0:
                self._closed.append(Gap(self._open.t0, t, self._open.reason))
            self._open = None

    def since(self, t0: float) -> tuple[Gap, ...]:
        """Return the gaps that reach beyond ``t0``, oldest first."""
        kept = [gap for gap in self._closed if gap.t1 is not None and gap.t1 > t0]
        return (*kept, self._open) if self._open else tuple(kept)


def _uncounted(reason: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", reason)


class RateMeter:
    """The measured rate of a stream over a sliding span, from running counts."""

    def __init__(self, span_s: float = 3.0) -> None:
        self._span_s = span_s
        self._points: deque[tuple[float, int]] = deque()

    def update(self, now: float, count: int) -> None:
        """Note that ``count`` samples had been pushed at ``now`` (s)."""
        self._points.append((now, count))
        while len(self._points) > 2 and now - self._points[0][0] > self._span_s:
            self._points.popleft()

    @property
    def hz(self) -> float | None:
        """Samples per second, ``None`` before half a second has been seen."""
        if len(self._points) < 2:
            return None
        (t0, n0), (t1, n1) = self._points[0], self._points[-1]
        return (n1 - n0) / (t1 - t0) if t1 - t0 >= 0.5 else None
