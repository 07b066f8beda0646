"""The classes a voice is sorted into, and how they map onto Insula's expressions and the circumplex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, Measure
from insula.models.va import CIRCUMPLEX, AxisCalibration, VaCalibration

CLASSES: Final = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "calm",
    "boredom",
)
"""Union of the corpora's labels. Contempt was in none of them: a voice never shows it here."""
LANGUAGE_TAGS: Final = ("", "de", "en", "pl")
"""Languages the network can be told; the first stands for unknown."""
AS_EXPRESSION: Final[Mapping[str, str]] = {"calm": "neutral", "boredom": "neutral"}
"""Classes that Insula's expressions do not have count as the nearest one they do."""

_POINTS: Final = np.array(
    [{**CIRCUMPLEX, "calm": (0.56, -0.31), "boredom": (-0.66, -0.63)}[c] for c in CLASSES]
)
"""Valence and arousal of each class; calm and boredom as digitised from figure 4 of Russell (1980)."""

Floats = npt.NDArray[np.float64]


def label_index(emotion: str) -> int | None:
    """Index in ``CLASSES`` of a corpus' word for an emotion, ``None`` when it is none of them."""
    word = emotion.strip().lower()
    word = _SYNONYMS.get(word, word)
    return CLASSES.index(word) if word in CLASSES else None


_SYNONYMS = {
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "angry": "anger",
    "fearful": "fear",
    "surprised": "surprise",
    "disgusted": "disgust",
    "bored": "boredom",
}


def expression_log_probabilities(log_probabilities: npt.ArrayLike) -> tuple[float, ...]:
    """Nine class log-probabilities → eight of ``EXPRESSIONS``; contempt gets log 1e-12, its share being 0."""
    p = np.exp(np.asarray(log_probabilities, np.float64))
    out = np.zeros(len(EXPRESSIONS))
    for name, share in zip(CLASSES, p, strict=True):
        out[EXPRESSIONS.index(AS_EXPRESSION.get(name, name))] += share
    return tuple(float(v) for v in np.log(np.maximum(out / out.sum(), 1e-12)))


@dataclass(frozen=True, slots=True)
class VaMap:
    """Class probabilities → valence and arousal (mapped, never measured), with fitted scale and spread."""

    calibration: VaCalibration

    @classmethod
    def from_manifest(cls, preprocess: Mapping[str, Any]) -> VaMap:
        """Read the ``va`` table of a manifest's preprocessing."""
        return cls(VaCalibration.from_table(preprocess["va"]))

    def measures(self, probabilities: npt.ArrayLike) -> tuple[Measure, Measure]:
        """Probabilities (9,) → valence and arousal."""
        mean, spread = _moments(np.reshape(probabilities, (1, -1)))
        axes = (self.calibration.valence, self.calibration.arousal)
        valence, arousal = (
            Measure(
                float(np.clip(axis.scale * m + axis.offset, -1.0, 1.0)),
                float(np.hypot(axis.floor, axis.gain * s)),
            )
            for axis, m, s in zip(axes, mean[0], spread[0], strict=True)
        )
        return valence, arousal


def fit_va(probabilities: npt.ArrayLike, labels: npt.NDArray[np.int64]) -> VaMap:
    """Undo the pull towards the centre on tuning people: probabilities (n, 9), class indices (n,).

    Scale and offset by least squares against the labels' points; the floor is what makes the mean squared
    standardised error 1.
    """
    mean, spread = _moments(np.asarray(probabilities, np.float64))
    truth = _POINTS[labels]
    axes = []
    for axis in range(2):
        scale, offset = np.polyfit(mean[:, axis], truth[:, axis], 1)
        error = truth[:, axis] - np.clip(scale * mean[:, axis] + offset, -1.0, 1.0)
        low, high = 0.0, 2.0
        for _ in range(40):
            floor = (low + high) / 2
            too_small = np.mean(error**2 / (floor**2 + spread[:, axis] ** 2 + 1e-9)) > 1.0
            low, high = (floor, high) if too_small else (low, floor)
        axes.append(AxisCalibration(round(float(scale), 5), round(float(offset), 5), 1.0, round(high, 5)))
    return VaMap(VaCalibration(*axes))


def class_points(labels: npt.NDArray[np.int64]) -> Floats:
    """Valence and arousal (n, 2) that the labels stand for."""
    return _POINTS[labels]


def _moments(p: Floats) -> tuple[Floats, Floats]:
    p = p / p.sum(axis=1, keepdims=True)
    mean = p @ _POINTS
    variance = (p[:, :, None] * (_POINTS[None] - mean[:, None]) ** 2).sum(axis=1)
    return mean, np.sqrt(variance)
