"""Fakes for tests: made-up EEG whose alpha rhythm at rest gives way to gamma at "work", and packs of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from insula.models.eeg.montage import TEN_TWENTY

Samples = npt.NDArray[np.float64]


def made_up(
    seconds: float, sfreq: float, n_channels: int, *, work: bool, seed: int = 0, alpha_uv: float = 8.0
) -> Samples:
    """``(n_samples, n_channels)`` in µV."""
    rng = np.random.default_rng(seed)
    n = int(seconds * sfreq)
    edges = {(1, 30): 4.0, (8, 13): alpha_uv * (0.4 if work else 1.0), (30, 45): 2.0 if work else 1.0}
    out = np.zeros((n, n_channels))
    for band, rms in edges.items():
        sos = signal.butter(4, band, "bandpass", fs=sfreq, output="sos")
        wave = signal.sosfilt(sos, rng.normal(size=(n, n_channels)), axis=0)
        out += rms * wave / wave.std()
    return out


def write_pack(
    path: Path,
    people: int = 6,
    *,
    rest_s: float = 90.0,
    work_s: float = 30.0,
    ch_names: tuple[str, ...] = TEN_TWENTY,
) -> Path:
    """A pack in EEGMAT's layout."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"ch_names": np.array(ch_names)}
    for i in range(people):
        for segment, seconds in (("rest", rest_s), ("arith", work_s)):
            wave = made_up(
                seconds,
                128.0,
                len(ch_names),
                work=segment == "arith",
                seed=10 * i + len(segment),
                alpha_uv=6 + i,
            )
            arrays[f"s{i:02d}_{segment}_eeg{len(ch_names)}_uV_128hz_x0.02"] = np.round(wave.T / 0.02).astype(
                np.int16
            )
        arrays[f"s{i:02d}_rest_ecg_uV_128hz_x0.5"] = np.zeros(10, np.int16)
        arrays[f"s{i:02d}_quality"] = np.array(1, np.int8)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path
