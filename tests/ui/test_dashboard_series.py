from __future__ import annotations

import numpy as np
import pytest

from insula.ui.dashboard.series import GapLog, RateMeter, Series, envelope


def test_series_returns_the_window_asked_for() -> None:
    series = Series(1, capacity=100)
    for k in range(10):
        series.append(float(k), (k * 2.0,))
    times, rows = series.since(7.0)
    assert times.tolist() == [7.0, 8.0, 9.0]
    assert rows[:, 0].tolist() == [14.0, 16.0, 18.0]


@pytest.mark.parametrize("block", [1, 3, 7, 40])
def test_series_keeps_the_newest_rows_whatever_the_blocks(block: int) -> None:
    series = Series(2, capacity=10)
    for first in range(0, 120, block):
        n = np.arange(first, min(first + block, 120), dtype=float)
        series.extend(n, np.stack([n, -n], axis=1))
    times, rows = series.since(-1.0)
    assert times.tolist() == list(range(110, 120))
    assert rows[:, 1].tolist() == [-t for t in range(110, 120)]
    assert series.dropped == 0


def test_series_window_is_a_view_not_a_copy() -> None:
    series = Series(1, capacity=10)
    series.append(1.0, (1.0,))
    assert series.since(0.0)[1].base is not None


def test_series_drops_and_counts_what_is_not_newer() -> None:
    series = Series(1, capacity=10)
    series.extend(np.array([1.0, 2.0]), np.array([[1.0], [2.0]]))
    series.extend(np.array([1.5, 2.0, 3.0]), np.array([[9.0], [9.0], [3.0]]))
    assert series.since(0.0)[1][:, 0].tolist() == [1.0, 2.0, 3.0]
    assert series.dropped == 2


def test_envelope_keeps_every_extreme_and_does_not_shimmer() -> None:
    times = np.arange(1000) / 100.0
    rows = np.sin(times * 40)[:, None]
    rows[503] = 9.0
    thin_t, thin = envelope(times, rows, 0.1)
    assert thin.max() == 9.0
    assert len(thin_t) == 200
    later_t, later = envelope(times[50:], rows[50:], 0.1)
    shared = later_t > later_t[1]
    np.testing.assert_array_equal(later[shared], thin[-shared.sum() :])


def test_gap_log_keeps_reasons_in_order() -> None:
    gaps = GapLog()
    gaps.mark(1.0, "no face")
    gaps.mark(2.0, "no face")
    gaps.mark(3.0, "too dark")
    gaps.clear(4.0)
    gaps.mark(6.0, "no face")
    assert [(g.t0, g.t1, g.reason) for g in gaps.since(0.0)] == [
        (1.0, 3.0, "no face"),
        (3.0, 4.0, "too dark"),
        (6.0, None, "no face"),
    ]
    assert [g.t0 for g in gaps.since(3.5)] == [3.0, 6.0]
    assert gaps.reason == "no face"


def test_a_reason_that_counts_down_is_one_gap() -> None:
    gaps = GapLog()
    for left in range(30, 0, -1):
        gaps.mark(30.0 - left, f"gathering the rest baseline, {left} s left")
    assert [(g.t0, g.t1, g.reason) for g in gaps.since(-1.0)] == [
        (0.0, None, "gathering the rest baseline, 1 s left")
    ]


def test_gap_log_has_a_bound() -> None:
    gaps = GapLog()
    for k in range(1000):
        gaps.mark(2.0 * k, "off")
        gaps.clear(2.0 * k + 1)
    assert len(gaps.since(-1.0)) == 64


def test_rate_meter_measures_counts_over_time() -> None:
    meter = RateMeter(span_s=2.0)
    assert meter.hz is None
    for k in range(100):
        meter.update(k * 0.1, count=k * 25)
    assert meter.hz == pytest.approx(250.0)


def test_rate_meter_says_nothing_before_half_a_second() -> None:
    meter = RateMeter()
    meter.update(0.0, 0)
    meter.update(0.4, 100)
    assert meter.hz is None
