"""Recordings: every reader against real files of its format, and every broken file in words."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from play import until_end

from insula.edge.errors import SensorUnavailable
from insula.edge.testing import ManualClock
from insula.sensors.replay import Replay, load

Streams = dict[str, tuple[np.ndarray, np.ndarray]]


def play(replay: Replay, most: int = 1_000_000) -> Streams:
    """Everything, per stream: times and data."""
    infos = replay.open()
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {i.name: [] for i in infos}
    newest = [-np.inf] * len(infos)
    for block in itertools.islice(until_end(replay), most):
        assert block.times is not None
        assert block.times[0] > newest[block.stream]
        newest[block.stream] = block.times[-1]
        parts[infos[block.stream].name].append((block.times, block.data))
    replay.close()
    return {
        name: (np.concatenate([t for t, _ in got]), np.concatenate([d for _, d in got]))
        for name, got in parts.items()
    }


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_csv_keeps_times_units_and_missing_values(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "time_s,EDA [uS], Skin temp [degC]\n7.0,1.5,33\n7.25,,33.5\n7.5,1.75,34\n"
    )
    (info,) = Replay(path=path).open()
    assert (info.type, info.sfreq, info.ch_names) == ("EDA", 4.0, ("EDA", "Skin temp"))
    assert info.units == ("microsiemens", "degree celsius")
    times, data = play(Replay(path=path, realtime=False, epoch=50.0))["a"]
    np.testing.assert_allclose(times, [50.0, 50.25, 50.5])
    np.testing.assert_array_equal(data, np.array([[1.5, 33], [np.nan, 33.5], [1.75, 34]], np.float32))


def test_csv_with_uneven_times_is_irregular(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time_s,x\n0,1\n1,2\n5,3\n5.5,4\n")
    (info,) = Replay(path=path, type="Other").open()
    assert info.sfreq == 0.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "first line must be"),
        ("t,EDA\n1,2\n", "first line must be"),
        ("time_s,EDA\n", "no samples"),
        ("time_s,EDA\n0,1\n1,two\n", "line 3"),
        ("time_s,EDA\n0,1\n1\n", "line 3: 1 fields instead of 2"),
        ("time_s,EDA\n0,1\n0,2\n", "must rise"),
        ("time_s,EDA [uS\n0,1\n", "NAME"),
    ],
)
def test_a_bad_csv_names_the_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SensorUnavailable, match=says.replace("[", r"\[")):
        Replay(path=write(tmp_path / "bad.csv", text)).open()


def test_real_time_keeps_the_streams_in_step(tmp_path: Path) -> None:
    rows = "".join(f"{i / 10},{i}\n" for i in range(30))
    clock = ManualClock(100.0)
    replay = Replay(path=write(tmp_path / "a.csv", "time_s,x\n" + rows), clock=clock, sleep=clock.advance)
    replay.open()
    late = [clock() - b.times[-1] for b in until_end(replay, 0.03) if b.times is not None]
    assert -1e-9 <= min(late) <= max(late) < 0.001
    assert clock() == pytest.approx(102.9)


def test_a_loop_continues_one_step_later(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time_s,x\n" + "".join(f"{i / 10},{i}\n" for i in range(10)))
    times, data = play(Replay(path=path, realtime=False, loop=True, epoch=0.0), most=25)["a"]
    np.testing.assert_allclose(np.diff(times), 0.1, atol=1e-9)
    np.testing.assert_array_equal(data[10:20], data[:10])


def test_playing_twice_gives_the_same(shared_data: Path) -> None:
    path = str(shared_data / "samples" / "xdf" / "muselsl2_P031.xdf")
    first, second = (play(Replay(path=path, realtime=False, epoch=0.0)) for _ in range(2))
    for name, (times, data) in first.items():
        np.testing.assert_array_equal(times, second[name][0])
        np.testing.assert_array_equal(data, second[name][1])


def test_e4_folder(shared_data: Path) -> None:
    folder = shared_data / "samples" / "e4" / "flirt_empatica"
    tracks = {t.info.type: t for t in load(str(folder))}
    eda = tracks["EDA"]
    assert (eda.info.sfreq, eda.info.units) == (4.0, ("microsiemens",))
    values = np.loadtxt(folder / "EDA.csv")
    np.testing.assert_allclose(eda.data[:, 0], values[2:], rtol=1e-6)
    motion = tracks["Accelerometer"]
    assert np.linalg.norm(motion.data, axis=1).mean() == pytest.approx(1.0, abs=0.1)
    assert tracks["HeartRate"].times[0] == pytest.approx(10.0, abs=0.5)


def test_e4_tags_become_markers(tmp_path: Path) -> None:
    (tmp_path / "EDA.csv").write_text("1000.0\n4.0\n0.5\n0.6\n")
    (tmp_path / "tags.csv").write_text("1000.25\n1000.25\n1000.4\n")
    tags = load(str(tmp_path))[1]
    np.testing.assert_allclose(tags.times, [0.25, 0.4])
    assert tags.data[0, 0] == b"tag"


def test_bad_folders_say_why(tmp_path: Path) -> None:
    with pytest.raises(SensorUnavailable, match="not an Empatica E4"):
        Replay(path=str(tmp_path)).open()
    (tmp_path / "EDA.csv").write_text("1000.0\nfour\n")
    with pytest.raises(SensorUnavailable, match="not an Empatica E4 file"):
        Replay(path=str(tmp_path)).open()
    (tmp_path / "EDA.csv").write_text("1000.0\n0.0\n1.0\n")
    with pytest.raises(SensorUnavailable, match="a start, a rate"):
        Replay(path=str(tmp_path)).open()


def test_edf_in_microvolts_with_its_annotations(shared_data: Path) -> None:
    path = str(shared_data / "samples" / "eeg" / "eegmmidb_S001R02_eyesclosed.edf")
    eeg, notes = load(path)
    assert (eeg.info.sfreq, eeg.info.n_channels, eeg.info.units[0]) == (160.0, 64, "microvolts")
    assert "Oz" in eeg.info.ch_names
    assert 10 < eeg.data.std() < 200
    assert notes.info.type == "Markers"
    spectrum = np.abs(np.fft.rfft(eeg.data[:, eeg.info.ch_names.index("Oz")])) ** 2
    hz = np.fft.rfftfreq(len(eeg.data), 1 / 160.0)
    alpha = spectrum[(hz >= 8) & (hz < 13)].sum() / spectrum[(hz >= 4) & (hz < 30)].sum()
    assert 0.6 < alpha < 0.9


def test_fif_written_by_mne(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    info = mne.create_info(["Cz", "GSR"], 100.0, ["eeg", "gsr"])
    data = np.stack([np.full(300, 20e-6), np.full(300, 4e-6)])
    mne.io.RawArray(data, info, verbose="ERROR").save(tmp_path / "a_raw.fif", verbose="ERROR")
    eeg, eda = load(str(tmp_path / "a_raw.fif"))
    assert eeg.data[0, 0] == pytest.approx(20.0)
    assert (eda.info.type, eda.data[0, 0]) == ("EDA", pytest.approx(4.0))


def test_xdf_of_a_muse_in_every_stream(shared_data: Path) -> None:
    path = str(shared_data / "samples" / "xdf" / "muselsl2_P031.xdf")
    streams = play(Replay(path=path, realtime=False))
    assert {name: len(times) for name, (times, _) in streams.items()} == {
        "Muse-PPG": 324,
        "Muse-ACC": 261,
        "Muse-GYRO": 261,
        "Muse-EEG": 1284,
    }
    (info,) = Replay(path=path, streams=["EEG"]).open()
    assert (info.sfreq, info.ch_names[0], info.units[0]) == (256.0, "TP9", "microvolts")


def test_xdf_markers_stay_text(shared_data: Path) -> None:
    path = str(shared_data / "samples" / "xdf" / "magicblink_handSix.xdf")
    times, texts = play(Replay(path=path, realtime=False, streams=["Markers"]))["MyMarkerStream"]
    assert len(times) == 24
    assert all(isinstance(text, bytes) and text for text in texts[:, 0])


@pytest.mark.parametrize(
    ("name", "says"),
    [("chunk_length_lie", "pyxdf cannot read"), ("out_of_order_clock_offsets", "cannot read|no samples")],
)
def test_damaged_xdf_says_so(shared_data: Path, name: str, says: str) -> None:
    with pytest.raises(SensorUnavailable, match=says):
        Replay(path=str(shared_data / "samples" / "xdf" / f"{name}.xdf")).open()


@pytest.mark.parametrize(
    "name", ["minimal", "empty_streams", "clock_resets", "eeglab_test", "out_of_order_sample_chunk"]
)
def test_odd_xdf_plays_with_rising_times(shared_data: Path, name: str) -> None:
    assert play(Replay(path=str(shared_data / "samples" / "xdf" / f"{name}.xdf"), realtime=False))


def test_an_unknown_stream_names_those_there_are(shared_data: Path) -> None:
    path = str(shared_data / "samples" / "xdf" / "muselsl2_P031.xdf")
    with pytest.raises(SensorUnavailable, match=r"no stream EDA: it has Muse \(PPG\)"):
        Replay(path=path, streams=["EDA"]).open()


def test_a_file_of_another_kind_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    path.write_bytes(struct.pack("<100I", *range(100)))
    with pytest.raises(SensorUnavailable, match=r"MNE cannot read a\.edf"):
        Replay(path=str(path)).open()
