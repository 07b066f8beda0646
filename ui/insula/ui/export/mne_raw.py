"""A recording as MNE-Python's ``Raw``: one FIF file a stream, the markers and gaps as annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import mne
import numpy as np

from insula.edge.errors import DataError
from insula.sensors.recording import Track
from insula.ui.export.material import Grid, Material, file_name, grid, make

MISSING: Final = "BAD_not_recorded"
"""Stretches without samples; MNE leaves out what begins with BAD."""

_TYPE: Final = {
    "EEG": "eeg",
    "ECG": "ecg",
    "EOG": "eog",
    "EMG": "emg",
    "EDA": "gsr",
    "GSR": "gsr",
    "Temperature": "temperature",
    "Gaze": "eyegaze",
    "PPG": "bio",
    "BVP": "bio",
}
_SI: Final = {"microvolts": 1e-6, "millivolts": 1e-3, "volts": 1.0, "microsiemens": 1e-6}
_STATE_HZ: Final = 20.0


def raw_of(track: Track, material: Material) -> Any:
    """A regular stream as ``Raw`` in SI units; missing samples are 0 under a ``BAD`` annotation."""
    found = grid(track)
    kind = _TYPE.get(track.info.type, "misc")
    scale = np.array([_SI.get(unit, 1.0) for unit in track.info.units])
    return _raw(track.info.ch_names, kind, np.nan_to_num(found.data * scale), found, material)


def affect_of(material: Material) -> Any | None:
    """Valence, arousal and their deviations as ``Raw`` at 20 Hz; NaN where not measured."""
    if material.facts is None:
        return None
    lane = material.facts.session.fused
    if len(lane.times) < 2:
        return None
    times = lane.times - material.begin
    raster = np.arange(max(0.0, times[0]), times[-1], 1.0 / _STATE_HZ)
    newest = np.searchsorted(times, raster + 1e-9, "right") - 1
    rows = lane.rows[np.maximum(newest, 0)].copy()
    rows[(newest < 0) | (raster - times[np.maximum(newest, 0)] > 1.0)] = np.nan  # a pause of the recording
    names = ("valence", "valence_sd", "arousal", "arousal_sd")
    return _raw(names, "misc", rows, Grid(rows, float(raster[0]), _STATE_HZ, ()), material)


def _raw(names: tuple[str, ...], kind: str, data: Any, found: Grid, material: Material) -> Any:
    info = mne.create_info(_unique(names), found.sfreq, kind, verbose="ERROR")
    raw = mne.io.RawArray(data.T, info, verbose="ERROR")
    if material.started is not None:
        raw.set_meas_date(material.started)
    raw.set_annotations(annotated(found, material), verbose="ERROR")
    return raw


def annotated(found: Grid, material: Material) -> Any:
    """Markers and gaps, from the stream's first sample on."""
    length = len(found.data) / found.sfreq
    onset = [e.t - found.start for e in material.events]
    kept = [k for k, t in enumerate(onset) if 0 <= t <= length]
    onsets = [*(onset[k] for k in kept), *(t - found.start for t, _ in found.gaps)]
    lengths = [*(0.0 for _ in kept), *(length for _, length in found.gaps)]
    texts = [*(material.events[k].text or "(no text)" for k in kept), *(MISSING for _ in found.gaps)]
    return mne.Annotations(onsets, lengths, texts)


def export(material: Material, out: Path) -> list[Path]:
    """Write ``NAME_raw.fif`` for each regular stream and ``affect_raw.fif``; returns the files."""
    make(out)
    raws = {file_name(t.info.name): raw_of(t, material) for t in material.signals if t.info.sfreq > 0}
    affect = affect_of(material)
    if affect is not None:
        raws["affect"] = affect
    if not raws:
        raise DataError(
            f"{material.name} has no stream of a regular rate and no estimates: MNE holds no others"
        )
    files = []
    for name, raw in raws.items():
        files.append(out / f"{name}_raw.fif")
        raw.save(files[-1], overwrite=True, verbose="ERROR")
    return files


def _unique(names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, new = 2, name
        while new in found:
            new, number = f"{name}-{number}", number + 1
        found.append(new)
    return found
