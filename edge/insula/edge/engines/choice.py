"""Which engine runs the models: the one named, or the first that works of a stated order. Docs: engines.md.

Nothing falls back unless ``auto`` asks for it, and then the loader's ``note`` says what was passed over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final

from insula.edge import registry
from insula.edge.errors import ConfigError, EngineError
from insula.edge.protocols import Engine

PROVIDERS: Final = {
    "onnx-tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's providers by the names used here."""

AUTO: Final = ("tensorrt", *PROVIDERS)
"""The order of ``auto``: least overhead a call first, and what is always there last.

These networks take 0.01–0.8 ms on one core, so launching decides, not arithmetic. Native TensorRT replays one
recorded CUDA graph a call; the TensorRT provider launches fused kernels; the CUDA provider one kernel a node.
OpenVINO shares the processor with the drivers; CoreML and DirectML exist only where the others do not.
"""

Loader = Callable[[bytes], Engine]
"""Loads a network from the bytes of its ONNX file."""


def names() -> list[str]:
    """What may be asked for, besides ``auto``: providers, and engines registered by anyone."""
    return [*AUTO, *(name for name in registry.names("engines") if name not in (*AUTO, "onnxruntime"))]


def load(model: bytes, use: str = "cpu", *, threads: int = 1, cores: Sequence[int] = ()) -> Engine:
    """Load ``model`` on exactly the engine named ``use``; raises ``EngineError`` when that cannot run it."""
    if use in PROVIDERS:
        from insula.edge.engines.onnx import OnnxEngine

        return OnnxEngine(model, provider=PROVIDERS[use], threads=threads, cores=cores)
    engine: Engine = registry.factory("engines", use)(model)
    return engine


def why_absent(use: str) -> str:
    """Why the engine named ``use`` can run no network here; "" when it may."""
    if use in PROVIDERS:
        from insula.edge.engines import onnx

        return onnx.why_absent(PROVIDERS[use])
    if use == "tensorrt":
        from insula.edge.engines import tensorrt

        try:
            tensorrt.open_gpu()
        except EngineError as error:
            return str(error)
    return ""


def present(engines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Those that may run here, and why the others cannot; missing providers share one reason."""
    why = {name: why_absent(name) for name in engines}
    missing = [name for name, reason in why.items() if reason and name in PROVIDERS]
    reasons = {name: reason for name, reason in why.items() if reason and name not in missing}
    if missing:
        reasons[", ".join(missing)] = "not part of this onnxruntime"
    return [name for name, reason in why.items() if not reason], reasons


class Engines:
    """A ``Loader`` as configured by the ``[engine]`` table.

    ``use`` is an engine's name or ``auto``. The default is the CPU: it is as fast as anything for these
    networks, and a recording judged again gives the same numbers on every machine. ``threads`` are those of
    one network; ``cores`` are the processors that estimators and networks are kept on (Linux), so that the
    others stay free for the drivers.
    """

    def __init__(self, *, use: str = "cpu", threads: int = 1, cores: Sequence[int] = ()) -> None:
        if use != "auto" and use not in names():
            raise ConfigError(f"[engine] use = {use!r}{registry.nearest(use, ['auto', *names()])}")
        if threads < 1:
            raise ConfigError(f"[engine] threads = {threads} should be 1 or more")
        _check_cores(cores)
        self.use = use
        self.provider = ""
        """What really runs the network loaded last, "" before."""
        self.note = ""
        """What ``auto`` passed over, and why; "" when nothing was."""
        self._threads = threads
        self._cores = tuple(cores)

    def __call__(self, model: bytes) -> Engine:
        """Load ``model``; raises ``EngineError`` when the engine asked for, or all of ``auto``, refuse."""
        here, absent = present(AUTO) if self.use == "auto" else ([self.use], {})
        passed = [f"{use}: {reason}" for use, reason in absent.items()]
        for use in here:
            try:
                engine = load(model, use, threads=self._threads, cores=self._cores)
            except (EngineError, ConfigError) as error:
                if self.use != "auto":
                    raise
                passed.append(f"{use}: {error}")
                continue
            self.provider = engine.provider
            self.note = f"on {engine.provider}, not on {'; not on '.join(passed)}" if passed else ""
            return engine
        raise EngineError("no engine can run this model; " + "; ".join(passed))

    def pin(self) -> None:
        """Keep the calling thread on the configured cores."""
        if self._cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self._cores)


def on_cpu(model: bytes) -> Engine:
    """The ``Loader`` of everything that was not given another."""
    return load(model)


def _check_cores(cores: Sequence[int]) -> None:
    if not cores:
        return
    if not hasattr(os, "sched_getaffinity"):
        raise ConfigError("[engine] cores works on Linux only; leave it out")
    usable = os.sched_getaffinity(0)
    if not set(cores) <= usable:
        raise ConfigError(f"[engine] cores = {list(cores)}: usable here are {sorted(usable)}")
