"""One EDA channel from raw samples to a 4 Hz summary and responses, causally and in one pass.

Marker, observer and response detector run at the sensor's rate; what the features need of them is kept as
means over quarter seconds, so that a feature means the same at 4 and at 1000 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eda.artefacts import ArtefactMarker
from insula.models.eda.observer import Observer
from insula.models.eda.scr import Scr, ScrDetector

Array = npt.NDArray[np.float64]

QUARTERS_PER_S = 4
LEVEL, TONIC, PHASIC, FAULTY = range(4)
"""Columns of the quarter-second summary: µS, µS, µS, share of samples with an artefact mark."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one chunk brought.

    ``quarters`` (n, 4): the quarter seconds that are complete, in the columns above; ``marks`` (n,): all
    artefact marks within each; ``responses``: the ones that ended.
    """

    quarters: Array
    marks: npt.NDArray[np.uint8]
    responses: tuple[Scr, ...]


class Follower:
    """Follows one EDA channel at ``sfreq`` Hz; input ``(n,)`` µS, NaN = lost sample."""

    def __init__(self, sfreq: float) -> None:
        self.sfreq = sfreq
        self._marker = ArtefactMarker(sfreq)
        self._observer = Observer(sfreq)
        self._detector = ScrDetector(sfreq)
        self._n = 0
        self._rows = np.zeros((0, 4))
        self._marks = np.zeros(0, np.uint8)

    def __call__(self, y: Array) -> Step:
        """Take the next samples and return what they completed."""
        if len(y) == 0:
            return Step(np.zeros((0, 4)), np.zeros(0, np.uint8), ())
        clean = self._marker(y)
        parts = self._observer(clean.y)
        faulty = clean.marks > 0
        ended = tuple(self._detector(clean.y, faulty))
        rows = np.concatenate([self._rows, np.column_stack([clean.y, parts.tonic, parts.phasic, faulty])])
        marks = np.concatenate([self._marks, clean.marks])
        first = self._n - len(self._rows)
        self._n += len(y)
        # sample n is taken at n / sfreq; a quarter is complete when the next sample lies beyond it
        number = np.arange(first, self._n + 1)
        quarter = np.floor(number * (QUARTERS_PER_S / self.sfreq) + 1e-9).astype(np.int64)
        starts = np.flatnonzero(np.diff(quarter, prepend=quarter[0] - 1))
        starts, complete = starts[:-1], int(starts[-1])
        self._rows, self._marks = rows[complete:], marks[complete:]
        if complete == 0:
            return Step(np.zeros((0, 4)), np.zeros(0, np.uint8), ended)
        counts = np.diff(np.append(starts, complete))
        means = np.add.reduceat(rows[:complete], starts, axis=0) / counts[:, None]
        return Step(means, np.bitwise_or.reduceat(marks[:complete], starts), ended)
