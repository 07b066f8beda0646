from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insula.models.eeg import quality
from insula.models.eeg.bands import WORKLOAD
from insula.models.eeg.quality import Mark
from insula.models.eeg.tokens import TokenStream

SFREQ = 250.0
N = int(8 * SFREQ)
RNG = np.random.default_rng(7)
T = np.arange(N) / SFREQ


def eeg() -> np.ndarray:
    """Pink-ish background of about 10 µV with an alpha rhythm."""
    walk = np.cumsum(RNG.normal(size=N))
    background = walk - np.convolve(walk, np.ones(125) / 125, mode="same")
    return 4 * background / background.std() + 8 * np.sin(2 * np.pi * 10 * T) + RNG.normal(size=N)


def mark(signal: np.ndarray, name: str = "Cz") -> Mark:
    tokens = TokenStream(SFREQ, (name,), WORKLOAD, window_s=4.0, hop_s=0.25).push(signal[:, None])
    return tokens[-1].marks[0]


def blink() -> np.ndarray:
    wave = eeg()
    wave[1500:1575] += 150 * np.hanning(75)
    return wave


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (eeg(), "good"),
        (eeg() + 850, "good"),  # Muse sits on an offset
        (np.zeros(N), "flat"),
        (0.1 * RNG.normal(size=N), "flat"),
        (np.full(N, 1000.0), "rail"),
        (np.clip(3000 * np.sin(T) + 500, -1000, 1000), "rail"),
        (np.where(np.arange(N) > N - 300, eeg()[N - 300], eeg()), "frozen"),
        (eeg() + 100 * np.sin(2 * np.pi * 50 * T), "line noise"),
        (eeg() + 900 * np.sin(2 * np.pi * 60 * T), "drowned in line noise"),
        (40 * eeg(), "too large"),
        (eeg() + 40 * RNG.normal(size=N), "muscle"),
        (np.round(eeg() / 0.5) * 0.5, "good"),  # a coarse converter repeats values
    ],
)
def test_marks_name_what_is_wrong(signal: np.ndarray, expected: Mark) -> None:
    assert mark(signal) == expected


def test_a_blink_is_one_at_the_forehead_only() -> None:
    wave = blink()
    assert mark(wave, "Fp1") == "blink"
    assert mark(wave, "AF8") == "blink"
    assert mark(wave, "Oz") == "good"


def test_quality_is_the_mean_weight_and_unusable_marks_weigh_nothing() -> None:
    found: tuple[Mark, ...] = ("good", "flat", "muscle", "gap")
    assert quality.overall(found) == pytest.approx(1.5 / 4)
    assert quality.usable(found).tolist() == [True, False, True, False]


def test_bad_electrodes_are_listed_in_words() -> None:
    found: tuple[Mark, ...] = ("flat", "good", "flat", "blink")
    assert quality.in_words(found, ("T3", "Cz", "T4", "Fp1")) == "flat: T3, T4; blink: Fp1"
    assert quality.in_words(("good",), ("Cz",)) == ""


def test_a_real_recording_with_blinks_clenched_jaws_and_closed_eyes_is_marked_so(shared_data: Path) -> None:
    """OpenBCI Cyton, raw: large offsets and mains; blinks first, then a clenched jaw, then closed eyes."""
    file = shared_data / "samples" / "eeg" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
    lines = [line.split(",") for line in file.read_text().splitlines() if line[:1].isdigit()]
    samples = np.array([[float(value) for value in line[1:9]] for line in lines])
    names = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
    tokens = TokenStream(250.0, names, WORKLOAD, window_s=4.0, hop_s=0.248).push(samples)
    found = {mark for token in tokens for mark in token.marks}
    assert {"blink", "muscle", "line noise"} <= found
    assert np.mean([quality.usable(token.marks).mean() for token in tokens[8:]]) > 0.9
