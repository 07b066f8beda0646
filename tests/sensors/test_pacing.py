"""Pacing: nothing early, nothing lost, nothing blocked for longer than asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.edge.errors import EndOfStream
from insula.edge.testing import ManualClock
from insula.edge.types import Block
from insula.sensors.order import rising
from insula.sensors.pacing import Pace, SampleClock
from insula.sensors.player import Player, Timeline


def test_wait_sleeps_until_due_but_no_longer_than_asked() -> None:
    clock = ManualClock(10.0)
    pace = Pace(clock, clock.advance)
    assert not pace.wait(11.0, 0.4)
    assert clock() == pytest.approx(10.4)
    assert pace.wait(11.0, 5.0)
    assert clock() == pytest.approx(11.0)
    assert pace.wait(3.0, 0.0)
    assert clock() == pytest.approx(11.0)


def test_as_fast_as_possible_never_sleeps() -> None:
    clock = ManualClock(10.0)
    assert Pace(clock, clock.advance, realtime=False).wait(1e9, 0.0)
    assert clock() == 10.0


@given(
    sfreq=st.sampled_from([4.0, 30.0, 32.0, 250.0, 256.0, 16000.0]),
    start=st.floats(0.0, 1e4),
    naps=st.lists(st.floats(0.0, 0.3), min_size=1, max_size=20),
)
def test_sample_numbers_follow_each_other_and_are_never_early(
    sfreq: float, start: float, naps: list[float]
) -> None:
    clock = ManualClock(start)
    samples = SampleClock(sfreq, max(1, int(sfreq / 25)), 0.0, Pace(clock, clock.advance))
    expected = None
    for nap in naps:
        clock.advance(nap)
        taken = samples.take(0.1)
        if not taken:
            continue
        assert expected is None or taken.start == expected
        expected = taken.stop
        assert samples.times(taken)[-1] <= clock() + 1e-6


def _steps() -> Timeline:
    for due in (1.0, 2.0):
        yield due, Block(0, np.zeros((1, 1)), np.array([due]))


def test_the_player_waits_for_each_block_and_then_ends() -> None:
    clock = ManualClock(0.0)
    player = Player(_steps(), Pace(clock, clock.advance), "steps")
    assert list(player.read(0.5)) == []
    assert len(player.read(0.5)) == 1
    assert clock() == pytest.approx(1.0)
    assert len(player.read(5.0)) == 1
    with pytest.raises(EndOfStream):
        player.read(1.0)


def test_closing_the_player_closes_the_file() -> None:
    closed = []

    def timeline() -> Iterator[tuple[float, Block]]:
        try:
            yield 1.0, Block(0, np.zeros((1, 1)))
        finally:
            closed.append(True)

    clock = ManualClock(0.0)
    player = Player(timeline(), Pace(clock, clock.advance), "file")  # type: ignore[arg-type]
    player.read(0.0)
    player.close()
    assert closed


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=50), st.floats(-1e5, 1e5))
def test_rising_keeps_the_order_and_moves_as_little_as_it_can(times: list[float], after: float) -> None:
    out = rising(np.array(times), after)
    assert (np.diff(np.concatenate(([after], out))) > 0).all()
    straight = np.arange(5.0)
    np.testing.assert_allclose(rising(straight, -1.0), straight)
