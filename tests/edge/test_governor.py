from __future__ import annotations

import pytest

from insula.edge.governor import CALM_S, COOL_C, HEAT_STEP_S, SLOWEST, WARM_C, Governor, Pace
from insula.edge.machine import MachineState, Zone

PERIOD = 0.1
LIMIT = 95.0


def at(margin: float) -> MachineState:
    return MachineState((Zone("cpu-thermal", LIMIT - margin, LIMIT),))


class Face:
    """An estimator that costs ``seconds``, asked as the governor says, on a clock of its own."""

    def __init__(self, governor: Governor, name: str = "face") -> None:
        self.governor, self.name = governor, name
        self.t = 0.0
        self.pace = Pace()
        self.missed = 0

    def run(self, duration_s: float, seconds: float) -> Pace:
        end = self.t + duration_s
        while self.t < end:
            self.missed += seconds > PERIOD * self.pace.factor
            turn = PERIOD * self.pace.factor
            self.pace = self.governor.took(self.name, self.t + seconds, seconds, PERIOD)
            self.t += max(turn, seconds)
        return self.pace


def test_an_easy_modality_runs_at_full_rate() -> None:
    assert Face(Governor()).run(60.0, 0.3 * PERIOD) == Pace()


def test_it_is_slowed_before_a_deadline_is_missed() -> None:
    face = Face(Governor())
    for percent in range(10, 160, 2):  # another program takes more and more of the machine
        face.run(1.0, percent / 100 * PERIOD)
    assert face.missed == 0
    assert face.pace.factor == SLOWEST
    assert face.pace.reason.startswith("slowed to every 400 ms: an estimate takes ")


def test_a_sudden_load_costs_two_deadlines() -> None:
    face = Face(Governor())
    face.run(5.0, 0.1 * PERIOD)
    face.run(10.0, 1.4 * PERIOD)
    assert face.missed == 2
    assert face.pace.factor in (2, 4)


def test_one_hiccup_and_a_slow_start_change_nothing() -> None:
    face = Face(Governor())
    face.run(PERIOD, 5 * PERIOD)
    assert face.pace == Pace()
    for _ in range(5):
        face.run(1.0, 0.4 * PERIOD)
        face.run(PERIOD, 8 * PERIOD)
    assert face.pace == Pace()


def test_it_is_quickened_after_a_while_with_room_and_does_not_swing() -> None:
    face = Face(Governor())
    face.run(5.0, 0.8 * PERIOD)
    assert face.pace.factor == 2
    face.run(60.0, 0.6 * PERIOD)
    assert face.pace.factor == 2, "at full rate 60 % of each period would be gone"
    face.run(CALM_S - 2.0, 0.3 * PERIOD)
    assert face.pace.factor == 2
    face.run(5.0, 0.3 * PERIOD)
    assert face.pace == Pace()


def test_never_below_a_quarter() -> None:
    assert Face(Governor()).run(60.0, 20 * PERIOD).factor == SLOWEST


def test_heat_slows_the_one_that_computes_most_and_says_why() -> None:
    governor = Governor()
    face, eda = Face(governor), Face(governor, "eda")
    face.run(1.0, 0.4 * PERIOD)
    eda.run(1.0, 0.01 * PERIOD)
    governor.warmth(1.0, at(WARM_C - 1))
    assert face.run(0.1, 0.4 * PERIOD) == Pace(
        2, "slowed to every 200 ms: cpu-thermal is at 88 °C, the system acts at 95 °C"
    )
    assert eda.run(0.1, 0.01 * PERIOD) == Pace()


def test_heat_is_answered_in_steps_and_taken_back_with_hysteresis() -> None:
    governor = Governor()
    face = Face(governor)

    def warmth(seconds: int, margin: float) -> int:
        for _ in range(seconds):
            governor.warmth(face.t, at(margin))
            face.run(1.0, 0.1 * PERIOD)
        return face.pace.factor

    assert warmth(3, COOL_C + 20) == 1
    assert warmth(int(HEAT_STEP_S) - 1, WARM_C - 1) == 2
    assert warmth(2, WARM_C - 2) == 4
    assert warmth(60, (WARM_C + COOL_C) / 2) == 4, "neither warm nor cool: nothing changes"
    assert warmth(int(CALM_S) - 1, COOL_C + 1) == 4
    assert warmth(3, COOL_C + 1) == 2
    assert warmth(int(CALM_S) + 2, COOL_C + 1) == 1


@pytest.mark.parametrize("state", [MachineState(), MachineState((Zone("acpitz", 94.0, None),))])
def test_without_a_limit_nothing_is_done_for_heat(state: MachineState) -> None:
    governor = Governor()
    governor.warmth(0.0, state)
    assert Face(governor).run(2.0, 0.1 * PERIOD) == Pace()
