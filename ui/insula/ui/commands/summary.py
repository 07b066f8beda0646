"""What a session leaves on the terminal at its end."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from insula.edge.health import StreamStats, troubles
from insula.edge.session import SessionFolder
from insula.ui.tally import Tally
from insula.ui.terminal import clock_text, console


def print_summary(
    folder: SessionFolder, tally: Tally, length_s: float, recorded: Mapping[str, Mapping[str, int]]
) -> None:
    """Print what was measured, what was not and why, and where it is."""
    simulated = any(stats.simulated for stats in tally.streams.values())
    note = ", simulated input" if simulated else ""
    console.print(f"\n[bold]Session of {clock_text(length_s)}[/bold]{note}")
    streams = Table(box=None, padding=(0, 2, 0, 2), header_style="bright_black")
    for name in ("stream", "samples", "mean rate", "jitter", "drift", "what was wrong"):
        streams.add_column(name, justify="left" if name in ("stream", "what was wrong") else "right")
    for stats in tally.streams.values():
        streams.add_row(
            stats.stream,
            str(stats.samples),
            _rate(tally, stats),
            "–" if stats.jitter_s is None else f"{stats.jitter_s * 1e3:.1f} ms",
            "–" if stats.drift_ppm is None else f"{stats.drift_ppm:+.0f} ppm",
            ", ".join(trouble.text for trouble in troubles(stats)) or "nothing",
        )
    if tally.streams:
        console.print(streams)
    _print_others(tally, recorded)
    measured = Table(box=None, padding=(0, 2, 0, 2), header_style="bright_black")
    for name in ("modality", "estimates", "measured", "why not"):
        measured.add_column(name)
    for modality, counts in tally.modalities.items():
        total = counts.measured + sum(counts.absent.values())
        why = ", ".join(f"{reason} ({n})" for reason, n in counts.absent.most_common(3))
        measured.add_row(modality, str(total), f"{counts.measured / total:.0%}", why or "–")
    if tally.modalities:
        console.print(measured)
    for event in tally.faults:
        console.print(f"  [yellow]{event.node} {event.state}[/yellow]: {event.reason}")
    console.print(f"  {folder.path}", style="cyan")
    for file in sorted(folder.path.iterdir()):
        console.print(f"    {file.name}  {file.stat().st_size / 1e6:.2f} MB", style="bright_black")


def _rate(tally: Tally, stats: StreamStats) -> str:
    if not stats.nominal_hz:
        return "irregular"
    rate = tally.mean_rate_hz(stats.stream)
    return "–" if rate is None else f"{rate:.1f} Hz"


def _print_others(tally: Tally, recorded: Mapping[str, Mapping[str, int]]) -> None:
    """Streams that did not pass through the loop: other programs' and a camera's pictures."""
    others = {n: c for n, c in recorded.items() if n not in tally.streams and not n.startswith("insula.")}
    if not others:
        return
    table = Table(box=None, padding=(0, 2, 0, 2), header_style="bright_black")
    for name in ("other stream", "in the file", "gaps", "lost"):
        table.add_column(name, justify="left" if name == "other stream" else "right")
    for name, counts in others.items():
        table.add_row(name, *(str(counts[key]) for key in ("samples", "gaps", "lost")))
    console.print(table)
