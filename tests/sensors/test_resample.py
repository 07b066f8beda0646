"""The resampler against the formula, at every rate sound cards have, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.sensors.resample import Resampler


def in_blocks(resampler: Resampler, signal: np.ndarray, sizes: list[int]) -> np.ndarray:
    parts, at = [], 0
    while at < len(signal):
        size = sizes[len(parts) % len(sizes)]
        parts.append(resampler(signal[at : at + size]))
        at += size
    return np.concatenate(parts)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000, 96000])
def test_a_tone_stays_a_tone_at_its_time(rate: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    resampler = Resampler(rate, 16000)
    out = resampler(tone)
    t = np.arange(len(out)) / 16000 - resampler.delay_s
    assert abs(len(out) - 16000) <= 2
    np.testing.assert_allclose(out[400:], np.sin(2 * np.pi * 440 * t)[400:], atol=2e-3)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([8000, 44100, 48000]), st.lists(st.integers(1, 900), min_size=1, max_size=8))
def test_the_blocks_leave_no_seam(rate: int, sizes: list[int]) -> None:
    noise = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    whole = Resampler(rate, 16000)(noise)
    np.testing.assert_allclose(in_blocks(Resampler(rate, 16000), noise, sizes), whole, atol=1e-5)


def test_what_16_khz_cannot_hold_is_gone() -> None:
    high = np.sin(2 * np.pi * 12000 * np.arange(48000) / 48000).astype(np.float32)
    assert np.abs(Resampler(48000, 16000)(high)[400:]).max() < 2e-3
