"""TensorRT 10 and the CUDA runtime, as the TensorRT engine needs them. The only module that imports either.

Written to NVIDIA's documentation (TensorRT 10.16 Python API; cuda.bindings 13 and 12.6+); no machine with an
NVIDIA GPU was at hand, so this file alone of the engine has never run. Everything above it has: see
docs/engines.md.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime as cuda

from insula.edge.engines.gpu import Buffer, Device, Progress
from insula.edge.engines.tensors import Tensor
from insula.edge.errors import EngineError

MAJOR = "10"
_WORKSPACE = 256 << 20


class NvidiaGpu:
    """The first CUDA device with the installed TensorRT; raises ``EngineError`` when one is unusable."""

    def __init__(self) -> None:
        version = str(trt.__version__)
        if version.split(".")[0] != MAJOR:
            raise EngineError(f"TensorRT {version} is installed; this engine is written for {MAJOR}.x")
        if not _call(cuda.cudaGetDeviceCount):
            raise EngineError("CUDA sees no device")
        _call(cuda.cudaSetDevice, 0)
        found = _call(cuda.cudaGetDeviceProperties, 0)
        self.device = Device(
            name=found.name.split(b"\0")[0].decode(),
            capability=f"{found.major}.{found.minor}",
            driver=f"{_kernel_driver()} (CUDA {_call(cuda.cudaDriverGetVersion)})",
            cuda=str(_call(cuda.cudaRuntimeGetVersion)),
            tensorrt=version,
        )
        self._logger = _Logger()

    def build(self, model: bytes, progress: Progress) -> bytes:
        """Build in the precisions the file states (strongly typed: its Q/DQ pairs decide what is int8)."""
        builder = trt.Builder(self._logger)
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse(model):
            faults = "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors))
            raise EngineError(f"TensorRT cannot read the model: {faults}")
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE)
        config.clear_flag(trt.BuilderFlag.TF32)  # fp32 stays fp32: the drift against the CPU stays small
        self._monitor = _Monitor(progress)  # must outlive the builder
        config.progress_monitor = self._monitor
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise EngineError(f"TensorRT could not build the plan: {self._logger.last}")
        return bytes(plan)

    def load(self, plan: bytes) -> NvidiaPlan:
        """Put a plan on the device."""
        return NvidiaPlan(plan, self._logger)


class NvidiaPlan:
    """One deserialized plan with its context and stream."""

    def __init__(self, plan: bytes, logger: _Logger) -> None:
        _call(cuda.cudaSetDevice, 0)
        self._runtime = trt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineError(f"TensorRT refuses the plan ({logger.last}); run 'insula models build'")
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise EngineError(f"TensorRT has no room for the network on the device: {logger.last}")
        tensors = [self._tensor(self._engine.get_tensor_name(i)) for i in range(self._engine.num_io_tensors)]
        self.inputs = tuple(t for is_input, t in tensors if is_input)
        self.outputs = tuple(t for is_input, t in tensors if not is_input)
        self._logger = logger
        self._release: list[Callable[[], object]] = []
        self._stream = _call(cuda.cudaStreamCreateWithFlags, cuda.cudaStreamNonBlocking)
        self._release.append(lambda: _call(cuda.cudaStreamDestroy, self._stream))

    def buffer(self, tensor: Tensor) -> Buffer:
        """Page-locked host memory and device memory of the tensor's size, bound to its name."""
        host = _call(cuda.cudaHostAlloc, tensor.nbytes, cuda.cudaHostAllocDefault)
        self._release.append(lambda: _call(cuda.cudaFreeHost, host))
        address = int(_call(cuda.cudaMalloc, tensor.nbytes))
        self._release.append(lambda: _call(cuda.cudaFree, address))
        if not self._context.set_tensor_address(tensor.name, address):
            raise EngineError(f"TensorRT does not take memory for {tensor.name!r}: {self._logger.last}")
        memory = (ctypes.c_byte * tensor.nbytes).from_address(int(host))
        return Buffer(np.ctypeslib.as_array(memory).view(tensor.dtype).reshape(tensor.shape), address)

    def copy(self, buffer: Buffer, *, to_device: bool) -> None:
        """Queue an asynchronous copy."""
        host = buffer.host.ctypes.data
        kind = cuda.cudaMemcpyKind
        if to_device:
            where = (buffer.address, host, buffer.host.nbytes, kind.cudaMemcpyHostToDevice)
        else:
            where = (host, buffer.address, buffer.host.nbytes, kind.cudaMemcpyDeviceToHost)
        _call(cuda.cudaMemcpyAsync, *where, self._stream)

    def compute(self) -> None:
        """Queue one run."""
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineError(f"TensorRT could not run the network: {self._logger.last}")

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record ``work`` as a graph; other threads' CUDA calls do not disturb the recording."""
        mode = cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        _call(cuda.cudaStreamBeginCapture, self._stream, mode)
        try:
            work()
        finally:
            graph = _call(cuda.cudaStreamEndCapture, self._stream)
        ready = _call(cuda.cudaGraphInstantiate, graph, 0)
        _call(cuda.cudaGraphDestroy, graph)
        self._release.append(lambda: _call(cuda.cudaGraphExecDestroy, ready))
        return lambda: _call(cuda.cudaGraphLaunch, ready, self._stream)

    def wait(self) -> None:
        """Block until the stream is empty."""
        _call(cuda.cudaStreamSynchronize, self._stream)

    def close(self) -> None:
        """Release in the opposite order of allocation; may be called again."""
        while self._release:
            self._release.pop()()

    def _tensor(self, name: str) -> tuple[bool, Tensor]:
        shape = tuple(self._engine.get_tensor_shape(name))
        if any(size < 0 for size in shape):
            raise EngineError(f"{name!r} has a dynamic shape {shape}; export the model with static shapes")
        dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name)))
        return self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT, Tensor(name, shape, dtype)


class _Logger(trt.ILogger):  # type: ignore[misc]
    """Keeps TensorRT's newest complaint for the error message instead of printing it."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.last = "no reason given"

    def log(self, severity: Any, msg: str) -> None:
        if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
            self.last = msg


class _Monitor(trt.IProgressMonitor):  # type: ignore[misc]
    """Passes TensorRT's nested phases on."""

    def __init__(self, progress: Progress) -> None:
        trt.IProgressMonitor.__init__(self)
        self._progress = progress
        self._steps: dict[str, int] = {}

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        self._steps[phase_name] = num_steps
        self._progress(phase_name, 0, num_steps)

    def step_complete(self, phase_name: str, step: int) -> bool:
        self._progress(phase_name, step + 1, self._steps.get(phase_name, step + 1))
        return True  # false would cancel the build

    def phase_finish(self, phase_name: str) -> None:
        steps = self._steps.pop(phase_name, 1)
        self._progress(phase_name, steps, steps)


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the CUDA runtime; returns its one result, or raises ``EngineError`` with its words."""
    status, *results = function(*arguments)
    if status != cuda.cudaError_t.cudaSuccess:
        words = cuda.cudaGetErrorString(status)[1]
        said = words.decode() if isinstance(words, bytes) else str(words)
        raise EngineError(f"CUDA: {said} ({function.__name__})")
    return results[0] if results else None


def _kernel_driver() -> str:
    """Version of the kernel's driver, which CUDA does not tell."""
    try:
        first = Path("/proc/driver/nvidia/version").read_text().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"
    return next((word for word in first.split() if word[:1].isdigit() and "." in word), "unknown")
