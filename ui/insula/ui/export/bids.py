"""BIDS (https://bids-specification.readthedocs.io): EEG through MNE-BIDS, other signals beside it.

EDA, PPG, temperature and other regular streams become physiological recordings, accelerometers and
gyroscopes motion recordings, gaze an eye-tracking recording; markers become events, answers behaviour.
What Insula estimated is no raw data: it goes to ``derivatives/insula``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import ConfigError, DataError
from insula.edge.untrusted import parse_json
from insula.sensors.recording import Track
from insula.ui.export.material import Grid, Material, grid, label, make
from insula.ui.export.mne_raw import MISSING, raw_of
from insula.ui.protocol.sheets import dump, response_time

BIDS_VERSION: Final = "1.11.1"
_MOTION: Final = {
    "acc": "ACCEL",
    "accelerometer": "ACCEL",
    "gyro": "GYRO",
    "gyroscope": "GYRO",
    "mag": "MAGN",
}
_MOTION_UNIT: Final = {"ACCEL": "g", "GYRO": "deg/s", "MAGN": "T"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording's files go: ``stem`` is "sub-X_task-Y", ``folder`` its data type's folder."""

    root: Path
    subject: str
    task: str

    @property
    def stem(self) -> str:
        """The entities every file of the recording begins with."""
        return f"sub-{self.subject}_task-{self.task}"

    def folder(self, datatype: str) -> Path:
        """The folder of a data type."""
        return make(self.root / f"sub-{self.subject}" / datatype)


def export(material: Material, out: Path, *, subject: str = "", task: str = "session") -> list[Path]:
    """Write the recording as a subject of the dataset ``out``, which may hold others; returns the files.

    Raises ``ConfigError`` without MNE-BIDS, ``DataError`` when the subject is there already or nothing fits.
    """
    place = Place(out, label(subject or material.person), label(task))
    if (out / f"sub-{place.subject}").exists():
        raise DataError(f"{out} holds sub-{place.subject} already: give another --subject")
    regular = [track for track in material.signals if track.info.sfreq > 0]
    eeg = [track for track in regular if track.info.type == "EEG"]
    if not regular and not material.events and not material.sheets:
        raise DataError(
            f"{material.name} holds no regular stream and no event: BIDS has no place for the rest"
        )
    make(out)
    _dataset(material, out)
    datatype = "eeg" if eeg else "beh"
    if eeg:
        _eeg(material, eeg, place)
    for track in regular:
        if track in eeg:
            continue
        if (kind := _MOTION.get(track.info.type.casefold())) is not None:
            _motion(track, kind, place)
        elif track.info.type == "Gaze" and track.data.shape[1] >= 2:
            _gaze(track, place, datatype)
        elif track.info.type != "Audio":
            _physio(track, place, datatype)
    if not eeg and material.events:
        _events(material, place.folder(datatype) / f"{place.stem}_events")
    if material.sheets:
        _answers(material, place)
    _participant(material, place)
    if material.states:
        _affect(material, place)
    return sorted(path for path in out.rglob(f"sub-{place.subject}*") if path.is_file())


# -- signals ----------------------------------------------------------------------------------------------


def _eeg(material: Material, tracks: Sequence[Track], place: Place) -> None:
    try:
        import mne_bids
        import pybv  # noqa: F401 (MNE-BIDS writes BrainVision through it)
    except ImportError as error:
        raise ConfigError("EEG in BIDS needs MNE-BIDS: pip install 'insula[export]'") from error
    for track in tracks:
        raw = raw_of(track, material)
        acquisition = None if len(tracks) == 1 else label(track.info.name)
        path = mne_bids.BIDSPath(
            subject=place.subject, task=place.task, acquisition=acquisition, datatype="eeg", root=place.root
        )
        texts = sorted(set(raw.annotations.description))
        names = {text: k for k, text in enumerate(texts, 1)} or None
        with warnings.catch_warnings():  # it has a version of BIDS of its own
            warnings.simplefilter("ignore", UserWarning)
            mne_bids.write_raw_bids(
                raw, path, event_id=names, format="BrainVision", allow_preload=True, readme=False,
                overwrite=True, verbose="ERROR",
            )  # fmt: skip
        written = path.copy().update(suffix="eeg", extension=".json")
        facts = {
            "Manufacturer": track.info.manufacturer or "n/a",
            "EEGReference": "n/a",
            "SoftwareFilters": "n/a",
            "TaskDescription": "Recorded with Insula; see events",
            "RecordingType": "discontinuous" if MISSING in texts else "continuous",
        }
        mne_bids.update_sidecar_json(written, facts, verbose="ERROR")


def _physio(track: Track, place: Place, datatype: str) -> None:
    found = grid(track)
    names = _names(track)
    _recording(
        place.folder(datatype) / f"{place.stem}_recording-{label(track.info.name)}_physio",
        found,
        names,
        {name: _column(track, k) for k, name in enumerate(names)},
        track,
        place.task,
    )


def _gaze(track: Track, place: Place, datatype: str) -> None:
    """Eye tracking is a physiological recording whose first columns are time and place of the gaze."""
    found = grid(track)
    stamps = (found.start + np.arange(len(found.data)) / found.sfreq)[:, np.newaxis]
    timed = Grid(np.hstack([stamps, found.data]), found.start, found.sfreq, found.gaps)
    names = ["timestamp", "x_coordinate", "y_coordinate", *_names(track)[2:]]
    about: dict[str, Any] = {"timestamp": {"Description": "since the recording's first sample", "Units": "s"}}
    about |= {name: _column(track, k) for k, name in enumerate(names[1:])}
    more = {
        "PhysioType": "eyetrack",
        "RecordedEye": "cyclopean",
        "SampleCoordinateSystem": "custom",
        "SampleCoordinateSystemDescription": "as the sender gave it, see the columns' units",
    }
    _recording(
        place.folder(datatype) / f"{place.stem}_recording-eye1_physio",
        timed,
        names,
        about,
        track,
        place.task,
        more,
    )


def _recording(
    target: Path,
    found: Grid,
    names: list[str],
    about: dict[str, Any],
    track: Track,
    task: str,
    more: dict[str, Any] | None = None,
) -> None:
    text = io.StringIO()
    _rows(text, found.data)
    # Neither name nor date in the header: the same recording gives the same file.
    packed = gzip.compress(text.getvalue().encode(), mtime=0)
    target.with_name(f"{target.name}.tsv.gz").write_bytes(packed)
    sidecar = {
        "SamplingFrequency": found.sfreq,
        "StartTime": found.start,
        "Columns": names,
        "Manufacturer": track.info.manufacturer or "n/a",
        "TaskName": task,
        **(more or {"PhysioType": "generic"}),
        **about,
    }
    _json(target.with_name(f"{target.name}.json"), sidecar)


def _motion(track: Track, kind: str, place: Place) -> None:
    found = grid(track)
    folder, system = place.folder("motion"), label(track.info.name)
    stem = f"{place.stem}_tracksys-{system}"
    with (folder / f"{stem}_motion.tsv").open("w", encoding="utf-8", newline="") as file:
        _rows(file, found.data)
    names, axes = _names(track), ("x", "y", "z")
    rows = [
        (
            name,
            axes[k] if k < 3 else "n/a",
            kind if k < 3 else "MISC",
            system,
            track.info.units[k] or _MOTION_UNIT[kind],
        )
        for k, name in enumerate(names)
    ]
    _tsv(folder / f"{stem}_channels.tsv", ("name", "component", "type", "tracked_point", "units"), rows)
    _json(
        folder / f"{stem}_motion.json",
        {
            "SamplingFrequency": found.sfreq,
            "TaskName": place.task,
            "TrackingSystemName": track.info.name,
            "Manufacturer": track.info.manufacturer or "n/a",
            "MotionChannelCount": len(names),
            f"{kind}ChannelCount": min(3, len(names)),
            "RecordingDuration": len(found.data) / found.sfreq,
            "MissingValues": "n/a",
            "StartTime": found.start,
        },
    )


# -- events, people, dataset ------------------------------------------------------------------------------


def _events(material: Material, target: Path) -> None:
    rows = [
        (f"{e.t:.6f}", "0", e.text or "n/a", e.source) for e in sorted(material.events, key=lambda e: e.t)
    ]
    _tsv(target.with_name(f"{target.name}.tsv"), ("onset", "duration", "trial_type", "source"), rows)
    about = {
        "onset": {"Description": "since the recording's first sample", "Units": "s"},
        "trial_type": {"Description": "text of the marker"},
        "source": {"Description": "stream the marker came from"},
    }
    _json(target.with_name(f"{target.name}.json"), about)


def _answers(material: Material, place: Place) -> None:
    """What the person said, as behaviour: one row an item."""
    names = ("time", "step", "questionnaire", "item", "answer", "label", "response_time", "missing", "role")
    rows = []
    for sheet in material.sheets:
        for a in sheet.answers:
            value, taken = (None if x is None else f"{x:.9g}" for x in (a.value, response_time(a)))
            said = (a.item, value or "", a.text or "", taken or "", a.reason, a.role)
            rows.append((f"{a.t:.6f}", sheet.step.name if sheet.step else "", sheet.name, *said))
    target = place.folder("beh") / f"{place.stem}_beh"
    _tsv(target.with_name(f"{target.name}.tsv"), names, rows)
    about: dict[str, Any] = {
        "TaskName": place.task,
        "time": {"Description": "of the answer, since the recording's first sample", "Units": "s"},
        "step": {"Description": "step of the protocol"},
        "questionnaire": {"Description": "name of the questionnaire, see Questionnaires"},
        "item": {"Description": "name of its item, see Questionnaires"},
        "answer": {"Description": "number of the answer on the item's scale; n/a: not answered, or in words"},
        "label": {"Description": "the answer in words, as it was shown or written"},
        "response_time": {"Description": "since the question was seen; n/a: not answered", "Units": "s"},
        "missing": {"Description": "why there is no answer; n/a: there is one"},
        "role": {"Description": "who answered"},
        "Questionnaires": {sheet.name: dump(sheet.form) for sheet in material.sheets if sheet.form},
    }
    _json(target.with_name(f"{target.name}.json"), about)


def _participant(material: Material, place: Place) -> None:
    path = place.root / "participants.tsv"
    rows: list[dict[str, str]] = []
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    mine = f"sub-{place.subject}"
    rows = [row for row in rows if row["participant_id"] != mine]
    rows.append({"participant_id": mine, "simulated": str(material.simulated).lower()})
    names = list(dict.fromkeys(name for row in rows for name in row))
    _tsv(path, names, [[row.get(name) or "n/a" for name in names] for row in rows])
    about_path = place.root / "participants.json"
    about = parse_json(about_path.read_text("utf-8")) if about_path.exists() else {}
    about["simulated"] = {
        "Description": "whether no person but a simulation was recorded",
        "Levels": {"true": "simulated", "false": "measured on a person"},
    }
    _json(about_path, about)


def _dataset(material: Material, root: Path) -> None:
    if not (root / "dataset_description.json").exists():
        _json(root / "dataset_description.json", _description("Recordings of Insula", "raw"))
    if not (root / "README.md").exists():
        note = "\n**It holds simulated input: no person was measured.**\n" if material.simulated else ""
        (root / "README.md").write_text(
            "# Recordings of Insula\n"
            f"{note}\n"
            "Exported by `insula export --to bids`. All streams of a recording share one clock; times count\n"
            "from the recording's first sample. Missing samples are `n/a` (in EEG 0 under the event\n"
            f"`{MISSING}`).\n\n"
            "What was estimated from the signals lies in `derivatives/insula`; it describes expressions and\n"
            "bodily signals, not what a person feels.\n",
            "utf-8",
        )


def _description(name: str, kind: str) -> dict[str, Any]:
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "Authors": ["n/a"],
        "GeneratedBy": [{"Name": "insula", "Version": version("insula")}],
    }


def _affect(material: Material, place: Place) -> None:
    """The fused state as a derivative: one row a state."""
    root = make(place.root / "derivatives" / "insula")
    if not (root / "dataset_description.json").exists():
        _json(root / "dataset_description.json", _description("Estimates of Insula", "derivative"))
    assert material.facts is not None
    lane = material.facts.session.fused
    rows = np.hstack([(lane.times - material.begin)[:, np.newaxis], lane.rows])
    target = Place(root, place.subject, place.task).folder("beh") / f"{place.stem}_desc-affect_timeseries"
    names = ("time", "valence", "valence_sd", "arousal", "arousal_sd")
    text = io.StringIO()
    _rows(text, rows)
    header = "\t".join(names)
    target.with_name(f"{target.name}.tsv").write_text(f"{header}\n{text.getvalue()}", "utf-8")
    models = [row.id for row in material.facts.models]
    about = {
        "time": {"Description": "since the recording's first sample", "Units": "s"},
        **{axis: {"Description": f"{axis}, −1 to 1; n/a: not measured"} for axis in ("valence", "arousal")},
        **{f"{a}_sd": {"Description": "its standard deviation"} for a in ("valence", "arousal")},
        "Models": models,
        "Simulated": material.simulated,
    }
    _json(target.with_name(f"{target.name}.json"), about)


# -- files ------------------------------------------------------------------------------------------------


def _names(track: Track) -> list[str]:
    """Column names: lower case, no two alike."""
    found: list[str] = []
    for k, name in enumerate(track.info.ch_names):
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).strip("_").lower()
        plain = plain or f"ch{k + 1}"
        found.append(plain if plain not in found else f"{plain}_{k + 1}")
    return found


def _column(track: Track, k: int) -> dict[str, str]:
    units = {"microsiemens": "µS", "microvolts": "µV", "degree celsius": "oC"}
    unit = track.info.units[k]
    told = {"Description": f"{track.info.type}, channel {track.info.ch_names[k]}"}
    return told | ({"Units": units.get(unit, unit)} if unit else {})


def _rows(file: Any, data: npt.NDArray[np.float64]) -> None:
    """Rows of numbers without a header; what is missing is n/a."""
    rows = csv.writer(file, delimiter="\t", lineterminator="\n")
    for row in data.tolist():
        rows.writerow(["n/a" if value != value else f"{value:.9g}" for value in row])


def _tsv(path: Path, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(names)
        table.writerows([" ".join(str(cell).split()) or "n/a" for cell in row] for row in rows)


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
