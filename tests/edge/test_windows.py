from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.edge.types import Chunk
from insula.edge.windows import Window, cut

SFREQ = 100.0


def chunk(start: float, n: int, first: int = 0) -> Chunk:
    """A ramp: the value of each sample is its time."""
    times = start + np.arange(n) / SFREQ
    return Chunk(np.repeat(times[:, None], 2, axis=1).astype(np.float32), times, first)


def window(result: Window | str) -> Window:
    assert isinstance(result, Window), result
    return result


def test_recorded_samples_come_untouched() -> None:
    found = window(cut([chunk(0, 60), chunk(0.6, 60, 60)], 0.2, 0.9, SFREQ))
    assert found.data.shape == (70, 2)
    assert found.times[0] == pytest.approx(0.2)
    assert found.data.dtype == np.float32
    assert found.filled == 0.0


def test_short_gap_is_interpolated_and_said() -> None:
    found = window(cut([chunk(0, 50), chunk(0.55, 50, 50)], 0.2, 0.9, SFREQ, max_gap_s=0.1))
    assert found.data[:, 0] == pytest.approx(found.times, abs=1e-6)
    assert found.filled == pytest.approx(5 / 70, abs=1 / 70)


def test_long_gap_is_refused_with_its_length() -> None:
    assert cut([chunk(0, 50), chunk(0.75, 50, 50)], 0.2, 1.0, SFREQ, max_gap_s=0.1) == (
        "0.26 s missing in the window, 0.10 s tolerated"
    )


@pytest.mark.parametrize("span", [(-0.5, 0.3), (0.6, 1.4)], ids=["before the first", "after the last"])
def test_window_beyond_the_samples_is_refused(span: tuple[float, float]) -> None:
    assert "missing in the window" in str(cut([chunk(0, 100)], *span, SFREQ))


def test_no_samples_at_all() -> None:
    assert cut([], 0, 1, SFREQ) == "no samples in the window"
    assert cut([chunk(5, 10)], 0, 1, SFREQ) == "no samples in the window"


def test_window_without_a_sample() -> None:
    assert "holds no sample" in str(cut([chunk(0, 10)], 0.05, 0.05, SFREQ))


def test_not_a_number_policies() -> None:
    source = chunk(0, 100)
    source.data[40:43, 1] = np.nan
    assert cut([source], 0, 1, SFREQ) == "3 values of channel 1 are not finite"
    kept = window(cut([source], 0, 1, SFREQ, nan="keep"))
    assert np.isnan(kept.data).sum() == 3
    filled = window(cut([source], 0, 1, SFREQ, nan="fill", max_gap_s=0.1))
    assert filled.data[:, 1] == pytest.approx(filled.times, abs=1e-6)
    assert filled.filled == pytest.approx(3 / 200, abs=2 / 200)


def test_long_run_of_not_a_number_is_refused() -> None:
    source = chunk(0, 100)
    source.data[20:60, 1] = np.nan
    assert "of channel 1 missing" in str(cut([source], 0, 1, SFREQ, nan="fill", max_gap_s=0.1))
    source.data[:, 1] = np.nan
    assert cut([source], 0, 1, SFREQ, nan="fill") == "channel 1 has no finite value"


def test_device_that_drifts_by_a_sample_is_resampled() -> None:
    times = np.arange(1010) / 1010 * 10.0
    source = Chunk(times[:, None], times, 0)
    found = window(cut([source], 0.0, 10.0 - 0.02, SFREQ))
    assert len(found.data) == 998
    assert found.data[:, 0] == pytest.approx(found.times)


@given(
    start=st.floats(0, 0.5),
    n=st.integers(1, 50),
    cuts=st.lists(st.integers(1, 199), unique=True, max_size=5),
)
def test_any_cutting_into_chunks_gives_the_same_window(start: float, n: int, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 200]
    chunks = [chunk(a / SFREQ, b - a, a) for a, b in pairwise(edges)]
    found = window(cut(chunks, start, start + n / SFREQ, SFREQ))
    assert len(found.data) == n
    assert found.data[:, 0] == pytest.approx(found.times, abs=1e-4)
    assert np.all(found.times > start - 1.01 / SFREQ)
