"""Names, shapes and types of a network's inputs and outputs, and the check of what goes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.errors import EngineError


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of static ``shape``."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def check_inputs(specs: Sequence[Tensor], inputs: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Raise ``EngineError`` when a name, shape or type is not the model's."""
    if set(inputs) != {spec.name for spec in specs}:
        raise EngineError(f"the model takes {[spec.name for spec in specs]}, not {sorted(inputs)}")
    for spec in specs:
        array = inputs[spec.name]
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise EngineError(
                f"input {spec.name!r} must be {spec.dtype} {spec.shape}, not {array.dtype} {array.shape}"
            )
