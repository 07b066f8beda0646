"""The command line as a user meets it: real processes, the simulated person, real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyxdf

EXAMPLES = Path(__file__).parents[2] / "examples"


def insula(*arguments: str, cwd: Path, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "insula.ui.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


def streams(session: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    recording, _ = pyxdf.load_xdf(str(session / "session.xdf"), dejitter_timestamps=False)
    return {s["info"]["name"][0]: (np.asarray(s["time_stamps"]), s["time_series"]) for s in recording}


def check_recording(session: Path, sensors: set[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every stream is there, complete and in order; returns the streams."""
    about = json.loads((session / "session.json").read_text())
    assert about["status"] == "complete"
    found = streams(session)
    assert sensors | {"insula.state", "insula.markers"} <= found.keys()
    for name in sensors:
        times, _ = found[name]
        assert len(times) == about["samples"][name] > 0, name
        assert np.all(np.diff(times) > 0), name
    return found


def test_demo_runs_by_itself_and_survives_an_unplugged_sensor(tmp_path: Path) -> None:
    done = insula(
        "demo", "--headless", "--seconds", "14", "--out", "session", "--unplug", "face@5+3", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "simulated input" in done.stdout
    session = tmp_path / "session"
    found = check_recording(session, {"face", "voice", "eda", "eeg", "truth"})
    estimates = [json.loads(line) for line in (session / "estimates.jsonl").read_text().splitlines()]
    assert all(e["simulated"] for e in estimates if e["record"] == "estimate")
    faces = [e for e in estimates if e["record"] == "estimate" and e["modality"] == "face"]
    absent = [e["t"] for e in faces if e["reason"].startswith("face lost")]
    present = [e["t"] for e in faces if e["valence"] is not None]
    unplugged = max(t for t in found["face"][0] if t < absent[0])
    assert absent[0] - unplugged < 1.0
    assert any(t > absent[-1] for t in present)
    states = [e for e in estimates if e["record"] == "state"]
    during = [s for s in states if absent[0] + 1.2 < s["t"] < absent[-1]]
    assert during
    for state in during:
        face = next(c for c in state["contributions"] if c["modality"] == "face")
        assert not face["measured"]
        assert face["reason"]


def test_real_files_run_through_the_real_drivers(tmp_path: Path, shared_data: Path) -> None:
    text = (EXAMPLES / "real-files.toml").read_text().replace("../../shared/data", shared_data.as_posix())
    (tmp_path / "real-files.toml").write_text(text)
    done = insula("run", "real-files.toml", "--headless", "--seconds", "12", "--out", "session", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "simulated" not in done.stdout
    found = check_recording(tmp_path / "session", {"face", "voice", "eda", "eeg"})
    for modality in ("face", "voice", "eda", "eeg"):
        assert f"insula.{modality}" in found
    assert np.isfinite(np.asarray(found["insula.face"][1])[:, 0]).mean() > 0.5  # a face in nearly every frame
    assert found["eeg"][1].shape[1] == 19


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "absent.toml"), "there is no configuration file"),
        (("run", "typo.toml"), "(was 'drivr' meant?)"),
        (("run", "no-camera.toml"), "camera: "),
        (("run", "no-film.toml"), "there is no file"),
        (("run", "slow.toml"), "EDA needs 4–1000 Hz"),
        (("demo", "--out", "taken"), "is not empty; choose another --out"),
        (("demo", "--unplug", "face"), "should look like"),
        (("evaluate", "fase", "--data", ".", "--predictions", "x.csv"), "did you mean 'face'"),
        (("evaluate", "eda", "--data", "absent.npz", "--predictions", "x.csv"), "there is no absent.npz"),
        (("evaluate", "eda", "--data", "broken.npz", "--predictions", "x.csv"), "broken.npz"),
        (("dashboard", "taken"), "is not a session folder"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "typo.toml").write_text('[sensors.a]\ndrivr = "camera"\n')
    (tmp_path / "no-camera.toml").write_text('[sensors.camera]\ndriver = "camera"\nindex = 97\n')
    (tmp_path / "no-film.toml").write_text('[sensors.film]\ndriver = "video_file"\npath = "none.mpg"\n')
    (tmp_path / "slow.csv").write_text("time_s,EDA [uS]\n" + "".join(f"{i},2.0\n" for i in range(30)))
    (tmp_path / "slow.toml").write_text(
        '[sensors.wrist]\ndriver = "replay"\npath = "slow.csv"\n[estimators.eda]\nestimator = "eda"\n'
    )
    (tmp_path / "broken.npz").write_bytes(b"not a zip file")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "note.txt").write_text("mine")
    before = sorted(p.name for p in tmp_path.iterdir())
    done = insula(*arguments, *(("--headless",) if arguments[0] in ("run", "demo") else ()), cwd=tmp_path)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("insula: ")]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == before  # nothing half-written
