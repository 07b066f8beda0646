"""The live view of a session in a terminal, and its summary."""

from __future__ import annotations

import math

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from insula.edge.health import HealthEvent, NodeState, StreamStats, troubles
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Measure
from insula.models.explain import explain, sentence
from insula.ui.tally import Tally

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

_LIGHT = {
    NodeState.STARTING: ("●", "yellow"),
    NodeState.RUNNING: ("●", "green"),
    NodeState.STALLED: ("◐", "yellow"),
    NodeState.LOST: ("○", "red"),
    NodeState.FAILED: ("✕", "red"),
    NodeState.STOPPED: ("■", "bright_black"),
}


def live_view(
    tally: Tally, title: str, elapsed_s: float, hint: str, *, estimates: bool = True
) -> RenderableType:
    """The whole live view; without ``estimates`` for a recording that makes none."""
    with tally.lock:
        head = Text.assemble((title, "bold"), f"   {clock_text(elapsed_s)}   ", (hint, "bright_black"))
        if not estimates:
            return Group(head, _sensors(tally))
        rows: list[RenderableType] = [_sensors(tally), _estimates(tally), *_remarks(tally)]
        rows += [_state_line(tally.state), _why(tally)]
        return Group(head, *rows)


def _sensors(tally: Tally) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("", "sensor", "rate", "age", "gaps", ""):
        table.add_column(name, justify="right" if name in ("rate", "age", "gaps") else "left")
    for event in tally.nodes.values():
        if event.kind != "sensor":
            continue
        mine = [s for s in tally.streams.values() if s.sensor == event.node]
        stats = mine[0] if mine else None
        light, colour = _LIGHT[event.state]
        table.add_row(
            Text(light, colour),
            event.node + (" (simulated)" if stats and stats.simulated else ""),
            f"{stats.rate_hz:.1f} Hz" if stats else "–",
            age_text(stats.age_s) if stats else "–",
            str(stats.gaps) if stats else "–",
            _condition(event, mine),
        )
    return table


def _condition(event: HealthEvent, streams: list[StreamStats]) -> Text:
    """What a sensor does, and while it runs what is wrong with its worst stream."""
    colour = _LIGHT[event.state][1]
    if event.reason:
        return Text(f"{event.state}: {event.reason}", colour)
    said = [trouble.text for stats in streams for trouble in troubles(stats) if trouble.kind != "gaps"]
    if event.state is NodeState.RUNNING and said:
        return Text.assemble((str(event.state), colour), (f", {said[0]}", "yellow"))
    return Text(str(event.state), colour)


def _estimates(tally: Tally) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("modality", "valence", "arousal", "expression", "index", "quality"):
        table.add_column(name, min_width=12 if name in ("valence", "arousal") else None)
    for modality, counts in tally.modalities.items():
        estimate = counts.newest
        if not estimate.measured:
            why = Text(f"not measured: {estimate.reason}", "bright_black italic")
            table.add_row(modality, "–", "–", "–", "–", why)
            continue
        table.add_row(modality, *_values(estimate), f"{estimate.quality:.2f}")
    return table


def _remarks(tally: Tally) -> list[Text]:
    """Which estimators run, but not as asked: slowed, or on another engine."""
    return [
        Text(f"{event.node}: {event.reason}", "yellow")
        for event in tally.nodes.values()
        if event.kind == "estimator" and event.state is NodeState.RUNNING and event.reason
    ]


def _values(item: AffectEstimate | AffectState) -> tuple[str, str, str, str]:
    return (
        measure_text(item.valence),
        measure_text(item.arousal),
        expression_text(item.expression),
        "  ".join(f"{name} {m.mean:.2f} ± {m.sd:.2f}" for name, m in item.indices) or "–",
    )


def _state_line(state: AffectState | None) -> Text:
    if state is None:
        return Text("no state yet", "bright_black")
    if not state.measured:
        return Text(f"not measured: {state.reason}", "bright_black italic")
    valence, arousal, expression, index = _values(state)
    age = age_text(state.age_newest_s) if state.age_newest_s is not None else "–"
    return Text.assemble(
        ("state  ", "bold cyan"),
        f"valence {valence}   arousal {arousal}   {expression}   {index}   ",
        (f"age {age}", "bright_black"),
    )


def _why(tally: Tally) -> Text:
    if tally.state is None or not tally.state.measured:
        return Text("")
    newest = [counts.newest for counts in tally.modalities.values()]
    return Text("why    " + sentence(explain(tally.state, newest)), "bright_black")


def event_line(event: HealthEvent, elapsed_s: float) -> Text:
    """One line a change, for terminals that cannot show a live view."""
    light, colour = _LIGHT[event.state]
    reason = f": {event.reason}" if event.reason else ""
    return Text.assemble(
        f"{clock_text(elapsed_s)}  ", (light, colour), f" {event.node} {event.state}{reason}"
    )


def clock_text(seconds: float) -> str:
    """Minutes and seconds."""
    whole = max(int(seconds), 0)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def age_text(seconds: float | None) -> str:
    """An age a person can read."""
    if seconds is None:
        return "–"
    return f"{max(seconds, 0.0) * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def measure_text(measure: Measure | None) -> str:
    """A value with its standard deviation, or a dash when it was not measured."""
    return f"{measure.mean:+.2f} ± {measure.sd:.2f}" if measure else "–"


def expression_text(expression: tuple[float, ...] | None) -> str:
    """The likeliest expression with its probability."""
    if expression is None:
        return "–"
    best = max(range(len(expression)), key=expression.__getitem__)
    return f"{EXPRESSIONS[best]} {math.exp(expression[best]):.0%}"
