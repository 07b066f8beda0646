from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge.retime import Retimer

Floats = npt.NDArray[np.float64]


@dataclass
class Course:
    """What came of stamping a simulated device: stamps, the true capture times, the retimer."""

    stamps: Floats
    true: Floats
    retimer: Retimer

    def error(self, after_s: float = 0.0) -> Floats:
        return (self.stamps - self.true)[self.true > 1000 + after_s]


def play(
    sfreq: float,
    n: int,
    seconds: float,
    *,
    jitter_s: float = 0.003,
    rate: float = 1.0,
    lost: tuple[float, float] | None = None,
    stall: tuple[float, float] | None = None,
    seed: int = 0,
) -> Course:
    """Blocks of ``n`` with 5 ms + exponential delay; samples ``lost`` or held back (``stall``) in a span."""
    rng = np.random.default_rng(seed)
    blocks = int(seconds * sfreq / n)
    true = 1000 + np.arange(1, blocks * n + 1) / sfreq / rate
    arrivals = true[n - 1 :: n] + 0.005 + rng.exponential(jitter_s, blocks)
    if stall:
        held = (arrivals > 1000 + stall[0]) & (arrivals < 1000 + stall[1])
        arrivals[held] = 1000 + stall[1]
    arrivals = np.maximum.accumulate(arrivals)
    retimer = Retimer(sfreq)
    stamps, kept = [], []
    for k, t in enumerate(arrivals):
        if lost and 1000 + lost[0] < t < 1000 + lost[1]:
            continue
        stamps.append(retimer.stamp(n, float(t)))
        kept.append(true[k * n : (k + 1) * n])
    return Course(np.concatenate(stamps), np.concatenate(kept), retimer)


@pytest.mark.parametrize(
    ("sfreq", "n", "jitter_s", "spread_s"),
    [
        pytest.param(16000, 160, 0.001, 0.0002, id="microphone"),
        pytest.param(250, 5, 0.003, 0.0005, id="EEG polled every 20 ms"),
        pytest.param(15, 3, 0.015, 0.004, id="EmotiBit, 3 samples every 200 ms"),
    ],
)
def test_jitter_of_arrival_is_taken_out(sfreq: float, n: int, jitter_s: float, spread_s: float) -> None:
    course = play(sfreq, n, 60, jitter_s=jitter_s)
    error = course.error(after_s=30)
    assert error.std() < spread_s < jitter_s
    assert error.mean() == pytest.approx(0.005 + jitter_s, abs=jitter_s / 2), "the mean delay remains"
    assert course.retimer.jitter_s == pytest.approx(jitter_s, rel=0.35)
    assert course.retimer.gaps == 0


@pytest.mark.parametrize("ppm", [-50_000, -100, 0, 100, 50_000])
def test_drift_of_the_device_is_found(ppm: float) -> None:
    course = play(250, 5, 120, rate=1 + ppm / 1e6)
    assert course.retimer.drift_ppm == pytest.approx(ppm, abs=30)
    assert course.error(after_s=30).std() < 0.0005
    assert course.retimer.gaps == 0, "a wrong rate is no gap"


def test_jitter_and_drift_are_absent_before_they_are_known() -> None:
    retimer = Retimer(250)
    assert (retimer.jitter_s, retimer.drift_ppm) == (None, None)
    retimer.stamp(5, 1000.0)
    assert (retimer.jitter_s, retimer.drift_ppm) == (None, None)


@pytest.mark.parametrize("length_s", [0.1, 0.6, 2.0])
def test_lost_samples_are_a_gap(length_s: float) -> None:
    course = play(250, 5, 60, lost=(30, 30 + length_s))
    assert (course.retimer.gaps, course.retimer.stalls) == (1, 0)
    assert np.diff(course.stamps).max() == pytest.approx(length_s, abs=0.03)
    late = course.stamps[-1] - course.true[-1]
    wrong = np.count_nonzero(np.abs(course.error(after_s=30) - late) > length_s / 2)
    assert wrong <= 0.1 * 250, "before it is sure, at most 100 ms of samples keep the old line"


@pytest.mark.parametrize("length_s", [0.3, 0.8, 2.0])
def test_samples_that_come_late_but_complete_are_no_gap(length_s: float) -> None:
    course = play(250, 5, 60, stall=(30, 30 + length_s))
    assert (course.retimer.gaps, course.retimer.stalls) == (0, 1)
    assert np.abs(course.error(after_s=20) - np.median(course.error(after_s=20))).max() < 0.002


def test_backlog_at_the_start_is_forgotten() -> None:
    course = play(250, 5, 60, stall=(0.05, 1.0))
    error = course.error(after_s=40)
    assert np.abs(error - 0.008).max() < 0.01


def test_one_block_that_holds_the_backlog_moves_nothing() -> None:
    retimer = Retimer(100)
    for k in range(100):
        retimer.stamp(10, 1000 + 0.1 * k)
    stamps = retimer.stamp(50, 1000 + 9.9 + 0.5)
    assert stamps[-1] == pytest.approx(1010.4, abs=1e-3)
    assert np.diff(stamps) == pytest.approx(0.01, abs=1e-4)


def test_irregular_samples_keep_their_arrival_and_their_order() -> None:
    retimer = Retimer(0)
    first, second = retimer.stamp(1, 1000.0), retimer.stamp(3, 1000.0)
    assert first[0] == 1000.0
    assert np.all(np.diff(np.concatenate((first, second))) > 0)
    assert second[-1] == pytest.approx(1000.0, abs=1e-5)


def test_empty_block_changes_nothing() -> None:
    retimer = Retimer(250)
    assert len(retimer.stamp(0, 1000.0)) == 0
    assert retimer.stamp(1, 1001.0)[0] == 1001.0


@settings(deadline=None, max_examples=200)
@given(
    sfreq=st.sampled_from([0.0, 4.0, 250.0, 16000.0]),
    blocks=st.lists(st.tuples(st.integers(0, 64), st.floats(0, 3, allow_nan=False)), min_size=1, max_size=60),
)
def test_stamps_always_rise(sfreq: float, blocks: list[tuple[int, float]]) -> None:
    retimer, t, stamps = Retimer(sfreq), 1000.0, []
    for n, pause in blocks:
        t += pause
        stamps.append(retimer.stamp(n, t))
        assert len(stamps[-1]) == n
    joined = np.concatenate(stamps)
    assert np.isfinite(joined).all()
    assert (np.diff(joined) > 0).all()
