"""Watches a session for what must never be, whatever fails; every rule counts what it looked at."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Final

from insula.edge.clock import Clock
from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Item
from insula.edge.types import AffectEstimate, AffectState, Measure
from insula.models.fusion.parameters import shipped

_LATE_S: Final = 2.0
"""Longest time between two states; they come at 20 Hz, and no slow part may hold them up."""
_OUT_S: Final = 2.5
"""From the moment a part says it is out to the first state that must not rest on it: the estimator says so
twice a second, unless it is held up itself."""
_OUT: Final = frozenset({NodeState.LOST, NodeState.STALLED, NodeState.STOPPED, NodeState.FAILED})
_FINAL: Final = frozenset({NodeState.STOPPED, NodeState.FAILED})
_THREADED: Final = ("sensor", "estimator", "fusion", "sink")
_TOLD: Final = 5


class Rules:
    """Counts of what was checked and what was broken, by rule; thread-safe."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.told: dict[str, list[str]] = {}
        """The first few breaches of each rule, in words."""
        self._lock = threading.Lock()

    def check(self, rule: str, holds: bool, words: str) -> None:
        """Count one look at ``rule``, and the breach that ``words`` describe unless it ``holds``."""
        with self._lock:
            self.checked[rule] += 1
            if holds:
                return
            self.broken[rule] += 1
            told = self.told.setdefault(rule, [])
            if len(told) < _TOLD:
                told.append(words)


VALUES: Final = "every value is finite and in its range"
ABSENT: Final = "what is not measured has a reason and no value"
OUT: Final = "no value from a part that is out"
FROZEN: Final = "no estimate is repeated as a new one"
LATE: Final = "no part holds up the states"
ALIVE: Final = "no thread of a working part is dead"
CAUGHT: Final = "no exception leaves a thread"


class Judge:
    """Give :meth:`take` to ``SensingLoop.subscribe`` and call :meth:`look` about once a second."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self.stats: dict[str, StreamStats] = {}
        self.events: list[HealthEvent] = []
        self._rules = rules
        self._clock = clock
        self._sources = shipped().sources
        self._lock = threading.Lock()
        self._nodes: dict[str, HealthEvent] = {}
        self._estimates: dict[str, AffectEstimate] = {}
        self._sensor_of: dict[str, str] = {}
        self._last_state: float | None = None

    def take(self, item: Item) -> None:
        """Judge one published item."""
        with self._lock:
            if isinstance(item, HealthEvent):
                self._nodes[item.node] = item
                self.events.append(item)
            elif isinstance(item, StreamStats):
                self.stats[item.stream] = item
                self._sensor_of[item.stream] = item.sensor
            elif isinstance(item, AffectEstimate):
                self._take_estimate(item)
            elif isinstance(item, AffectState):
                self._take_state(item)

    def is_out(self, node: str) -> bool:
        """Whether a part says now that it does not work."""
        event = self._nodes.get(node)
        return event is not None and event.state in _OUT

    def look(self) -> None:
        """See whether every part that says it works has its thread."""
        with self._lock:
            nodes = list(self._nodes.values())
        alive = {thread.name for thread in threading.enumerate()}
        for event in nodes:
            if event.state in _FINAL or event.kind not in _THREADED:
                continue
            thread = event.node if event.kind == "fusion" else f"{event.kind} {event.node}"
            self._rules.check(ALIVE, thread in alive, f"{event.node} is {event.state}")

    def _take_estimate(self, estimate: AffectEstimate) -> None:
        self._judge_values(estimate)
        self._rules.check(
            ABSENT,
            estimate.measured != bool(estimate.reason),
            f"{estimate.modality} {'measured' if estimate.measured else 'absent'}: {estimate.reason!r}",
        )
        before = self._estimates.get(estimate.modality)
        self._estimates[estimate.modality] = estimate
        if before is not None and before.measured and estimate.measured:
            news = estimate.t > before.t or estimate.sample > before.sample
            self._rules.check(FROZEN, news, f"{estimate.modality} at {estimate.t:.3f} again")

    def _take_state(self, state: AffectState) -> None:
        now = self._clock()
        if self._last_state is not None:
            waited = now - self._last_state
            self._rules.check(LATE, waited < _LATE_S, f"{waited:.1f} s without a state")
        self._last_state = now
        self._judge_values(state)
        sources = [c for c in state.contributions if c.measured or c.weight > 0]
        words = f"state with {len(sources)} sources, reason {state.reason!r}"
        self._rules.check(ABSENT, state.measured == bool(sources) == (not state.reason), words)
        for part in state.contributions:
            self._rules.check(ABSENT, part.measured or bool(part.reason), f"{part.modality} without reason")
            why = self._why_out(part.modality, state.t) if part.measured else ""
            self._rules.check(OUT, not why, f"{part.modality} measured though {why}")
        for part in sources:  # what was measured a moment ago may stand, ever less sure, until its horizon
            fresh = part.age_s is not None and part.age_s <= self._sources[part.modality].horizon_s
            self._rules.check(OUT, fresh, f"{part.modality} of age {part.age_s}")

    def _why_out(self, modality: str, t: float) -> str:
        """Which part of a modality has been out for so long that every state must know."""
        estimate = self._estimates.get(modality)
        sensor = self._sensor_of.get(estimate.stream, "") if estimate is not None else ""
        for event in (self._nodes.get(sensor), self._nodes.get(f"{modality} estimator")):
            if event is not None and event.state in _OUT and t - event.t > _OUT_S:
                return f"{event.node} has been {event.state} for {t - event.t:.1f} s"
        return ""

    def _judge_values(self, item: AffectEstimate | AffectState) -> None:
        wrong = list(_wrong_values(item))
        self._rules.check(VALUES, not wrong, f"{type(item).__name__}: {', '.join(wrong)}")


def _wrong_values(item: AffectEstimate | AffectState) -> Iterator[str]:
    measures: list[tuple[str, Measure | None, float]] = [
        ("valence", item.valence, -1.0),
        ("arousal", item.arousal, -1.0),
        *((name, measure, 0.0) for name, measure in item.indices),
    ]
    for name, measure, low in measures:
        if measure is not None and not (low <= measure.mean <= 1.0 and 0.0 <= measure.sd < math.inf):
            yield f"{name} {measure.mean} ± {measure.sd}"
    if item.expression is not None:
        total = sum(map(math.exp, item.expression))
        if not abs(total - 1.0) < 1e-3:
            yield f"expression sums to {total}"
