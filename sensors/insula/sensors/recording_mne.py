"""Recordings that MNE-Python reads: EDF, BDF, FIF, BrainVision, EEGLAB and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.order import rising
from insula.sensors.probe import library
from insula.sensors.recording import Track
from insula.sensors.units import TEXT, as_text

# MNE's channel type: LSL's type, unit, factor from MNE's SI unit
_SIGNALS: Final = {
    "eeg": ("EEG", "microvolts", 1e6),
    "gsr": ("EDA", "microsiemens", 1e6),
    "ecg": ("ECG", "microvolts", 1e6),
    "eog": ("EOG", "microvolts", 1e6),
    "emg": ("EMG", "microvolts", 1e6),
    "temperature": ("Temperature", "degree celsius", 1.0),
    "misc": ("Other", "", 1.0),
}


def read_mne(path: Path) -> list[Track]:
    """One track for each kind of channel, and the annotations as markers."""
    mne = library("mne", "install it (pip install mne)")
    try:
        raw = mne.io.read_raw(path, preload=True, verbose="ERROR")
    except (ValueError, RuntimeError, OSError, NotImplementedError, AssertionError, IndexError) as error:
        raise SensorUnavailable(f"MNE cannot read {path.name}: {error}") from error
    sfreq = float(raw.info["sfreq"])
    times = raw.times.astype(np.float64)
    kinds = raw.get_channel_types()
    tracks = []
    for kind, (lsl_type, unit, factor) in _SIGNALS.items():
        names = [name for name, its in zip(raw.ch_names, kinds, strict=True) if its == kind]
        if not names or len(times) == 0:
            continue
        info = StreamInfo(
            name=lsl_type,
            type=lsl_type,
            sfreq=sfreq,
            ch_names=tuple(name.rstrip(". ") for name in names),  # EDF labels of PhysioNet end in dots
            units=(unit,) * len(names),
            sensor_id=f"file:{path.name}:{kind}",
        )
        tracks.append(Track(info, (raw.get_data(picks=names).T * factor).astype(np.float32), times))
    return tracks + _markers(raw, path)


def _markers(raw: Any, path: Path) -> list[Track]:
    """The annotations, in order."""
    if not len(raw.annotations):
        return []
    info = StreamInfo(
        "annotations", "Markers", 0.0, ("description",), ("",), TEXT, sensor_id=f"file:{path.name}"
    )
    order = np.argsort(raw.annotations.onset, kind="stable")
    onsets = rising(np.asarray(raw.annotations.onset)[order] - raw.first_time, -np.inf)
    texts = as_text([[raw.annotations.description[i]] for i in order])
    return [Track(info, texts, onsets)]
