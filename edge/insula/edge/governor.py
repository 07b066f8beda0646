"""Slows a modality down before it misses its deadline or the machine gets so hot that everything slows.

An estimate's deadline is the next one's turn. When estimates take most of their period, or a thermal zone
comes near the temperature at which the system acts, the modality concerned is asked half as often, at most
twice; under heat it is the one that computes most. Both are taken back only after a while with room to spare,
so that it does not swing. Who runs slower says so, and why.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from insula.edge.machine import MachineState

SLOWEST: Final = 4
BUSY: Final = 0.7
"""Share of its period that an estimate may take before the modality is slowed …"""
EASY: Final = 0.5
"""… and below which it must stay, at the faster rate, for ``CALM_S`` before it is quickened."""
CALM_S: Final = 10.0
WARM_C: Final = 8.0
"""Degrees below the system's limit at which the governor acts, then again every ``HEAT_STEP_S``."""
COOL_C: Final = 13.0
HEAT_STEP_S: Final = 5.0
_MEMORY: Final = 0.25
"""Weight of the newest duration in the running mean: about the last seven estimates."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Ask every ``factor`` periods; ``reason`` is "" at full rate."""

    factor: int = 1
    reason: str = ""


@dataclass(slots=True)
class _Load:
    period_s: float
    mean_s: float
    factor: int = 1
    why: str = ""
    calm_since: float | None = None
    missed: int = 0

    @property
    def share(self) -> float:
        """Of the time at full rate."""
        return self.mean_s / self.period_s if self.period_s > 0 else 0.0


@dataclass(slots=True)
class _Heat:
    factor: int = 1
    why: str = ""
    stepped: float = field(default=float("-inf"))
    calm_since: float | None = None


class Governor:
    """The paces of one session's estimators; thread-safe. All times are the caller's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads: dict[str, _Load] = {}
        self._heat = _Heat()

    def took(self, name: str, t: float, seconds: float, period_s: float) -> Pace:
        """Note that an estimate of ``name`` ended at ``t`` after ``seconds``; returns its pace now."""
        with self._lock:
            load = self._loads.get(name)
            if load is None:  # the first estimate warms caches up and says nothing about the next
                load = self._loads[name] = _Load(period_s, min(seconds, EASY * period_s))
            else:
                self._follow(load, t, seconds)
            return self._pace(name, load)

    def warmth(self, t: float, state: MachineState) -> None:
        """Note how warm the machine is at ``t``; without a zone that has a limit nothing is done for heat."""
        zone, heat = state.tightest, self._heat
        if zone is None or zone.margin is None:
            return
        with self._lock:
            if zone.margin < COOL_C:
                heat.calm_since = None
            elif heat.calm_since is None:
                heat.calm_since = t
            if zone.margin < WARM_C and heat.factor < SLOWEST and t - heat.stepped >= HEAT_STEP_S:
                heat.factor, heat.stepped = heat.factor * 2, t
                heat.why = f"{zone.name} is at {zone.celsius:.0f} °C, the system acts at {zone.limit:.0f} °C"
            elif heat.factor > 1 and heat.calm_since is not None and t - heat.calm_since >= CALM_S:
                heat.factor, heat.calm_since = heat.factor // 2, t

    def _follow(self, load: _Load, t: float, seconds: float) -> None:
        room = load.period_s * load.factor
        load.mean_s += _MEMORY * (min(seconds, room) - load.mean_s)  # one hiccup is no load
        load.missed = load.missed + 1 if seconds > room else 0
        if (load.mean_s > BUSY * room or load.missed > 1) and load.factor < SLOWEST and load.period_s > 0:
            load.factor, load.calm_since, load.missed = load.factor * 2, None, 0
            load.why = (
                f"an estimate takes {1e3 * max(load.mean_s, seconds):.0f} ms of its {1e3 * room:.0f} ms"
            )
        elif load.factor > 1 and load.mean_s < EASY * room / 2:
            if load.calm_since is None:
                load.calm_since = t
            elif t - load.calm_since >= CALM_S:
                load.factor, load.calm_since = load.factor // 2, None
        else:
            load.calm_since = None

    def _pace(self, name: str, load: _Load) -> Pace:
        dearest = max(self._loads, key=lambda other: self._loads[other].share)
        hot = self._heat.factor if name == dearest else 1
        factor = max(load.factor, hot)
        if factor == 1:
            return Pace()
        why = load.why if load.factor >= hot else self._heat.why
        return Pace(factor, f"slowed to every {1e3 * load.period_s * factor:.0f} ms: {why}")
