"""What a fusion step costs, whether its intervals hold, and how it bears damaged input.

    python benchmarks/fusion.py [--seeds 8] [--quick] [--learned]

``--learned`` also trains the causal net on other simulated people and draws its curves (needs torch).
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

from insula.edge.types import EXPRESSIONS, AffectEstimate, Clue, Measure
from insula.models.corrupt import MODES, Mode, corrupt
from insula.models.fusion import LateFusion
from insula.models.fusion.compare import NaiveMean, area, rules
from insula.models.fusion.trial import HONEST, OBSERVERS, Floats, Fusing, Trial, observe, run, series, wander
from insula.models.metrics import ccc, interval_coverage, mean_squared_z
from insula.sensors.script import PERIOD_S, Script

RATES = (0.0, 0.25, 0.5, 0.75, 1.0)
TICK_S = 0.1
NET_STEP_S = 0.25
COVERAGE_S = 300.0


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
        rows.append((truth(ticks), *series(run(LateFusion(HONEST), trial.estimates, trial.arrivals, ticks))))
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


Estimates = list[AffectEstimate]
Way = Callable[[Estimates, Floats, Floats], Floats]
"""Estimates, their arrivals and the ticks (s) → means ``(n, 2)`` of valence and arousal."""


def online(make: Callable[[], Fusing]) -> Way:
    """A way that is asked at every tick."""
    return lambda left, arrivals, ticks: series(run(make(), left, arrivals, ticks))[0]


def learned() -> Way:
    """The causal net, trained on simulated people that are not scored."""
    from insula.models.fusion import causal

    streams = [observer.modality for observer in OBSERVERS]
    times = np.arange(0.0, PERIOD_S, NET_STEP_S)

    def course(trial: Trial, truth: Floats) -> causal.Course:
        x = causal.grid(trial.estimates, trial.arrivals, times, streams)
        return causal.Course(x, truth.astype(np.float32))

    people = [Script(seed).values for seed in range(100, 130)] + [wander(s, PERIOD_S) for s in range(30)]
    courses = [course(observe(t, PERIOD_S, 100 + i), t(times)) for i, t in enumerate(people)]
    net = causal.fit(courses, seed=0, steps=400)

    def way(left: Estimates, arrivals: Floats, ticks: Floats) -> Floats:
        found = causal.predict(net, causal.grid(left, arrivals, times, streams))
        return found[np.minimum(np.searchsorted(times, ticks + 1e-9) - 1, len(times) - 1)]

    return way


def score(way: Way, mode: Mode, rate: float, seeds: int) -> Floats:
    """Per seed ``(seeds, 3)``: CCC (mean of both axes, absent counts as 0), share measured, RMSE of that."""
    ticks = np.arange(2.0, PERIOD_S, TICK_S)
    rows = []
    for seed in range(seeds):
        truth = Script(seed).values
        trial = observe(truth, PERIOD_S, seed)
        left = corrupt(trial.estimates, mode, rate, seed)
        mean = way(left, trial.arrivals, ticks)
        y, there = truth(ticks), np.isfinite(mean)
        filled = np.where(there, mean, 0.0)
        error = (y - mean)[there]
        rmse = np.sqrt(np.mean(error**2)) if error.size else np.nan
        rows.append((np.mean([ccc(y[:, i], filled[:, i]) for i in range(2)]), there.mean(), rmse))
    return np.array(rows, dtype=np.float64)


def curves(console: Console, seeds: int, modes: tuple[Mode, ...], ways: dict[str, Way]) -> None:
    """Print the areas and their paired difference to the rules over the seeds ± its standard error."""
    columns = (*(f"AUILC {name}" for name in ways), *(f"rules − {name}" for name in ways if name != "rules"))
    table = Table("mode", *columns, "at .5")
    for mode in modes:
        scores = {
            name: np.array([score(way, mode, rate, seeds) for rate in RATES]) for name, way in ways.items()
        }
        areas = {name: area(values[:, :, 0], RATES) for name, values in scores.items()}
        ahead = {name: areas["rules"] - value for name, value in areas.items() if name != "rules"}
        half = np.nanmean(scores["rules"][RATES.index(0.5)], axis=0)
        table.add_row(
            mode,
            *(f"{value.mean():.3f}" for value in areas.values()),
            *(f"{d.mean():+.3f} ± {d.std(ddof=1) / np.sqrt(seeds):.3f}" for d in ahead.values()),
            f"measured {half[1]:.0%}",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="step cost and intervals only")
    parser.add_argument("--learned", action="store_true", help="also the causal net")
    options = parser.parse_args()
    console = Console(width=140)
    console.print("step (4 updates + state), ms of CPU:", {k: round(v, 3) for k, v in step_ms().items()})
    for correlation in (0.0, HONEST.correlation, 0.8):
        for axis, share, z2, sd, rmse in coverage(correlation, 2 * options.seeds):
            console.print(
                f"errors correlate {correlation}: {axis}: 90 % interval holds {share:.1%} of the truth, "
                f"z² {z2:.2f}, stated sd {sd:.2f}, RMSE {rmse:.2f}"
            )
    ways = {"rules": online(rules(HONEST)), "naive": online(NaiveMean)}
    if options.learned:
        ways["learned"] = learned()
    for name, way in ways.items():
        clean = score(way, "random", 0.0, options.seeds)[:, 0].mean()
        console.print(f"undamaged: CCC {name} {clean:.3f}")
    if not options.quick:
        curves(console, options.seeds, MODES, ways)


if __name__ == "__main__":
    main()
