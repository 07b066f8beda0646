"""Frame times: jitter goes, gaps and changes of rate stay."""

from __future__ import annotations

import numpy as np
import pytest

from insula.sensors.frame_times import FrameTimes


def stamped(arrivals: np.ndarray) -> np.ndarray:
    times = FrameTimes()
    return np.array([times.stamp(float(t)) for t in arrivals])


@pytest.mark.parametrize("fps", [15.0, 25.0, 29.97, 60.0])
def test_late_arrivals_are_put_where_they_belong(fps: float) -> None:
    true = np.arange(600) / fps
    late = np.random.default_rng(0).exponential(0.1 / fps, 600)
    out = stamped(true + late)
    assert (np.diff(out) > 0).all()
    assert (out <= true + late + 1e-9).all()
    error = (out - true)[60:]
    assert np.percentile(error, 95) < 0.3 * np.percentile(late[60:], 95)
    assert abs(error.mean()) < 0.05 / fps


def test_a_busy_machine_that_hands_frames_over_late_in_bursts_does_not_show() -> None:
    dice = np.random.default_rng(1)
    true = np.arange(900) / 30.0
    busy = np.repeat(dice.random(30) < 0.4, 30)  # a second at a time
    late = 0.002 + np.where(busy, dice.uniform(0.0, 0.025, 900), dice.exponential(2e-4, 900))
    error = (stamped(true + late) - true - 0.002)[61:]
    assert np.percentile(np.abs(error), 99) < 0.003
    assert np.abs(error).max() < 0.01


def test_perfect_arrivals_stay_as_they_are() -> None:
    true = 100.0 + np.arange(100) / 30.0
    np.testing.assert_allclose(stamped(true), true, atol=1e-9)


def test_a_gap_stays_a_gap() -> None:
    true = np.concatenate([np.arange(60) / 30.0, 5.0 + np.arange(60) / 30.0])
    np.testing.assert_allclose(stamped(true), true, atol=1e-9)


def test_a_lost_frame_does_not_shift_the_others() -> None:
    true = np.delete(np.arange(120) / 30.0, 70)
    np.testing.assert_allclose(stamped(true), true, atol=1e-9)


def test_a_change_of_rate_is_followed() -> None:
    true = np.concatenate([np.arange(60) / 30.0, 2.0 + np.arange(60) / 15.0, 6.0 + np.arange(60) / 30.0])
    out = stamped(true)
    assert np.abs(out - true).max() < 1e-6


def test_a_burst_after_a_stall_keeps_its_order() -> None:
    true = np.arange(120) / 30.0
    arrivals = np.maximum(true, np.where((true > 2.0) & (true < 2.3), 2.3 + 0.001 * np.arange(120), 0.0))
    out = stamped(arrivals)
    assert (np.diff(out) > 0).all()
    np.testing.assert_allclose(out[100:], true[100:], atol=0.002)
