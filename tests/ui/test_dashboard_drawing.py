from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from insula.ui.dashboard.drawing import runs, steady
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.panels.signals import holes, longest_step, nice


def test_a_line_is_broken_where_nothing_was_measured() -> None:
    finite = np.array([True, True, False, True, False, True, True, True])
    assert [(r.start, r.stop) for r in runs(finite)] == [(0, 2), (5, 8)]
    assert list(runs(np.zeros(4, bool))) == []


def test_a_line_is_broken_where_samples_are_missing() -> None:
    times = np.array([0.0, 0.1, 0.2, 3.0, 3.1, 3.2])
    parts = steady(times, np.ones(6, bool), 0.35)
    assert [(r.start, r.stop) for r in parts] == [(0, 3), (3, 6)]


@pytest.mark.parametrize("sfreq", [1.0, 4.0, 32.0, 250.0])
def test_a_slow_signal_is_one_line_and_a_lost_second_is_a_hole(sfreq: float) -> None:
    times = np.arange(200) / sfreq
    assert holes(times) == []
    step = longest_step(times)
    cut = np.delete(times, slice(50, 50 + int(step * sfreq) + 1))
    assert len(holes(cut)) == 1


@pytest.mark.parametrize(
    ("value", "expected"), [(0.7, 1.0), (1.0, 1.0), (1.4, 2.0), (24.0, 30.0), (31.0, 50.0), (0.0, 1.0)]
)
def test_scales_are_round(value: float, expected: float) -> None:
    assert nice(value) == pytest.approx(expected)


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0:00"), (59.9, "0:59"), (61, "1:01"), (3661, "1:01:01")])
def test_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
