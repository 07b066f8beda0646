"""Band powers of EEG on demand: from the last seconds of the raw signal, per electrode (Qt-free)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.ui.dashboard.series import FloatArray
from insula.ui.dashboard.view import SignalLane

BANDS: Final = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Edges in Hz, as usual in clinical EEG."""

LEAST_S = 4.0
SEGMENT_S = 2.0


@dataclass(frozen=True, slots=True)
class Powers:
    """``db`` ``(n_channels, n_bands)``: mean power density in dB re 1 µV²/Hz."""

    ch_names: tuple[str, ...]
    db: FloatArray


def band_powers(lane: SignalLane) -> Powers | None:
    """Return the powers of the channels that have a signal, ``None`` while there is less than 4 s of it.

    Welch's method on segments of 2 s with their trend removed. The lane's unit is microvolts.
    """
    from scipy import signal  # half a second and 60 MB, for those who ask only

    if len(lane.times) < 2 or lane.times[-1] - lane.times[0] < LEAST_S:
        return None
    sfreq = (len(lane.times) - 1) / float(lane.times[-1] - lane.times[0])
    rows = lane.rows
    alive = np.isfinite(rows).all(axis=0) & (rows.std(axis=0) > 0)
    if not alive.any():
        return None
    hz, density = signal.welch(
        rows[:, alive], sfreq, nperseg=round(SEGMENT_S * sfreq), detrend="linear", axis=0
    )
    means = [density[(hz >= low) & (hz < high)].mean(axis=0) for low, high in BANDS.values()]
    names = tuple(name for name, lives in zip(lane.ch_names, alive, strict=True) if lives)
    return Powers(names, np.asarray(10.0 * np.log10(np.stack(means, axis=1) + 1e-12)))
