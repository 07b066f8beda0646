"""How far two runs over one session agree: live against computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.edge.types import MODALITIES, AffectEstimate, Modality

NEAR_S: Final[Mapping[Modality, float]] = {"face": 0.05, "voice": 0.15, "eda": 0.5, "eeg": 0.15}
"""Estimates whose newest samples lie farther apart do not speak of the same moment: half a period or so."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One modality in both runs.

    ``pairs`` speak of one moment; ``same`` (0…1) of them both measured or both did not. ``distances``:
    name, pairs with a value, median and 95th percentile of how far the values are apart.
    """

    modality: Modality
    live: int
    pairs: int
    same: float
    distances: tuple[tuple[str, int, float, float], ...]


def agreement(live: Sequence[AffectEstimate], again: Sequence[AffectEstimate]) -> list[Agreement]:
    """Compare the modalities that both runs have."""
    found = []
    for modality in MODALITIES:
        ours = [e for e in live if e.modality == modality and e.sample >= 0]
        theirs = sorted((e for e in again if e.modality == modality and e.sample >= 0), key=lambda e: e.t)
        if ours and theirs:
            found.append(_compare(modality, ours, theirs))
    return found


def _compare(modality: Modality, ours: list[AffectEstimate], theirs: list[AffectEstimate]) -> Agreement:
    times = np.array([estimate.t for estimate in theirs])
    pairs = []
    for estimate in ours:
        nearest = int(np.argmin(np.abs(times - estimate.t)))
        if abs(times[nearest] - estimate.t) <= NEAR_S[modality]:
            pairs.append((estimate, theirs[nearest]))
    same = sum(a.measured == b.measured for a, b in pairs) / len(pairs) if pairs else 0.0
    distances: dict[str, list[float]] = {}
    for a, b in pairs:
        values = _values(b)
        for name, value in _values(a).items():
            if name in values:
                distances.setdefault(name, []).append(abs(value - values[name]))
    told = tuple(
        (name, len(d), float(np.median(d)), float(np.percentile(d, 95))) for name, d in distances.items()
    )
    return Agreement(modality, len(ours), len(pairs), same, told)


def _values(estimate: AffectEstimate) -> dict[str, float]:
    measures = [("valence", estimate.valence), ("arousal", estimate.arousal), *estimate.indices]
    return {name: measure.mean for name, measure in measures if measure is not None}
