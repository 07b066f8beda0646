"""Frequency bands and their second-order-section filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BandSet:
    """Named pass bands in Hz and the order of their Butterworth filters."""

    names: tuple[str, ...]
    edges_hz: tuple[tuple[float, float], ...]
    order: int

    def __post_init__(self) -> None:
        if len(self.names) != len(self.edges_hz) or not self.names:
            raise ValueError("a band set needs one name for every pair of edges")
        if any(not 0 < low < high for low, high in self.edges_hz):
            raise ValueError(f"band edges must rise from above 0 Hz: {self.edges_hz}")

    def sections(self, sfreq: float) -> list[Floats]:
        """One ``(n_sections, 6)`` filter a band; raises ``ValueError`` when ``sfreq`` is too low for the top.

        Second-order sections, because the b, a form of a theta filter is wrong by 1 % at 500 Hz and
        diverges at 1000 Hz.
        """
        if self.edges_hz[-1][1] >= sfreq / 2:
            raise ValueError(f"{self.edges_hz[-1][1]:g} Hz needs a sampling rate above twice that")
        return [
            np.asarray(signal.butter(self.order, edges, "bandpass", fs=sfreq, output="sos"), np.float64)
            for edges in self.edges_hz
        ]


WORKLOAD = BandSet(
    ("delta", "theta", "alpha", "beta", "gamma"),
    ((1.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 45.0)),
    order=4,
)
RB_PAPER = BandSet(
    ("theta", "alpha", "beta", "gamma"), ((4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 45.0)), order=5
)
"""Bands as the text of the RBTransformer paper states them."""
RB_FORK = BandSet(
    ("theta", "alpha", "beta", "gamma"), ((4.0, 8.0), (8.0, 14.0), (14.0, 31.0), (31.0, 49.0)), order=5
)
"""Bands as in a co-author's public code, which differs from the paper."""


def differential_entropy(variance: Floats) -> Floats:
    """``½·log2(2πe·σ²)`` in bits, the entropy of a Gaussian with this variance (µV²); floor 1e-6 µV²."""
    return np.asarray(0.5 * np.log2(2 * np.pi * np.e * np.maximum(variance, 1e-6)), np.float64)
