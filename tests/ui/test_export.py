"""Sessions in the formats of other programs, read back by those programs' own readers where they are here."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import mne
import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.edge.reports import Answer, Rating
from insula.edge.testing import sample_times
from insula.edge.types import EXPRESSIONS, StreamInfo
from insula.sensors.recording import Track
from insula.ui.annotations import Annotations
from insula.ui.commands import export
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.export import bids
from insula.ui.export.material import Event, Material, gather_material, grid
from insula.ui.export.mne_raw import MISSING, raw_of
from insula.ui.protocol import questionnaire, sheets

XDF_CASES = [
    "chunk_length_lie", "clock_resets", "eeglab_test", "empty_streams", "magicblink_handSix",
    "magicblink_markersPlusEKG", "minimal", "muselsl2_P001", "out_of_order_clock_offsets",
    "out_of_order_sample_chunk",
]  # fmt: skip
SECONDS = 14.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal-1"
    faults = (("face", 4.0, 8.0, "no face in the picture"),)
    record(folder, SECONDS, faults=faults, markers=((6.0, "stimulus; <1>"), (12.0, "rest")))
    begin = Recorded(folder).begin
    Annotations(folder).add(begin + 7.0, "laughs & talks", "anna", "clinician", begin + 9.0)
    return folder


def validator() -> str:
    found = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent)) or shutil.which(
        "bids-validator-deno"
    )
    if found is None:
        pytest.skip("the BIDS validator is not installed (pip install bids-validator-deno)")
    return found


def complaints(dataset: Path) -> list[str]:
    """What the official validator calls an error."""
    done = subprocess.run(
        [validator(), "--format", "json", str(dataset)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [
        f"{i['code']} {i.get('location')} {i.get('issueMessage', '')}"
        for i in issues
        if i["severity"] == "error"
    ]


def test_a_gap_is_missing_and_every_sample_is_in_its_place() -> None:
    times = np.concatenate((sample_times(100, 50.0, 3.0), sample_times(100, 50.0, 6.0))) + 0.002
    info = StreamInfo("amp", "EEG", 50.0, ("Cz",), ("microvolts",))
    found = grid(Track(info, np.arange(200.0)[:, np.newaxis], times))
    assert found.data.shape == (250, 1)
    assert found.gaps == (pytest.approx((5.002, 1.0)),)
    np.testing.assert_array_equal(found.data[~np.isnan(found.data)], np.arange(200.0))


def test_a_clock_that_is_off_does_not_slip() -> None:
    times = sample_times(5000, 103.0, 0.0)  # called 100 Hz
    info = StreamInfo("amp", "EEG", 100.0, ("Cz",), ("microvolts",))
    found = grid(Track(info, np.arange(5000.0)[:, np.newaxis], times))
    assert found.gaps == ()
    assert len(found.data) / found.sfreq == pytest.approx(5000 / 103.0, rel=1e-3)


def test_a_clock_that_jumped_is_refused_and_fills_no_memory() -> None:
    times = np.concatenate((sample_times(100, 1000.0, 0.0), sample_times(100, 1000.0, 1e7)))
    info = StreamInfo("amp", "EEG", 1000.0, ("Cz",), ("microvolts",))
    with pytest.raises(DataError, match="its clock jumped"):
        grid(Track(info, np.ones((200, 1)), times))


def test_mne_reads_signals_in_volts_with_markers_and_gaps(session: Path, tmp_path: Path) -> None:
    files = export.run(session, "mne", tmp_path / "mne")
    material = gather_material(session)
    assert {file.name for file in files} == {
        "affect_raw.fif",
        *(f"{t.info.name}_raw.fif" for t in material.signals),
    }
    track = next(t for t in material.signals if t.info.type == "EEG")
    raw = mne.io.read_raw_fif(tmp_path / "mne" / f"{track.info.name}_raw.fif", preload=True, verbose="ERROR")
    assert set(raw.get_channel_types()) == {"eeg"}
    np.testing.assert_allclose(raw.get_data()[:, :50], track.data[:50].T * 1e-6, rtol=1e-6)
    onset = dict(zip(raw.annotations.description, raw.annotations.onset, strict=True))
    assert onset["stimulus; <1>"] == pytest.approx(6.0, abs=0.3)
    affect = mne.io.read_raw_fif(tmp_path / "mne" / "affect_raw.fif", preload=True, verbose="ERROR")
    live = Recorded(session).fused
    k = len(affect.times) // 2
    t = material.begin + affect.first_time + affect.times[k]
    assert live.rows[np.abs(live.times - t) < 0.11, 0].tolist()
    assert affect.ch_names == ["valence", "valence_sd", "arousal", "arousal_sd"]


def test_missing_samples_are_bad_in_mne() -> None:
    times = np.concatenate((sample_times(100, 50.0, 0.0), sample_times(100, 50.0, 3.0)))
    info = StreamInfo("amp", "EEG", 50.0, ("Cz",), ("microvolts",))
    track = Track(info, np.ones((200, 1)), times)
    material = Material("a", "a", (track,), (Event(1.0, "", "m"),), 5.0, None, 0.0, None, False, ())
    raw = raw_of(track, material)
    assert raw.annotations.description.tolist() == ["(no text)", MISSING]
    assert raw.annotations.onset[1] == pytest.approx(2.0)
    assert raw.get_data(reject_by_annotation="omit").shape[1] == 200


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_tables_hold_every_sample_event_and_estimate(
    session: Path, tmp_path: Path, kind: export.Format
) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    export.run(session, kind, tmp_path)
    read = pandas.read_parquet if kind == "parquet" else pandas.read_csv
    for track in gather_material(session).signals:
        table = read(tmp_path / f"signal-{track.info.name}.{kind}")
        np.testing.assert_allclose(table["time_s"], track.times, atol=1e-6)
        np.testing.assert_allclose(table.iloc[:, 1:].to_numpy(), track.data, rtol=1e-6)
    events = read(tmp_path / f"events.{kind}")
    assert events["text"].tolist() == ["stimulus; <1>", "rest"]
    estimates = read(tmp_path / f"estimates.{kind}")
    assert set(estimates["modality"]) == {"face", "voice", "eda", "eeg", "fused"}
    assert estimates["time_s"].max() == pytest.approx(SECONDS, abs=1.0)


def test_elan_holds_markers_gaps_notes_and_expressions(session: Path, tmp_path: Path) -> None:
    pympi = pytest.importorskip("pympi", reason="pympi-ling is not installed")
    (file,) = export.run(session, "elan", tmp_path)
    eaf = pympi.Elan.Eaf(str(file))
    tiers = set(eaf.get_tier_names())
    assert {"markers", "between markers", "face not measured", "expression", "notes of anna"} <= tiers
    (first, second) = eaf.get_annotation_data_for_tier("between markers")
    assert first[2] == "stimulus; <1>"
    assert first[0] == pytest.approx(6000, abs=300)
    assert second[0] == first[1]
    gaps = eaf.get_annotation_data_for_tier("face not measured")
    assert "not measured: no face in the picture" in {text for *_, text in gaps}
    (note,) = eaf.get_annotation_data_for_tier("notes of anna")
    assert (note[2], note[1] - note[0]) == ("laughs & talks", pytest.approx(2000, abs=2))
    assert {text for *_, text in eaf.get_annotation_data_for_tier("expression")} <= set(EXPRESSIONS)


def test_nova_tracks_are_as_its_manual_says(session: Path, tmp_path: Path) -> None:
    export.run(session, "nova", tmp_path)
    for header in sorted(tmp_path.glob("*.annotation")):
        root = ElementTree.parse(header).getroot()
        lines = header.with_name(f"{header.name}~").read_text("utf-8").splitlines()
        scheme = root.find("scheme")
        assert scheme is not None
        info = root.find("info")
        assert info is not None
        assert info.get("size") == str(len(lines))
        fields = {len(line.split(";")) for line in lines}
        assert fields == ({2} if scheme.get("type") == "CONTINUOUS" else {4}), header.name
    root = ElementTree.parse(tmp_path / "person.valence.insula.annotation").getroot()
    assert root.find("scheme").attrib == {
        "name": "valence",
        "type": "CONTINUOUS",
        "sr": "25",
        "min": "-1",
        "max": "1",
    }  # type: ignore[union-attr]
    values = [
        line.split(";") for line in (tmp_path / "person.valence.insula.annotation~").read_text().split()
    ]
    assert len(values) == pytest.approx(25 * SECONDS, abs=25)
    assert all((value == "nan") == (sure == "0") for value, sure in values if value == "nan")
    free = (tmp_path / "person.markers.insula.annotation~").read_text("utf-8").splitlines()
    assert free[0].split(";")[2] == "stimulus, <1>"


def test_the_bids_validator_accepts_eeg_eda_motion_gaze_and_events(session: Path, tmp_path: Path) -> None:
    pytest.importorskip("mne_bids", reason="MNE-BIDS is not installed")
    export.run(session, "bids", tmp_path / "study", subject="01", task="stroop")
    t = sample_times(500, 100.0)
    streams = (
        StreamInfo("acc", "ACC", 100.0, ("X", "Y", "Z"), ("g",) * 3),
        StreamInfo("gaze", "Gaze", 100.0, ("x", "y", "pupil"), ("pixel", "pixel", "mm")),
        StreamInfo("finger", "PPG", 100.0, ("PPG",), ("",)),
    )
    tracks = tuple(
        Track(info, np.random.default_rng(0).normal(size=(500, info.n_channels)), t) for info in streams
    )
    events = (Event(1.0, "go", "events"), Event(2.0, "tab\there", "events"))
    other = Material("b", "b", tracks, events, 5.0, None, 0.0, None, False, ())
    bids.export(other, tmp_path / "study", subject="02", task="stroop")
    assert complaints(tmp_path / "study") == []
    people = (tmp_path / "study" / "participants.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in people] == ["participant_id", "sub-01", "sub-02"]
    assert "no person was measured" in (tmp_path / "study" / "README.md").read_text("utf-8")
    found = mne.io.read_raw_brainvision(
        tmp_path / "study/sub-01/eeg/sub-01_task-stroop_eeg.vhdr", verbose="ERROR", preload=True
    )
    track = next(t for t in gather_material(session).signals if t.info.type == "EEG")
    np.testing.assert_allclose(found.get_data()[:, :200] * 1e6, track.data[:200].T, atol=0.11)
    with pytest.raises(DataError, match="holds sub-01 already"):
        export.run(session, "bids", tmp_path / "study", subject="01")


def test_the_bids_validator_accepts_answers_and_ratings(tmp_path: Path) -> None:
    pytest.importorskip("mne_bids", reason="MNE-BIDS is not installed")
    sam = questionnaire.load(questionnaire.shipped()["sam"])
    said = (
        Answer(2.5, "sam", "valence", 1.0, "7", 7.0),
        Answer(4.0, "sam", "arousal", reason="time was up"),
        *(Rating(4.0 + k / 25, "anna", "clinician", ("valence",), (0.5,)) for k in range(50)),
    )
    about = {"protocol": {"questionnaires": [sheets.dump(sam)]}}
    record(tmp_path / "said", 7.0, faults=(), reports=said, about=about)
    export.run(tmp_path / "said", "bids", tmp_path / "study", subject="01", task="moods")
    file = tmp_path / "study/sub-01/beh/sub-01_task-moods_beh.tsv"
    first, second = (line.split("\t") for line in file.read_text("utf-8").splitlines()[1:])
    assert first[2:] == ["sam", "valence", "7", "7", "1.5", "n/a", "self"]
    assert second[2:] == ["sam", "arousal", "n/a", "n/a", "n/a", "time was up", "self"]
    asked = json.loads(file.with_suffix(".json").read_text("utf-8"))["Questionnaires"]["sam"]
    assert asked["items"][0]["left"]["en"] == "unpleasant"
    assert list((tmp_path / "study/sub-01").rglob("*insularatingannavalence_physio.tsv.gz"))
    assert complaints(tmp_path / "study") == []


@pytest.mark.parametrize("case", XDF_CASES)
@pytest.mark.parametrize("to", ["bids", "mne", "csv", "elan", "nova"])
def test_odd_recordings_are_exported_or_refused_in_words(
    shared_data: Path, tmp_path: Path, case: str, to: export.Format
) -> None:
    pytest.importorskip("mne_bids", reason="MNE-BIDS is not installed")
    with contextlib.suppress(DataError):  # in words; anything else would be a bug
        files = export.run(shared_data / f"samples/xdf/{case}.xdf", to, tmp_path / "out")
        assert files
        assert all(file.stat().st_size for file in files if not file.name.endswith("~"))
