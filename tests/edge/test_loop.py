from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from insula.edge import SensingLoop, config
from insula.edge.errors import ConfigError, InsulaError, SinkError
from insula.edge.health import HealthEvent
from insula.edge.machine import MachineState, Zone
from insula.edge.protocols import Engine, Estimator, Item, Sensor
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, AffectState, Marker

EDA = {"sensors": {"eda": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}


class Seen:
    """Collects what a loop publishes and waits for it without sleeping."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._news = threading.Condition()

    def take(self, item: Item) -> None:
        with self._news:
            self.items.append(item)
            self._news.notify_all()

    def until(self, what: Callable[[Item], bool], timeout_s: float = 10.0) -> Item:
        with self._news:
            assert self._news.wait_for(lambda: any(what(i) for i in self.items), timeout_s)
            return next(i for i in self.items if what(i))


class Keeper:
    """A sink that keeps what it is given."""

    def __init__(self, fail: bool = False) -> None:
        self.items: list[Item] = []
        self.samples = 0
        self.closed = False
        self._fail = fail
        self._streams: Mapping[str, StreamReader] = {}

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        if self._fail:
            raise SinkError("no room")
        self._streams = streams

    def put(self, item: Item) -> None:
        self.items.append(item)

    def poll(self) -> None:
        self.samples += sum(len(c) for r in self._streams.values() for c in r.read_new())

    def close(self) -> None:
        self.poll()
        self.closed = True


def test_an_engine_that_auto_fell_back_to_is_told() -> None:
    loop = SensingLoop(config.parse({**EDA, "engine": {"use": "auto"}}))
    with loop:
        event = loop.health.get("eda estimator")
        assert event is not None
        assert event.state == "running"
        assert "not on " in event.reason
        assert event.reason.startswith(f"on {loop.engines['eda estimator']}, ")


def test_a_machine_that_gets_warm_is_told() -> None:
    seen = Seen()
    hot = MachineState((Zone("cpu-thermal", 90.0, 95.0),), "15W")
    loop = SensingLoop(config.parse(EDA), machine=lambda: hot)
    loop.subscribe(seen.take)
    with loop:
        seen.until(lambda i: isinstance(i, HealthEvent) and "slowed to every 2000 ms" in i.reason)
    told = [i for i in seen.items if isinstance(i, HealthEvent) and i.node == "machine"]
    assert [(e.state, e.reason) for e in told] == [
        ("starting", ""),
        ("running", "cpu-thermal 90 °C, acts at 95 °C; power mode 15W"),
        ("stopped", ""),
    ]


def test_a_sensor_becomes_states_and_everything_stops() -> None:
    seen, sink = Seen(), Keeper()
    before = threading.active_count()
    loop = SensingLoop(config.parse(EDA))
    loop.subscribe(seen.take)
    with loop:
        loop.add_sink("keeper", sink)
        state = next(loop.states())
        marker = loop.mark("stimulus on")
        seen.until(lambda i: isinstance(i, AffectEstimate) and i.simulated and i.reason != "starting")
        seen.until(lambda i: isinstance(i, AffectState))
        writer = loop.streams[0]
        assert writer.info.simulated
        assert loop.state is not None
    assert isinstance(state, AffectState)
    assert threading.active_count() == before
    assert sink.closed
    assert marker in sink.items
    assert sink.samples > 0
    assert list(loop.states()) == [loop.state]  # the last one, then the end
    assert loop.ended


def test_states_can_be_awaited() -> None:
    async def three(loop: SensingLoop) -> list[AffectState]:
        states: list[AffectState] = []
        async for state in loop.astates():
            states.append(state)
            if len(states) == 3:
                break
        return states

    with SensingLoop(config.parse(EDA)) as loop:
        states = asyncio.run(three(loop))
    assert [s.t for s in states] == sorted({s.t for s in states})


def test_rings_are_files_for_other_processes_and_go_with_the_loop(tmp_path: Path) -> None:
    with SensingLoop(config.parse(EDA), directory=tmp_path):
        reader = StreamReader.attach(tmp_path / "eda.ring")
        assert reader.wait(5.0)
        assert reader.info.name == "eda"
        reader.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sensors": {"film": {"driver": "video_file", "path": "none.mpg"}}}, "film: there is no file"),
        (
            {"estimators": {"eda": {"estimator": "eda", "stream": "edo"}}},
            "there is no stream 'edo'; did you mean 'eda'",
        ),
        ({"estimators": {"face": {"estimator": "face"}}}, "[estimators.face] fits no stream (eda: "),
        ({"estimators": {"face": {"estimator": "face", "stream": "eda"}}}, "cannot use 'eda': "),
    ],
)
def test_a_start_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    before = threading.active_count()
    loop = SensingLoop(config.parse({**EDA, **changes}), directory=tmp_path)
    with pytest.raises(InsulaError) as caught:
        loop.start()
    assert message in str(caught.value)
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_an_automatic_estimator_that_fits_no_stream_says_why() -> None:
    with SensingLoop(config.parse({"sensors": EDA["sensors"]})) as loop:
        event = loop.health.get("eeg estimator")
        assert event is not None
        assert event.state == "stopped"
        assert event.reason.startswith("no stream fits it (eda: ")
        used = loop.health.get("eda estimator")
        assert used is not None
        assert used.state == "running"


def test_sinks_come_and_go_while_the_loop_runs() -> None:
    with SensingLoop(config.parse(EDA)) as loop:
        first, second = Keeper(), Keeper()
        loop.add_sink("one", first)
        with pytest.raises(ConfigError, match="a sink 'one' already"):
            loop.add_sink("one", second)
        with pytest.raises(SinkError, match="no room"):
            loop.add_sink("two", Keeper(fail=True))
        loop.remove_sink("one")
        assert first.closed
        loop.add_sink("two", second)
        loop.mark("only for two")
    assert not any(isinstance(i, Marker) for i in first.items)
    assert any(isinstance(i, Marker) for i in second.items)
    assert any(isinstance(i, HealthEvent) and i.node == "eda" for i in second.items)  # told what was before


def test_something_can_stand_between_sensor_and_loop() -> None:
    seen: list[str] = []

    def wrap(name: str, sensor: Sensor) -> Sensor:
        seen.append(name)
        return sensor

    with SensingLoop(config.parse(EDA), wrap=wrap):
        assert seen == ["eda"]


def test_the_privacy_shutter_leaves_other_streams_alone() -> None:
    parts = {"sensors": {"eda": {"driver": "simulated_eda"}, "face": {"driver": "simulated_face"}}}
    seen = Seen()
    loop = SensingLoop(config.parse({**parts, "estimators": EDA["estimators"]}))
    loop.subscribe(seen.take)
    with loop:
        seen.until(lambda i: isinstance(i, HealthEvent) and i.node == "face" and i.state == "running")
        loop.shutter(True)
        seen.until(lambda i: isinstance(i, HealthEvent) and i.reason == "the privacy shutter is closed")
        face = next(w for w in loop.streams if w.info.name == "face").reader()
        eda = next(w for w in loop.streams if w.info.name == "eda").reader()
        face.read_new()
        eda.read_new()
        assert eda.wait(5.0)
        assert face.read_new() == []
        cut = [loop.cut_off(kind) for kind in ("VideoRaw", "Audio", "EEG", "Markers")]
        assert cut == ["the privacy shutter is closed"] * 2 + [""] * 2
        loop.mute(True)  # of no account for a camera
        loop.shutter(False)
        assert [loop.cut_off(kind) for kind in ("Video", "Audio")] == ["", "the microphone is muted"]
        assert face.wait(5.0)


def test_a_subscriber_that_raises_is_dismissed_in_words_and_the_loop_goes_on() -> None:
    seen = Seen()

    def broken(item: Item) -> None:
        raise RuntimeError("not my day")

    loop = SensingLoop(config.parse(EDA))
    loop.subscribe(broken)
    loop.subscribe(seen.take)
    with loop:
        told = seen.until(lambda i: isinstance(i, HealthEvent) and i.state == "failed")
        seen.until(lambda i: isinstance(i, AffectState))
    assert isinstance(told, HealthEvent)
    assert told.node.startswith("subscriber ")
    assert told.reason == "RuntimeError: not my day"


def test_two_parts_of_one_name_are_refused() -> None:
    """One board knows them all: a sensor called "recording" once took the recording down with it."""
    recording = config.parse({"sensors": {"recording": {"driver": "simulated_eda"}}})
    with SensingLoop(recording) as loop, pytest.raises(ConfigError, match="'recording' already"):
        loop.add_sink("recording", Keeper())
    both = {"sensors": {"lsl": {"driver": "simulated_eda"}}, "sinks": {"lsl": {"sink": "lsl"}}}
    with pytest.raises(ConfigError, match="need different names"):
        config.parse(both)
    with pytest.raises(ConfigError, match="can be called fusion"):
        config.parse({"sensors": {"fusion": {"driver": "simulated_eda"}}})


def test_wrappers_stand_between_the_loop_and_its_models() -> None:
    wrapped: list[str] = []

    def estimator(name: str, estimator: Estimator) -> Estimator:
        wrapped.append(f"estimator {name}")
        return estimator

    def engine(name: str, engine: Engine) -> Engine:
        wrapped.append(f"engine {name}")
        return engine

    with SensingLoop(config.parse(EDA), wrap_estimator=estimator, wrap_engine=engine):
        assert set(wrapped) == {"estimator eda", "engine eda"}
