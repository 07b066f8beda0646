"""What the stress models see: features, some against the baseline, some against three minutes ago."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from insula.models.eda.features import NAMES

Array = npt.NDArray[np.float64]

OWN = "own:"
"""Prefix of an input that is the feature minus the person's baseline of it."""
CHANGE = "change:"
"""Prefix of an input that is the feature minus its value ``PAST_S`` seconds earlier in the recording."""
PAST_S = 180


def select(values: Array, baseline: Array, past: Array, inputs: tuple[str, ...]) -> Array:
    """Model inputs ``(n, len(inputs))`` from features, baselines and past features, each ``(n, f)``."""
    columns = []
    for name in inputs:
        index = NAMES.index(name.rpartition(":")[2])
        column = values[:, index]
        if name.startswith(OWN):
            column = column - baseline[:, index]
        elif name.startswith(CHANGE):
            column = column - past[:, index]
        columns.append(column)
    return np.column_stack(columns)


def shifted(values: Array, recording: npt.NDArray[np.int64]) -> Array:
    """The features ``PAST_S`` rows (seconds) earlier in the same recording; NaN where there are none."""
    past = np.full_like(values, np.nan)
    same = recording[PAST_S:] == recording[:-PAST_S]
    past[PAST_S:][same] = values[:-PAST_S][same]
    return past
