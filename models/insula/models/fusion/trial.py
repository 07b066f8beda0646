"""A synthetic person with known truth, to try a fusion on: simulated observers, never people.

Each observer's error is Gaussian with the deviation it states, persists for seconds (a model's bias on this
face, not noise of a frame) and shares a part with the other observers' errors. A fusion that is honest about
such observers may still be wrong about real ones, whose errors are not known to be like this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from insula.edge.types import AffectEstimate, AffectState, Measure, Modality
from insula.models.fusion.parameters import shipped

Floats = npt.NDArray[np.float64]
Truth = Callable[[Floats], Floats]
"""Times ``(n,)`` in s → valence and arousal ``(n, 2)``."""

HONEST: Final = replace(
    shipped(),
    sources={
        name: replace(source, gain=(1.0, 1.0), extra_sd=(0.0, 0.0))
        for name, source in shipped().sources.items()
    },
    index_gain={},
)
"""The shipped parameters, but believing what each source states: simulated observers err as they say."""

GRID_HZ: Final = 20
PERSISTENCE_S: Final = 10.0
"""Time constant of an observer's error."""

_PHRASE_S, _PAUSE_S = 4.0, 3.0


@dataclass(frozen=True, slots=True)
class Observer:
    """One modality: how often and how late it speaks (s), how far off it is (``None``: does not see it)."""

    modality: Modality
    period_s: float
    latency_s: float
    valence_sd: float | None
    arousal_sd: float | None


OBSERVERS: Final = (
    Observer("face", 0.1, 0.05, 0.25, 0.30),
    Observer("voice", 0.25, 0.10, 0.40, 0.30),
    Observer("eda", 1.0, 0.05, None, 0.50),
)


class Fusing(Protocol):
    """What is tried."""

    def update(self, estimate: AffectEstimate) -> None:
        """Take an estimate."""

    def state(self, t: float) -> AffectState:
        """The state at ``t`` (s)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the observers said, in the order of capture, and when (s) each estimate arrived, by ``sample``."""

    estimates: Sequence[AffectEstimate]
    arrivals: Floats


def wander(seed: int, duration_s: float, *, sd: float = 0.35, tau_s: float = 20.0) -> Truth:
    """A truth that drifts around 0: an Ornstein–Uhlenbeck path on each axis."""
    path = _ou(np.random.default_rng((seed, 1)), round(duration_s * GRID_HZ) + 2, tau_s, 2) * sd
    grid = np.arange(len(path)) / GRID_HZ

    def truth(t: Floats) -> Floats:
        return np.stack([np.interp(t, grid, path[:, axis]) for axis in range(2)], axis=1)

    return truth


def observe(truth: Truth, duration_s: float, seed: int, *, correlation: float = HONEST.correlation) -> Trial:
    """Let the observers watch for ``duration_s``; ``correlation`` of any two observers' errors."""
    rng = np.random.default_rng((seed, 2))
    n = round(duration_s * GRID_HZ) + 1
    shared = _ou(rng, n, PERSISTENCE_S, 2)
    said: list[tuple[float, AffectEstimate]] = []
    for observer in OBSERVERS:
        error = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * _ou(rng, n, PERSISTENCE_S, 2)
        times = np.arange(0.0, duration_s, observer.period_s)
        values, at = truth(times), np.round(times * GRID_HZ).astype(int)
        for k, t in enumerate(times):
            said.append((float(t) + observer.latency_s, _say(observer, float(t), values[k], error[at[k]])))
    said.sort(key=lambda one: (one[1].t, one[1].modality))
    numbered = [replace(estimate, sample=i) for i, (_, estimate) in enumerate(said)]
    return Trial(numbered, np.array([arrival for arrival, _ in said]))


def run(
    fusion: Fusing, estimates: Sequence[AffectEstimate], arrivals: Floats, ticks: Floats
) -> list[AffectState]:
    """Feed the estimates as they arrive and ask for a state at each of ``ticks`` (s)."""
    queue = sorted(estimates, key=lambda e: float(arrivals[e.sample]))
    states, at = [], 0
    for t in ticks.tolist():
        while at < len(queue) and arrivals[queue[at].sample] <= t:
            fusion.update(queue[at])
            at += 1
        states.append(fusion.state(t))
    return states


def series(states: Sequence[AffectState]) -> tuple[Floats, Floats]:
    """Means and deviations ``(n, 2)`` of valence and arousal; NaN where not measured."""
    rows = [[(m.mean, m.sd) if m else (np.nan, np.nan) for m in (s.valence, s.arousal)] for s in states]
    both = np.array(rows, dtype=np.float64)
    return both[:, :, 0], both[:, :, 1]


def _ou(rng: np.random.Generator, n: int, tau_s: float, columns: int) -> Floats:
    keep = np.exp(-1.0 / (tau_s * GRID_HZ))
    steps: Floats = rng.standard_normal((n, columns)) * np.sqrt(1 - keep**2)
    steps[0] /= np.sqrt(1 - keep**2)
    for i in range(1, n):
        steps[i] += keep * steps[i - 1]
    return steps


def _say(observer: Observer, t: float, truth: Floats, error: Floats) -> AffectEstimate:
    if observer.modality == "voice" and t % (_PHRASE_S + _PAUSE_S) >= _PHRASE_S:
        return AffectEstimate("voice", "voice", t, 0.0, reason="no voice", simulated=True)
    measures = [
        None if sd is None else Measure(float(truth[axis] + sd * error[axis]), sd)
        for axis, sd in enumerate((observer.valence_sd, observer.arousal_sd))
    ]
    return AffectEstimate(
        observer.modality,
        observer.modality,
        t,
        1.0,
        valence=measures[0],
        arousal=measures[1],
        va_source="native",
        simulated=True,
    )
