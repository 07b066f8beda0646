"""Is an electrode's signal EEG at all? One mark per channel and window, in words.

Thresholds are in µV of the high-passed signal and are wide: scalp EEG at rest has a standard deviation of
5–30 µV, an eye blink peaks at 80–300 µV at the forehead, and jaw muscle fills the band above 30 Hz, where
resting EEG has 1–3 µV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from insula.models.eeg.montage import canonical

Floats = npt.NDArray[np.float64]
Mark = Literal[
    "good",
    "blink",
    "muscle",
    "line noise",
    "drowned in line noise",
    "too large",
    "frozen",
    "rail",
    "flat",
    "gap",
]

WEIGHT: Final[dict[Mark, float]] = {
    "good": 1.0,
    "blink": 0.8,
    "muscle": 0.5,
    "line noise": 0.7,
    "drowned in line noise": 0.0,
    "too large": 0.0,
    "frozen": 0.0,
    "rail": 0.0,
    "flat": 0.0,
    "gap": 0.0,
}
"""What a channel contributes to the signal quality; a channel of weight 0 is not used."""

FLAT_SD_UV = 0.5
STUCK_SHARE = 0.1
LARGE_SD_UV = 150.0
LINE_RATIO = 4.0
LINE_DROWNED = 25.0
"""A notch removes mains several times as large as the EEG, as of an open electrode cable; not without end."""
MUSCLE_RMS_UV = 8.0
BLINK_PEAK_UV = 75.0
RAIL_UV = 950.0
"""A signal that stands still this far from zero sits at the amplifier's end (Muse: ±1000, others beyond)."""
_FOREHEAD = frozenset({"fp1", "fp2", "fpz", "af7", "af8", "af3", "af4", "afz"})


@dataclass(frozen=True, slots=True)
class SignalStats:
    """What is known of every channel in a window; all ``(n_channels,)``.

    ``raw_sd``, ``sd`` (high-passed, mains removed), ``line_rms`` (what the notch removed),
    ``gamma_rms`` (highest band) and ``peak`` (largest high-passed amplitude) in µV; ``stuck`` is the share of
    samples that repeat the two before (one repeat is common with a coarse converter), ``railed`` the share
    of samples stuck far from zero, ``missing`` the share that were not finite.
    """

    raw_sd: Floats
    sd: Floats
    line_rms: Floats
    gamma_rms: Floats
    peak: Floats
    stuck: Floats
    railed: Floats
    missing: Floats


def forehead(ch_names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which channels sit where an eye blink is largest."""
    return np.array([canonical(name) in _FOREHEAD for name in ch_names])


def marks(stats: SignalStats, at_forehead: npt.NDArray[np.bool_]) -> tuple[Mark, ...]:
    """The worst mark that applies to every channel."""
    flat = stats.raw_sd < FLAT_SD_UV
    line = stats.line_rms / np.maximum(stats.sd, FLAT_SD_UV)
    conditions: list[tuple[Mark, npt.NDArray[np.bool_]]] = [
        ("gap", stats.missing > 0),
        ("rail", stats.railed > STUCK_SHARE),
        ("flat", flat),
        ("frozen", stats.stuck > STUCK_SHARE),
        ("drowned in line noise", line > LINE_DROWNED),
        ("too large", stats.sd > LARGE_SD_UV),
        ("muscle", stats.gamma_rms > MUSCLE_RMS_UV),
        ("line noise", line > LINE_RATIO),
        ("blink", at_forehead & (stats.peak > BLINK_PEAK_UV)),
    ]
    out: list[Mark] = ["good"] * len(flat)
    for mark, applies in reversed(conditions):
        for channel in np.flatnonzero(applies):
            out[channel] = mark
    return tuple(out)


def usable(found: tuple[Mark, ...]) -> npt.NDArray[np.bool_]:
    """Which channels may be used, ``(n_channels,)``."""
    return np.array([WEIGHT[mark] > 0 for mark in found])


def overall(found: tuple[Mark, ...]) -> float:
    """Signal quality of the cap, 0…1: the mean weight of its channels."""
    return float(np.mean([WEIGHT[mark] for mark in found]))


def in_words(found: tuple[Mark, ...], ch_names: tuple[str, ...]) -> str:
    """The channels that are not good, grouped by what is wrong: "flat: T3, T4; blink: Fp1"."""
    groups: dict[Mark, list[str]] = {}
    for mark, name in zip(found, ch_names, strict=True):
        if mark != "good":
            groups.setdefault(mark, []).append(name)
    return "; ".join(f"{mark}: {', '.join(names)}" for mark, names in groups.items())
