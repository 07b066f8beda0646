"""The seam between the TensorRT engine and NVIDIA's libraries: what is needed of them, and nothing else.

The real one is ``insula.edge.engines.nvidia``; ``insula.edge.engines.simulated_gpu`` stands in for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from insula.edge.engines.tensors import Tensor

Progress = Callable[[str, int, int], None]
"""Told of a build: the phase, its steps done, and how many it has."""


@dataclass(frozen=True, slots=True)
class Device:
    """Everything a built engine depends on: on any other it must not be loaded."""

    name: str
    capability: str
    driver: str
    cuda: str
    tensorrt: str


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory of one tensor: ``host`` page-locked on our side, ``address`` on the device's."""

    host: npt.NDArray[np.generic]
    address: int


class Plan(Protocol):
    """A built network on the device, with a stream of its own; every call queues there and returns.

    Every method raises ``EngineError`` in words when CUDA or TensorRT reports a fault.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def buffer(self, tensor: Tensor) -> Buffer:
        """Allocate for ``tensor`` on both sides and make the network use it."""

    def copy(self, buffer: Buffer, *, to_device: bool) -> None:
        """Queue a copy between the two sides of ``buffer``."""

    def compute(self) -> None:
        """Queue one run of the network."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record what ``work`` queues, as a CUDA graph; returns what queues all of it in one call."""

    def wait(self) -> None:
        """Block until everything queued is done."""

    def close(self) -> None:
        """Release memory, graph and stream."""


class Gpu(Protocol):
    """NVIDIA's libraries on one device."""

    device: Device

    def build(self, model: bytes, progress: Progress) -> bytes:
        """Build a plan from an ONNX file in the precisions it states; takes seconds to minutes."""

    def load(self, plan: bytes) -> Plan:
        """Put a built plan on the device."""
