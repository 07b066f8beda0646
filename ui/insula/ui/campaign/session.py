"""One session under fire: real drivers, models, outputs and files, and faults on purpose in all of them."""

from __future__ import annotations

import contextlib
import gc
import math
import shutil
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from insula.edge import SensingLoop, runtime_dir
from insula.edge.config import Config
from insula.edge.health import HealthEvent, NodeState
from insula.edge.protocols import Engine, Estimator, Item, Sensor
from insula.edge.session import SessionFolder
from insula.edge.sinks.feed import FeedSink
from insula.sensors.faults import Fault, Faulty
from insula.ui.campaign import files
from insula.ui.campaign.broken import BrokenEngine, BrokenEstimator, BrokenSink, Orders
from insula.ui.campaign.judge import CAUGHT, Judge, Rules
from insula.ui.campaign.plan import Episode
from insula.ui.commands.recording import Recording, describe
from insula.ui.commands.soak import unaccounted

if sys.platform != "win32":
    import resource

HAS_DISK_LIMIT: Final = sys.platform != "win32"
"""Whether a full disk can be made here: a limit on the size of this process' files."""

MARKED: Final = "every fault that takes a part out is said"
ENDED: Final = "every thread of a session ends with it"

_STEP_S: Final = 0.05
_LOOK_S: Final = 1.0
_AFTERWARDS_S: Final = 1.5
"""How long after a fault its mark may appear: the counters are published once a second."""
_OUT: Final = frozenset({NodeState.LOST, NodeState.STALLED, NodeState.FAILED})
_GONE: Final = frozenset({"unplug", "unclean", "stall", "gap"})
_ENDS: Final = frozenset({"raises", "breaks", "full"})


@dataclass(slots=True)
class Account:
    """What a campaign did so far: faults injected and seen by kind, and the rules."""

    rules: Rules = field(default_factory=Rules)
    injected: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)


def run(config: Config, plan: Sequence[Episode], seconds: float, folder: Path, account: Account) -> None:
    """Run ``config`` for ``seconds`` into ``folder``, which must not exist, with the faults of ``plan``."""
    before = set(threading.enumerate())
    with _caught(account.rules):
        missing, cut_off = _Session(config, plan, folder, account).run(seconds)
        _wait_for_threads(before)
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    account.rules.check(ENDED, not left, f"left behind: {', '.join(left)}")
    files.judge(account.rules, folder, cut_off, missing)
    gc.collect()


class _Session:
    def __init__(self, config: Config, plan: Sequence[Episode], folder: Path, account: Account) -> None:
        self._config = config
        self._plan = plan
        self._path = folder
        self._account = account
        self._orders = Orders()
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        for episode in plan:
            if episode.lane == "sensor":
                self._faults[episode.part].append(Fault(episode.kind, episode.at_s, episode.for_s))  # type: ignore[arg-type]
        self._cut_off: set[str] = set()
        self._began = math.inf

    def run(self, seconds: float) -> tuple[dict[str, int], set[str]]:
        """Returns the samples missing by stream, and the recordings that a full disk ended."""
        directory = runtime_dir.create("faults")
        self._loop = loop = SensingLoop(
            self._config,
            directory=directory,
            wrap=self._sensor,
            wrap_estimator=self._estimator,
            wrap_engine=self._engine,
        )
        self._judge = Judge(self._account.rules, loop.clock)
        loop.subscribe(self._judge.take)
        loop.open()
        try:
            folder = SessionFolder.create(self._path, about := describe(self._config, loop, "Fault campaign"))
            self._recording = Recording(loop, folder, audio=True)
            self._recording.start()
            loop.add_sink("dashboard feed", FeedSink(path=str(directory / "feed.ring")))
            loop.begin()
            self._play(seconds)
        finally:
            loop.stop()
            shutil.rmtree(directory, ignore_errors=True)
        missing = {} if self._cut_off else unaccounted(self._judge.stats, self._recording.recorded())
        folder.finish(about)
        for event in self._judge.events:
            if event.state is NodeState.FAILED and event.kind in ("sensor", "estimator"):
                self._account.gave_up[event.node] += 1
        return missing, self._cut_off

    def _sensor(self, name: str, sensor: Sensor) -> Sensor:
        return Faulty(sensor, self._faults[name], clock=self._elapsed)

    def _elapsed(self) -> float:
        """Seconds since the samples flow: opening everything takes its time, and no fault counts before."""
        return max(0.0, self._loop.clock() - self._began)

    def _estimator(self, name: str, estimator: Estimator) -> Estimator:
        return cast("Estimator", BrokenEstimator(f"estimator {name}", estimator, self._orders))

    def _engine(self, name: str, engine: Engine) -> Engine:
        return cast("Engine", BrokenEngine(f"engine {name}", engine, self._orders))

    def _play(self, seconds: float) -> None:
        """Begin and end every fault when it is due, and look at the parts in between."""
        due: list[tuple[float, Callable[[], None]]] = []
        for number, episode in enumerate(self._plan):
            part = _Part(self._loop, self._orders, self._recording, number, episode, self._cut_off)
            watched = _Watched(self._judge, self._loop, episode, self._account)
            due.append((episode.at_s, watched.begin))
            due.append((episode.at_s, part.begin))
            due.append((episode.at_s + episode.for_s, part.end))
            due.append((episode.at_s + episode.for_s + _AFTERWARDS_S, watched.end))
        due.sort(key=lambda entry: entry[0])
        self._began = began = looked = self._loop.clock()
        while (now := self._loop.clock()) - began < seconds:
            while due and now - began >= due[0][0]:
                due.pop(0)[1]()
            if now - looked >= _LOOK_S:
                looked = now
                self._judge.look()
            time.sleep(_STEP_S)


class _Part:
    """Lets one part fail for the time of an episode; the sensors follow their own clock."""

    def __init__(
        self,
        loop: SensingLoop,
        orders: Orders,
        recording: Recording,
        number: int,
        episode: Episode,
        cut_off: set[str],
    ) -> None:
        self._loop = loop
        self._orders = orders
        self._recording = recording
        self._episode = episode
        self._cut_off = cut_off
        self._name = f"output {number}"

    def begin(self) -> None:
        episode = self._episode
        if episode.part == "sink":
            self._orders.give(self._name, episode.kind)
            self._loop.add_sink(self._name, BrokenSink(self._name, self._orders))
        elif episode.part == "listener":
            self._loop.subscribe(_broken_listener)
        elif episode.part == "disk":
            self._fill_disk()
        elif episode.lane == "model":
            self._orders.give(episode.part, episode.kind)

    def end(self) -> None:
        episode = self._episode
        if episode.part == "sink":
            self._orders.give(self._name, "")
            self._loop.remove_sink(self._name)
        elif episode.part == "disk":
            self._empty_disk()
        elif episode.lane == "model":
            self._orders.give(episode.part, "")

    def _fill_disk(self) -> None:
        """No file of this process grows any more, the recording's least of all."""
        if sys.platform != "win32":
            xdf, lines = (
                max(self._recording.folder.path.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
                for pattern in ("*.xdf", "*.jsonl")
            )
            self._cut_off.add(xdf.name)
            size = min(xdf.stat().st_size, lines.stat().st_size)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    def _empty_disk(self) -> None:
        """There is room again: the operator starts the next recording."""
        if sys.platform != "win32":
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            self._recording.stop()
            self._recording.start()


class _Watched:
    """Sees whether the session said of an episode what it must."""

    def __init__(self, judge: Judge, loop: SensingLoop, episode: Episode, account: Account) -> None:
        self._judge = judge
        self._loop = loop
        self._episode = episode
        self._account = account
        self._events = self._counts = 0
        self._was_out = False

    def begin(self) -> None:
        self._account.injected[self._episode.name] += 1
        self._events = len(self._judge.events)
        self._was_out = self._judge.is_out(self._episode.part)
        self._counts = self._counted()

    def end(self) -> None:
        episode = self._episode
        said = self._was_out or any(self._is_about(event) for event in self._judge.events[self._events :])
        marked = said or self._counted() > self._counts
        self._account.marked[episode.name] += marked
        if episode.kind in _GONE or (episode.lane == "output" and episode.kind in _ENDS):
            words = f"{episode.name} of {episode.part} at {episode.at_s:.1f} s for {episode.for_s:.1f} s"
            self._account.rules.check(MARKED, marked, words)

    def _is_about(self, event: HealthEvent) -> bool:
        kind, part = self._episode.lane, self._episode.part
        if event.state not in _OUT:
            return False
        if kind == "sensor":
            return event.node == part
        if kind == "model":
            return event.node == f"{part.split()[1]} estimator"
        starts = {"disk": "recording", "listener": "subscriber", "sink": "output"}
        return event.node.startswith(starts[part])

    def _counted(self) -> int:
        """What the counters of the part's streams say went wrong so far."""
        of_part = [s for s in self._judge.stats.values() if s.sensor == self._episode.part]
        return sum(s.gaps + s.nans + s.rails + s.backwards + s.bursts for s in of_part)


def _broken_listener(item: Item) -> None:
    raise RuntimeError("a subscriber that is broken (on purpose)")


def _wait_for_threads(before: set[threading.Thread]) -> None:
    """A sink may write for a moment after its session; more than five seconds is too long."""
    deadline = time.monotonic() + 5.0
    for thread in threading.enumerate():
        if thread not in before:
            thread.join(max(0.0, deadline - time.monotonic()))


@contextlib.contextmanager
def _caught(rules: Rules) -> Iterator[None]:
    """Count every exception that nobody caught, in any thread."""
    hook = threading.excepthook

    def uncaught(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        rules.check(CAUGHT, False, f"{name}: {args.exc_type.__name__}: {args.exc_value}")
        hook(args)

    threading.excepthook = uncaught
    try:
        yield
        rules.check(CAUGHT, True, "")
    finally:
        threading.excepthook = hook
