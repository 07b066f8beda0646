"""Short runs of ``ring_stress.py``; its docstring has the long ones."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from insula.edge.ring import choose, core

STRESS = Path(__file__).with_name("ring_stress.py")
NUMPY_IS_SAFE = choose("by test", machine=platform.machine(), gil=True, shared=True).name == "numpy"
CORES = sorted({core().name} | ({"numpy"} if NUMPY_IS_SAFE else set()))
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not core().name, reason="forks, and needs a ring between processes"
)


def stress(*arguments: str) -> dict[str, float]:
    command = [sys.executable, STRESS, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    result: dict[str, float] = json.loads(run.stdout)
    assert result["files_left"] == 0
    return result


WAYS = pytest.mark.parametrize("way", ["push", "draw"])


@WAYS
@pytest.mark.parametrize("name", CORES)
def test_torn_samples_are_caught_and_none_is_believed(name: str, way: str) -> None:
    result = stress("torn", "--seconds", "2", "--core", name, "--way", way, "--words", "8192")
    assert result["silent"] == 0
    assert result["caught_torn"] > 50, "the test must meet real tears"
    assert result["right"] > 50


@WAYS
def test_killed_writers_and_readers_leave_a_working_ring(way: str) -> None:
    result = stress("kill", "--times", "6", "--way", way)
    assert result["silent"] == 0
    assert result["unaccounted"] == 0
    assert result["takeovers"] == 7, "six killed ones and the one before them"
    assert result["got"] > 0
    assert result["attach_ms_median"] < 50


def test_stopped_reader_slows_nobody_and_every_frame_is_accounted_for() -> None:
    result = stress("stop", "--seconds", "0.7")
    assert result["unaccounted"] == 0
    assert result["overruns"] > 0, "the reader was stopped for longer than the ring holds"
    assert result["stopped_us_p50"] < 3 * result["healthy_us_p50"]
