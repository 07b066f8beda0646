"""A session that was recorded in two takes, with pictures: everything that reads it sees both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insula.edge import SensingLoop, config
from insula.edge.session import SessionFolder
from insula.edge.types import AffectEstimate
from insula.sensors.recording_xdf import read_xdf
from insula.ui.analysis.source import open_recording, recorded_files, session_video
from insula.ui.commands import analyze, replay
from insula.ui.commands.recording import Recording, describe
from insula.ui.dashboard.recorded import NOT_RECORDED, Recorded
from insula.ui.report.facts import gather
from insula.ui.report.page import render

pytest.importorskip("av", reason="PyAV is not installed")

PARTS = {
    "session": {"video": True},
    "privacy": {"mode": "full"},
    "sensors": {"camera": {"driver": "simulated_face"}, "wrist": {"driver": "simulated_eda"}},
    "estimators": {"face": {"estimator": "face"}, "eda": {"estimator": "eda"}},
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("takes") / "two"
    loop = SensingLoop(config.parse(PARTS))
    loop.open()
    about = describe(loop.config, loop, "two")
    folder = SessionFolder.create(path, about)
    recording = Recording(loop, folder, audio=False, video=True)
    recording.start()
    loop.begin()
    due = loop.clock()
    for change in (recording.stop, recording.start, lambda: None):
        due += 2.5
        next(state for state in loop.states() if state.t >= due)
        change()
        loop.mark(f"at {due - loop.clock():.0f}") if recording.since else None
    loop.stop()
    folder.finish({**about, "length_s": 7.5})
    return path


def test_takes_and_their_pictures_are_found(session: Path) -> None:
    names = [file.name for file in recorded_files(session)]
    assert names == ["session.xdf", "session-2.xdf", "session-2-camera.mkv", "session-camera.mkv"]
    tracks = read_xdf(*(take.xdf for take in SessionFolder(session).takes()), dejitter=False)
    (wrist,) = (track for track in tracks if track.info.name == "wrist")
    steps = np.diff(wrist.times)
    assert steps.min() > 0
    assert steps.max() == pytest.approx(2.5, abs=0.6)  # the pause, once
    assert np.count_nonzero(steps > 1.0) == 1


def test_the_pause_is_not_recorded_and_never_bridged(session: Path) -> None:
    recorded = Recorded(session)
    facts = gather(session)
    for row in facts.validity:
        if row.key in ("fused", "face"):
            assert dict(row.reasons)[NOT_RECORDED] == pytest.approx(2.5, abs=1.0)
            assert 0.4 < row.share < 0.8
    assert NOT_RECORDED in render(facts)
    assert recorded.load_signals() == ""
    assert {signal.stream for signal in recorded.signals} == {"wrist"}


def test_a_replay_goes_through_all_takes_and_sees_the_pictures(session: Path, tmp_path: Path) -> None:
    outcome = replay.run(session, "max", tmp_path / "again")
    assert outcome.measured["face"][0] > 30
    again = [e for e in Recorded(tmp_path / "again").estimates if e.modality == "face"]
    live = [e for e in Recorded(session).estimates if e.modality == "face"]
    assert len(again) > 0.9 * len(live)  # live, a busy machine leaves some out
    assert max(e.t for e in again) == pytest.approx(max(e.t for e in live), abs=0.2)
    assert outcome.hash == replay.run(session, "max", None).hash


def test_analysis_takes_the_session_as_one(session: Path, tmp_path: Path) -> None:
    assert analyze.run([session], tmp_path / "out")
    length_s = Recorded(tmp_path / "out" / "two").length_s
    assert length_s == pytest.approx(Recorded(session).length_s, abs=1.5)


def test_the_picture_of_an_estimate_is_that_very_frame(session: Path) -> None:
    recording, _, _ = replay.load(session)
    tracks = read_xdf(*(take.xdf for take in SessionFolder(session).takes()), dejitter=False)
    (video,) = session_video(session, tracks)
    frames = {frame.index: frame for frame in video.frames()}
    estimates = [e for e in Recorded(session).estimates if isinstance(e, AffectEstimate) and e.faces]
    assert sum(e.sample in frames for e in estimates) > 0.9 * len(estimates)
    assert {feed.info.type for feed in recording.feeds} == {"Video", "EDA"}
    assert open_recording(session).absent == recording.absent == {"voice": "sound was not recorded"}
