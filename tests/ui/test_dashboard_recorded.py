from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from insula.edge import codec
from insula.edge.errors import DataError
from insula.edge.sinks.video import VIDEO_FILE
from insula.edge.types import AffectEstimate, AffectState, Measure, StreamInfo
from insula.sensors.recording import Track
from insula.sensors.recording_video import RecordedVideo
from insula.ui.dashboard import sessions
from insula.ui.dashboard.comparison import again, compare, differences
from insula.ui.dashboard.recorded import Recorded, offset_between
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.segment import segment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal-1"
    faults = (("face", 4.0, 8.0, "no face in the picture"), ("eda", 10.0, 14.0, "wrist lost: cable pulled"))
    record(folder, 20.0, faults=faults, markers=((6.0, "stimulus"),))
    return folder


@pytest.fixture(scope="module")
def session(folder: Path) -> Recorded:
    session = Recorded(folder)
    assert session.load_signals() == ""
    return session


def test_a_moment_shows_what_the_live_window_showed(session: Recorded) -> None:
    view = session.view(session.begin + 6.0)
    reasons = {lane.key: lane.reason for lane in view.modalities}
    assert reasons["face"] == "no face in the picture"
    assert reasons["eda"] == ""
    assert view.now.arousal is not None
    assert all(lane.times[-1] <= view.t for lane in view.modalities)
    assert view.simulated


def test_the_gap_is_over_when_it_was_over(session: Recorded) -> None:
    view = session.view(session.begin + 9.0)
    face = next(lane for lane in view.modalities if lane.key == "face")
    assert face.reason == ""
    assert [round(gap.t0 - session.begin, 1) for gap in face.gaps] == [4.0]


def test_nothing_recorded_is_not_measured(session: Recorded) -> None:
    now = session.view(session.end + 5.0).now
    assert now.valence is None
    assert now.reason == "nothing was recorded here"


def test_raw_signals_are_on_the_clock_of_the_states(session: Recorded) -> None:
    lanes = {lane.type: lane for lane in session.signals}
    assert set(lanes) == {"EDA", "EEG", "Audio"}
    assert lanes["EDA"].times[0] == pytest.approx(session.begin, abs=0.2)
    since = lanes["EDA"].times - session.begin
    assert not np.any((since > 10.2) & (since < 13.9)), "the time without a cable has no samples"
    eeg = session.view(session.begin + 15.0).signals[1]
    assert eeg.times[-1] == pytest.approx(session.begin + 15.0, abs=0.01)
    assert len(eeg.times) == pytest.approx(2500, abs=3)


def test_events_up_to_the_cursor(session: Recorded) -> None:
    assert [e.text for e in session.view(session.begin + 11.0).events] == [
        "stimulus",
        "wrist lost: cable pulled",
    ]
    assert session.view(session.begin + 19.0).events[-1].text == "wrist is back"


def test_a_segment_counts_only_what_was_measured(session: Recorded) -> None:
    found = segment(session, session.begin + 4.0, session.begin + 8.0)
    shares = dict(found.measured)
    assert shares["face"] == pytest.approx(0.0, abs=0.03)
    assert shares["eeg"] == pytest.approx(1.0)
    assert found.markers == 1
    whole = segment(session, session.begin, session.end)
    assert dict(whole.measured)["face"] == pytest.approx(0.8, abs=0.03)
    names = {(f.name, f.modality) for f in whole.figures}
    assert names == {("valence", ""), ("arousal", ""), ("stress", "eda"), ("workload", "eeg")}


def test_a_segment_without_values_has_no_mean(session: Recorded) -> None:
    found = segment(session, session.end + 1.0, session.end + 2.0)
    assert all(figure.mean is None for figure in found.figures)


def test_a_session_without_its_xdf_still_opens(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "half"
    copy.mkdir()
    for name in ("session.json", "estimates.jsonl"):
        (copy / name).write_bytes((folder / name).read_bytes())
    session = Recorded(copy)
    assert "raw signals cannot be shown" in session.load_signals()
    assert session.view(session.begin + 6.0).now.arousal is not None


def test_a_cut_off_last_line_is_forgiven_but_a_damaged_one_is_named(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "cut"
    copy.mkdir()
    (copy / "session.json").write_text(json.dumps({"schema": 1, "status": "running"}))
    lines = (folder / "estimates.jsonl").read_bytes()
    (copy / "estimates.jsonl").write_bytes(lines[: len(lines) // 2])
    assert Recorded(copy).length_s > 5.0
    (copy / "estimates.jsonl").write_bytes(b"nonsense\n" + lines)
    with pytest.raises(DataError, match="line 1"):
        Recorded(copy)


def test_a_folder_that_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no session\.json"):
        Recorded(tmp_path)


def test_a_session_without_states_is_refused(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text(json.dumps({"schema": 1, "status": "running"}))
    (tmp_path / "estimates.jsonl").write_text("")
    with pytest.raises(DataError, match="nothing to review"):
        Recorded(tmp_path)


def test_times_are_aligned_although_one_record_began_earlier() -> None:
    rng = np.random.default_rng(3)
    times = 1000.0 + np.cumsum(0.05 + 0.002 * rng.random(300))
    assert offset_between(times[7:], times - 1000.0) == pytest.approx(1000.0)
    assert offset_between(times, times[5:] - 990.0) == pytest.approx(990.0)
    assert offset_between(times, np.arange(300) * 0.3) is None
    assert offset_between(times, times[:0]) is None


def test_recorded_sessions_are_listed_newest_first(folder: Path, tmp_path: Path) -> None:
    (folder.parent / "not-a-session").mkdir(exist_ok=True)
    known = sessions.recorded(folder.parent)
    assert [k.path for k in known] == [folder]
    assert known[0].complete
    assert known[0].length_s == 20.0
    assert sessions.recorded(tmp_path / "nowhere") == []


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with its pictures: picture k is all of grey 40 + 2 k, its time k / 10 s."""
    av = pytest.importorskip("av", reason="PyAV is not installed")
    path = tmp_path_factory.mktemp("filmed") / "session-camera.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for k in range(100):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 2 * k, np.uint8), format="rgb24")
            frame.pts, frame.time_base = k * 100, Fraction(1, 1000)
            stream.codec_context.time_base = Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def test_a_picture_is_found_by_time_forwards_backwards_and_far(filmed: Path) -> None:
    frames = np.arange(100) + 500
    frames[50] = -1  # the shutter
    info = StreamInfo("camera.video", VIDEO_FILE, 0.0, ("picture", "frame"), ("", ""), "int64")
    track = Track(info, np.stack([np.arange(100), frames], axis=1), 20.0 + np.arange(100) / 10)
    pictures = RecordedVideo.beside(track, [filmed.with_name("session.xdf")])
    assert pictures.stream == "camera"
    for k in (0, 1, 2, 40, 41, 7, 99):
        found = pictures.at(20.0 + k / 10 + 0.05)
        assert found is not None
        assert found.index == 500 + k
        assert abs(int(found.image.mean()) - (40 + 2 * k)) <= 2
    assert pictures.at(25.05) is None
    assert pictures.at(19.9) is None
    assert pictures.at(40.0) is None
    pictures.close()


def shifted(folder: Path, to: Path, *, by: float, model: str, seconds: float = 0.0) -> Recorded:
    """Write a session again with every valence ``by`` higher, by another model, ``seconds`` later."""
    shutil.copytree(folder, to)
    items = []
    for line in (folder / "estimates.jsonl").read_bytes().splitlines():
        item = codec.loads(line)
        if isinstance(item, AffectEstimate | AffectState) and item.valence is not None:
            item = replace(item, valence=Measure(item.valence.mean + by, item.valence.sd))
        if isinstance(item, AffectEstimate):
            item = replace(item, model=f"{item.modality}-{model}")
        items.append(codec.dumps(replace(item, t=item.t + seconds)))
    (to / "estimates.jsonl").write_bytes(b"\n".join(items) + b"\n")
    about = json.loads((to / "session.json").read_text())
    about |= {"replay_of": folder.name, "title": f"by {model}", "clock_at_start": 1000.0 + seconds}
    (to / "session.json").write_text(json.dumps(about))
    return Recorded(to)


def test_two_runs_over_one_recording_are_compared(folder: Path, tmp_path: Path) -> None:
    old = shifted(folder, tmp_path / "old", by=0.0, model="v1")
    new = shifted(tmp_path / "old", tmp_path / "new", by=0.1, model="v2")
    found = compare(old, new)
    assert ("face", "face-v1", "face-v2") in found.models
    apart = {d.name: d for d in differences(old, found, old.begin, old.end)}
    assert apart["valence"].mean == pytest.approx(0.1)
    assert apart["valence"].rms == pytest.approx(0.1)
    assert apart["arousal"].mean == pytest.approx(0.0)
    assert {"stress", "workload"} <= apart.keys()
    assert again(tmp_path / "old") == [(tmp_path / "new", "by v2")]
    lane = found.lane("face")
    assert lane is not None
    assert len(lane.times)


def test_runs_of_other_times_are_not_compared(folder: Path, session: Recorded, tmp_path: Path) -> None:
    later = shifted(folder, tmp_path / "later", by=0.0, model="v1", seconds=900.0)
    with pytest.raises(DataError, match="not of the same recording"):
        compare(session, later)
