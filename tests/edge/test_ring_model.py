"""The ring's protocol, checked exhaustively by Spin; ``ring.pml`` explains the switches."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("ring.pml")
pytestmark = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("cc")), reason="needs spin and a C compiler"
)


def check(folder: Path, switches: str, *, claim: str = "") -> tuple[int, int]:
    """Number of errors and of states."""
    flags = [f"-D{switch}" for switch in switches.split()]
    subprocess.run(["spin", "-a", *flags, MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    kind = ["-DNFAIR=3"] if claim else ["-DSAFETY", "-DNOCLAIM"]
    subprocess.run(["cc", "-O1", "-w", *kind, "-DCOLLAPSE", "pan.c", "-o", "pan"], cwd=folder, check=True)
    options = ["-a", "-f", "-N", claim] if claim else []
    run = subprocess.run(
        ["./pan", "-m100000", "-n", *options], cwd=folder, check=True, capture_output=True, text=True
    )
    errors = re.search(r"errors: (\d+)", run.stdout)
    states = re.search(r"(\d+) states, stored", run.stdout)
    assert errors, run.stdout
    assert states, run.stdout
    assert "max search depth too small" not in run.stdout
    return int(errors[1]), int(states[1])


@pytest.mark.parametrize(
    ("switches", "states"),
    [
        pytest.param("", 5_000, id="program order"),
        pytest.param("KILL", 50_000, id="program order, writer killed"),
        pytest.param("ABANDON KILL", 50_000, id="program order, a drawing given up, writer killed"),
        pytest.param(
            "WEAK WRITER_FENCE READER_FENCE ABANDON CHUNKS=3", 50_000, id="weak order, a drawing given up"
        ),
        pytest.param("WEAK WRITER_FENCE READER_FENCE CHUNKS=4", 50_000, id="weak order, fences of _ring.c"),
        pytest.param(
            "WEAK WRITER_FENCE READER_FENCE KILL CHUNKS=3", 50_000, id="weak order, fences, writer killed"
        ),
    ],
)
def test_nothing_torn_is_believed(tmp_path: Path, switches: str, states: int) -> None:
    errors, seen = check(tmp_path, switches)
    assert errors == 0
    assert seen > states, "the search was as large as it should be"


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param("WEAK", id="numpy ring on a weakly ordered machine"),
        pytest.param("WEAK WRITER_FENCE", id="no fence in the reader"),
        pytest.param("WEAK READER_FENCE", id="no fence in the writer"),
        pytest.param("NO_RESERVE", id="no reserve counter"),
        pytest.param("LAX_VALID", id="validation one sample too lax"),
        pytest.param("LAX_RECORD", id="record check one chunk too lax"),
        pytest.param("KILL NO_TAKEOVER", id="successor without a gap record"),
        pytest.param("ABANDON TAKE_BACK", id="reserve taken back when a drawing is given up"),
    ],
)
def test_each_missing_part_is_found(tmp_path: Path, switches: str) -> None:
    assert check(tmp_path, switches)[0] == 1


def test_the_writer_always_finishes(tmp_path: Path) -> None:
    assert check(tmp_path, "CHUNKS=3", claim="finishes")[0] == 0
