"""Estimators, engines and sinks that fail when they are told to."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import EngineError, SinkError
from insula.edge.protocols import Engine, Estimator, Item
from insula.edge.stream import StreamReader
from insula.edge.types import EXPRESSIONS, AffectEstimate

_SLOW_S: Final = 0.8
_NOT_FINITE: Final = (float("nan"),) * len(EXPRESSIONS)


class Orders:
    """Which part is to fail how, now; asked from the parts' own threads."""

    def __init__(self) -> None:
        self._orders: dict[str, str] = {}
        self._changed = threading.Condition()

    def give(self, part: str, kind: str) -> None:
        """Let ``part`` fail as ``kind``, or ("") work again."""
        with self._changed:
            self._orders[part] = kind
            self._changed.notify_all()

    def of(self, part: str) -> str:
        """How ``part`` is to fail, "" for not at all."""
        return self._orders.get(part, "")

    def wait_while(self, part: str, kind: str, timeout_s: float | None = None) -> None:
        """Return when ``part`` is no longer to fail as ``kind``, or after ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._orders.get(part, "") != kind, timeout_s)


class BrokenEstimator:
    """An estimator around another one."""

    def __init__(self, part: str, estimator: Estimator, orders: Orders) -> None:
        self._part = part
        self._estimator = estimator
        self._orders = orders

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """What the estimator says, late, spoiled, or nothing but an error."""
        kind = self._orders.of(self._part)
        if kind == "raises":
            raise RuntimeError("broken (on purpose)")
        if kind == "slow":
            self._orders.wait_while(self._part, kind, _SLOW_S)
        estimate = self._estimator.estimate(reader)
        if kind == "not finite" and estimate is not None:
            return dataclasses.replace(estimate, expression=_NOT_FINITE)
        return estimate


class BrokenEngine:
    """An engine around another one."""

    def __init__(self, part: str, engine: Engine, orders: Orders) -> None:
        self._part = part
        self._engine = engine
        self._orders = orders

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> Mapping[str, npt.NDArray[np.generic]]:
        """What the network returns, late, spoiled, or nothing but an error."""
        kind = self._orders.of(self._part)
        if kind == "raises":
            raise EngineError("broken (on purpose)")
        if kind == "slow":
            self._orders.wait_while(self._part, kind, _SLOW_S)
        outputs = self._engine.run(inputs)
        if kind != "not finite":
            return outputs
        return {
            name: np.full_like(array, np.nan) if array.dtype.kind == "f" else array
            for name, array in outputs.items()
        }


class BrokenSink:
    """An output that writes nowhere: it fails in one way for as long as ``part`` is told to."""

    def __init__(self, part: str, orders: Orders) -> None:
        self._part = part
        self._orders = orders

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Take no stream."""

    def put(self, item: Item) -> None:
        """Raise, linger, or hang."""
        kind = self._orders.of(self._part)
        if kind == "raises":
            raise SinkError("refused (on purpose)")
        if kind == "breaks":
            raise RuntimeError("broken (on purpose)")
        if kind == "slow":
            self._orders.wait_while(self._part, kind, 0.2)
        if kind == "blocked":
            self._orders.wait_while(self._part, kind)

    def poll(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""
