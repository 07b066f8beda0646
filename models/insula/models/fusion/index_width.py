"""Whether an index's 90 % interval holds people's true rates, and the gain that makes it so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.fusion.fit import held_by
from insula.models.fusion.streams import Readings
from insula.models.fusion.tracker import Z90

Floats = npt.NDArray[np.float64]

_LEAST_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class Cells:
    """One entry for every person and third of the index, each ``(n,)``.

    ``apart``: true rate of the task less the mean index; ``stated``: mean standard deviation of the index;
    ``chance``: standard deviation of a rate of so few windows, computed and not fitted; ``person``.
    """

    apart: Floats
    stated: Floats
    chance: Floats
    person: npt.NDArray[np.str_]

    def of(self, rows: npt.NDArray[np.bool_]) -> Cells:
        """Some of the entries."""
        return Cells(self.apart[rows], self.stated[rows], self.chance[rows], self.person[rows])


def cells(readings: Readings, column: int, every_s: int) -> Cells:
    """The true rates of one stream's index, from windows ``every_s`` apart that do not overlap."""
    table = readings.table
    kept = (table.label >= 0) & np.isfinite(readings.index[:, column]) & (table.t_s % every_s < 1)
    p, sd = readings.index[kept, column], readings.sd[kept, column]
    label, person = table.label[kept], table.person[kept]
    third = np.searchsorted(np.quantile(p, (1 / 3, 2 / 3)), p)
    found: list[tuple[float, float, float]] = []
    names: list[str] = []
    for name in np.unique(person):
        for k in range(3):
            rows = (person == name) & (third == k)
            if rows.sum() >= _LEAST_WINDOWS:
                mean = float(p[rows].mean())
                chance = float(np.sqrt(mean * (1 - mean) / rows.sum()))
                found.append((float(label[rows].mean()) - mean, float(sd[rows].mean()), chance))
                names.append(str(name))
    apart, stated, by_chance = np.array(found, np.float64).reshape(-1, 3).T
    return Cells(apart, stated, by_chance, np.array(names))


def covered(rates: Cells, gain: float = 1.0) -> float:
    """Share of the rates inside the 90 % interval whose deviation is multiplied by ``gain``."""
    return float(np.mean(np.abs(rates.apart) <= Z90 * np.hypot(gain * rates.stated, rates.chance)))


def gain(rates: Cells) -> float:
    """What the deviation must be multiplied by so that the interval holds 90 % of new people's rates.

    The rank is that of split conformal sets, as for ``fit.conformal``: with so few people a plain quantile
    falls short on new ones.
    """
    beyond_chance = np.maximum((rates.apart / Z90) ** 2 - rates.chance**2, 0.0)
    return held_by(np.sqrt(beyond_chance) / rates.stated)


def left_out(rates: Cells) -> float:
    """Share of the rates inside the interval, every person's with the gain of the other people."""
    inside = [
        covered(rates.of(mine), gain(rates.of(~mine))) * mine.sum()
        for mine in (rates.person == name for name in np.unique(rates.person))
    ]
    return float(sum(inside) / len(rates.person))


def uncertainty(rates: Cells, seed: int, draws: int = 500) -> tuple[float, float]:
    """95 % interval of the gain, people drawn again."""
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(rates.person == name) for name in np.unique(rates.person)]
    found = []
    for _ in range(draws):
        drawn = np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))])
        found.append(
            gain(Cells(rates.apart[drawn], rates.stated[drawn], rates.chance[drawn], rates.person[drawn]))
        )
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
