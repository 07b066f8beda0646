"""The sensing loop: sensors → streams → estimators → fusion → sinks, embedded in any program.

::

    from insula.edge import SensingLoop, config

    with SensingLoop(config.load(Path("session.toml"))) as loop:
        for state in loop.states():
            print(state.arousal or state.reason)
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import math
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from insula.edge import registry
from insula.edge.accompany import accompany
from insula.edge.clock import Clock, now
from insula.edge.config import Config, Part
from insula.edge.engines.choice import Engines
from insula.edge.errors import ConfigError, InsulaError, SensorUnavailable
from insula.edge.estimator_node import EstimatorNode
from insula.edge.explanation import Explanation
from insula.edge.governor import Governor
from insula.edge.health import Health, NodeState
from insula.edge.machine import MachineState, read_machine
from insula.edge.privacy.consent import kind_of
from insula.edge.profile import Profile
from insula.edge.protocols import Engine, Estimator, Item, Personal, Sensor, Sink
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.sensor_node import SensorNode, in_words
from insula.edge.sink_node import SinkNode
from insula.edge.stream import StreamWriter
from insula.edge.types import AffectEstimate, AffectState, Marker, Modality

EXPLAIN_S = 0.5
"""Why a state is so is said this often; nobody reads faster."""

OPEN_TIMEOUT_S = 20.0  # a network camera or a board over Bluetooth takes seconds
_JOIN_S = 1.0
_MACHINE_S = 2.0
_DEGREES = 5.0


class Fusion(Protocol):
    """What the loop needs of a fusion: estimates in, states out at ``rate_hz``."""

    rate_hz: float

    def update(self, estimate: AffectEstimate) -> None:
        """Take an estimate."""

    def state(self, t: float) -> AffectState:
        """The state at time ``t`` (s)."""


@runtime_checkable
class Explaining(Protocol):
    """A fusion that can say why its newest state is what it is."""

    def explain(self, state: AffectState) -> Explanation:
        """Explain the state it gave last."""


class SensingLoop:
    """A running session.

    ``directory`` is where the streams' ring files are made, so that other processes can read them;
    ``None`` keeps them in this process. ``wrap`` may put something between a sensor (given with its name)
    and the loop, such as faults on purpose; ``wrap_estimator`` and ``wrap_engine`` (given with the
    estimator's name) do the same for the models. ``start`` (or ``with``) opens every sensor and raises
    the first error in words, leaving nothing behind; afterwards lost sensors are reopened until ``stop``.
    A loop without sensors estimates nothing: it carries markers and sinks, such as a recording of others.
    """

    def __init__(
        self,
        config: Config,
        *,
        directory: Path | None = None,
        wrap: Callable[[str, Sensor], Sensor] | None = None,
        wrap_estimator: Callable[[str, Estimator], Estimator] | None = None,
        wrap_engine: Callable[[str, Engine], Engine] | None = None,
        machine: Callable[[], MachineState] = read_machine,
        profile: Profile | None = None,
        clock: Clock = now,
    ) -> None:
        self.config = config
        self.profile = profile
        self.clock = clock
        self.health = Health(self._publish, clock)
        self._directory = directory
        self._wrap = wrap or (lambda name, sensor: sensor)
        self._wrap_estimator = wrap_estimator or (lambda name, estimator: estimator)
        self._wrap_engine = wrap_engine or (lambda name, engine: engine)
        weights = {"weights": profile.weights} if profile is not None and profile.weights else {}
        fusion = {**weights, **config.fusion}
        self._fusion: Fusion = registry.factory("fusion", "late")(**fusion)
        self._left_out = {name for name, weight in fusion.get("weights", {}).items() if not weight}
        self._fusion_lock = threading.Lock()
        self._sensors: list[SensorNode] = []
        self._estimators: list[EstimatorNode] = []
        self._sinks: dict[str, SinkNode] = {}
        self._streams: dict[str, tuple[StreamWriter, SensorNode]] = {}
        self._callbacks: list[Callable[[Item], None]] = []
        self._news = threading.Condition()
        self._state: AffectState | None = None
        self._closed = self._muted = False
        self._cuts: dict[str, str] = {}
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="fusion", daemon=True)
        self._governor = Governor()
        self.machine = machine
        """Asks how warm the computer is and in which power mode."""
        self._watcher = threading.Thread(target=self._watch_machine, name="machine", daemon=True)

    # life

    def open(self) -> None:
        """Open sensors, sinks and models; raises ``InsulaError`` and undoes all of it."""
        try:
            self._open_sensors()
            for part in self.config.sinks:
                self.add_sink(part.name, registry.factory("sinks", part.factory)(**part.options))
            self._bind_estimators()
        except BaseException:
            self.stop()
            raise

    def begin(self) -> None:
        """Let the samples flow: whatever was added since :meth:`open` sees the first one."""
        for sensor in self._sensors:
            sensor.begin()
        if self._sensors:
            self._ticker.start()
            self._watcher.start()

    def start(self) -> None:
        """Open and begin."""
        self.open()
        self.begin()

    def stop(self) -> None:
        """End everything within about a second a part; sinks write what they hold first."""
        self._stop.set()
        nodes: list[EstimatorNode | SensorNode] = [*self._estimators, *self._sensors]
        for node in nodes:
            node.stop()
        for node in nodes:
            node.join(_JOIN_S)
        for thread in (self._ticker, self._watcher):
            if thread.ident is not None:
                thread.join(_JOIN_S)
        for sink in self._sinks.values():
            sink.stop()  # all at once: each may need a moment for its last words
        for name in list(self._sinks):
            self.remove_sink(name)
        for sensor in self._sensors:
            sensor.release()
        with self._news:
            self._news.notify_all()

    def __enter__(self) -> SensingLoop:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # reading

    @property
    def state(self) -> AffectState | None:
        """The newest state, ``None`` before the first."""
        return self._state

    def states(self) -> Iterator[AffectState]:
        """Every new state from now on, newest first if the caller is slow, until the loop ends."""
        seen: AffectState | None = None
        while True:
            with self._news:
                while self._state is seen and not self.ended:
                    self._news.wait(1.0)
                if self._state is seen:
                    return
                seen = self._state
            if seen is not None:
                yield seen

    async def astates(self) -> AsyncIterator[AffectState]:
        """:meth:`states` for asyncio: ``async for state in loop.astates()``."""
        states = self.states()
        while (state := await asyncio.to_thread(next, states, None)) is not None:
            yield state

    def subscribe(self, callback: Callable[[Item], None]) -> None:
        """Call ``callback`` with every item published, on the publisher's thread: hand over and return.

        A callback that raises is not called again; the health board says so.
        """
        self._callbacks.append(callback)

    @property
    def streams(self) -> list[StreamWriter]:
        """The streams of the session."""
        return [writer for writer, _ in self._streams.values()]

    @property
    def engines(self) -> dict[str, str]:
        """What really runs each estimator's network, "" where it has none."""
        return {node.name: node.engines.provider for node in self._estimators}

    @property
    def ended(self) -> bool:
        """Whether the loop was stopped or every sensor has come to its end."""
        if self._stop.is_set():
            return True
        events = [self.health.get(node.name) for node in self._sensors]
        return bool(events) and all(
            e is not None and e.state in (NodeState.STOPPED, NodeState.FAILED) for e in events
        )

    # writing

    def mark(self, text: str, source: str = "operator", t: float | None = None) -> Marker:
        """Publish a marker at time ``t`` (s), default: this moment."""
        marker = Marker(self.clock() if t is None else t, text, source)
        self._publish(marker)
        return marker

    def publish(self, item: StepEvent | Answer | Rating) -> None:
        """Publish what a person did or said, for every sink."""
        self._publish(item)

    def speaking(self, speaks: bool, t: float | None = None) -> None:
        """Say that the device itself speaks from time ``t`` (s, default: this moment) on, or no longer does.

        No voice is judged meanwhile: a robot must not take its own for a person's. ``t`` may be ahead.
        """
        for node in self._estimators:
            node.speaking(speaks, self.clock() if t is None else t)

    def learn(self, modalities: Collection[Modality]) -> None:
        """These rest from now on, all others do not: the guided minute."""
        for node in self._estimators:
            node.learn(node.modality in modalities)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What is estimated."""
        return tuple(node.modality for node in self._estimators)

    def learned(self) -> dict[Modality, dict[str, Any]]:
        """What each estimator learned of the person's rest; call it when the loop has stopped."""
        found = {node.modality: node.learned() for node in self._estimators}
        return {modality: rest for modality, rest in found.items() if rest is not None}

    def shutter(self, closed: bool) -> None:
        """Cut pictures and sound off at their sensors, or let them through again."""
        self._closed = closed
        self._cut()

    def mute(self, muted: bool) -> None:
        """Cut sound off at its sensors, or let it through again."""
        self._muted = muted
        self._cut()

    def cut_off(self, stream_type: str) -> str:
        """Why streams of a type (LSL's) are cut off now, "" when they are not; from any thread."""
        return self._cuts.get(kind_of(stream_type), "")

    def _cut(self) -> None:
        cut = {"voice": "the microphone is muted"} if self._muted else {}
        if self._closed:
            cut = dict.fromkeys(("camera", "voice"), "the privacy shutter is closed")
        self._cuts = cut
        for node in self._sensors:
            node.cut = cut

    def add_sink(self, name: str, sink: Sink) -> None:
        """Open a sink on all streams and start feeding it; raises its ``SinkError``."""
        if name in self._sinks:
            raise ConfigError(f"there is a sink {name!r} already")
        namesake = self.health.get(name)
        if namesake is not None and namesake.kind != "sink":  # health knows its parts by their names
            raise ConfigError(f"a {namesake.kind} is called {name!r} already; give it another name")
        node = SinkNode(name, sink, health=self.health)
        node.start({key: writer.reader() for key, (writer, _) in self._streams.items()})
        for event in self.health.all():
            node.offer(event)
        self._sinks = {**self._sinks, name: node}  # replaced, not changed: publishers iterate over it

    def remove_sink(self, name: str) -> None:
        """Let a sink finish what it holds and close it."""
        node = self._sinks[name]
        self._sinks = {key: value for key, value in self._sinks.items() if key != name}
        node.stop()
        node.join(10.0)  # a disk may be slow; footers matter more than a quick end

    # inside

    def _open_sensors(self) -> None:
        for part in self.config.sensors:
            sensor = registry.factory("sensors", part.factory)(**part.options)
            node = SensorNode(
                part.name,
                self._wrap(part.name, sensor),
                health=self.health,
                publish=self._publish,
                directory=self._directory,
                clock=self.clock,
            )
            self._sensors.append(node)
            node.start()
        for node in self._sensors:
            if not node.opened.wait(OPEN_TIMEOUT_S):
                raise SensorUnavailable(f"{node.name} did not open within {OPEN_TIMEOUT_S:.0f} s")
            if node.failure is not None:
                raise _named(node.name, node.failure) from node.failure
            self._streams.update({writer.info.name: (writer, node) for writer in node.streams})

    def _bind_estimators(self) -> None:
        if not self._streams:
            return
        parts = self.config.estimators or [Part(n, n) for n in registry.names("estimators")]
        for part in parts:
            engines = Engines(**self.config.engine)
            estimator = self._estimator(part, engines)
            self._adopt(estimator)
            called = f"{part.name} estimator"
            if estimator.modality in self._left_out:
                self.health.set(called, "estimator", NodeState.STARTING)
                self.health.set(
                    called, "estimator", NodeState.STOPPED, "left out by the settings of this person"
                )
                continue
            name = self._stream_for(part, estimator)
            if name is None:
                self.health.set(called, "estimator", NodeState.STARTING)
                reason = f"no stream fits it ({self._why_not(estimator)})"
                self.health.set(called, "estimator", NodeState.STOPPED, reason)
                continue
            writer, sensor = self._streams[name]
            others = [stream for key, stream in self._streams.items() if key != name]
            others.sort(key=lambda stream: stream[1] is not sensor)  # those of the same device first
            accompany(estimator, [other for other, _ in others])
            node = EstimatorNode(
                called,
                self._wrap_estimator(part.name, estimator),
                writer.reader(),
                sensor=sensor.name,
                health=self.health,
                publish=self._publish,
                engines=engines,
                governor=self._governor,
                clock=self.clock,
            )
            self._estimators.append(node)
            node.start()

    def _adopt(self, estimator: Estimator) -> None:
        rest = self.profile.rests.get(estimator.modality) if self.profile is not None else None
        if rest is not None and isinstance(estimator, Personal):
            estimator.adopt(rest)

    def _estimator(self, part: Part, engines: Engines) -> Estimator:
        """The configured estimator; one that loads networks takes the configured way of loading them."""

        def load(model: bytes) -> Engine:
            return self._wrap_engine(part.name, engines(model))

        make = registry.factory("estimators", part.factory)
        wired = {"engines": load} if "engines" in inspect.signature(make).parameters else {}
        estimator: Estimator = make(**part.options, **wired)
        return estimator

    def _stream_for(self, part: Part, estimator: Estimator) -> str | None:
        """The configured stream, or the first that fits; ``None`` when an automatic one fits nothing."""
        if part.stream:
            if part.stream not in self._streams:
                raise ConfigError(
                    f"[estimators.{part.name}]: there is no stream {part.stream!r}"
                    f"{registry.nearest(part.stream, self._streams)}"
                )
            if why_not := estimator.accepts(self._streams[part.stream][0].info):
                raise ConfigError(f"[estimators.{part.name}] cannot use {part.stream!r}: {why_not}")
            return part.stream
        fitting = [name for name, (writer, _) in self._streams.items() if not estimator.accepts(writer.info)]
        if not fitting and self.config.estimators:
            raise ConfigError(f"[estimators.{part.name}] fits no stream ({self._why_not(estimator)})")
        return fitting[0] if fitting else None

    def _why_not(self, estimator: Estimator) -> str:
        return "; ".join(
            f"{name}: {estimator.accepts(writer.info)}" for name, (writer, _) in self._streams.items()
        )

    def _publish(self, item: Item) -> None:
        if isinstance(item, AffectEstimate):
            with self._fusion_lock:
                self._fusion.update(item)
        for node in self._sinks.values():
            node.offer(item)
        for callback in self._callbacks:
            try:
                callback(item)
            except Exception as error:  # the embedding program's border: the publisher's thread must live on
                self._dismiss(callback, error)

    def _dismiss(self, callback: Callable[[Item], None], error: Exception) -> None:
        """A subscriber that raises is called no more, and the others hear of it."""
        self._callbacks = [other for other in self._callbacks if other is not callback]
        name = f"subscriber {getattr(callback, '__qualname__', type(callback).__name__)}"
        self.health.set(name, "sink", NodeState.STARTING)
        self.health.set(name, "sink", NodeState.FAILED, in_words(error))

    def _tick(self) -> None:
        period = 1.0 / self._fusion.rate_hz
        self.health.set("fusion", "fusion", NodeState.STARTING)
        self.health.set("fusion", "fusion", NodeState.RUNNING)
        due, explained = self.clock(), -math.inf
        while not self._stop.wait(max(due - self.clock(), 0.0)):
            due = max(due + period, self.clock())
            try:
                with self._fusion_lock:
                    state = self._fusion.state(self.clock())
                    told = None
                    if isinstance(self._fusion, Explaining) and state.t - explained >= EXPLAIN_S:
                        explained, told = state.t, self._fusion.explain(state)
            except Exception as error:  # a thread's top: no state is better than a silent end
                self.health.set("fusion", "fusion", NodeState.FAILED, in_words(error))
                state = AffectState(self.clock(), reason=f"fusion failed: {in_words(error)}")
                self._stop.set()
                told = None
            with self._news:
                self._state = state
                self._news.notify_all()
            self._publish(state)
            if told is not None:
                self._publish(told)

    def _watch_machine(self) -> None:
        """Tell the governor how warm the machine is, and everyone when that or its power mode changed."""
        self.health.set("machine", "machine", NodeState.STARTING)
        told: MachineState | None = None
        while True:
            state = self.machine()
            self._governor.warmth(self.clock(), state)
            if told is None or _differs(state, told):
                told = state
                self.health.set("machine", "machine", NodeState.RUNNING, state.words())
            if self._stop.wait(_MACHINE_S):
                self.health.set("machine", "machine", NodeState.STOPPED)
                return


def _differs(state: MachineState, told: MachineState) -> bool:
    """Whether it is worth a line: another power mode, or five degrees."""
    a, b = state.tightest, told.tightest
    if state.power_mode != told.power_mode or a is None or b is None:
        return (state.power_mode, a is None) != (told.power_mode, b is None)
    return abs(a.celsius - b.celsius) >= _DEGREES


def _named(name: str, error: Exception) -> InsulaError:
    with contextlib.suppress(TypeError):
        if isinstance(error, InsulaError):
            return type(error)(f"{name}: {error}")
    return InsulaError(f"{name}: {in_words(error)}")
