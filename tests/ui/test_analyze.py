from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from insula.edge.errors import ConfigError
from insula.ui.analysis import batch
from insula.ui.analysis.collect import collect
from insula.ui.analysis.table import COLUMNS, to_parquet
from insula.ui.cli import app
from insula.ui.commands import analyze


def skin_csv(path: Path, seconds: float = 12.0, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, seconds, 1 / 16)
    values = 3.0 + np.cumsum(rng.normal(0, 0.002, len(times)))
    rows = [f"{t:.4f},{v:.5f}" for t, v in zip(times, values, strict=True)]
    path.write_text("\n".join(["time_s,EDA [uS]", *rows]) + "\n")
    return path


def e4(folder: Path, seconds: int = 12) -> Path:
    folder.mkdir(parents=True)
    values = "\n".join(["1600000000.0", "4.0", *("0.5" for _ in range(4 * seconds))])
    (folder / "EDA.csv").write_text(values + "\n")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two good recordings, one E4 folder, one damaged file, and tables that are no recordings."""
    folder = tmp_path / "study"
    e4(folder / "p02" / "wrist")
    skin_csv(folder / "p01.csv")
    (folder / "broken.xdf").write_bytes(b"XDF:\x00nonsense")
    (folder / "participants.csv").write_text("id,age\np01,34\n")
    (folder / "notes.txt").write_text("x")
    return folder


def test_a_folder_stands_for_its_recordings(study: Path) -> None:
    assert [name for name, _ in collect([study])] == ["broken.xdf", "p01.csv", "p02__wrist"]
    assert collect([study]) == collect([study])
    assert [name for name, _ in collect([study / "p01.csv", study / "p01.csv"])] == ["p01.csv"]


def test_equal_names_from_different_folders_stay_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        skin_csv(tmp_path / name / "skin.csv")
    found = collect([tmp_path / "a" / "skin.csv", tmp_path / "b" / "skin.csv"])
    assert [name for name, _ in found] == ["skin.csv", "skin.csv-2"]


def test_one_bad_file_stops_nothing_and_is_listed(study: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["analyze", str(study), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1, done.output
    assert "2 of 3 recordings" in done.output
    assert "failed broken.xdf: broken.xdf holds no samples" in done.output
    assert "insula repair" in done.output
    names = ["overview.csv", "overview.png", "overview.svg", "p01.csv", "p02__wrist"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    with (tmp_path / "out" / "overview.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["recording"] for row in rows] == ["p01.csv", "p02__wrist"]
    assert rows[0]["valence_median"] == ""  # not measured


def test_results_are_complete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert analyze.run([skin_csv(tmp_path / "skin.csv")], out)
    folder = out / "skin.csv"
    with (folder / "estimates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert {row["modality"] for row in rows} == {"fused", "eda"}
    eda = [row for row in rows if row["modality"] == "eda"]
    assert all(row["arousal"] == "" and "baseline" in row["reason"] for row in eda)
    assert all(row["person"] == "skin.csv" and float(row["time_s"]) >= 0.0 for row in rows)
    assert all(0.0 <= float(row["age_s"]) < 1.0 for row in eda)
    clues = [json.loads(line) for line in (folder / "clues.jsonl").read_text("utf-8").splitlines()]
    assert len(clues) == len(eda)
    assert clues[0]["clues"][0]["feature"] == "tonic level"
    assert (folder / "course.png").read_bytes().startswith(b"\x89PNG")
    drawn = ElementTree.parse(folder / "course.svg").getroot()
    assert drawn.tag.endswith("svg")


def test_what_is_done_is_not_done_again_unless_the_file_changed(tmp_path: Path) -> None:
    file, out = skin_csv(tmp_path / "skin.csv"), tmp_path / "out"
    (first,) = _analyse(file, out)
    (again,) = _analyse(file, out)
    assert (first.state, again.state) == ("done", "done before")
    assert first.hash == again.hash
    skin_csv(file, seed=5)
    (changed,) = _analyse(file, out)
    assert changed.state == "done"
    assert changed.hash != first.hash


def test_cores_and_cluster_give_the_same_numbers_and_list_the_bad_file(study: Path, tmp_path: Path) -> None:
    recordings = collect([study])
    alone = list(batch.analyse(recordings, tmp_path / "alone", lambda share: None))
    cores = list(batch.analyse(recordings, tmp_path / "cores", lambda share: None, jobs=2))
    assert cores == alone
    assert [result.state for result in cores] == ["failed", "done", "done"]
    again = list(batch.analyse(recordings, tmp_path / "cores", lambda share: None, jobs=2))
    assert [result.state for result in again] == ["failed", "done before", "done before"]
    one, two = (tmp_path / run / "p01.csv" / "estimates.csv" for run in ("alone", "cores"))
    assert one.read_bytes() == two.read_bytes()


def test_a_dask_cluster_gives_the_same_numbers(study: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("dask.distributed", reason="Dask is not installed")
    recordings = collect([study])
    alone = list(batch.analyse(recordings, tmp_path / "alone", lambda share: None))
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    )
    with cluster:
        address = cluster.scheduler_address
        shared = batch.analyse(recordings, tmp_path / "dask", lambda share: None, dask=address)
        assert list(shared) == alone


def test_a_cluster_that_does_not_answer_is_an_error_in_words(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("dask.distributed", reason="Dask is not installed")
    with pytest.raises(ConfigError, match="no Dask scheduler answers at tcp"):
        list(batch.analyse(collect([study]), tmp_path, lambda share: None, dask="tcp://127.0.0.1:9"))


def test_an_interrupted_recording_is_begun_anew(tmp_path: Path) -> None:
    file, out = skin_csv(tmp_path / "skin.csv"), tmp_path / "out"

    def interrupt(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(batch.analyse([("skin", file)], out, interrupt))
    assert [path.name for path in out.iterdir()] == ["skin.part"]
    (result,) = batch.analyse([("skin", file)], out, lambda share: None)
    assert result.state == "done"
    assert [path.name for path in out.iterdir()] == ["skin"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file, out = skin_csv(tmp_path / "skin.csv"), tmp_path / "out"
    (out / "skin.csv").mkdir(parents=True)
    (out / "skin.csv" / "thesis.txt").write_text("precious")
    (result,) = _analyse(file, out)
    assert result.state == "failed"
    assert "no result of insula analyze" in result.why
    assert (out / "skin.csv" / "thesis.txt").read_text() == "precious"


def test_a_bug_in_a_reader_ends_its_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(batch, "open_recording", broken)
    (result,) = _analyse(skin_csv(tmp_path / "skin.csv"), tmp_path / "out")
    assert (result.state, result.why) == ("failed", "ZeroDivisionError: oops")


def test_a_file_without_a_fitting_stream_says_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("time_s,TEMP [degC]\n" + "".join(f"{i / 4},36.5\n" for i in range(40)))
    (result,) = _analyse(file, tmp_path / "out")
    assert "it holds" in result.why
    assert "Temperature" in result.why


def test_a_path_that_is_missing_is_a_failure_of_its_own(tmp_path: Path) -> None:
    (result,) = _analyse(tmp_path / "none.xdf", tmp_path / "out")
    assert "there is no" in result.why


def test_nothing_to_analyse_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no recording in"):
        analyze.run([tmp_path], tmp_path / "out")


def test_sound_is_heard(tmp_path: Path) -> None:
    file = tmp_path / "quiet.wav"
    soundfile.write(file, np.zeros(22050 * 2, np.float32), 22050)
    (result,) = _analyse(file, tmp_path / "out")
    assert result.state == "done", result.why
    text = (tmp_path / "out" / "quiet.wav" / "estimates.csv").read_text("utf-8")
    assert "no signal: the microphone delivers silence" in text


def test_a_video_without_sound_is_seen(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed")
    file = tmp_path / "grey.mp4"
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(15):
            picture = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 128, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    (result,) = _analyse(file, tmp_path / "out")
    assert result.state == "done", result.why
    assert "no face in the frame" in (tmp_path / "out" / "grey.mp4" / "estimates.csv").read_text("utf-8")
    about = json.loads((tmp_path / "out" / "grey.mp4" / "session.json").read_text())
    assert "has no audio track" in about["absent"]["voice"]


def test_parquet_where_pyarrow_is(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    table = tmp_path / "estimates.csv"
    table.write_text(",".join(COLUMNS) + "\n" + "1.5,p,eda" + "," * (len(COLUMNS) - 4) + ",why\n")
    target = to_parquet(table)
    assert target is not None
    row = arrow.read_table(target).to_pylist()[0]
    assert (row["time_s"], row["valence"], row["modality"]) == (1.5, None, "eda")


def _analyse(file: Path, out: Path) -> list[batch.Result]:
    return list(batch.analyse(collect([file]), out, lambda share: None))
