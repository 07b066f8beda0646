"""The four seams of Insula. A class that has these methods fits; there is nothing to inherit.

Third parties register their own under the entry-point groups of ``insula.edge.registry``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from insula.edge.engines.tensors import Tensor
from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent, StreamStats
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, AffectState, Block, Marker, Modality, StreamInfo

Item = (
    AffectState
    | AffectEstimate
    | Marker
    | HealthEvent
    | StreamStats
    | StepEvent
    | Answer
    | Rating
    | Explanation
)
"""What the runtime publishes."""


@runtime_checkable
class Sensor(Protocol):
    """A driver. It owns no thread: one reader loop per sensor opens, reads, stamps and closes it.

    ``open`` returns the sensor's streams, or raises ``SensorUnavailable`` and leaves nothing behind, so
    that it may be called again. ``read`` blocks for at most ``timeout_s``, returns what arrived (an empty
    sequence when nothing did) and raises ``SensorLost`` when the device is gone; a file source raises
    ``EndOfStream`` when it is through. ``close`` may be called in any state, from the reader's thread.
    A driver that plays a recording says so with an attribute ``plays_back = True``: a closed privacy shutter
    does not close it, because it would begin anew.
    """

    def open(self) -> tuple[StreamInfo, ...]:
        """Connect and say which streams will come."""

    def read(self, timeout_s: float) -> Sequence[Block]:
        """Return the blocks that arrived within ``timeout_s`` seconds."""

    def close(self) -> None:
        """Release the device."""


@runtime_checkable
class Estimator(Protocol):
    """Turns a stream into estimates of one modality.

    The runtime calls ``estimate`` from one thread whenever the stream has news, at most every
    ``period_s`` seconds. The estimator takes what it needs from the reader: chunks in order for a causal
    filter, the newest window or the newest frame. ``None`` means "no statement yet" (still filling the
    first window); a signal that cannot be judged is an estimate with a ``reason``.
    """

    modality: Modality
    period_s: float

    def accepts(self, info: StreamInfo) -> str:
        """Return "" when the stream fits, else the reason why not."""

    def start(self, info: StreamInfo) -> None:
        """Load models and allocate for this stream; raises ``ModelError`` with what to do."""

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Judge what is new in the stream."""

    def close(self) -> None:
        """Release models."""


@runtime_checkable
class Accompanied(Protocol):
    """An estimator that can use further streams beside its own, as skin conductance can a pulse wave."""

    def join(self, beside: StreamReader) -> bool:
        """Take a private reader on another stream of the session, before ``start``, or refuse it.

        The streams of its own sensor are offered first. An estimator that takes one closes it.
        """


@runtime_checkable
class Personal(Protocol):
    """What an estimator may have beside its methods: it measures against the person's own rest.

    ``learn`` may be called from any thread and takes effect with the next estimate.
    """

    def learn(self, resting: bool) -> None:
        """The person rests from now on (forget what was known), or no longer does."""

    def learned(self) -> dict[str, Any] | None:
        """What was learned, as plain JSON values; ``None`` when it was too little. Also after ``close``."""

    def adopt(self, rest: Mapping[str, Any]) -> None:
        """Measure against a rest learned earlier; before ``start``. Raises ``DataError`` if malformed."""


@runtime_checkable
class Listening(Protocol):
    """What an estimator of sound may have beside its methods: it tells a person from the device itself."""

    @property
    def note(self) -> str:
        """What hinders it in that, "" when nothing does; the estimator's health says so."""

    def speaking(self, speaks: bool, t: float) -> None:
        """The device itself speaks from time ``t`` (s) on, or no longer does. From any thread."""


@runtime_checkable
class Engine(Protocol):
    """A loaded network: named arrays in, named arrays out, static shapes, batch 1.

    ``provider`` names what really runs it, as verified after loading ("CPUExecutionProvider", …).
    ``run`` raises ``EngineError`` when a shape or type differs from the model's; what it returns is the
    caller's own.
    """

    provider: str

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Name, static shape and type of every input."""

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> Mapping[str, npt.NDArray[np.generic]]:
        """Run the network once."""

    def close(self) -> None:
        """Release the network."""


@runtime_checkable
class Sink(Protocol):
    """An output. The runtime feeds each sink from a bounded queue of its own, on a thread of its own.

    A slow sink loses its oldest items (counted with the cause); it never slows the loop. ``put`` may raise
    ``SinkError``: the sink is then marked failed, in words, and the session goes on. The constructor only
    checks its options (``ConfigError``). What a sink loses itself it may count in ``losses``, cause → number:
    the session's health says so at the end; where it can be found it may say in ``address``.
    """

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Prepare the output; ``streams`` are private readers on every stream of the session."""

    def put(self, item: Item) -> None:
        """Take one state, estimate, marker or report on health."""

    def poll(self) -> None:
        """Called about every 100 ms: drain the streams' readers, flush, keep alive."""

    def close(self) -> None:
        """Finish the output completely (footers, metadata)."""
