"""ONNX Runtime as an engine: named provider, pinned threads, warm-up, checked shapes, no silent fallback.

Without care ONNX Runtime lists providers it cannot load and then runs on the CPU without an exception;
here the provider that was asked for either runs the model or the load fails with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from insula.edge.errors import EngineError

CPU = "CPUExecutionProvider"

_NUMPY_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    shape: tuple[int, ...]
    dtype: type[np.generic]


class OnnxEngine:
    """One ONNX model with static shapes, loaded for one provider.

    ``model`` is the file's bytes (its hash was checked by the manifest). ``provider`` is an ONNX Runtime
    provider name; ``threads`` are the intra-op threads (1 is as fast as 2 for models of this size on two
    cores and leaves the others to the drivers).

    Raises ``EngineError`` when the provider is not the one that runs, or the model is unusable.
    """

    def __init__(self, model: bytes, *, provider: str = CPU, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider not in ort.get_available_providers():
            raise EngineError(
                f"{provider} is not part of this onnxruntime, which has "
                f"{', '.join(ort.get_available_providers())}; "
                "install the matching onnxruntime package or choose one of these"
            )
        if provider != CPU:
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self._session = ort.InferenceSession(model, options, providers=[provider])
        except Exception as error:  # onnxruntime raises its own unrelated types
            raise EngineError(f"onnxruntime cannot load the model for {provider}: {error}") from error
        self.provider: str = self._session.get_providers()[0]
        if self.provider != provider:
            raise EngineError(f"asked for {provider}, but onnxruntime would run the model on {self.provider}")
        self._inputs = tuple(_read_input(node) for node in self._session.get_inputs())
        self._outputs = [node.name for node in self._session.get_outputs()]
        self.run({i.name: np.zeros(i.shape, i.dtype) for i in self._inputs})  # warm-up: first run allocates

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """Static shape of every input."""
        return {i.name: i.shape for i in self._inputs}

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.generic]]:
        """Run once; raises ``EngineError`` when a name, shape or type is not the model's."""
        if set(inputs) != {i.name for i in self._inputs}:
            raise EngineError(f"the model takes {[i.name for i in self._inputs]}, not {sorted(inputs)}")
        for spec in self._inputs:
            array = inputs[spec.name]
            if array.shape != spec.shape or array.dtype != spec.dtype:
                raise EngineError(
                    f"input {spec.name!r} must be {spec.dtype.__name__} {spec.shape}, "
                    f"not {array.dtype} {array.shape}"
                )
        try:
            outputs = self._session.run(self._outputs, dict(inputs))
        except Exception as error:  # onnxruntime raises its own unrelated types
            raise EngineError(f"inference failed: {error}") from error
        return dict(zip(self._outputs, outputs, strict=True))

    def close(self) -> None:
        """Release the session."""
        del self._session


def _read_input(node: ort.NodeArg) -> _Input:
    if any(not isinstance(size, int) for size in node.shape):
        raise EngineError(
            f"input {node.name!r} has a dynamic shape {node.shape}; export it with static shapes"
        )
    dtype = _NUMPY_TYPES.get(node.type)
    if dtype is None:
        raise EngineError(f"input {node.name!r} has the unsupported type {node.type}")
    return _Input(node.name, tuple(node.shape), dtype)
