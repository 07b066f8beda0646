from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from insula.edge.errors import EndOfStream, SensorLost, SensorUnavailable
from insula.edge.health import Health, HealthEvent, NodeState, StreamStats
from insula.edge.retime import Retimer
from insula.edge.sensor_node import SensorNode
from insula.edge.testing import ManualClock, PlayedSensor
from insula.edge.types import Block, StreamInfo

EDA = StreamInfo("EDA", "EDA", 10.0, ("eda",), ("microsiemens",))
Step = Sequence[Block] | Exception


class Bench:
    """A node around a played sensor, run in the test's own thread on a clock moved by hand."""

    def __init__(
        self, course: Iterator[Step], clock: ManualClock, infos: tuple[StreamInfo, ...] = (EDA,)
    ) -> None:
        self.events: list[HealthEvent] = []
        self.stats: list[StreamStats] = []
        self.sensor = PlayedSensor(infos, course)
        self.react: Callable[[HealthEvent], None] = lambda event: None
        self.health = Health(self._take, clock)
        self.node = SensorNode(
            "wrist",
            self.sensor,
            health=self.health,
            publish=self.stats.append,
            directory=None,
            clock=clock,
        )
        self.health.set("wrist", "sensor", NodeState.STARTING)

    def _take(self, event: HealthEvent) -> None:
        self.events.append(event)
        self.react(event)

    def run(self) -> list[tuple[str, str]]:
        self.node.begin()
        self.node.run()
        return [(str(e.state), e.reason) for e in self.events]


def block(n: int = 1, value: float = 1.0) -> list[Block]:
    return [Block(0, np.full((n, 1), value, np.float32))]


def test_a_recording_is_read_to_its_end() -> None:
    clock = ManualClock()

    def course() -> Iterator[Step]:
        for _ in range(30):
            clock.advance(0.1)
            yield block()
        yield EndOfStream()

    bench = Bench(course(), clock)
    reader = None
    states = bench.run()
    assert states == [("starting", ""), ("running", ""), ("stopped", "the recording is through")]
    stream = bench.node.streams[0]
    assert stream.info.name == "wrist"  # one stream: the sensor's own name
    reader = stream.reader()
    assert sum(len(chunk) for chunk in reader.read_new()) == 30
    assert reader.ended
    assert bench.stats[-1].samples > 10
    assert bench.stats[-1].gaps == 0
    assert abs(bench.stats[-1].rate_hz - 10) < 1.5
    bench.node.release()


def test_silence_is_a_stall_within_a_second_and_then_a_loss() -> None:
    clock = ManualClock()

    def course() -> Iterator[Step]:
        yield block()
        for _ in range(40):
            clock.advance(0.1)
            yield ()

    bench = Bench(course(), clock)
    told: list[HealthEvent] = []

    def watch(event: HealthEvent) -> None:
        told.append(event)
        if event.state == "lost":
            bench.node.stop()

    bench.health._publish = watch
    bench.run()
    assert [e.state for e in told] == ["running", "stalled", "lost", "stopped"]
    assert told[1].t - 1000.0 < 1.0
    assert told[1].reason == "the sensor is open but silent"
    assert told[2].reason == "no data for 3 s"


def test_a_device_that_sends_a_burst_a_second_is_not_stalled() -> None:
    clock = ManualClock()

    def course() -> Iterator[Step]:
        for _ in range(8):
            yield block(10)
            for _ in range(10):
                clock.advance(0.1)
                yield ()
        yield EndOfStream()

    told = [state for state, _ in Bench(course(), clock).run()]
    assert told.count("stalled") <= 1  # the first burst teaches it
    assert "lost" not in told


def test_a_lost_sensor_comes_back_with_a_gap_in_the_same_stream() -> None:
    clock = ManualClock()

    def course() -> Iterator[Step]:
        for _ in range(10):
            clock.advance(0.1)
            yield block()
        yield SensorLost("the plug was pulled")
        clock.advance(5.0)
        for _ in range(20):
            clock.advance(0.1)
            yield block(value=2.0)
        yield EndOfStream()

    bench = Bench(course(), clock)
    states = bench.run()
    assert ("lost", "the plug was pulled") in states
    assert bench.sensor.opened == 2
    chunks = bench.node.streams[0].reader().read_new()
    assert sum(len(c) for c in chunks) == 30
    times = np.concatenate([c.times for c in chunks])
    assert np.all(np.diff(times) > 0)
    assert np.diff(times).max() > 4.0
    assert bench.stats[-1].gaps == 1


def test_a_driver_with_a_bug_is_given_up_after_its_budget() -> None:
    clock = ManualClock()
    bench = Bench(iter([ZeroDivisionError("division by zero") for _ in range(9)]), clock)
    bench.node._faults._limit = 1  # two would make this test wait for two pauses
    states = bench.run()
    assert states[-1] == ("failed", "gave up after: ZeroDivisionError: division by zero")
    assert bench.node.streams[0].reader().ended


def test_a_device_that_cannot_even_be_closed_is_found_again() -> None:
    """A driver whose close raises once ended the reader's thread without a word."""
    clock = ManualClock()

    class Unclean(PlayedSensor):
        def close(self) -> None:
            super().close()
            raise OSError("no such device")

    def course() -> Iterator[Step]:
        yield block()
        yield SensorLost("unplugged")
        clock.advance(1.0)
        yield block()
        yield EndOfStream()

    bench = Bench(course(), clock)
    bench.sensor = bench.node.sensor = Unclean((EDA,), course())
    states = [state for state, _ in bench.run()]
    assert states == ["starting", "running", "lost", "running", "stopped"]
    assert bench.sensor.closed == 2


def test_a_sensor_that_cannot_be_opened_fails_with_its_reason() -> None:
    clock = ManualClock()
    bench = Bench(iter(()), clock)
    bench.node.sensor = PlayedSensor((EDA,), (), unavailable=[SensorUnavailable("no such device")])
    assert bench.run()[-1] == ("failed", "no such device")
    assert isinstance(bench.node.failure, SensorUnavailable)
    assert bench.node.opened.is_set()


def test_times_that_do_not_advance_are_refused_and_counted() -> None:
    clock = ManualClock()
    times = np.array([1.0, 2.0, 2.0, 1.5, 3.0])
    data = np.arange(5, dtype=np.float32)[:, None]

    def course() -> Iterator[Step]:
        yield [Block(0, data, times)]
        clock.advance(2.0)
        yield [Block(0, data[:1], np.array([2.5]))]
        yield EndOfStream()

    irregular = StreamInfo("EDA", "EDA", 0.0, ("eda",), ("microsiemens",))
    bench = Bench(course(), clock, (irregular,))
    bench.run()
    chunks = bench.node.streams[0].reader().read_new()
    assert np.concatenate([c.data[:, 0] for c in chunks]).tolist() == [0.0, 1.0, 4.0]
    assert bench.stats[-1].backwards == 3


def test_values_that_are_not_finite_are_kept_and_counted() -> None:
    clock = ManualClock()

    def course() -> Iterator[Step]:
        for value in (1.0, np.nan, np.inf):
            clock.advance(0.5)
            yield block(value=value)
        clock.advance(0.5)
        yield ()
        yield EndOfStream()

    bench = Bench(course(), clock)
    bench.run()
    assert bench.stats[-1].nans == 2


def test_a_sensor_with_two_streams_names_them_after_itself() -> None:
    clock = ManualClock()
    temperature = StreamInfo("TEMP", "Temperature", 4.0, ("temp",), ("celsius",))
    bench = Bench(iter([EndOfStream()]), clock, (EDA, temperature))
    bench.run()
    assert [s.info.name for s in bench.node.streams] == ["wrist.EDA", "wrist.TEMP"]


def test_another_device_in_its_place_is_not_taken_for_the_same() -> None:
    clock = ManualClock()
    bench = Bench(iter([SensorLost("gone")]), clock)
    other = StreamInfo("EDA", "EDA", 4.0, ("eda",), ("microsiemens",))
    told: list[HealthEvent] = []

    def watch(event: HealthEvent) -> None:
        told.append(event)
        if event.state == "lost":
            bench.sensor._infos = (other,)
        if "another device" in event.reason:
            bench.node.stop()

    bench.health._publish = watch
    bench.run()
    assert any("another device answers in its place" in e.reason for e in told)


def test_what_is_wrong_with_a_stream_is_counted() -> None:
    clock = ManualClock()
    ranged = dataclasses.replace(EDA, limits=(0.0, 50.0))

    def course() -> Iterator[Step]:
        yield block()
        for k in range(350):
            clock.advance(0.1)
            yield block(value=50.0 if k == 70 else float("nan") if k == 90 else 1.0)
            if k == 120:
                yield block(5)  # half a second of signal at once
        yield EndOfStream()

    bench = Bench(course(), clock, (ranged,))
    bench.run()
    last = bench.stats[-1]
    assert (last.rails, last.nans, last.bursts) == (1, 1, 1)
    assert last.jitter_s is not None
    assert last.drift_ppm is not None
    assert last.rate_off == pytest.approx(0.0, abs=0.02)


def test_jitter_and_drift_come_from_the_driver_that_smoothed_its_times() -> None:
    clock = ManualClock()
    retimer = Retimer(10.0)

    def course() -> Iterator[Step]:
        for _ in range(200):
            clock.advance(0.1001)  # the device's clock is 1000 ppm slow
            times = retimer.stamp(1, clock())
            yield [Block(0, np.ones((1, 1), np.float32), times, retimer)]
        yield EndOfStream()

    bench = Bench(course(), clock)
    bench.run()
    assert bench.stats[0].drift_ppm is None  # too early to tell
    assert bench.stats[-1].drift_ppm == pytest.approx(-1000, rel=0.2)


def cut_off(infos: tuple[StreamInfo, ...], *, plays_back: bool = False) -> tuple[Bench, list[str]]:
    """Mute a sensor after three readings of six, and let it through when that shows or one reading later."""
    clock = ManualClock()
    told: list[str] = []

    def course() -> Iterator[Step]:
        for n in range(6):
            clock.advance(0.1)
            if n == 3:
                bench.node.cut = {"voice": "the microphone is muted"}
            if n == 4:
                bench.node.cut = {}
            yield [Block(k, np.full((1, 1), float(n), np.float32)) for k in range(len(infos))]
        yield EndOfStream()

    def react(event: HealthEvent) -> None:
        if event.state is NodeState.STALLED:
            told.append(f"{event.reason}; closed {bench.sensor.closed} times")
            if not plays_back:
                bench.node.cut = {}

    bench = Bench(course(), clock, infos)
    bench.react = react
    bench.sensor.plays_back = plays_back  # type: ignore[attr-defined]
    bench.run()
    return bench, told


def values(bench: Bench, stream: int) -> list[float]:
    chunks = bench.node.streams[stream].reader().read_new()
    return [float(v) for chunk in chunks for v in chunk.data[:, 0]]


SOUND = StreamInfo("sound", "Audio", 10.0, ("mono",), ("1",))


def test_a_muted_microphone_is_closed_and_what_it_heard_last_is_thrown_away() -> None:
    bench, told = cut_off((SOUND,))
    assert told == ["the microphone is muted; closed 1 times"]
    assert bench.sensor.opened == 2
    assert values(bench, 0) == [0.0, 1.0, 2.0, 4.0, 5.0]
    assert bench.stats[-1].gaps == 1  # the pause is a gap in the file
    bench.node.release()


def test_a_device_that_gives_more_than_sound_goes_on_without_it() -> None:
    bench, told = cut_off((SOUND, EDA))
    assert told == []
    assert bench.sensor.opened == 1
    assert values(bench, 0) == [0.0, 1.0, 2.0, 4.0, 5.0]
    assert values(bench, 1) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    bench.node.release()


def test_a_muted_recording_plays_on_unheard_instead_of_beginning_anew() -> None:
    bench, told = cut_off((SOUND,), plays_back=True)
    assert told == ["the microphone is muted; closed 0 times"]
    assert bench.sensor.opened == 1
    assert values(bench, 0) == [0.0, 1.0, 2.0, 4.0, 5.0]
    bench.node.release()
