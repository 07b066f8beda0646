"""Keeps time stamps rising, as streams demand, without losing what shares a moment."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

TOGETHER_S: Final = 1e-6


def rising(times: npt.NDArray[np.float64], after: float) -> npt.NDArray[np.float64]:
    """``times`` in s, moved so little that each lies 1 µs behind the last one, the first behind ``after``."""
    steps = TOGETHER_S * np.arange(len(times))
    return np.asarray(np.maximum.accumulate(np.maximum(times, after + TOGETHER_S) - steps) + steps)
