from __future__ import annotations

import runpy
import shutil
import site
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from insula.edge.clock import now
from insula.edge.stream import StreamWriter
from insula.edge.types import StreamInfo

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_embedding_example_prints_states_of_the_simulated_person() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "embed.py")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 61
    assert any(line.startswith("valence ") for line in lines)


def test_another_process_reads_the_rings(tmp_path: Path) -> None:
    info = StreamInfo("eda", "EDA", 10.0, ("EDA",), ("microsiemens",), simulated=True)
    writer = StreamWriter(info, directory=tmp_path)
    (tmp_path / "feed.ring").write_bytes(b"no stream at all")
    writer.push(np.ones((5, 1), np.float32), now() - np.arange(5)[::-1] / 10)
    command = [sys.executable, str(EXAMPLES / "read_rings.py"), str(tmp_path), "--seconds", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    writer.close()
    assert done.returncode == 0, done.stderr
    assert "eda          simulated EDA             5 samples" in done.stdout


OWN = """
from pathlib import Path
from own_sensor.tone import Tone
from insula.edge import SensingLoop, config
from insula.sensors.contract import check_sensor

check_sensor(Tone())
with SensingLoop(config.load(Path("session.toml"))) as loop:
    for state in loop.states():
        if dict(state.indices).get("loudness"):
            assert state.simulated
            print(dict(state.indices)["loudness"])
            break
"""


def test_a_package_of_ones_own_is_found_when_it_is_installed(tmp_path: Path) -> None:
    source = shutil.copytree(EXAMPLES / "own_sensor", tmp_path / "source")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    ask = "import site; print(site.getsitepackages()[-1])"
    packages = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    # Everything else comes from where these tests run, as it stands: nothing is downloaded.
    here = "\n".join(f"import site; site.addsitedir({path!r})" for path in site.getsitepackages())
    (Path(packages) / "here.pth").write_text(here + "\n")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "--python", python, "install", *options, str(source)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    run = [python, "-c", OWN]
    done = subprocess.run(run, cwd=source, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Measure(mean=" in done.stdout


BEHAVIOUR = runpy.run_path(str(EXAMPLES / "robot_greeter" / "behaviour.py"))
WAITING, NEUTRAL, CHEERFUL, CAREFUL = (BEHAVIOUR[n] for n in ("WAITING", "NEUTRAL", "CHEERFUL", "CAREFUL"))
Step = tuple[float, tuple[float, float] | None, str]


@pytest.mark.parametrize(
    "course",
    [
        pytest.param([(0, None, WAITING), (60, None, WAITING)], id="without a measurement it waits"),
        pytest.param(
            [(0, (0.6, 0.1), WAITING), (0.9, (0.6, 0.1), WAITING), (1.1, (0.6, 0.1), CHEERFUL)],
            id="it acts on what lasts",
        ),
        pytest.param([(0, (0.6, 0.6), WAITING), (2, (0.6, 0.6), NEUTRAL)], id="it acts on what is sure"),
        pytest.param(
            [
                (0, (0.6, 0.1), WAITING),
                (2, (0.6, 0.1), CHEERFUL),
                (4, (0.05, 0.3), CHEERFUL),
                (5, (-0.05, 0.3), CHEERFUL),
                (7, (-0.05, 0.3), NEUTRAL),
            ],
            id="it leaves below the lower threshold",
        ),
        pytest.param(
            [
                (0, (-0.6, 0.1), WAITING),
                (2, (-0.6, 0.1), CAREFUL),
                (2.5, None, CAREFUL),
                (3.2, None, CAREFUL),
                (4.5, None, WAITING),
            ],
            id="a blink is forgiven, blindness is not",
        ),
    ],
)
def test_the_greeter(course: list[Step]) -> None:
    robot = BEHAVIOUR["Greeter"]()
    assert [robot.step(t, valence) for t, valence, _ in course] == [doing for _, _, doing in course]


def test_the_robot_greets_the_simulated_person() -> None:
    command = [sys.executable, str(EXAMPLES / "robot_greeter" / "robot.py"), "--inside", "--says", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "I just wait here" in done.stdout
    assert "Hello" in done.stdout
    assert "(a simulated person)" in done.stdout
