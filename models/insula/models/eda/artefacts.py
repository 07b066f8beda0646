"""Artefact marks for skin conductance, causal, sample by sample.

Thresholds follow Kleckner et al. (IEEE TBME 2018) where they gave one (range, slope) and physiology for
the rest: conductance can rise fast, but falls only as fast as sweat ducts empty, so a fast fall is motion.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d

Array = npt.NDArray[np.float64]

CONTACT_US = 0.02
"""Below this the electrodes do not touch skin (dry wrists reach 0.04 µS in CogWear)."""
SATURATION_US = 60.0
STEP_SPAN_S = 0.25
RISE_US, RISE_SHARE = 0.5, 0.15
FALL_US, FALL_SHARE = 0.2, 0.10
SETTLE_S = 3.0
FLAT_S = 10.0
RESOLUTION_US = 0.01
"""Coarser steps than the smallest response that is counted make the count meaningless."""
RESOLUTION_SPAN_S = 30.0


class Mark(IntFlag):
    """What is wrong with a sample; 0 is clean."""

    CONTACT = 1
    SATURATED = 2
    STEP = 4
    FLAT = 8
    QUANTISED = 16


WORDS = {
    Mark.CONTACT: "the electrodes have lost contact",
    Mark.SATURATED: "the amplifier is saturated",
    Mark.STEP: "motion artefacts",
    Mark.FLAT: "the signal does not change (frozen sensor)",
    Mark.QUANTISED: "the resolution is too coarse for skin conductance responses",
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``y`` (n,) µS with faults bridged by the last good value; ``marks`` (n,) uint8 of :class:`Mark`."""

    y: Array
    marks: npt.NDArray[np.uint8]


def _since_last(hit: npt.NDArray[np.bool_], before: int) -> npt.NDArray[np.int64]:
    """Samples since the last hit (0 at a hit); ``before`` = samples since one before this chunk."""
    n = np.arange(len(hit))
    last = np.maximum.accumulate(np.where(hit, n, -before - 1))
    return n - last


class ArtefactMarker:
    """Marks one EDA channel at ``sfreq`` Hz and bridges its faults; constant memory."""

    def __init__(self, sfreq: float) -> None:
        self._span = max(1, round(STEP_SPAN_S * sfreq))
        self._settle = round(SETTLE_S * sfreq)
        self._flat = round(FLAT_S * sfreq)
        self._window = round(RESOLUTION_SPAN_S * sfreq)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._recent = np.zeros(0)
        self._steps = np.full(self._window, np.inf)
        self._good = np.nan
        self._since_step = 10**9
        self._since_change = 0
        self._last: float | None = None

    def __call__(self, y: Array) -> Cleaned:
        """Mark the next samples ``(n,)`` in µS; before the first good sample they are bridged by it."""
        n = len(y)
        if n == 0:
            return Cleaned(y, np.zeros(0, np.uint8))
        with np.errstate(invalid="ignore"):
            lost = ~(y >= CONTACT_US)
            saturated = y >= SATURATION_US
        filled = self._bridge(y, lost | saturated)
        marks = lost * np.uint8(Mark.CONTACT) | saturated * np.uint8(Mark.SATURATED)
        marks |= self._step(filled) * np.uint8(Mark.STEP)
        marks |= self._still(filled, n)
        return Cleaned(filled, marks.astype(np.uint8))

    def _bridge(self, y: Array, bad: npt.NDArray[np.bool_]) -> Array:
        if not bad.any():
            self._good = float(y[-1])
            return y
        last = np.maximum.accumulate(np.where(bad, -1, np.arange(len(y))))
        if np.isnan(self._good):
            first = np.flatnonzero(~bad)
            start = float(y[first[0]]) if len(first) else CONTACT_US
        else:
            start = self._good
        filled: Array = np.where(last >= 0, y[last], start)
        if last[-1] >= 0:
            self._good = float(filled[-1])
        return filled

    def _step(self, y: Array) -> npt.NDArray[np.bool_]:
        if len(self._recent) == 0:
            self._recent = np.full(self._span, y[0])
        whole = np.concatenate([self._recent, y])
        before, self._recent = whole[: len(y)], whole[len(whole) - self._span :]
        change = y - before
        jump = (change > np.maximum(RISE_US, RISE_SHARE * before)) | (
            change < -np.maximum(FALL_US, FALL_SHARE * before)
        )
        since = _since_last(jump, self._since_step)
        self._since_step = int(since[-1])
        return since <= self._settle

    def _still(self, y: Array, n: int) -> npt.NDArray[np.uint8]:
        delta = np.abs(np.diff(y, prepend=y[0] if self._last is None else self._last))
        self._last = float(y[-1])
        since = _since_last(delta > 0, self._since_change)
        self._since_change = int(since[-1])
        steps = np.concatenate([self._steps, np.where(delta > 0, delta, np.inf)])
        self._steps = steps[n:]
        # origin shifts the centred filter so that each output sees the past only
        smallest = minimum_filter1d(steps, self._window, origin=(self._window - 1) // 2)[self._window :]
        coarse = np.isfinite(smallest) & (smallest > RESOLUTION_US)
        still = (since >= self._flat) * np.uint8(Mark.FLAT)
        return np.asarray(still | coarse * np.uint8(Mark.QUANTISED), np.uint8)
