"""Named EEG indices as clues: what they are, and what they are not.

They describe the signal; none of them is an emotion. ``CAVEATS`` goes wherever a clue is explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import Clue
from insula.models.eeg.bands import BandSet
from insula.models.eeg.montage import canonical
from insula.models.eeg.tracker import Tracked

Floats = npt.NDArray[np.float64]

ALPHA, THETA_BETA, ASYMMETRY = (
    "alpha power, back of the head",
    "theta/beta, frontal",
    "frontal alpha asymmetry",
)
CAVEATS: Final = {
    ALPHA: "falls with open eyes and with effort, rises with closed eyes and drowsiness: not a mood",
    THETA_BETA: "eye movements and blinks raise theta at the forehead, jaw muscle raises beta",
    ASYMMETRY: "ln alpha(right) − ln alpha(left); its link to emotion is weak and disputed",
}

_BACK = frozenset({"p3", "p4", "pz", "o1", "o2", "oz", "t5", "t6", "po7", "po8", "po3", "po4", "poz"})
_FRONT = frozenset({"fp1", "fp2", "fz", "af3", "af4", "af7", "af8", *(f"f{i}" for i in range(1, 9))})
_PAIRS = (("f4", "f3"), ("f8", "f7"), ("af8", "af7"), ("af4", "af3"), ("fp2", "fp1"))
_LEAST_REST = 20


class IndexClues:
    """Computes the clues of every token and learns their own mean and spread while the person rests."""

    def __init__(self, stream: str, ch_names: Sequence[str], bands: BandSet) -> None:
        self._stream = stream
        names = [canonical(name) for name in ch_names]
        self._back = np.array([name in _BACK for name in names])
        self._front = np.array([name in _FRONT for name in names])
        self._pair = next(
            ((names.index(r), names.index(left)) for r, left in _PAIRS if r in names and left in names), None
        )
        self._band = {name: bands.names.index(name) for name in ("theta", "alpha", "beta")}
        self._rest: dict[str, list[float]] = {}

    def update(self, tracked: Tracked) -> tuple[Clue, ...]:
        """Clues of one token; their z is against the rest seen so far, ``None`` while that is too short."""
        clues = []
        for feature, value, unit in self._values(tracked):
            rest = self._rest.setdefault(feature, [])
            if tracked.z is None:
                rest.append(value)
            known = tracked.z is not None and len(rest) >= _LEAST_REST
            z = float((value - np.mean(rest)) / np.std(rest)) if known else None
            clues.append(Clue(self._stream, feature, value, unit, z))
        return tuple(clues)

    def _values(self, tracked: Tracked) -> list[tuple[str, float, str]]:
        variance = 2.0 ** (2 * tracked.token.entropy) / (2 * np.pi * np.e)  # µV², (n_channels, n_bands)
        alpha = variance[:, self._band["alpha"]]
        out: list[tuple[str, float, str]] = []
        if (back := self._back & tracked.usable).any():
            out.append((ALPHA, float(10 * np.log10(alpha[back]).mean()), "dB µV²"))
        if (front := self._front & tracked.usable).any():
            ratio = variance[front, self._band["theta"]].mean() / variance[front, self._band["beta"]].mean()
            out.append((THETA_BETA, float(ratio), ""))
        if self._pair and tracked.usable[list(self._pair)].all():
            right, left = self._pair
            out.append((ASYMMETRY, float(np.log(alpha[right] / alpha[left])), "ln ratio"))
        return out
