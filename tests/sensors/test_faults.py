"""Every fault that can be injected does what it says, when it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.testing import ManualClock
from insula.sensors.faults import KINDS, Fault, Faulty
from insula.sensors.simulated_eda import SFREQ_HZ, SimulatedEda


def spoiled(kind: Any, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times and data of 10 s of EDA, spoiled from 4 s to 6 s."""
    clock = ManualClock(1000.0)
    fake = {"clock": clock, "sleep": clock.advance}
    sensor = Faulty(SimulatedEda(epoch=1000.0, **fake), [Fault(kind, 4.0, 2.0)], **more, **fake)
    sensor.open()
    times, data = [], []
    while clock() < 1010.0:
        for block in sensor.read(0.1):
            assert block.times is not None
            times.append(block.times)
            data.append(block.data[:, 0])
    return np.concatenate(times) - 1000.0, np.concatenate(data)


def clean() -> np.ndarray:
    return np.arange(1, int(10 * SFREQ_HZ) + 1) / SFREQ_HZ


@pytest.mark.parametrize(("kind", "missing_s"), [("gap", 2.0), ("stall", 1.0)])
def test_samples_are_missing(kind: str, missing_s: float) -> None:
    """A stalled device keeps the newest second in its buffer."""
    times, _ = spoiled(kind)
    missing = np.setdiff1d(clean().round(6), times.round(6))
    assert missing.max() - missing.min() == pytest.approx(missing_s, abs=0.3)
    assert 3.7 < missing.min() < 4.3


def test_nan_and_rail_spoil_the_values_only() -> None:
    for kind, bad in (("nan", np.isnan), ("rail", lambda x: x > 1e5)):
        times, data = spoiled(kind)
        spoilt = bad(data)
        assert 1.5 < spoilt.sum() / SFREQ_HZ < 2.5
        assert times[spoilt].min() > 3.7
        assert len(times) == pytest.approx(10 * SFREQ_HZ, abs=8)


def test_jitter_moves_the_times_a_little() -> None:
    times, _ = spoiled("jitter", seed=3)
    off = np.abs(times - clean()[: len(times)])
    assert 0.002 < off.max() <= 0.12
    assert off[times < 3.5].max() < 1e-6
    again, _ = spoiled("jitter", seed=3)
    np.testing.assert_array_equal(times, again)


def test_duplicate_and_backward_times() -> None:
    times, _ = spoiled("duplicate")
    assert (np.diff(times) == 0).sum() > 40
    times, _ = spoiled("backward")
    assert (np.diff(times) < -0.5).sum() == 1


def test_a_wrong_rate_loses_every_tenth_sample() -> None:
    times, _ = spoiled("rate")
    inside = (times > 4.3) & (times < 5.7)
    assert inside.sum() == pytest.approx(1.4 * SFREQ_HZ * 7 / 8, abs=8)


def test_unplugging_by_plan_heals_by_itself() -> None:
    clock = ManualClock(0.0)
    fake = {"clock": clock, "sleep": clock.advance}
    sensor = Faulty(SimulatedEda(**fake), [Fault("unplug", 1.0, 1.0)], **fake)
    sensor.open()
    sensor.read(0.5)
    clock.advance(1.0)
    with pytest.raises(SensorLost, match="on purpose"):
        sensor.read(0.1)
    sensor.close()
    with pytest.raises(SensorUnavailable, match="on purpose"):
        sensor.open()
    clock.advance(1.0)
    sensor.open()
    assert sensor.read(0.5)


def test_unplug_and_replug_by_hand() -> None:
    clock = ManualClock(0.0)
    sensor = Faulty(SimulatedEda(clock=clock, sleep=clock.advance), clock=clock, sleep=clock.advance)
    sensor.open()
    assert sensor.read(1.0)
    sensor.unplug()
    assert sensor.unplugged
    with pytest.raises(SensorLost):
        sensor.read(0.1)
    with pytest.raises(SensorUnavailable):
        sensor.open()
    sensor.replug()
    sensor.close()
    sensor.open()
    assert sensor.read(1.0)


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(ValueError, match=", ".join(KINDS)):
        Fault("melt", 0.0, 1.0)  # type: ignore[arg-type]


def test_an_unclean_device_cannot_be_closed_either() -> None:
    clock = ManualClock(1000.0)
    sensor = Faulty(SimulatedEda(epoch=1000.0, clock=clock), [Fault("unclean", 1.0, 1.0)], clock=clock)
    sensor.open()
    clock.advance(1.5)
    with pytest.raises(SensorLost):
        sensor.read(0.0)
    with pytest.raises(OSError, match="on purpose"):
        sensor.close()
    clock.advance(1.0)
    sensor.open()
    sensor.close()
