from __future__ import annotations

from insula.edge.budget import RestartBudget


def test_pauses_grow_and_the_budget_ends() -> None:
    budget = RestartBudget(limit=3, window_s=60)
    assert [budget.spend(0), budget.spend(1), budget.spend(2), budget.spend(3)] == [0.2, 0.4, 0.8, None]


def test_old_restarts_are_forgiven() -> None:
    budget = RestartBudget(limit=1, window_s=60)
    assert budget.spend(0) is not None
    assert budget.spend(59) is None
    assert budget.spend(61) is not None


def test_a_lost_device_is_retried_for_ever_at_most_two_seconds_apart() -> None:
    budget = RestartBudget(limit=None)
    pauses = [budget.spend(float(t)) for t in range(50)]
    assert pauses[-1] == 2.0
    budget.succeeded()
    assert budget.spend(51) == 0.2
