"""``insula protocol``: check a protocol, show a participant's plan, list the questionnaires."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from insula.ui.protocol import design, questionnaire
from insula.ui.protocol.plan import Plan, plan
from insula.ui.terminal import clock_text, console


def prepared(file: Path, participant: int, language: str) -> Plan:
    """Return the plan of a file for a participant; raises ``ConfigError`` with line and key."""
    return plan(design.load(file), participant, language)


def check(file: Path) -> None:
    """Say that a protocol is valid, with its figures; raises ``ConfigError``."""
    laid_out = plan(design.load(file))
    steps = len(laid_out.steps)
    console.print(
        f"[green]✓[/green] {laid_out.protocol.name}: {steps} step{'' if steps == 1 else 's'}, "
        f"{clock_text(laid_out.timed_s)} timed, the rest at the participant's pace"
    )


def show(file: Path, participant: int, language: str) -> None:
    """Print the plan of one participant."""
    laid_out = prepared(file, participant, language)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black")
    for name in ("", "step", "kind", "length", "condition", "round"):
        table.add_column(name, justify="right" if name in ("", "length", "round") else "left")
    for number, planned in enumerate(laid_out.steps, 1):
        step = planned.step
        length = "own pace" if step.seconds is None else f"{step.seconds:g} s"
        if step.self_paced and step.seconds is not None:
            length = f"up to {length}"
        what = f"{step.kind}: {step.questionnaire.name}" if step.questionnaire else step.kind
        table.add_row(str(number), step.name, what, length, step.condition, str(planned.trial or ""))
    console.print(f"[bold]{laid_out.protocol.name}[/bold]  participant {participant}, {laid_out.language}")
    console.print(table)
    console.print(f"{clock_text(laid_out.timed_s)} timed", style="bright_black")


def questionnaires() -> None:
    """Print the shipped questionnaires with their licences."""
    for name, path in questionnaire.shipped().items():
        shipped = questionnaire.load(path)
        items = len(shipped.items)
        console.print(f"[bold]{name}[/bold]  {shipped.form('en').title}  ({items} items)")
        console.print(f"  {shipped.source}\n  licence: {shipped.licence}", style="bright_black", markup=False)
