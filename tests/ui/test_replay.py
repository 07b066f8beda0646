from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import ConfigError, DataError
from insula.edge.session import SessionFolder
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import StreamWriter
from insula.edge.testing import ManualClock
from insula.edge.types import AffectEstimate, AffectState, Marker, Measure, StreamInfo
from insula.sensors.recording import Track
from insula.ui.analysis.agreement import agreement
from insula.ui.analysis.hashing import EstimateHash
from insula.ui.analysis.offline import NO_SAMPLES, Offline, Setting
from insula.ui.analysis.run import compute, write
from insula.ui.analysis.source import NO_PICTURES, open_recording, recorded_tracks
from insula.ui.commands import replay
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.report.facts import gather

SFREQ = 32.0
EDA = StreamInfo("eda", "EDA", SFREQ, ("EDA",), ("microsiemens",), simulated=True)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal-1"
    record(folder, 12.0, faults=(), markers=((5.0, "stimulus"),))
    return folder


def skin(seconds: float, *, seed: int = 1, missing: tuple[float, float] | None = None) -> Track:
    """Skin conductance with responses, most of them in the second half."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, seconds, 1 / SFREQ)
    level = 2.0 + 0.0005 * times
    for onset in (*rng.uniform(0, seconds / 2, 4), *rng.uniform(seconds / 2, seconds, 16)):
        since = np.clip(times - onset, 0.0, None)
        level = level + 0.4 * (np.exp(-since / 4.0) - np.exp(-since / 0.7))
    level = level + rng.normal(0, 0.002, len(times))
    keep = np.ones(len(times), bool) if missing is None else (times < missing[0]) | (times >= missing[1])
    return Track(EDA, level[keep, np.newaxis].astype(np.float32), times[keep])


def test_two_runs_of_one_recording_agree_to_the_last_bit() -> None:
    recording = recorded_tracks(Path("skin.csv"), [skin(180.0)])
    first, second = (compute(recording, Setting()) for _ in range(2))
    assert first.measured["eda"][0] > 30
    assert first.hash == second.hash


def test_the_hash_tells_recordings_apart() -> None:
    track = skin(20.0)
    before = compute(recorded_tracks(Path("a"), [track]), Setting()).hash
    track.data[100] += 0.01
    assert compute(recorded_tracks(Path("a"), [track]), Setting()).hash != before


def test_the_hash_sees_the_last_bit_and_only_estimates() -> None:
    hashes = []
    for value in (0.1, np.nextafter(0.1, 1.0)):
        one = EstimateHash()
        one.take(AffectState(1.0, Measure(float(value), 0.1), None, va_source="mapped"))
        one.take(Marker(float(value), "not an estimate"))
        hashes.append(one.hexdigest())
    assert hashes[0] != hashes[1]
    assert EstimateHash().hexdigest() not in hashes


def test_what_comes_later_in_the_file_changes_nothing_before() -> None:
    whole = _items(recorded_tracks(Path("a"), [skin(40.0)]))
    track = skin(40.0)
    half = Track(EDA, track.data[: 20 * 32], track.times[: 20 * 32])
    cut = _items(recorded_tracks(Path("a"), [half]))
    early = [item for t, item in cut if t < 19.0 and isinstance(item, AffectEstimate | AffectState)]
    assert early == [item for t, item in whole if t < 19.0 and isinstance(item, AffectEstimate | AffectState)]
    assert len(early) > 300


def test_time_never_runs_backwards_and_nothing_is_said_before_it_was_recorded() -> None:
    said = _items(recorded_tracks(Path("a"), [skin(30.0, missing=(10.0, 14.0))]))
    times = [t for t, _ in said]
    assert times == sorted(times)
    assert all(item.t <= t + 1e-9 for t, item in said if isinstance(item, AffectEstimate))


def test_a_hole_in_the_recording_is_not_measured_and_says_why() -> None:
    said = _items(recorded_tracks(Path("a"), [skin(30.0, missing=(10.0, 14.0))]))
    silent = [t for t, item in said if isinstance(item, AffectEstimate) and item.reason == NO_SAMPLES]
    assert silent
    assert 10.7 <= min(silent) <= 10.9
    assert max(silent) <= 14.0
    states = [item for t, item in said if isinstance(item, AffectState) and 11.0 < t < 14.0]
    assert all(not state.measured and NO_SAMPLES in state.reason for state in states)


def test_simulated_stays_simulated() -> None:
    estimates = [
        x for _, x in _items(recorded_tracks(Path("a"), [skin(5.0)])) if isinstance(x, AffectEstimate)
    ]
    assert estimates
    assert all(estimate.simulated for estimate in estimates)


def test_a_session_is_computed_on_its_own_clock_without_what_was_said_live(session: Path) -> None:
    recording, live, _ = replay.load(session)
    assert recording.begin == pytest.approx(Recorded(session).begin, abs=0.2)
    assert live
    assert {feed.info.type for feed in recording.feeds} == {"EDA", "EEG", "Audio"}
    assert [(round(marker.t - 1000.0, 1), marker.text) for marker in recording.markers] == [(5.0, "stimulus")]


def test_the_command_prints_the_same_hash_twice_and_writes_a_session(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "again"
    outcome = replay.run(session, "max", out)
    assert replay.run(session, "max", None).hash == outcome.hash
    printed = capsys.readouterr().out
    assert printed.count(outcome.hash) == 2
    _, about = SessionFolder.open(out)
    assert about["status"] == "complete"
    assert about["estimates_sha256"] == outcome.hash
    assert about["replay_of"] == "rehearsal-1"
    assert Recorded(out).marks[0].text == "stimulus"


def test_pictures_were_not_recorded_and_the_report_of_the_replay_says_so(tmp_path: Path) -> None:
    camera = StreamInfo("camera", "Video", 30.0, ("frame",), ("frame number",), "int64")
    frames = Track(camera, np.arange(60, dtype=np.int64)[:, np.newaxis], np.arange(60) / 30.0)
    recording = recorded_tracks(Path("a"), [skin(5.0), frames])
    assert recording.absent == {"face": NO_PICTURES}
    write(recording, Setting(), tmp_path / "out", {"title": "again"})
    (face,) = (row for row in gather(tmp_path / "out").validity if row.key == "face")
    assert (face.share, face.reasons[0][0]) == (0.0, NO_PICTURES)


def test_sound_that_was_not_recorded_is_named(tmp_path: Path) -> None:
    clock = ManualClock(50.0)
    folder = SessionFolder.create(tmp_path / "s", {"title": "s", "clock_at_start": 50.0})
    writer = StreamWriter(EDA)
    sink = XdfRecorder(path=str(folder.xdf), sync=False, clock=clock)
    sink.open({"eda": writer.reader()})
    track = skin(5.0)
    writer.push(track.data, 50.0 + track.times)
    sink.poll()
    sink.close()
    writer.close()
    recording, live, _ = replay.load(tmp_path / "s")
    assert recording.absent["voice"] == "sound was not recorded"
    assert live == []


def test_a_session_without_a_recording_is_an_error_in_words(tmp_path: Path) -> None:
    SessionFolder.create(tmp_path / "s", {"title": "s"})
    with pytest.raises(DataError, match="holds no recording"):
        replay.run(tmp_path / "s", "max", None)


def test_the_setting_is_the_session_s_own() -> None:
    part = {"name": "skin", "factory": "eda", "options": {}, "stream": "eda"}
    setting = replay.setting_of({"config": {"estimators": [part], "fusion": {"rate_hz": 5}}})
    assert setting.estimators[0].factory == "eda"
    states = [
        x for _, x in _items(recorded_tracks(Path("a"), [skin(10.0)]), setting) if isinstance(x, AffectState)
    ]
    assert len(states) == pytest.approx(50, abs=2)
    with pytest.raises(DataError, match="no configuration"):
        replay.setting_of({"config": {"estimators": [{"surprise": 1}]}})


@pytest.mark.parametrize(("text", "factor"), [("max", None), ("1", 1.0), ("4x", 4.0)])
def test_speed(text: str, factor: float | None) -> None:
    assert replay.speed(text) == factor


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", "1e9"])
def test_a_speed_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="should be max or a number"):
        replay.speed(text)


def test_a_paced_replay_waits_on_the_recording_s_own_time() -> None:
    recording = recorded_tracks(Path("a"), [skin(6.0)])
    clock = ManualClock(0.0)
    pace = replay._Pace(recording, 2.0, "a", clock=clock, sleep=clock.advance)
    with pace:
        for t, item in Offline(recording).items():
            pace.take(t, item)
    assert clock.t == pytest.approx((recording.end - recording.begin) / 2.0, abs=0.01)


def test_agreement_compares_the_same_moments() -> None:
    def estimate(t: float, arousal: float | None) -> AffectEstimate:
        if arousal is None:
            return AffectEstimate("eeg", "eeg", t, 0.0, reason="no", sample=1)
        value = Measure(arousal, 0.1)
        return AffectEstimate("eeg", "eeg", t, 1.0, arousal=value, va_source="mapped", sample=1)

    live = [estimate(1.0, 0.1), estimate(2.0, 0.2), estimate(3.0, None), estimate(9.0, 0.5)]
    again = [estimate(1.05, 0.2), estimate(2.0, None), estimate(3.1, None)]
    (found,) = agreement(live, again)
    assert (found.live, found.pairs) == (4, 3)
    assert found.same == pytest.approx(2 / 3)
    assert found.distances == (("arousal", 1, pytest.approx(0.1), pytest.approx(0.1)),)


def test_another_model_than_live_is_named() -> None:
    live = [AffectEstimate("eda", "eda", 1.0, 0.0, reason="x", model="m-v1@a")]
    again = [AffectEstimate("eda", "eda", 1.0, 0.0, reason="x", model="m-v1@b")]
    assert replay.other_models(live, again) == ["eda m-v1@a → m-v1@b"]
    assert replay.other_models(live, live) == []


def test_a_file_of_real_eeg_is_reproducible(shared_data: Path) -> None:
    file = shared_data / "samples/eeg/eegmmidb_S001R02_eyesclosed.edf"
    first, second = (compute(open_recording(file), Setting()) for _ in range(2))
    assert first.hash == second.hash
    assert first.measured["eeg"][1] > 100


def _items(recording: object, setting: Setting | None = None) -> list[tuple[float, object]]:
    return list(Offline(recording, setting).items())  # type: ignore[arg-type]


def test_json_of_a_replay_is_valid(session: Path, tmp_path: Path) -> None:
    replay.run(session, "max", tmp_path / "out")
    lines = (tmp_path / "out" / "estimates.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["record"] for line in lines} == {"state", "estimate", "marker", "stream"}
