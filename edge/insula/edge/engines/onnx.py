"""ONNX Runtime as an engine: named provider, pinned threads, warm-up, checked shapes, no silent fallback.

Without care ONNX Runtime lists providers it cannot load and then runs on the CPU without an exception;
here the provider that was asked for either runs the whole model or the load fails with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from insula.edge.engines.onnx_file import refuse_external_data
from insula.edge.engines.tensors import Tensor, check_inputs
from insula.edge.errors import EngineError

CPU: Final = "CPUExecutionProvider"

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


class OnnxEngine:
    """One ONNX model with static shapes, loaded for one provider.

    ``model`` is the file's bytes (its hash was checked by the manifest); weights in other files are refused.
    ``provider`` is an ONNX Runtime provider name; ``threads`` are the intra-op threads (1 is as fast as 2
    for models of this size on two cores and leaves the others to the drivers). ``cores`` are the CPU
    numbers its own threads are pinned to; with one thread the caller's thread computes, so pin that.

    Raises ``EngineError`` when the provider is not the one that runs, or the model is unusable.
    """

    def __init__(
        self, model: bytes, *, provider: str = CPU, threads: int = 1, cores: Sequence[int] = ()
    ) -> None:
        refuse_external_data(model)
        if why := why_absent(provider):
            raise EngineError(why)
        options = _session_options(threads, cores)
        if provider != CPU:
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self._session = ort.InferenceSession(
                model,
                options,
                providers=[(provider, _provider_options(provider, model))],
                enable_fallback=0,
            )
        except Exception as error:  # onnxruntime raises its own unrelated types
            raise EngineError(f"onnxruntime cannot load the model for {provider}: {error}") from error
        self.provider: str = self._session.get_providers()[0]
        if self.provider != provider:
            raise EngineError(f"asked for {provider}, but onnxruntime would run the model on {self.provider}")
        self._inputs = tuple(_tensor(node) for node in self._session.get_inputs())
        self._outputs = [node.name for node in self._session.get_outputs()]
        self.run({i.name: np.zeros(i.shape, i.dtype) for i in self._inputs})  # warm-up: first run allocates

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Name, static shape and type of every input."""
        return self._inputs

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.generic]]:
        """Run once; raises ``EngineError`` when a name, shape or type is not the model's."""
        check_inputs(self._inputs, inputs)
        try:
            outputs = self._session.run(self._outputs, dict(inputs))
        except Exception as error:  # onnxruntime raises its own unrelated types
            raise EngineError(f"inference failed: {error}") from error
        return dict(zip(self._outputs, outputs, strict=True))

    def close(self) -> None:
        """Release the session."""
        del self._session


def why_absent(provider: str) -> str:
    """Why ``provider`` can run nothing here; "" when it may."""
    here = ort.get_available_providers()
    if provider in here:
        return ""
    return (
        f"{provider} is not part of this onnxruntime, which has {', '.join(here)}; "
        "install the matching onnxruntime package or choose one of these"
    )


def _provider_options(provider: str, model: bytes) -> dict[str, str]:
    """Settings under which a provider computes in the precisions that the file states."""
    int8 = "1" if b"QuantizeLinear" in model else "0"
    return {
        "TensorrtExecutionProvider": {"trt_int8_enable": int8},
        "CUDAExecutionProvider": {"use_tf32": "0"},
        "OpenVINOExecutionProvider": {"device_type": "CPU", "num_of_threads": "1"},
    }.get(provider, {})


def _session_options(threads: int, cores: Sequence[int]) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors come as exceptions; what it prints beside them is the same
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if cores and threads > 1:
        # One group for each thread that is not the caller's; ONNX Runtime counts processors from 1.
        group = ",".join(str(core + 1) for core in cores)
        options.add_session_config_entry(
            "session.intra_op_thread_affinities", ";".join([group] * (threads - 1))
        )
    return options


def _tensor(node: ort.NodeArg) -> Tensor:
    if any(not isinstance(size, int) for size in node.shape):
        raise EngineError(
            f"input {node.name!r} has a dynamic shape {node.shape}; export it with static shapes"
        )
    dtype = _NUMPY_TYPES.get(node.type)
    if dtype is None:
        raise EngineError(f"input {node.name!r} has the unsupported type {node.type}")
    return Tensor(node.name, tuple(node.shape), np.dtype(dtype))
