"""Several uncertain values of the same thing → one, without pretending that the sources are independent.

Weights are the inverse variances. The errors of any two sources are taken to correlate (the same person, the
same moment, labels of the same kind), so the variance is that of a weighted mean of correlated values: it
never falls below ``correlation`` times that of the surest source, however many agree. What they differ by
beyond what their deviations explain is added: Birge's ratio (Birge 1932, "The calculation of errors by the
method of least squares") as a term instead of a factor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from insula.edge.types import Measure

SD_FLOOR: Final = 0.02
"""No source is trusted to be surer than this."""

_TOLERATED = 4.0  # squared deviations from each other that are nothing unusual: two standard deviations


@dataclass(frozen=True, slots=True)
class Combined:
    """The weighted mean, its standard deviation, and every source's weight (they sum to 1)."""

    mean: float
    sd: float
    weights: Mapping[str, float]


def combine(parts: Mapping[str, Measure], correlation: float) -> Combined:
    """Combine one or more values whose errors correlate; a single one comes out as it went in."""
    deviations = {m: max(part.sd, SD_FLOOR) for m, part in parts.items()}
    total = sum(sd**-2 for sd in deviations.values())
    weights = {m: sd**-2 / total for m, sd in deviations.items()}
    mean = sum(weights[m] * part.mean for m, part in parts.items())
    alone = sum((weights[m] * sd) ** 2 for m, sd in deviations.items())
    together = sum(weights[m] * sd for m, sd in deviations.items()) ** 2
    variance = (1 - correlation) * alone + correlation * together
    spread = sum(weights[m] * (part.mean - mean) ** 2 for m, part in parts.items())
    expected = sum(weights[m] * sd**2 for m, sd in deviations.items()) - variance
    return Combined(mean, math.sqrt(variance + max(spread - _TOLERATED * max(expected, 0.0), 0.0)), weights)


def contradiction(a: Measure, b: Measure) -> float:
    """How far two sources are apart, in standard deviations of their difference (taken as independent)."""
    return abs(a.mean - b.mean) / math.hypot(max(a.sd, SD_FLOOR), max(b.sd, SD_FLOOR))
