"""Follows one axis through time: a Kalman filter whose gain is trusted but whose certainty is not.

The person is taken to move like a random walk of ``process_sd`` (1/√s), the combined sources to scatter
around it with their own deviation, renewed every :data:`RENEWAL_S`. That gives the gain: unsure sources are
followed slowly, sure ones fast. The filter's own variance is *not* the stated one: estimates of one model on
overlapping windows share their error, and a filter that takes them for independent becomes over-confident
with every repetition. Stated is the deviation of the sources now, and the way still to go to their mean.
"""

from __future__ import annotations

import math
from typing import Final

from insula.edge.types import Measure

Z90: Final = 1.6448536269514722
"""Half-width of the central 90 % of a normal distribution in standard deviations."""

RENEWAL_S: Final = 0.1
"""Time after which a source's scatter is taken to be new."""

_MOST = 0.6  # below Z90 / (1 + Z90): a step is then never longer than the interval stated after it


class AxisTracker:
    """The filtered value of one axis."""

    def __init__(self, process_sd: float) -> None:
        self._process = process_sd**2
        self._at: tuple[float, float, float] | None = None  # time, value, the filter's variance
        self._stated = 0.0

    def follow(self, t: float, target: float, sd: float) -> Measure:
        """Move towards ``target ± sd`` and say where the axis is at ``t`` (s).

        A step is never longer than the 90 % interval stated before it, nor than the one stated after it.
        After :meth:`forget` the first value is the target.
        """
        if self._at is None:
            value, variance = target, sd**2
        else:
            before, value, variance = self._at
            dt = max(t - before, 0.0)
            predicted = variance + self._process * dt
            gain = predicted * dt / (predicted * dt + sd**2 * RENEWAL_S)
            step = min(gain, _MOST) * (target - value)
            longest = Z90 * self._stated
            value += min(max(step, -longest), longest)
            variance = (1 - gain) * predicted
        self._at = (t, value, variance)
        self._stated = math.hypot(sd, target - value)
        return Measure(value, self._stated)

    def forget(self) -> None:
        """Nothing measures this axis any more."""
        self._at = None
