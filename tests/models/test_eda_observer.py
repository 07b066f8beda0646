"""Observer, artefact marks and response detector on made signals whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from insula.models.eda.artefacts import ArtefactMarker, Mark
from insula.models.eda.follower import Follower
from insula.models.eda.observer import DECAY_S, RISE_S, Observer
from insula.models.eda.scr import ScrDetector

BURSTS_S = (30.0, 60.0, 75.0, 100.0, 140.0)


def made(sfreq, amplitude=0.6, seconds=180, noise=0.0005):
    """Tonic level with a slow wave, five Bateman responses of known onset, sensor noise."""
    n = int(seconds * sfreq)
    t = np.arange(n) / sfreq
    burst = np.zeros(n)
    for start in (b for b in BURSTS_S if b < seconds):
        burst[int(start * sfreq)] = amplitude * sfreq
    er, ed = np.exp(-1 / sfreq / RISE_S), np.exp(-1 / sfreq / DECAY_S)
    phasic = lfilter([(1 - er) * (1 - ed)], [1, -er - ed, er * ed], burst)
    tonic = 2.0 + 0.05 * np.sin(t / 40)
    noisy = np.random.default_rng(0).normal(0, noise, n)
    return t, tonic, phasic, tonic + phasic + noisy


@pytest.mark.parametrize("sfreq", [4, 15.5, 64, 250, 1000])
def test_observer_separates_tonic_and_phasic_at_every_rate(sfreq):
    _, tonic, phasic, y = made(sfreq)
    parts = Observer(sfreq)(y)
    settled = slice(int(20 * sfreq), None)
    assert np.abs(parts.tonic - tonic)[settled].mean() < 0.02
    assert np.corrcoef(parts.phasic[settled], phasic[settled])[0, 1] > 0.88
    assert parts.driver.min() >= 0


def test_a_constant_signal_is_all_tonic():
    parts = Observer(4)(np.full(400, 3.0))
    assert np.allclose(parts.tonic, 3.0)
    assert np.allclose(parts.phasic, 0.0, atol=1e-9)


@pytest.mark.parametrize("sfreq", [2, 1001, float("nan")])
def test_observer_refuses_other_rates(sfreq):
    with pytest.raises(ValueError, match="4–1000 Hz"):
        Observer(sfreq)


@pytest.mark.parametrize("sfreq", [4, 64, 1000])
def test_detector_finds_every_response_at_its_time(sfreq):
    t, _, phasic, y = made(sfreq)
    found = ScrDetector(sfreq)(y, np.zeros(len(y), bool))
    assert len(found) == len(BURSTS_S)
    for scr, start in zip(found, BURSTS_S, strict=True):
        inside = (t >= start) & (t < start + 10)
        assert abs(scr.peak_s - t[inside][phasic[inside].argmax()]) < 0.5
        assert abs(scr.onset_s - start) < 0.6
        assert scr.amplitude_us == pytest.approx(phasic[inside].max(), rel=0.15)
        assert scr.half_recovery_s is not None
        assert 1.0 < scr.half_recovery_s < 5.0
        assert scr.known_s >= scr.peak_s + scr.half_recovery_s


def test_slow_drift_and_noise_are_no_responses():
    n = 4 * 600
    y = 1.0 + 0.002 * np.arange(n) / 4 + np.random.default_rng(1).normal(0, 0.001, n)
    assert ScrDetector(4)(y, np.zeros(n, bool)) == []


def test_a_response_with_an_artefact_in_its_rise_is_dropped():
    t, _, _, y = made(4)
    bad = (t > BURSTS_S[1]) & (t < BURSTS_S[1] + 1)
    found = ScrDetector(4)(y, bad)
    assert len(found) == len(BURSTS_S) - 1
    assert all(abs(scr.onset_s - BURSTS_S[1]) > 2 for scr in found)


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        (lambda y: np.where(np.arange(len(y)) >= 400, np.nan, y), Mark.CONTACT),
        (lambda y: np.where(np.arange(len(y)) >= 400, 0.0, y), Mark.CONTACT),
        (lambda y: np.where(np.arange(len(y)) >= 400, 80.0, y), Mark.SATURATED),
        (lambda y: np.where(np.arange(len(y)) >= 400, y - 1.0, y), Mark.STEP),
        (lambda y: np.where(np.arange(len(y)) >= 300, y[300], y), Mark.FLAT),
        (lambda y: np.round(y / 0.05) * 0.05, Mark.QUANTISED),
    ],
)
def test_each_fault_gets_its_mark_and_only_after_it_happened(change, mark):
    _, _, _, y = made(4)
    cleaned = ArtefactMarker(4)(change(y))
    marked = np.flatnonzero(cleaned.marks & mark)
    assert len(marked) > 0
    if mark is not Mark.QUANTISED:
        assert marked[0] >= (400 if mark is not Mark.FLAT else 330)
    assert np.isfinite(cleaned.y).all()


def test_a_clean_signal_has_no_mark():
    _, _, _, y = made(4)
    assert not ArtefactMarker(4)(y).marks.any()


def test_a_signal_that_never_had_contact_stays_finite():
    cleaned = ArtefactMarker(4)(np.full(40, np.nan))
    assert np.isfinite(cleaned.y).all()
    assert (cleaned.marks & Mark.CONTACT).all()


@pytest.mark.parametrize("sfreq", [4, 50, 130.5])
@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunks_change_nothing(sfreq, chunk):
    _, _, _, y = made(sfreq, seconds=120)
    y[int(50 * sfreq) : int(52 * sfreq)] = np.nan
    y[int(90 * sfreq) :] += 0.8
    whole = Follower(sfreq)(y)
    follower = Follower(sfreq)
    steps = [follower(y[i : i + chunk]) for i in range(0, len(y), chunk)]
    assert np.allclose(np.concatenate([s.quarters for s in steps]), whole.quarters, atol=1e-12)
    assert np.array_equal(np.concatenate([s.marks for s in steps]), whole.marks)
    assert tuple(r for s in steps for r in s.responses) == whole.responses
    assert len(whole.quarters) == 4 * 120


def test_memory_is_constant():
    follower = Follower(4)
    rng = np.random.default_rng(0)
    sizes = set()
    for _ in range(50):
        follower(1.0 + rng.normal(0, 0.001, 400))
        sizes.add(len(follower._rows) + len(follower._marker._recent) + len(follower._marker._steps))
    assert len(sizes) == 1
