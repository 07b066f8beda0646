from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from insula.edge.clock import Clock, now
from insula.edge.engines.choice import Engines
from insula.edge.errors import ModelError
from insula.edge.estimator_node import EstimatorNode
from insula.edge.governor import Governor
from insula.edge.health import Health, HealthEvent, NodeState
from insula.edge.stream import StreamReader, StreamWriter
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import AffectEstimate, Measure, Modality, StreamInfo

INFO = StreamInfo("wrist", "EDA", 10.0, ("eda",), ("microsiemens",), simulated=True)


class Arousal:
    """Says how many samples it saw; fails when told to."""

    modality: Modality = "eda"
    period_s = 0.0

    def __init__(self) -> None:
        self.seen = 0
        self.fail: Exception | None = None
        self.closed = False
        self.cost_s = 0.0
        self.t = 1000.0

    def accepts(self, info: StreamInfo) -> str:
        return "" if info.type == "EDA" else "not EDA"

    def start(self, info: StreamInfo) -> None:
        if self.fail:
            raise self.fail

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        chunks = reader.read_new()
        if self.fail:
            raise self.fail
        self.t += self.cost_s
        if not chunks:
            return None
        self.seen += sum(map(len, chunks))
        return AffectEstimate(
            "eda", "wrist", chunks[-1].times[-1], 1.0, arousal=Measure(0.1, 0.2), va_source="mapped"
        )

    def close(self) -> None:
        self.closed = True


class Ear(Arousal):
    """Notes what it is told of the device's own voice."""

    note = ""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[bool, float]] = []

    def speaking(self, speaks: bool, t: float) -> None:
        self.told.append((speaks, t))


class Bench:
    def __init__(self, clock: Clock | None = None, estimator: Arousal | None = None) -> None:
        self.published: list[AffectEstimate] = []
        self.events: list[HealthEvent] = []
        self.news = threading.Condition()
        self.health = Health(self.note)
        self.writer: StreamWriter
        self.writer, reader = memory_stream(INFO)
        self.estimator = estimator or Arousal()
        self.node = EstimatorNode(
            "eda estimator",
            self.estimator,
            reader,
            sensor="wrist",
            health=self.health,
            publish=self.publish,
            engines=Engines(),
            governor=Governor(),
            clock=clock or (lambda: self.estimator.t),
        )
        self.health.set("wrist", "sensor", NodeState.STARTING)
        self.health.set("wrist", "sensor", NodeState.RUNNING)

    def note(self, event: HealthEvent) -> None:
        self.events.append(event)

    def publish(self, estimate: AffectEstimate) -> None:
        with self.news:
            self.published.append(estimate)
            self.news.notify_all()

    def until(self, what: Callable[[AffectEstimate], bool]) -> AffectEstimate:
        with self.news:
            assert self.news.wait_for(lambda: any(what(e) for e in self.published), 5.0)
            return next(e for e in self.published if what(e))

    def finish(self) -> None:
        self.node.stop()
        assert self.node.join(2.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_estimates_flow_and_carry_that_they_are_simulated(bench: Bench) -> None:
    bench.node.start()
    bench.writer.push(np.ones((5, 1), np.float32), sample_times(5, 10.0))
    estimate = bench.until(lambda e: e.measured)
    bench.finish()
    assert estimate.simulated
    assert bench.estimator.seen == 5
    assert bench.estimator.closed
    assert bench.published[0].reason == "starting"


def test_an_estimator_that_takes_too_long_is_slowed_and_says_so(bench: Bench) -> None:
    bench.estimator.period_s = 0.02
    bench.estimator.cost_s = 0.019
    bench.node.start()
    for start in range(6):
        bench.writer.push(np.ones((5, 1), np.float32), sample_times(5, 10.0, start=1000.0 + start))
        bench.until(lambda e, n=start: e.measured and bench.estimator.seen >= 5 * (n + 1))
    bench.finish()
    said = [e.reason for e in bench.events if e.node == "eda estimator" and e.state == "running"]
    assert said[:2] == ["", "slowed to every 40 ms: an estimate takes 19 ms of its 20 ms"]


def test_a_lost_sensor_is_the_reason(bench: Bench) -> None:
    bench.node.start()
    bench.health.set("wrist", "sensor", NodeState.LOST, "unplugged")
    estimate = bench.until(lambda e: e.reason.startswith("wrist"))
    assert estimate.reason == "wrist lost: unplugged"
    assert not estimate.measured
    bench.health.set("wrist", "sensor", NodeState.RUNNING)
    bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0))
    bench.until(lambda e: e.measured)
    bench.finish()


def test_a_failing_estimator_is_restarted_and_says_so(bench: Bench) -> None:
    bench.node.start()
    bench.estimator.fail = ZeroDivisionError("division by zero")
    bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0))
    estimate = bench.until(lambda e: "failed" in e.reason)
    assert estimate.reason == "the estimator failed (ZeroDivisionError: division by zero) and is restarted"
    bench.estimator.fail = None
    bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0, start=1001.0))
    bench.until(lambda e: e.measured)
    bench.finish()
    assert "lost" in [e.state for e in bench.events if e.node == "eda estimator"]


def test_a_block_that_waited_for_its_turn_is_judged_with_the_next_one(bench: Bench) -> None:
    bench.estimator.period_s = 0.5
    bench.node.start()
    bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0))
    bench.until(lambda e: e.measured)
    bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0, start=1001.0))
    later = 1002.0
    while not [e for e in bench.published if e.t > 1000.0 and e.measured]:  # its clock stands still
        bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0, start=later))
        later += 1.0
    bench.finish()
    assert min(e.t for e in bench.published if e.t > 1000.0) > 1001.0


def test_a_stream_that_stalls_is_judged_by_what_there_is() -> None:
    bench = Bench(clock=now)
    bench.estimator.period_s = 0.01
    bench.node.start()
    for i in range(2):
        bench.writer.push(np.ones((1, 1), np.float32), sample_times(1, 10.0, start=1000.0 + i))
        bench.until(lambda e, t=1000.0 + i: e.measured and e.t == t)  # type: ignore[misc]
    bench.finish()


def test_an_estimator_that_cannot_be_closed_says_so(bench: Bench) -> None:
    def close() -> None:
        raise RuntimeError("busy")

    bench.estimator.close = close  # type: ignore[method-assign]
    bench.node.start()
    bench.node.stop()
    assert bench.node.join(5.0)
    last = bench.health.get("eda estimator")
    assert last is not None
    assert (last.state, last.reason) == (NodeState.FAILED, "RuntimeError: busy")


def test_an_unusable_model_ends_the_start_with_its_error(bench: Bench) -> None:
    bench.estimator.fail = ModelError("the model does not match its manifest")
    with pytest.raises(ModelError, match="manifest"):
        bench.node.start()
    assert bench.events[-1].state == "failed"
    assert bench.node.join(0.0)


def test_an_ear_is_told_when_the_device_speaks_and_its_note_is_said() -> None:
    ear = Ear()
    bench = Bench(estimator=ear)
    bench.node.start()
    bench.node.speaking(True, 12.5)
    ear.note = "the loudspeaker cannot be subtracted"
    bench.writer.push(np.ones((5, 1), np.float32), sample_times(5, 10.0))
    bench.until(lambda e: e.measured)
    bench.finish()
    assert ear.told == [(True, 12.5)]
    assert ear.note in [event.reason for event in bench.events if event.node == "eda estimator"]


def test_an_estimator_without_ears_need_not_know(bench: Bench) -> None:
    bench.node.speaking(True, 12.5)
