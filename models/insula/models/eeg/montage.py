"""Electrodes: names of the 10–20 family, their scalp positions, and values carried from one cap to another.

Positions are those of MNE's ``colin27_1005`` template (formerly ``standard_1005``), in m, head coordinates,
x to the right and y to the nose; ``insula.models.eeg.positions`` writes the table.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TEN_TWENTY = (
    *("Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4"),
    *("T5", "T6", "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz"),
)
"""The 19 electrodes of the 10–20 system, as EEGMAT recorded them."""

_SYNONYMS = {"t7": "t3", "t8": "t4", "p7": "t5", "p8": "t6"}
"""The 10–10 system renamed four electrodes of the 10–20 system; either name means the same place."""

SIGMA_M = 0.03
"""Width of the Gaussian kernel over scalp positions that carries values between caps."""

NEAR_M = 0.05
"""An electrode this near may stand in for one that a cap lacks (Muse's TP9 for T3)."""
MASKED = -1e4
"""Attention bias of an empty place; its weight underflows to 0 without the NaN of −inf − −inf."""
_SAME_M = 1e-6


def canonical(name: str) -> str:
    """The electrode a channel name means, in lower case: "EEG T7-REF" and "T3" are both "t3"."""
    bare = name.strip().lower().removeprefix("eeg").strip(" -_:.")
    for separator in ("-", " ", "/"):
        bare = bare.split(separator)[0]
    bare = bare.rstrip(".")
    return _SYNONYMS.get(bare, bare)


@cache
def _positions() -> dict[str, tuple[float, float, float]]:
    content = resources.files("insula.models.weights").joinpath("eeg-electrodes.npz").read_bytes()
    with np.load(io.BytesIO(content)) as table:
        names, xyz = table["names"], table["xyz_m"].astype(np.float64)
    return {
        canonical(str(name)): (float(p[0]), float(p[1]), float(p[2]))
        for name, p in zip(names, xyz, strict=True)
    }


def is_electrode(name: str) -> bool:
    """Whether a channel name is a place of the 10–5 system."""
    return canonical(name) in _positions()


def positions(names: Sequence[str]) -> Floats:
    """Scalp positions ``(n, 3)`` in m; raises ``KeyError`` for a name that is no electrode."""
    table = _positions()
    return np.array([table[canonical(name)] for name in names], np.float64).reshape(-1, 3)


def transfer(
    sources: Sequence[str],
    targets: Sequence[str],
    usable: npt.NDArray[np.bool_] | None = None,
    *,
    sigma_m: float = SIGMA_M,
) -> Floats:
    """Weights ``(n_targets, n_sources)``, rows sum to 1: a target that is a usable source takes its value.

    Any other target is the Gaussian-weighted mean of the usable sources by distance (σ in m).
    Raises ``ValueError`` when no source is usable.
    """
    use = np.ones(len(sources), bool) if usable is None else usable
    if not use.any():
        raise ValueError("no usable electrode to carry values from")
    distance = np.linalg.norm(positions(targets)[:, None] - positions(sources)[None], axis=2)
    # Relative to the nearest usable source, so that a remote target still has weights above underflow.
    nearest = np.where(use, distance, np.inf).min(axis=1, keepdims=True)
    weights = np.exp((nearest**2 - distance**2) / (2 * sigma_m**2)) * use
    same = (distance < _SAME_M) & use
    weights = np.where(same.any(axis=1, keepdims=True), same.astype(np.float64), weights)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def slots(
    sources: Sequence[str], targets: Sequence[str], usable: npt.NDArray[np.bool_]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """How a stream's electrodes fill a model's: weights ``(n_targets, n_sources)`` and which are filled.

    An electrode that the stream has is taken as it is, and left empty while it is unusable: on EEGMAT an
    empty place cost less accuracy than one filled with its neighbours' mean. One that the stream lacks is the
    mean of usable electrodes near it, or empty when there is none within 5 cm.
    """
    distance = np.linalg.norm(positions(targets)[:, None] - positions(sources)[None], axis=2)
    own = distance < _SAME_M
    weights = np.where(own.any(axis=1, keepdims=True), own, distance < NEAR_M) * usable
    weights = weights * np.exp(-(distance**2) / (2 * SIGMA_M**2))
    total = weights.sum(axis=1, keepdims=True)
    filled = total[:, 0] > 0
    return np.asarray(weights / np.where(total > 0, total, 1.0), np.float64), filled


def gap_m(sources: Sequence[str], targets: Sequence[str]) -> Floats:
    """Distance in m from every target to its nearest source."""
    distance = np.linalg.norm(positions(targets)[:, None] - positions(sources)[None], axis=2)
    return np.asarray(distance.min(axis=1), np.float64)
