"""A stand-in at the seam of ``insula.edge.engines.gpu``, for tests on machines without a GPU.

It keeps a device's rules: what it computes on must have been copied to its side, a recorded graph replays the
very calls that were recorded, nothing may wait while recording, and a plan opens only on the device it was
built for. ONNX Runtime computes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.engines.gpu import Buffer, Device, Progress
from insula.edge.engines.onnx import OnnxEngine
from insula.edge.engines.tensors import Tensor
from insula.edge.errors import EngineError

SIMULATED: Final = Device("simulated GPU", "0.0", "1.0", "13000", "10.16.1")
_MAGIC: Final = b"simulated plan for "


class SimulatedGpu:
    """``built`` counts the plans built; ``open`` the plans on the device that were not closed."""

    def __init__(self, device: Device = SIMULATED) -> None:
        self.device = device
        self.built = 0
        self.open = 0

    def build(self, model: bytes, progress: Progress) -> bytes:
        """Take two steps."""
        for step in (1, 2):
            progress("building", step, 2)
        self.built += 1
        return self._mark + model

    def load(self, plan: bytes) -> SimulatedPlan:
        """Open a plan of this device."""
        if not plan.startswith(self._mark):
            raise EngineError(f"this plan is not for {self.device.name}")
        self.open += 1
        return SimulatedPlan(plan.removeprefix(self._mark), self._closed)

    def _closed(self) -> None:
        self.open -= 1

    @property
    def _mark(self) -> bytes:
        return _MAGIC + repr(self.device).encode() + b"\n"


class SimulatedPlan:
    """Memory on "the device" is a dictionary of arrays that only copies fill."""

    def __init__(self, model: bytes, closed: Callable[[], None]) -> None:
        self._network = OnnxEngine(model)
        zeros = {t.name: np.zeros(t.shape, t.dtype) for t in self._network.inputs}
        self.inputs = self._network.inputs
        self.outputs = tuple(Tensor(k, v.shape, v.dtype) for k, v in self._network.run(zeros).items())
        self._closed = closed
        self._addresses = itertools.count(256, 256)
        self._memory: dict[int, npt.NDArray[np.generic]] = {}
        self._bound: dict[str, int] = {}
        self._queue: list[Callable[[], None]] = []
        self._recording = False

    def buffer(self, tensor: Tensor) -> Buffer:
        """Allocate on both sides; the device's is not filled."""
        address = next(self._addresses)
        self._bound[tensor.name] = address
        return Buffer(np.zeros(tensor.shape, tensor.dtype), address)

    def copy(self, buffer: Buffer, *, to_device: bool) -> None:
        """Queue a copy."""
        self._queue.append(lambda: self._copy(buffer, to_device))

    def compute(self) -> None:
        """Queue a run."""
        self._queue.append(self._compute)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record the calls ``work`` queues."""
        if self._queue:
            raise EngineError("CUDA: the stream is busy (record)")
        self._recording = True
        work()
        recorded, self._queue, self._recording = self._queue, [], False
        return lambda: self._queue.extend(recorded)

    def wait(self) -> None:
        """Do what is queued."""
        if self._recording:
            raise EngineError("CUDA: operation not permitted when stream is capturing (wait)")
        queue, self._queue = self._queue, []
        for call in queue:
            call()

    def close(self) -> None:
        """Release."""
        self._network.close()
        self._closed()

    def _copy(self, buffer: Buffer, to_device: bool) -> None:
        if to_device:
            self._memory[buffer.address] = buffer.host.copy()
        else:
            np.copyto(buffer.host, self._memory[buffer.address])

    def _compute(self) -> None:
        found = self._network.run({t.name: self._memory[self._bound[t.name]] for t in self.inputs})
        self._memory |= {self._bound[name]: value for name, value in found.items()}
