"""A head of the user's own for valence and arousal on the shipped net: linear maps to values and spreads.

``face-va.toml`` (manifest and card) and ``face-va.onnx`` lie side by side in a folder of the user's; the
recipe is ``insula train face-va``. It fits one net only: other weights, other embeddings.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import ModelError
from insula.edge.types import Measure
from insula.models import manifest
from insula.models.face.model import ExpressionNet

NAME: Final = "face-va"
LEAST_SD: Final = 0.05
"""Least standard deviation claimed: raters place a face no more finely than that on −1…1."""


class VaHead:
    """Loads ``file``, the manifest that training wrote, with ``engines``, to work on what ``net`` reads.

    Raises ``ModelError`` when a file is missing or altered, or when it was trained on another net.
    """

    def __init__(self, file: Path, net: ExpressionNet, engines: Loader = on_cpu) -> None:
        try:
            self.manifest = manifest.parse(file.read_text("utf-8"), file.name)
            content = (file.parent / self.manifest.file).read_bytes()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(
                f"the valence/arousal head {file} cannot be read ({error}); 'insula train face-va' writes it"
            ) from error
        if hashlib.sha256(content).hexdigest() != self.manifest.sha256:
            raise ModelError(
                f"{self.manifest.file} does not match {file.name}; train again: insula train face-va"
            )
        if self.manifest.preprocess.get("net") != net.manifest.sha256:
            raise ModelError(
                f"{file.name} was trained on another {net.manifest.name} than the one installed; "
                "train again: insula train face-va"
            )
        self._engine = engines(content)

    def values(self, inputs: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
        """Valence, its sd, arousal, its sd from ``Reading.inputs`` (width + 8,); values within −1…1."""
        answer = self._engine.run({"inputs": inputs.astype(np.float32)[None]})
        mean = np.clip(np.asarray(answer["values"], np.float64)[0], -1, 1)
        spread = np.maximum(np.exp(np.asarray(answer["log_variances"], np.float64)[0] / 2), LEAST_SD)
        return float(mean[0]), float(spread[0]), float(mean[1]), float(spread[1])

    def measures(self, inputs: npt.NDArray[np.float64]) -> tuple[Measure, Measure]:
        """The same as valence and arousal."""
        valence, valence_sd, arousal, arousal_sd = self.values(inputs)
        return Measure(valence, valence_sd), Measure(arousal, arousal_sd)

    def close(self) -> None:
        """Release the head."""
        self._engine.close()
