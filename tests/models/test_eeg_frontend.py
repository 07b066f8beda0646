from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from insula.models.eeg.bands import RB_FORK, RB_PAPER, WORKLOAD, BandSet, differential_entropy
from insula.models.eeg.frontend import FrontEnd
from insula.models.eeg.tokens import Token, TokenStream

NAMES = ("Fp1", "Cz", "O1", "O2")
RNG = np.random.default_rng(5)


def stream(sfreq: float, bands: BandSet = WORKLOAD, names: tuple[str, ...] = NAMES) -> TokenStream:
    return TokenStream(sfreq, names, bands, window_s=4.0, hop_s=0.25)


def in_chunks(tokens: TokenStream, samples: np.ndarray, size: int) -> list[Token]:
    return [t for i in range(0, len(samples), size) for t in tokens.push(samples[i : i + size])]


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 1000.0])
def test_chunk_by_chunk_gives_the_numbers_of_the_whole_file(sfreq: float) -> None:
    samples = 10 * RNG.normal(size=(int(12 * sfreq), 4))
    whole = stream(sfreq).push(samples)
    assert len(whole) == (12 - 4) * 4 + 1
    for size in (16, 7):
        live = in_chunks(stream(sfreq), samples, size)
        assert [t.end for t in live] == [t.end for t in whole]
        assert [t.marks for t in live] == [t.marks for t in whole]
        for a, b in zip(live, whole, strict=True):
            np.testing.assert_allclose(a.entropy, b.entropy, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sfreq", [128.0, 500.0])
@pytest.mark.parametrize("bands", [WORKLOAD, RB_PAPER, RB_FORK])
def test_tokens_of_gaussian_noise_equal_the_closed_form(sfreq: float, bands: BandSet) -> None:
    """White noise of variance σ² keeps σ² · ∫|H|² in a band; its entropy is ½·log2(2πe·variance)."""
    sigma = 12.0
    samples = sigma * RNG.normal(size=(int(300 * sfreq), 4))
    tokens = TokenStream(sfreq, NAMES, bands, window_s=4.0, hop_s=0.25, line_hz=()).push(samples)
    variance = np.mean([2.0 ** (2 * t.entropy) for t in tokens[20:]], axis=(0, 1)) / (2 * np.pi * np.e)
    high = signal.butter(2, 0.5, "highpass", fs=sfreq, output="sos")
    for band, (sos, found) in enumerate(zip(bands.sections(sfreq), variance, strict=True)):
        _, gain = signal.sosfreqz(np.concatenate([high, sos]), worN=1 << 16, fs=sfreq)
        expected = sigma**2 * np.mean(np.abs(gain) ** 2)
        entropy = differential_entropy(np.array([found, expected]))
        assert entropy[0] == pytest.approx(entropy[1], abs=0.03), bands.names[band]


def test_entropy_is_that_of_a_gaussian_in_bits() -> None:
    assert differential_entropy(np.array([1.0]))[0] == pytest.approx(0.5 * np.log2(2 * np.pi * np.e))
    assert np.isfinite(differential_entropy(np.array([0.0]))).all()


def test_second_order_sections_stay_right_where_the_b_a_form_diverges() -> None:
    sfreq = 1000.0
    t = np.arange(int(20 * sfreq)) / sfreq
    wave = np.sqrt(2) * 10 * np.sin(2 * np.pi * 6 * t)  # power 100 µV² in theta
    out = FrontEnd(sfreq, 1, RB_PAPER).process(wave[None])
    assert np.var(out.bands[0, 0, 5000:]) == pytest.approx(100.0, rel=0.02)
    assert np.var(out.bands[1:, 0, 5000:]) < 1.0


def test_the_notch_takes_the_mains_and_leaves_gamma() -> None:
    sfreq = 250.0
    t = np.arange(int(20 * sfreq)) / sfreq
    out = FrontEnd(sfreq, 1, WORKLOAD).process((50 * np.sin(2 * np.pi * 50 * t))[None])
    assert np.std(out.bands[:, 0, 1000:]) < 0.5
    assert np.std(out.line[0, 1000:]) == pytest.approx(50 / np.sqrt(2), rel=0.02)
    kept = FrontEnd(sfreq, 1, WORKLOAD).process((5 * np.sin(2 * np.pi * 38 * t))[None])
    assert np.std(kept.bands[-1, 0, 1000:]) == pytest.approx(5 / np.sqrt(2), rel=0.05)


def test_an_electrode_offset_is_no_step() -> None:
    out = FrontEnd(250.0, 1, WORKLOAD).process(np.full((1, 500), 187_500.0))
    assert np.abs(out.broadband).max() < 1e-3


def test_mains_above_the_nyquist_frequency_are_left_out_and_too_low_a_rate_is_refused() -> None:
    slow = FrontEnd(100.0, 1, WORKLOAD, line_hz=(60.0,))
    assert not slow.process(RNG.normal(size=(1, 50))).line.any()
    with pytest.raises(ValueError, match="sampling rate"):
        FrontEnd(64.0, 1, WORKLOAD)


def test_band_sets_are_checked() -> None:
    with pytest.raises(ValueError, match="one name"):
        BandSet(("theta",), ((4.0, 8.0), (8.0, 13.0)), 4)
    with pytest.raises(ValueError, match="rise"):
        BandSet(("theta",), ((8.0, 4.0),), 4)


def test_after_a_reset_the_past_is_forgotten() -> None:
    samples = 10 * RNG.normal(size=(1024, 4))
    used = stream(128.0)
    used.push(1e4 * RNG.normal(size=(1000, 4)))
    used.reset()
    for a, b in zip(used.push(samples), stream(128.0).push(samples), strict=True):
        np.testing.assert_array_equal(a.entropy, b.entropy)


def test_one_missing_sample_is_marked_and_does_not_stay_in_the_filters() -> None:
    samples = 10 * RNG.normal(size=(128 * 20, 4))
    samples[700, 1] = np.nan
    tokens = stream(128.0).push(samples)
    marked = [t for t in tokens if "gap" in t.marks]
    assert len(marked) == 16
    assert all(t.marks[1] == "gap" and t.marks[0] == "good" for t in marked)
    clean = stream(128.0).push(np.nan_to_num(samples))
    np.testing.assert_allclose(tokens[-1].entropy, clean[-1].entropy, atol=0.01)


def test_an_empty_chunk_changes_nothing() -> None:
    assert stream(128.0).push(np.zeros((0, 4))) == []
