from __future__ import annotations

import pytest

from insula.edge.health import Health, HealthEvent, NodeState
from insula.edge.testing import ManualClock


def test_every_change_of_state_or_reason_is_one_event() -> None:
    events: list[HealthEvent] = []
    clock = ManualClock()
    health = Health(events.append, clock)
    health.set("cam", "sensor", NodeState.STARTING)
    health.set("cam", "sensor", NodeState.RUNNING)
    health.set("cam", "sensor", NodeState.RUNNING)
    clock.advance(2)
    health.set("cam", "sensor", NodeState.LOST, "unplugged")
    health.set("cam", "sensor", NodeState.LOST, "still unplugged")
    assert [(e.t, e.state, e.reason) for e in events] == [
        (1000, "starting", ""),
        (1000, "running", ""),
        (1002, "lost", "unplugged"),
        (1002, "lost", "still unplugged"),
    ]
    assert health.get("cam") == events[-1]
    assert health.all() == [events[-1]]
    assert health.get("mic") is None


def test_an_illegal_move_is_a_bug_and_says_so() -> None:
    health = Health(lambda event: None)
    with pytest.raises(ValueError, match="must start"):
        health.set("cam", "sensor", NodeState.RUNNING)
    health.set("cam", "sensor", NodeState.STARTING)
    health.set("cam", "sensor", NodeState.STOPPED)
    with pytest.raises(ValueError, match="not a legal move"):
        health.set("cam", "sensor", NodeState.RUNNING)
