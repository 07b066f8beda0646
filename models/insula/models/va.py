"""Expression probabilities → valence and arousal with their spread (``va_source = "mapped"``).

Each expression is a fixed point of the circumplex; a distribution over expressions has a mean and a variance
there. This derives valence/arousal from categories, it does not measure them: whoever shows such a value
marks it ``mapped``. The mean of a soft distribution is pulled towards the centre, so one affine map per axis
and a width are fitted on tuning data (:func:`fit_calibration`) and kept in the model's manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, Measure

Floats = npt.NDArray[np.float64]

CIRCUMPLEX: Final[Mapping[str, tuple[float, float]]] = {
    "neutral": (0.0, 0.0),
    "happiness": (0.76, 0.48),
    "surprise": (0.40, 0.67),
    "sadness": (-0.63, -0.27),
    "anger": (-0.51, 0.59),
    "disgust": (-0.60, 0.35),
    "fear": (-0.64, 0.60),
}
"""Valence and arousal in −1…1: the pleasure and arousal values in common use after Russell & Mehrabian
(1977), neutral by convention. Contempt has no agreed place: its share widens the spread and moves nothing."""

_UNPLACED_SD: Final = 0.5
"""Spread given to contempt's share, about the circumplex points' own spread on either axis."""

_LEAST_SD: Final = 0.1
"""Least standard deviation a fit may claim: categories place a person no more finely than that, and fusion
weighs by it."""

_PLACED = np.array([name in CIRCUMPLEX for name in EXPRESSIONS])
_POINTS = np.array([CIRCUMPLEX.get(name, (0.0, 0.0)) for name in EXPRESSIONS])


@dataclass(frozen=True, slots=True)
class AxisCalibration:
    """value = scale · mean + offset;  sd = √(floor² + (gain · spread)²). The default changes nothing."""

    scale: float = 1.0
    offset: float = 0.0
    gain: float = 1.0
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class VaCalibration:
    """Calibration of both axes, as stored in a manifest's ``va`` table."""

    valence: AxisCalibration = AxisCalibration()
    arousal: AxisCalibration = AxisCalibration()

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> VaCalibration:
        """Read ``{"valence": {...}, "arousal": {...}}``."""
        return cls(AxisCalibration(**table["valence"]), AxisCalibration(**table["arousal"]))

    def to_table(self) -> dict[str, dict[str, float]]:
        """The inverse of :meth:`from_table`."""
        return asdict(self)


def circumplex_moments(probabilities: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities (n, 8) in the order of ``EXPRESSIONS`` → mean and spread, each (n, 2).

    The columns are valence and arousal. The spread is the standard deviation √Σ p (point − mean)² over the
    classes. Rows need not be normalised; a row of contempt alone has mean 0 and the widest spread.
    """
    p = np.atleast_2d(np.asarray(probabilities, np.float64))
    p = p / p.sum(axis=1, keepdims=True)
    placed = p * _PLACED
    known = placed.sum(axis=1, keepdims=True)
    mean = (placed @ _POINTS) / np.maximum(known, 1e-12)
    deviation = (_POINTS[None] - mean[:, None]) ** 2
    variance = (placed[:, :, None] * deviation).sum(axis=1) + (1 - known) * _UNPLACED_SD**2
    return mean, np.sqrt(variance)


def mapped_values(
    probabilities: npt.ArrayLike, calibration: VaCalibration
) -> tuple[Floats, Floats, Floats, Floats]:
    """Probabilities (n, 8) → valence, its sd, arousal, its sd; each (n,), values clipped to −1…1."""
    mean, spread = circumplex_moments(probabilities)
    columns: list[Floats] = []
    for axis, fit in enumerate((calibration.valence, calibration.arousal)):
        columns.append(np.clip(fit.scale * mean[:, axis] + fit.offset, -1.0, 1.0))
        columns.append(np.hypot(fit.floor, fit.gain * spread[:, axis]))
    return columns[0], columns[1], columns[2], columns[3]


def mapped_measures(probabilities: npt.ArrayLike, calibration: VaCalibration) -> tuple[Measure, Measure]:
    """Probabilities (8,) → valence and arousal."""
    valence, valence_sd, arousal, arousal_sd = (
        float(column[0]) for column in mapped_values(np.reshape(probabilities, (1, -1)), calibration)
    )
    return Measure(valence, valence_sd), Measure(arousal, arousal_sd)


def fit_calibration(probabilities: npt.ArrayLike, values: npt.ArrayLike) -> VaCalibration:
    """Fit both axes on tuning data: predicted probabilities (n, 8) against true values (n, 2).

    Scale and offset by least squares; floor and gain as the pair that makes the truth likeliest under a
    normal distribution (a grid is enough: two bounded parameters).
    """
    mean, spread = circumplex_moments(probabilities)
    truth = np.asarray(values, np.float64)
    axes = [_fit_axis(mean[:, axis], spread[:, axis], truth[:, axis]) for axis in range(2)]
    return VaCalibration(*axes)


def _fit_axis(mean: Floats, spread: Floats, truth: Floats) -> AxisCalibration:
    if len(mean) < 3 or np.ptp(mean) < 1e-9:
        raise ValueError("an affine map needs three or more tuning items that differ")
    scale, offset = np.polyfit(mean, truth, 1)
    error = (truth - np.clip(scale * mean + offset, -1, 1)) ** 2
    floors, gains = np.linspace(_LEAST_SD, 0.6, 51), np.linspace(0.0, 1.5, 61)
    best = (np.inf, 0.0, 0.0)
    for floor in floors:
        variance = floor**2 + (gains[:, None] * spread[None]) ** 2
        cost = (np.log(variance) + error / variance).mean(axis=1)
        best = min(best, (float(cost.min()), float(floor), float(gains[cost.argmin()])))
    return AxisCalibration(
        round(float(scale), 5), round(float(offset), 5), round(best[2], 5), round(best[1], 5)
    )
