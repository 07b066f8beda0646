from __future__ import annotations

import math
import random

import pytest

from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.testing import ManualClock
from insula.edge.types import AffectEstimate, AffectState, Contribution, Measure
from insula.ui.campaign import judge, plan
from insula.ui.campaign.judge import Judge, Rules
from insula.ui.commands import faults
from insula.ui.terminal import console

SURE = Measure(0.5, 0.1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def watched(clock: ManualClock) -> Judge:
    found = Judge(Rules(), clock)
    found.take(HealthEvent(clock.t, "wrist", "sensor", NodeState.STARTING))
    found.take(HealthEvent(clock.t, "wrist", "sensor", NodeState.RUNNING))
    found.take(StreamStats(clock.t, "wrist", "wrist", 32.0, 32.0, 0.0, 10))
    return found


def eda(t: float, **more: object) -> AffectEstimate:
    return AffectEstimate("eda", "wrist", t, 1.0, indices=(("stress", SURE),), **more)  # type: ignore[arg-type]


def state(t: float, **more: object) -> AffectState:
    fields = {"indices": (("stress", SURE),), "contributions": (Contribution("eda", True, age_s=0.5),)}
    return AffectState(t, **(fields | more))  # type: ignore[arg-type]


def broken(watched: Judge) -> set[str]:
    return set(watched._rules.broken)


def test_a_session_in_order_breaks_no_rule(watched: Judge, clock: ManualClock) -> None:
    watched.take(eda(clock.t))
    watched.take(state(clock.t))
    clock.advance(0.1)
    watched.take(eda(clock.t))
    watched.take(state(clock.t))
    assert broken(watched) == set()
    assert watched._rules.checked[judge.OUT] == 4


def test_values_that_cannot_be_are_seen(watched: Judge, clock: ManualClock) -> None:
    watched.take(state(clock.t, indices=(("stress", Measure(1.5, 0.1)),)))
    watched.take(state(clock.t, expression=(math.log(0.5),) * 8))
    assert broken(watched) == {judge.VALUES}
    assert watched._rules.broken[judge.VALUES] == 2


def test_a_value_without_a_source_and_a_silence_without_a_reason_are_seen(
    watched: Judge, clock: ManualClock
) -> None:
    watched.take(state(clock.t, contributions=(Contribution("eda", False, "off"),)))
    watched.take(AffectState(clock.t))
    watched.take(
        state(clock.t, contributions=(Contribution("eda", True, age_s=0.5), Contribution("eeg", False)))
    )
    assert broken(watched) == {judge.ABSENT}
    assert watched._rules.broken[judge.ABSENT] == 3


def test_a_value_from_a_sensor_that_is_gone_is_seen(watched: Judge, clock: ManualClock) -> None:
    watched.take(eda(clock.t))
    watched.take(HealthEvent(clock.t, "wrist", "sensor", NodeState.LOST, "unplugged"))
    clock.advance(1.0)
    watched.take(state(clock.t))
    assert broken(watched) == set()  # the estimator says so twice a second
    clock.advance(1.9)
    watched.take(state(clock.t))
    watched.take(state(clock.t, contributions=(Contribution("eda", True, age_s=60.0),)))
    assert broken(watched) == {judge.OUT}
    assert "wrist has been lost" in watched._rules.told[judge.OUT][0]


def test_a_frozen_estimate_a_late_state_and_a_dead_thread_are_seen(
    watched: Judge, clock: ManualClock
) -> None:
    watched.take(eda(clock.t))
    watched.take(eda(clock.t))
    watched.take(state(clock.t))
    clock.advance(2.5)
    watched.take(state(clock.t))
    watched.look()  # nothing called "sensor wrist" runs here
    assert broken(watched) == {judge.FROZEN, judge.LATE, judge.ALIVE}


def test_a_plan_is_the_same_for_the_same_seed_and_leaves_room_to_recover() -> None:
    def make(seed: int) -> list[plan.Episode]:
        return plan.make(600.0, random.Random(seed), ("a", "b"), ("face",), disk=True)

    assert make(1) == make(1) != make(2)
    assert all(e.at_s >= 3.0 and e.at_s + e.for_s <= 597.0 for e in make(1))
    kinds = {(e.lane, e.kind) for e in make(1)}
    assert {("sensor", kind) for kind in plan.SENSOR_KINDS} < kinds
    assert {("output", "full"), ("model", "not finite")} < kinds


def test_a_short_campaign_holds_every_rule() -> None:
    with console.capture() as shown:
        held = faults.run(0.4, seed=5)
    assert held, shown.get()
    assert "every rule held" in shown.get()
