"""Silence is a loss only for those who do not usually keep silent."""

from __future__ import annotations

import pytest

from insula.sensors.silence import FIRST_S, SilenceWatch


def test_a_steady_sender_is_overdue_within_a_second() -> None:
    watch = SilenceWatch(250.0, 0.0)
    for n in range(10):
        watch.heard(1.0 + 0.02 * n)
    assert watch.overdue_s(1.18 + 0.79) == 0.0
    assert watch.overdue_s(1.18 + 0.85) == pytest.approx(0.85)


def test_a_sender_of_one_burst_a_second_is_left_alone() -> None:
    watch = SilenceWatch(4.0, 0.0)
    for n in range(20):
        watch.heard(float(n))
        assert watch.overdue_s(n + 1.0 - 1e-6) == 0.0
    assert watch.overdue_s(19.0 + 2.1) > 2.0


def test_the_first_sample_and_the_first_pauses_have_time() -> None:
    watch = SilenceWatch(250.0, 10.0)
    assert watch.overdue_s(10.0 + FIRST_S) == 0.0
    assert watch.overdue_s(10.1 + FIRST_S) > FIRST_S
    assert not watch.spoke
    watch.heard(11.0)
    watch.heard(11.02)
    assert watch.spoke
    assert watch.overdue_s(13.0) == 0.0


def test_a_slow_stream_may_take_three_periods() -> None:
    watch = SilenceWatch(0.5, 0.0)
    for n in range(5):
        watch.heard(2.0 * n)
    assert watch.overdue_s(8.0 + 5.9) == 0.0


def test_one_long_pause_is_forgotten_again() -> None:
    watch = SilenceWatch(250.0, 0.0)
    watch.heard(0.0)
    watch.heard(0.7)
    for n in range(30):
        watch.heard(0.8 + 0.02 * n)
    assert watch.overdue_s(0.8 + 0.58 + 0.9) > 0.0
