"""TensorRT's own runtime as an engine: a plan built beforehand, replayed as one CUDA graph a call.

The buffers are fixed: inputs are copied into page-locked memory, one graph launch moves them over, computes
and brings the outputs back on a stream of its own, so that two networks do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from insula.edge.engines.gpu import Gpu, Progress
from insula.edge.engines.onnx_file import refuse_external_data
from insula.edge.engines.plan_cache import PlanCache, default_folder
from insula.edge.engines.tensors import Tensor, check_inputs
from insula.edge.errors import EngineError


class TensorRtEngine:
    """A network whose plan is in the cache; it is never built here, since that takes minutes.

    Raises ``EngineError``: no TensorRT or no GPU; no plan of this very model for this very device, driver and
    TensorRT; a plan that is damaged; CUDA's own faults.
    """

    def __init__(self, model: bytes, *, gpu: Gpu | None = None, cache: PlanCache | None = None) -> None:
        refuse_external_data(model)
        gpu = gpu or open_gpu()
        plan = (cache or PlanCache(default_folder())).read(model, gpu.device)
        self.provider = f"TensorRT {gpu.device.tensorrt} on {gpu.device.name}"
        self._plan = gpu.load(plan)
        try:
            self._buffers = {t.name: self._plan.buffer(t) for t in (*self._plan.inputs, *self._plan.outputs)}
            self._launch = self._recorded()
            self.run({t.name: np.zeros(t.shape, t.dtype) for t in self._plan.inputs})
        except BaseException:
            self._plan.close()
            raise

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Name, static shape and type of every input."""
        return self._plan.inputs

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.generic]]:
        """Run once; the arrays returned are the caller's own. Raises ``EngineError``."""
        check_inputs(self._plan.inputs, inputs)
        for name, array in inputs.items():
            np.copyto(self._buffers[name].host, array)
        self._launch()
        self._plan.wait()
        return {t.name: self._buffers[t.name].host.copy() for t in self._plan.outputs}

    def close(self) -> None:
        """Release memory, graph and stream."""
        self._plan.close()

    def _recorded(self) -> Callable[[], None]:
        """The whole call as one graph. The first run must not be recorded: TensorRT allocates in it."""
        self._queue()
        self._plan.wait()
        return self._plan.record(self._queue)

    def _queue(self) -> None:
        for tensor in self._plan.inputs:
            self._plan.copy(self._buffers[tensor.name], to_device=True)
        self._plan.compute()
        for tensor in self._plan.outputs:
            self._plan.copy(self._buffers[tensor.name], to_device=False)


def build(
    model: bytes, progress: Progress, *, gpu: Gpu | None = None, cache: PlanCache | None = None
) -> bool:
    """Build and keep the plan of ``model`` for this device; false when it was there.

    Raises ``EngineError``.
    """
    refuse_external_data(model)
    used = gpu or open_gpu()
    plans = cache or PlanCache(default_folder())
    return plans.build(model, used.device, lambda: used.build(model, progress))


def open_gpu() -> Gpu:
    """NVIDIA's libraries on the first device; raises ``EngineError`` with what to install."""
    try:
        from insula.edge.engines.nvidia import NvidiaGpu
    except ImportError as error:
        raise EngineError(
            f"TensorRT is not installed here ({error.name or error}): on a Jetson make the environment with "
            "--system-site-packages (deploy/jetson), elsewhere pip install 'insula[tensorrt]'"
        ) from error
    return NvidiaGpu()
