"""A person's own model at work: loaded from its file, fed with tokens against rest, an index out."""

from __future__ import annotations

import zipfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge.errors import ConfigError, ModelError
from insula.edge.types import Measure
from insula.models.eeg import montage
from insula.models.eeg.linear import Linear
from insula.models.eeg.personal import TIMING, PersonalModel
from insula.models.eeg.workload import Z_LIMIT, Calibration

Floats = npt.NDArray[np.float64]

SMOOTH_S = 10.0
"""An index is the mean over this long, as the workload index is."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What the file holds. ``classes`` name the two conditions; the index is the probability of the second.

    ``electrodes`` are the cap's, in the model's order.
    """

    model: Linear
    calibration: Calibration
    electrodes: tuple[str, ...]
    classes: tuple[str, str]
    balanced_accuracy: float
    chance: float
    p: float
    n_blocks: int


def save(path: Path, found: PersonalModel, electrodes: Sequence[str], classes: tuple[str, str]) -> None:
    """Write a model that beat chance; raises ``ModelError`` for one that did not."""
    if not found.usable:
        raise ModelError(f"this model may not be used: {found.reason}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(
            file,
            weight=found.model.weight,
            bias=found.model.bias,
            calibration=np.array([found.calibration.temperature, found.calibration.person_sd]),
            electrodes=np.array(electrodes),
            classes=np.array(classes),
            evidence=np.array([found.balanced_accuracy, found.chance, found.p, found.n_blocks]),
        )


def load(path: Path) -> Personal:
    """Read a file of :func:`save`; raises ``ModelError`` when it is none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            first, second = (str(name) for name in file["classes"])
            temperature, spread = (float(x) for x in file["calibration"])
            accuracy, chance, p, n_blocks = (float(x) for x in file["evidence"])
            electrodes = tuple(str(name) for name in file["electrodes"])
            weight = np.asarray(file["weight"], np.float64)
            if weight.ndim != 1 or not electrodes or len(weight) % len(electrodes):
                raise ValueError("weights and electrodes do not belong together")
            return Personal(
                Linear(weight, float(file["bias"])),
                Calibration(temperature, spread),
                electrodes,
                (first, second),
                accuracy,
                chance,
                p,
                int(n_blocks),
            )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is no personal EEG model ('insula calibrate eeg' makes one): {error}"
        ) from error


class PersonalIndex:
    """Follows one session of the person; ``hop_s`` is the time between two tokens."""

    def __init__(self, personal: Personal, ch_names: Sequence[str], hop_s: float) -> None:
        """Find the model's electrodes on this cap; raises ``ConfigError`` naming those it lacks."""
        have = {montage.canonical(name): i for i, name in enumerate(ch_names)}
        wanted = [montage.canonical(name) for name in personal.electrodes]
        if missing := [n for n, c in zip(personal.electrodes, wanted, strict=True) if c not in have]:
            raise ConfigError(f"the personal EEG model needs electrodes this cap lacks: {', '.join(missing)}")
        self.name = personal.classes[1]
        self._personal = personal
        self._columns = [have[name] for name in wanted]
        self._hop_s = hop_s
        self._scores: deque[float] = deque(maxlen=round(SMOOTH_S / hop_s))

    def update(self, z: Floats, usable: npt.NDArray[np.bool_]) -> Measure | None:
        """Take tokens ``(n_channels, n_bands)``; ``None`` while one of the electrodes is not usable."""
        if not usable[self._columns].all():
            self.reset()
            return None
        tokens = np.clip(z[self._columns], -Z_LIMIT, Z_LIMIT)
        self._scores.append(float(self._personal.model.score(tokens.reshape(1, -1))[0]))
        return self._personal.calibration.index(
            self._scores, len(self._scores) * self._hop_s / TIMING.window_s
        )

    def reset(self) -> None:
        """Forget past scores, as after a gap."""
        self._scores.clear()
