"""Camera and microphone brought to one time by flash and click."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from clicks import Clicks
from mjpeg import MjpegServer
from pulse import NullSink

from insula.edge.errors import DataError
from insula.sensors.camera import Camera
from insula.sensors.microphone import Microphone
from insula.sensors.sync import FEWEST, click_times, flash_times, measure, offset


def events(n: int, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).uniform(0.8, 1.1, n))


def test_flashes_are_found_without_bias() -> None:
    true = events(200)
    times = np.arange(0.0, true[-1] + 1.0, 1 / 30.0)
    lit = [((t - true >= 0) & (t - true < 0.1)).any() for t in times]
    found = flash_times(np.where(lit, 130.0, 90.0), times)
    assert len(found) == 200
    assert abs(np.mean(found - true)) < 0.002
    assert np.abs(found - true).max() < 0.018


def test_clicks_are_found_to_the_sample_in_noise() -> None:
    true = np.round(events(20) * 16000).astype(int)
    sound = np.random.default_rng(1).normal(0.0, 0.01, true[-1] + 16000)
    for at in true:
        sound[at : at + 160] += 0.5
    found = click_times(sound, np.arange(len(sound)) / 16000)
    np.testing.assert_allclose(found, true / 16000, atol=1.5 / 16000)


def test_the_offset_survives_missed_and_false_events() -> None:
    true = events(30)
    rng = np.random.default_rng(2)
    flashes = np.delete(true, [3, 17]) + 0.040 + rng.uniform(-0.016, 0.016, 28)
    clicks = np.sort(np.append(np.delete(true, [9]), [true[5] + 0.45]))
    found = offset(flashes, clicks)
    assert found.mean_s == pytest.approx(0.040, abs=3 * found.error_s)
    assert found.error_s < 0.004
    assert found.events >= 25


def test_too_few_events_say_what_to_do() -> None:
    with pytest.raises(DataError, match=f"{FEWEST} are needed: go nearer"):
        offset(np.arange(3.0), np.arange(3.0))
    with pytest.raises(DataError, match="0 flashes and 0 clicks"):
        offset(flash_times(np.zeros(100), np.arange(100.0)), click_times(np.zeros(0), np.zeros(0)))
    assert len(click_times(np.zeros(100), np.arange(100.0))) == 0


def test_after_calibration_an_instant_has_one_time(mjpeg: MjpegServer, null_sink: NullSink) -> None:
    """Half a minute in all: what the command says to write down is written down, and checked."""
    command = ["calibrate", "sync", "--camera", mjpeg.url, "--seconds", "16"]
    with Clicks(mjpeg.flash_at):
        told = subprocess.run(
            [sys.executable, "-m", "insula.ui.cli", *command],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        advice = re.search(r"latency_s = ([\d.]+) into the table of the (camera|microphone)", told)
        assert advice or "not distinguishable from 0" in told, told
        late = {advice[2]: float(advice[1])} if advice else {}
        second = measure(
            Camera(url=mjpeg.url, latency_s=late.get("camera", 0.0)),
            Microphone(latency_s=late.get("microphone", 0.0)),
            16.0,
        )
    error = re.search(r"± ([\d.]+) ms", told)
    assert error, told
    assert abs(second.mean_s) < 0.005 + 2 * np.hypot(float(error[1]) / 1e3, second.error_s)
    assert second.events >= 10
    assert second.error_s < 0.006
