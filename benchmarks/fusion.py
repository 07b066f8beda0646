"""What a fusion step costs, whether its intervals hold, and how it bears damaged input.

    python benchmarks/fusion.py [--seeds 8] [--quick]

Everything runs on simulated observers (``insula.models.fusion.trial``): the truth of the curves is the
script of the simulated person, that of the intervals a random drift. Nothing here was measured on people.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Clue, Measure, Modality
from insula.models.corrupt import MODES, Mode, corrupt
from insula.models.fusion import LateFusion
from insula.models.fusion.trial import Floats, Fusing, observe, run, series, wander
from insula.models.metrics import ccc, interval_coverage, mean_squared_z
from insula.sensors.script import PERIOD_S, Script

RATES = tuple(i / 10 for i in range(11))
TICK_S = 0.1
COVERAGE_S = 300.0


class NaiveMean:
    """The plain way: the mean of every modality's newest value, held for ever; 0 before the first."""

    def __init__(self) -> None:
        self._newest: dict[tuple[Modality, str], Measure] = {}

    def update(self, estimate: AffectEstimate) -> None:
        """Keep what it says."""
        for axis, measure in (("valence", estimate.valence), ("arousal", estimate.arousal)):
            if measure is not None:
                self._newest[estimate.modality, axis] = measure

    def state(self, t: float) -> AffectState:
        """The mean of what was ever said last."""
        return AffectState(
            t, valence=self._mean("valence"), arousal=self._mean("arousal"), va_source="native"
        )

    def _mean(self, axis: str) -> Measure:
        values = [m.mean for (_, a), m in self._newest.items() if a == axis]
        return Measure(sum(values) / len(values) if values else 0.0, 0.0)


def step_ms(n: int = 5000) -> dict[str, float]:
    """Milliseconds of CPU of one update of each of four modalities and one state, by percentile.

    CPU time of this thread: what else the machine does is not the step's cost.
    """
    log_p = tuple(np.log(np.full(len(EXPRESSIONS), 1 / len(EXPRESSIONS))).tolist())
    clues = tuple(Clue("s", f"AU{i:02d} x", 0.5, "0…1", i / 5) for i in range(13))
    fusion, took = LateFusion(), []
    for i in range(n):
        t = i / 20
        estimates = [
            AffectEstimate(
                modality,
                modality,
                t,
                0.9,
                valence=Measure(0.2, 0.3),
                arousal=Measure(0.1, 0.3),
                expression=log_p,
                va_source="mapped",
                clues=clues,
            )
            for modality in ("face", "voice", "eda", "eeg")
        ]
        start = time.thread_time()
        for estimate in estimates:
            fusion.update(estimate)
        fusion.state(t)
        took.append(1e3 * (time.thread_time() - start))
    return {f"p{q}": float(np.percentile(took, q)) for q in (50, 95, 99)}


def coverage(correlation: float, seeds: int) -> list[tuple[str, float, float, float, float]]:
    """Axis, share of truths in the 90 % interval, mean squared z, mean deviation, RMSE."""
    ticks = np.arange(2.0, COVERAGE_S, 0.2)
    rows = []
    for seed in range(seeds):
        truth = wander(seed, COVERAGE_S)
        trial = observe(truth, COVERAGE_S, seed, correlation=correlation)
        rows.append((truth(ticks), *series(run(LateFusion(), trial.estimates, trial.arrivals, ticks))))
    y, mean, sd = (np.concatenate(column) for column in zip(*rows, strict=True))
    return [
        (
            name,
            interval_coverage(y[:, i], mean[:, i], sd[:, i]),
            mean_squared_z(y[:, i], mean[:, i], sd[:, i]),
            float(sd[:, i].mean()),
            float(np.sqrt(np.mean((y - mean)[:, i] ** 2))),
        )
        for i, name in enumerate(("valence", "arousal"))
    ]


def score(make: Callable[[], Fusing], mode: Mode, rate: float, seeds: int) -> Floats:
    """Per seed ``(seeds, 3)``: CCC (mean of both axes, absent counts as 0), share measured, RMSE of that."""
    ticks = np.arange(2.0, PERIOD_S, TICK_S)
    rows = []
    for seed in range(seeds):
        truth = Script(seed).values
        trial = observe(truth, PERIOD_S, seed)
        left = corrupt(trial.estimates, mode, rate, seed)
        mean, _ = series(run(make(), left, trial.arrivals, ticks))
        y, there = truth(ticks), np.isfinite(mean)
        filled = np.where(there, mean, 0.0)
        error = (y - mean)[there]
        rmse = np.sqrt(np.mean(error**2)) if error.size else np.nan
        rows.append((np.mean([ccc(y[:, i], filled[:, i]) for i in range(2)]), there.mean(), rmse))
    return np.array(rows, dtype=np.float64)


def curves(console: Console, seeds: int, modes: tuple[Mode, ...]) -> None:
    """Print the areas, their paired difference over the seeds ± its standard error, and points."""
    columns = ("AUILC late", "naive", "late − naive", "late at .3 .5 .8 1", "naive at .3 .5 .8 1", "at .5")
    table = Table("mode", *columns)
    for mode in modes:
        late, naive = (
            np.array([score(make, mode, rate, seeds) for rate in RATES]) for make in (LateFusion, NaiveMean)
        )
        areas = np.array([np.trapezoid(scores[:, :, 0], RATES, axis=0) for scores in (late, naive)])
        ahead = areas[0] - areas[1]
        points = [" ".join(f"{s[i, :, 0].mean():.2f}" for i in (3, 5, 8, 10)) for s in (late, naive)]
        half = [np.nanmean(scores[5], axis=0) for scores in (late, naive)]
        table.add_row(
            mode,
            *(f"{area.mean():.3f}" for area in areas),
            f"{ahead.mean():+.3f} ± {ahead.std(ddof=1) / np.sqrt(seeds):.3f}",
            *points,
            f"measured {half[0][1]:.0%}, RMSE {half[0][2]:.2f} (naive {half[1][2]:.2f})",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="step cost and intervals only")
    options = parser.parse_args()
    console = Console(width=140)
    console.print("step (4 updates + state), ms of CPU:", {k: round(v, 3) for k, v in step_ms().items()})
    for correlation in (0.0, 0.5, 0.8):
        for axis, share, z2, sd, rmse in coverage(correlation, 2 * options.seeds):
            console.print(
                f"errors correlate {correlation}: {axis}: 90 % interval holds {share:.1%} of the truth, "
                f"z² {z2:.2f}, stated sd {sd:.2f}, RMSE {rmse:.2f}"
            )
    clean = [score(make, "random", 0.0, options.seeds) for make in (LateFusion, NaiveMean)]
    late, naive = (float(scores[:, 0].mean()) for scores in clean)
    console.print(f"undamaged: CCC late {late:.3f}, naive {naive:.3f}")
    if not options.quick:
        curves(console, options.seeds, MODES)


if __name__ == "__main__":
    main()
