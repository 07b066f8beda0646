"""The shipped expression net as one function: a gray face in, calibrated probabilities out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import EngineError, ModelError
from insula.edge.types import EXPRESSIONS
from insula.models import manifest
from insula.models.face.blendshapes import ACTION_UNITS, action_units
from insula.models.face.crop import SIZE, fit, standardise
from insula.models.face.quality import picture_quality
from insula.models.va import VaCalibration

NAME: Final = "face-expression"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the net reads in one face: natural-log probabilities (8,) and action units 0…1.

    ``embedding`` (width,) is what both rest on, for heads of one's own.
    """

    log_probabilities: npt.NDArray[np.float64]
    units: dict[int, float]
    embedding: npt.NDArray[np.float64]

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Probabilities (8,) in the order of ``EXPRESSIONS``."""
        return np.asarray(np.exp(self.log_probabilities))

    @property
    def inputs(self) -> npt.NDArray[np.float64]:
        """What a head of one's own is given (width + 8,): the embedding and the log-probabilities."""
        return np.concatenate([self.embedding, self.log_probabilities])


def log_softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Natural-log probabilities of scores, along the last axis."""
    above = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(above - np.log(np.exp(above).sum(axis=-1, keepdims=True)))


class ExpressionNet:
    """Loads the shipped weights with ``engines``.

    Raises ``ModelError`` when the manifest does not fit this code.
    """

    def __init__(self, engines: Loader = on_cpu) -> None:
        self.manifest = manifest.load(NAME)
        given = self.manifest.preprocess
        try:
            if given["size"] != SIZE or tuple(given["expressions"]) != EXPRESSIONS:
                raise ModelError(f"{NAME}: made for other pictures or classes than this version of insula")
            self.va = VaCalibration.from_table(given["va"])
            self.temperature = float(given["temperature"])
            self._shift = np.asarray(given["shift"], np.float64)
            self._blendshapes = tuple(given["blendshapes"])
            self._units = frozenset(given["action_units"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{NAME}: its manifest lacks {error}; reinstall insula") from error
        if self._shift.shape != (len(EXPRESSIONS),):
            raise ModelError(f"{NAME}: its manifest's shift must have one number an expression")
        if not self._units <= ACTION_UNITS.keys():
            raise ModelError(f"{NAME}: its manifest names unknown action units {sorted(self._units)}")
        self._engine = engines(self.manifest.weights())

    def read(self, picture: npt.NDArray[np.uint8]) -> Reading:
        """Judge one gray face (height, width) uint8, framed from brow to chin like a detector's box.

        The net runs on the picture and on its mirror image, and the two answers are averaged: a face means
        the same either way round, and what differs is the net's error.
        """
        x = standardise(fit(picture)[None])
        answers = [self._engine.run({"face": view}) for view in (x, np.ascontiguousarray(x[..., ::-1]))]
        logits, shapes, embedding = (
            np.mean([np.asarray(answer[name], np.float64)[0] for answer in answers], axis=0)
            for name in ("logits", "blendshapes", "embedding")
        )
        log_probabilities = log_softmax(logits / self.temperature + self._shift)
        # Every unit is the mean of its left and right blendshapes, so the mirror's need no swapping back.
        units = action_units(shapes.tolist(), self._blendshapes)
        units = {unit: value for unit, value in units.items() if unit in self._units}
        return Reading(log_probabilities, units, embedding)

    def untempered(self, log_probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Probabilities (n, 8) as they were before temperature and shift, for the figures of calibration."""
        return np.asarray(np.exp(log_softmax((log_probabilities - self._shift) * self.temperature)))

    def close(self) -> None:
        """Release the network."""
        self._engine.close()


def read_picture(net: ExpressionNet, picture: npt.NDArray[np.uint8]) -> tuple[Reading | None, float, str]:
    """What ``net`` reads in a stored picture, its quality 0…1, and why nothing where it cannot judge it."""
    judged = picture_quality(picture)
    if judged.reason:
        return None, judged.value, judged.reason
    try:
        return net.read(picture), judged.value, ""
    except EngineError as error:
        return None, judged.value, str(error)
