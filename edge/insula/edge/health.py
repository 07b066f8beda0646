"""What works and what does not, in words: explicit states of every part, legal moves, one event a change.

::

    STARTING ──► RUNNING ◄──► STALLED
        │           │  ▲         │
        │           ▼  │         ▼
        └────────► LOST ◄────────┘      any ──► STOPPED, FAILED (final until a restart: STARTING)

STALLED: open, but nothing arrives. LOST: gone, being reopened. FAILED: given up, the reason says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from insula.edge.clock import Clock, now

NodeKind = Literal["sensor", "estimator", "fusion", "sink", "machine"]


class NodeState(StrEnum):
    """State of one sensor, estimator or sink."""

    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    LOST = "lost"
    STOPPED = "stopped"
    FAILED = "failed"


_FINAL = {NodeState.STOPPED, NodeState.FAILED}
_LEGAL: dict[NodeState, set[NodeState]] = {
    NodeState.STARTING: {NodeState.RUNNING, NodeState.LOST, *_FINAL},
    NodeState.RUNNING: {NodeState.STALLED, NodeState.LOST, *_FINAL},
    NodeState.STALLED: {NodeState.RUNNING, NodeState.LOST, *_FINAL},
    NodeState.LOST: {NodeState.STARTING, NodeState.RUNNING, *_FINAL},
    NodeState.STOPPED: {NodeState.STARTING},
    NodeState.FAILED: {NodeState.STARTING, NodeState.STOPPED},
}


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """A part changed its state at time ``t`` (s); ``reason`` is for people and empty while all is well.

    A running part has one too when it does not run as asked: an estimator that the governor slowed, an engine
    that ``auto`` fell back to. ``machine`` is the computer itself, with its temperature and power mode.
    """

    t: float
    node: str
    kind: NodeKind
    state: NodeState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StreamStats:
    """How a stream is doing, about once a second.

    ``rate_hz`` is measured over the last second or two, ``age_s`` the age of the newest sample at ``t``.
    The counters run from the start: ``samples`` (or frames), ``gaps`` (missing stretches seen in the time
    stamps), ``nans`` (samples with a value that is not finite), ``backwards`` (samples refused because
    their time stamps did not advance), ``rails`` (samples at the end of the sensor's range), ``bursts``
    (blocks with 0.25 s more of signal than time had passed). ``rate_off`` is the relative difference from
    the nominal rate over the last 30 s or more; ``jitter_s`` that of the arrivals around the device's
    clock, ``drift_ppm`` that clock against ours. What was not measured (yet) is ``None``.
    """

    t: float
    stream: str
    sensor: str
    rate_hz: float
    nominal_hz: float
    age_s: float | None
    samples: int
    gaps: int = 0
    nans: int = 0
    backwards: int = 0
    jitter_s: float | None = None
    drift_ppm: float | None = None
    simulated: bool = False
    rails: int = 0
    bursts: int = 0
    rate_off: float | None = None


TroubleKind = Literal["gaps", "nans", "rails", "backwards", "bursts", "rate", "drift", "jitter"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about a stream that a person should know; ``text`` says it, ``kind`` is for translation."""

    kind: TroubleKind
    text: str


RATE_OFF: Final = 0.02
"""A rate further from the nominal one is wrong, not inaccurate."""
DRIFT_PPM: Final = 500.0
"""A quartz is right to 100 ppm; beyond this the nominal rate is not the real one."""
JITTER_S: Final = 0.05
"""Beyond this, blocks come so unevenly that a window may be old."""


def troubles(stats: StreamStats) -> tuple[Trouble, ...]:
    """All that is or was wrong with a stream, worst first; empty when all is well."""
    found: list[tuple[TroubleKind, bool, str]] = [
        ("nans", stats.nans > 0, f"{stats.nans} samples are not finite"),
        ("rails", stats.rails > 0, f"{stats.rails} samples at the end of the range"),
        ("gaps", stats.gaps > 0, f"{stats.gaps} gap{'s' * (stats.gaps > 1)}"),
        ("backwards", stats.backwards > 0, f"{stats.backwards} samples out of order, refused"),
    ]
    if stats.rate_off is not None and abs(stats.rate_off) > RATE_OFF:
        found.append(("rate", True, f"samples come {abs(stats.rate_off):.1%} too {_way(stats.rate_off)}"))
    elif stats.drift_ppm is not None and abs(stats.drift_ppm) > DRIFT_PPM:
        found.append(("drift", True, f"its clock is {abs(stats.drift_ppm):.0f} ppm {_way(stats.drift_ppm)}"))
    if stats.jitter_s is not None:
        uneven = stats.jitter_s > JITTER_S
        found.append(("jitter", uneven, f"blocks come unevenly, by {stats.jitter_s * 1e3:.0f} ms"))
    found.append(("bursts", stats.bursts > 0, f"{stats.bursts} burst{'s' * (stats.bursts > 1)}"))
    return tuple(Trouble(kind, text) for kind, is_wrong, text in found if is_wrong)


def _way(difference: float) -> str:
    return "fast" if difference > 0 else "slow"


class Health:
    """The board on which every part reports; thread-safe."""

    def __init__(self, publish: Callable[[HealthEvent], None], clock: Clock = now) -> None:
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._now: dict[str, HealthEvent] = {}

    def set(self, node: str, kind: NodeKind, state: NodeState, reason: str = "") -> None:
        """Move ``node`` to ``state``; publishes an event if state or reason changed.

        Raises ``ValueError`` on a move the diagram above does not have: that is a bug, not a fault.
        """
        with self._lock:
            before = self._now.get(node)
            if before is not None and (before.state, before.reason) == (state, reason):
                return
            if before is None and state is not NodeState.STARTING:
                raise ValueError(f"{node} must start before it is {state}")
            if before is not None and before.state is not state and state not in _LEGAL[before.state]:
                raise ValueError(f"{node}: {before.state} → {state} is not a legal move")
            event = HealthEvent(self._clock(), node, kind, state, reason)
            self._now[node] = event
        self._publish(event)

    def get(self, node: str) -> HealthEvent | None:
        """The last event of ``node``."""
        with self._lock:
            return self._now.get(node)

    def all(self) -> list[HealthEvent]:
        """The last event of every node, in the order they started."""
        with self._lock:
            return list(self._now.values())
