"""The course of valence and arousal that a simulated person lives through: the ground truth."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

# (s, valence, arousal): each quadrant is held for some seconds; the last point equals the first.
COURSE: Final = (
    (0.0, 0.0, 0.0),
    (4.0, 0.0, 0.0),
    (9.0, 0.6, -0.5),
    (16.0, 0.6, -0.5),
    (21.0, 0.75, 0.6),
    (29.0, 0.75, 0.6),
    (34.0, -0.6, 0.75),
    (43.0, -0.6, 0.75),
    (48.0, -0.6, -0.5),
    (55.0, -0.6, -0.5),
    (60.0, 0.0, 0.0),
)
PERIOD_S: Final = COURSE[-1][0]
_WOBBLE: Final = 0.06


class Script:
    """Valence and arousal in [−1, 1] as a function of the seed and of script time in seconds.

    A fixed course visits the four quadrants once a minute and loops; the seed adds a slow wobble, so
    that two seeds are two people.
    """

    def __init__(self, seed: int = 0) -> None:
        points = np.array(COURSE)
        rng = dice(seed, 0)
        self._curve = PchipInterpolator(points[:, 0], points[:, 1:], axis=0)
        self._phase = rng.uniform(0, 2 * np.pi, (2, 2))
        self._period_s = rng.uniform(7.0, 19.0, (2, 2))

    def values(self, t: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Valence and arousal ``(n, 2)`` at script times ``t`` ``(n,)`` in s."""
        at = np.atleast_1d(np.asarray(t, dtype=np.float64))
        waves = np.sin(2 * np.pi * at[:, None, None] / self._period_s + self._phase)
        course = np.asarray(self._curve(np.mod(at, PERIOD_S)))
        return np.asarray(np.clip(course + _WOBBLE / 2 * waves.sum(axis=2), -1.0, 1.0))

    def truth(self, t: float) -> tuple[float, float]:
        """Valence and arousal at script time ``t`` in s."""
        valence, arousal = self.values(t)[0]
        return float(valence), float(arousal)


def dice(seed: int, *what: int) -> np.random.Generator:
    """A generator for one thing at one place of the time line, the same whenever it is asked for.

    ``what`` names the thing (stream, slot number …); slots before the epoch are negative.
    """
    return np.random.default_rng((seed, *(2 * w if w >= 0 else -2 * w - 1 for w in what)))
