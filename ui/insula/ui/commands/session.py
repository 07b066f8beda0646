"""Runs a session: the loop, its recording, the live view, the dashboard, the summary."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Group
from rich.live import Live

from insula.edge import SensingLoop, runtime_dir
from insula.edge.config import Config
from insula.edge.health import NodeState
from insula.edge.privacy.context import Context
from insula.edge.protocols import Sensor
from insula.edge.session import SessionFolder, check_free
from insula.edge.sinks.feed import FeedSink
from insula.edge.sinks.xdf_streams import why_private_type
from insula.edge.watchdog import Watchdog
from insula.models.person.population import outside
from insula.sensors.lsl_watch import LslWatch
from insula.ui import display
from insula.ui.commands.guide import Guide
from insula.ui.commands.minute import GuidedMinute
from insula.ui.commands.operator import Operator
from insula.ui.commands.person import banner, kept
from insula.ui.commands.recording import Recording, describe, outcome
from insula.ui.commands.summary import print_summary
from insula.ui.privacy import gate
from insula.ui.privacy.gate import Permit
from insula.ui.protocol.plan import Plan
from insula.ui.recording_view import RecordingView
from insula.ui.tally import Tally
from insula.ui.terminal import console, event_line, live_view

_REFRESH_S = 0.1
_STALE_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a session is run; ``None`` for ``seconds`` means until Ctrl-C or the end of the input."""

    title: str
    headless: bool
    seconds: float | None
    out: Path
    wrap: Callable[[str, Sensor], Sensor] | None = None
    lsl: tuple[str, ...] = ()
    """Queries for streams of other programs that are recorded as they are."""
    plan: Plan | None = None
    """The protocol that leads through the session."""
    follow: bool = False
    """Whether such streams are also taken when they appear later."""
    context: Context | None = None
    """The use, where the command line states it."""


def run(config: Config, options: Options) -> None:
    """Run a session to its end and print its summary; raises ``InsulaError`` when it cannot start."""
    check_free(options.out)
    foreign = bool(options.lsl)
    context = gate.ask(config, options.context, foreign=foreign)
    if context is not None:  # what can be refused before a light goes on or a file is made
        gate.permit(config, context, (), datetime.date.today(), foreign=True)
    tally = Tally()
    directory = runtime_dir.create(options.out.name)
    try:
        profile = kept(config.person)
        loop = SensingLoop(config, directory=directory, wrap=options.wrap, profile=profile)
        loop.subscribe(tally.take)
        loop.open()
        with _terminate_as_interrupt(), _stopping(loop), contextlib.ExitStack() as stack:
            infos = [writer.info for writer in loop.streams]
            permit = gate.permit(config, context, infos, datetime.date.today(), foreign=foreign)
            console.print(permit.line(), style="bright_black", soft_wrap=True)
            if profile is not None:
                console.print(f"measured against the rest of {profile.id}", style="bright_black")
                banner(profile, loop.modalities)
            watch = stack.enter_context(_lsl(loop, config, options, permit))
            about = {**describe(config, loop, options.title), "privacy": permit.facts()}
            if options.plan is not None:
                about["protocol"] = options.plan.about()
            folder = SessionFolder.create(options.out, about, permit.recipient)
            recording = Recording(loop, folder, audio=config.audio, video=config.video, permit=permit)
            if watch is not None:
                watch.begin(recording.attach)
            recording.start()
            for sink in gate.plain_files(config):
                permit.log("exported", folder.path, to=str(Path(sink.options["path"]).resolve()))
            if permit.context is not None and (due := gate.overdue(datetime.date.today())):
                console.print(f"[yellow]{due} sessions are kept too long[/yellow]: insula erase --due")
            feed = FeedSink(path=str(directory / "feed.ring"))
            loop.add_sink("dashboard feed", feed)
            guide = Guide(options.plan, loop) if options.plan is not None else None
            conductor = guide.conductor if guide else None

            def allow(person: str) -> None:
                named = replace(config, person=person)
                gate.permit(named, context, infos, datetime.date.today(), foreign=foreign)

            minute = GuidedMinute(loop, allow)
            operator = Operator(directory, loop, recording, feed, options.title, conductor, minute)
            if profile is not None:
                operator.outside = " · ".join(outside(profile, loop.modalities))
            window = None if options.headless else display.open_dashboard(directory)
            loop.begin()
            started = loop.clock()
            watchdog = Watchdog()
            watchdog.ready(options.title)
            if guide is not None:
                guide.open(directory, operator, headless=options.headless)
            view = RecordingView(recording, loop.clock)
            try:
                _watch(loop, tally, options, operator, guide, window, started, view, watchdog)
            finally:
                watchdog.stopping()
                length_s = loop.clock() - started
                if guide is not None:
                    guide.close()
                if window is not None:
                    window.terminate()
        written = recording.summary()
        folder.finish({**about, **outcome(tally, length_s), "recorded": written})
        print_summary(folder, tally, length_s, written)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _watch(
    loop: SensingLoop,
    tally: Tally,
    options: Options,
    operator: Operator,
    guide: Guide | None,
    window: subprocess.Popen[bytes] | None,
    started: float,
    recording: RecordingView,
    watchdog: Watchdog,
) -> None:
    """Show what happens until the session's time is up, its input ends, or somebody stops it."""
    told = 0
    hint = "Ctrl-C stops" + (f"; stops by itself after {options.seconds:.0f} s" if options.seconds else "")
    own_terminal = console.is_terminal and not (guide is not None and guide.in_terminal)
    live = Live(console=console, auto_refresh=False, transient=True) if own_terminal else None
    with live or contextlib.nullcontext(), contextlib.suppress(KeyboardInterrupt):
        while not loop.ended:
            elapsed = loop.clock() - started
            if _lives(loop):
                watchdog.alive(loop.clock())
            if options.seconds is not None and elapsed >= options.seconds:
                return
            if operator.serve() or (guide is not None and guide.serve()):
                return
            if window is not None and window.poll() is not None:
                console.print("the dashboard was closed; the session goes on, Ctrl-C stops it")
                console.print("  insula dashboard --connect   opens it again", style="bright_black")
                window = None
            if live is not None:
                view = live_view(tally, options.title, elapsed, hint, estimates=bool(loop.config.sensors))
                live.update(Group(view, recording.draw()), refresh=True)
            else:
                for event in tally.events[told:]:
                    console.print(event_line(event, event.t - started))
                told = len(tally.events)
            due = operator.due_in()
            time.sleep(_REFRESH_S if due is None else min(_REFRESH_S, due))


def _lives(loop: SensingLoop) -> bool:
    """Whether fusion still makes states, which is what systemd's watchdog shall watch."""
    state = loop.state
    return not loop.config.sensors or (state is not None and loop.clock() - state.t < _STALE_S)


@contextlib.contextmanager
def _lsl(loop: SensingLoop, config: Config, options: Options, permit: Permit) -> Iterator[LslWatch | None]:
    """Find the streams of other programs that are to be recorded; lets them go at the end."""
    if not options.lsl:
        yield None
        return

    def tell(stream: str, state: NodeState, reason: str) -> None:
        loop.health.set(f"LSL {stream}", "sensor", state, reason)

    def refuse(kind: str) -> str:
        consent = permit.consent
        return why_private_type(kind, audio=config.audio) or (consent.refuses(kind) if consent else "")

    ours = [str(p.options.get("source_id", "insula")) for p in config.sinks if p.factory == "lsl"]
    others = "".join(f" and not(starts-with(source_id,'{name}:insula.'))" for name in ours)
    watch = LslWatch(
        [f"({query}){others}" if others else query for query in options.lsl],
        tell,
        follow=options.follow,
        refuse=refuse,
        cut=loop.cut_off,
    )
    try:
        watch.find()
        yield watch
    finally:
        watch.close()


@contextlib.contextmanager
def _stopping(loop: SensingLoop) -> Iterator[None]:
    try:
        yield
    finally:
        loop.stop()


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """``kill`` ends a session as cleanly as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
