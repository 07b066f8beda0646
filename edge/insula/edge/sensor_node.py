"""The one reader loop: opens a sensor, stamps what it reads, pushes it, notices its loss and reopens it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from insula.edge.budget import RestartBudget
from insula.edge.clock import Clock
from insula.edge.errors import EndOfStream, InsulaError, RingError, SensorError, SensorLost, SensorUnavailable
from insula.edge.health import Health, NodeState, StreamStats
from insula.edge.privacy.consent import kind_of
from insula.edge.protocols import Sensor
from insula.edge.stream import StreamWriter
from insula.edge.stream_feed import StreamFeed
from insula.edge.types import StreamInfo

READ_TIMEOUT_S = 0.1
STALLED_AFTER_S = 0.7
LOST_AFTER_S = 3.0
_STATS_EVERY_S = 1.0
_LOOK_UNCUT_S = 0.05


class SensorNode:
    """Runs one sensor on a thread of its own.

    ``publish`` takes :class:`StreamStats`. After :meth:`start` the node opens the sensor once and sets
    ``opened``; ``failure`` then holds the error if that did not work. It reads from :meth:`begin` on, so
    that every reader can be in place before the first sample. A lost sensor is reopened until
    :meth:`stop`, with growing pauses; its streams stay, with a gap.
    """

    def __init__(
        self,
        name: str,
        sensor: Sensor,
        *,
        health: Health,
        publish: Callable[[StreamStats], None],
        directory: Path | None,
        clock: Clock,
    ) -> None:
        self.name = name
        self.sensor = sensor
        self.streams: list[StreamWriter] = []
        self.opened = threading.Event()
        self.failure: Exception | None = None
        self.cut: Mapping[str, str] = {}
        """Kinds of stream (``camera``, ``voice``) that are cut off now, each with the reason in words.

        A device that gives nothing else is closed meanwhile, so that its light goes out; of one with other
        streams, and of a file that plays, the blocks are thrown away before anyone can read them.
        """
        self._health = health
        self._publish = publish
        self._directory = directory
        self._clock = clock
        self._begin = threading.Event()
        self._stop = threading.Event()
        self._feeds: list[StreamFeed] = []
        self._losses = RestartBudget(limit=None)
        self._faults = RestartBudget()
        self._thread = threading.Thread(target=self.run, name=f"sensor {name}", daemon=True)

    def start(self) -> None:
        """Open the sensor in the background."""
        self._health.set(self.name, "sensor", NodeState.STARTING)
        self._thread.start()

    def begin(self) -> None:
        """Start to read."""
        self._begin.set()

    def stop(self) -> None:
        """Ask the node to end; returns at once."""
        self._stop.set()
        self._begin.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; false when the driver is still blocked after ``timeout_s``."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def release(self) -> None:
        """Remove the streams' memory; call after every reader is done."""
        for stream in self.streams:
            stream.close()

    def run(self) -> None:
        """Do the work; the body of the node's thread."""
        try:
            self._open_first()
        except Exception as error:  # a plug-in's border: whatever it raises ends this sensor, in words
            self.failure = error
            self._health.set(self.name, "sensor", NodeState.FAILED, in_words(error))
            self._close()
            return
        finally:
            self.opened.set()
        self._begin.wait()
        self._supervise()

    def _open_first(self) -> None:
        infos = self.sensor.open()
        if not infos:
            raise SensorUnavailable(f"{self.name} has no streams")
        for info in infos:
            feed = StreamFeed(self._named(info, infos), self.name, self._directory, self._clock())
            self._feeds.append(feed)
            self.streams.append(feed.writer)

    def _supervise(self) -> None:
        is_open = True
        while not self._stop.is_set():
            try:
                if self._whole_cut() and not getattr(self.sensor, "plays_back", False):
                    self._close()
                    is_open = False
                    self._wait_uncut()
                    continue
                if not is_open:
                    self._reopen()
                    is_open = True
                self._read()
            except EndOfStream:
                self._finish(NodeState.STOPPED, "the recording is through")
                return
            except Exception as error:  # a plug-in's border: losses are retried for ever, bugs not
                self._close()
                is_open = False
                budget = self._losses if isinstance(error, SensorError) else self._faults
                pause_s = budget.spend(self._clock())
                if pause_s is None:
                    self._finish(NodeState.FAILED, f"gave up after: {in_words(error)}")
                    return
                self._health.set(self.name, "sensor", NodeState.LOST, in_words(error))
                self._stop.wait(pause_s)
        self._finish(NodeState.STOPPED, "")

    def _reopen(self) -> None:
        infos = self.sensor.open()
        if [self._named(info, infos) for info in infos] != [feed.writer.info for feed in self._feeds]:
            raise SensorUnavailable("another device answers in its place; restart the session to use it")
        for feed in self._feeds:
            feed.resume()

    def _read(self) -> None:
        """Read until stopped or cut off; raises what the driver raises, ``SensorLost`` after long silence."""
        heard = reported = self._clock()
        expects_data = any(feed.writer.info.sfreq for feed in self._feeds)
        delivering = not expects_data
        usual_s = 0.0  # between two blocks: some devices send a burst a second
        if delivering:
            self._health.set(self.name, "sensor", NodeState.RUNNING)
        while not self._stop.is_set():
            blocks = self.sensor.read(READ_TIMEOUT_S)
            t = self._clock()  # right after the read: this is the stamp
            if cut := self._whole_cut():
                if not getattr(self.sensor, "plays_back", False):
                    return
                heard = t
                self._health.set(self.name, "sensor", NodeState.STALLED, cut)
                continue
            for block in blocks:
                if not self._cut(self._feeds[block.stream]):
                    self._feeds[block.stream].push(block, t)
            if blocks:
                if delivering and t - heard < LOST_AFTER_S / 2:
                    usual_s = max(0.9 * usual_s, t - heard)
                heard = t
                delivering = True
                self._losses.succeeded()
                self._health.set(self.name, "sensor", NodeState.RUNNING)
            elif expects_data and t - heard > LOST_AFTER_S:
                raise SensorLost(f"no data for {t - heard:.0f} s")
            elif expects_data and delivering and t - heard > max(STALLED_AFTER_S, 1.5 * usual_s):
                self._health.set(self.name, "sensor", NodeState.STALLED, "the sensor is open but silent")
            if t - reported >= _STATS_EVERY_S:
                reported = t
                for feed in self._feeds:
                    self._publish(feed.stats(t))

    def _cut(self, feed: StreamFeed) -> str:
        """Why the feed is cut off, "" while it is not."""
        return self.cut.get(kind_of(feed.writer.info.type), "")

    def _whole_cut(self) -> str:
        """Why nothing of the sensor may pass, "" while something may."""
        reasons = [self._cut(feed) for feed in self._feeds]
        return reasons[0] if all(reasons) else ""

    def _wait_uncut(self) -> None:
        while (cut := self._whole_cut()) and not self._stop.is_set():
            self._health.set(self.name, "sensor", NodeState.STALLED, cut)
            self._stop.wait(_LOOK_UNCUT_S)

    def _close(self) -> None:
        with contextlib.suppress(Exception):  # a device that is gone may not even be closed; it is let go of
            self.sensor.close()

    def _named(self, info: StreamInfo, infos: tuple[StreamInfo, ...]) -> StreamInfo:
        name = self.name if len(infos) == 1 else f"{self.name}.{info.name}"
        return dataclasses.replace(info, name=name)

    def _finish(self, state: NodeState, reason: str) -> None:
        self._close()
        for feed in self._feeds:
            self._publish(feed.stats(self._clock()))  # the final counts
            with contextlib.suppress(RingError):  # the session did not wait for a driver that was blocked
                feed.writer.end()
        self._health.set(self.name, "sensor", state, reason)


def in_words(error: BaseException) -> str:
    """An error as one line for the operator."""
    if isinstance(error, InsulaError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
