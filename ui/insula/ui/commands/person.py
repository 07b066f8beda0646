"""``insula calibrate person`` and ``insula profile``: one person's rest, measured, kept, shown, erased."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from insula.edge import SensingLoop
from insula.edge.config import Config
from insula.edge.errors import ConfigError, DataError
from insula.edge.profile import Profile, Profiles, text
from insula.edge.protocols import Item
from insula.edge.types import MODALITIES, AffectEstimate, Modality
from insula.models.fusion.late import checked_weights
from insula.models.person.guide import LEAD_S, Guide, Moment
from insula.models.person.population import outside
from insula.ui import places
from insula.ui.privacy import gate
from insula.ui.terminal import console

_REFRESH_S: Final = 0.1
_BODY: Final = ("eda", "eeg")
WORDS: Final = {
    "en": ("Step {n} of {of}", "s left", "begins in"),
    "de": ("Schritt {n} von {of}", "s übrig", "beginnt in"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What the person declares; nothing of it is inferred."""

    age: int | None = None
    conditions: tuple[str, ...] = ()
    weights: Mapping[str, float] | None = None
    physiology_only: bool = False


def profiles() -> Profiles:
    """The profiles of this machine."""
    return Profiles(places.profiles())


def kept(person: str) -> Profile | None:
    """The newest profile of a person, ``None`` where there is none yet."""
    store = profiles()
    return store.load(person) if person and store.versions(person) else None


def calibrate(person: str, config: Config, about: About, *, language: str) -> Profile:
    """Lead through the minute and save what it taught; raises ``InsulaError`` when it cannot."""
    Profile(person)
    if language not in WORDS:
        raise ConfigError(f"--language {language!r}: {', '.join(WORDS)} are there")
    checked_weights(about.weights or {})
    context = gate.ask(config, None, foreign=False)
    loop = SensingLoop(replace(config, person=person, sinks=()))
    newest: dict[Modality, AffectEstimate] = {}
    guide: list[Guide] = []

    def take(item: Item) -> None:
        if isinstance(item, AffectEstimate):
            newest[item.modality] = item
            for one in guide:
                one.take(item)

    loop.subscribe(take)
    loop.open()
    with contextlib.ExitStack() as stack:
        stack.callback(loop.stop)
        infos = [writer.info for writer in loop.streams]
        gate.permit(loop.config, context, infos, datetime.date.today(), foreign=False)
        loop.begin()
        guide.append(Guide(loop.clock()))
        _lead(loop, guide[0], newest, language)
        loop.learn(())
        time.sleep(2 * _REFRESH_S)  # the estimators take notice with their next estimate
    return keep(person, loop, guide[0], about)


def keep(person: str, loop: SensingLoop, guide: Guide, about: About) -> Profile:
    """Save what the minute taught as the next version; raises ``SinkError``. Everybody's rest has ended."""
    rests: dict[str, Mapping[str, Any]] = {str(name): rest for name, rest in loop.learned().items()}
    profile = Profile(
        person=person,
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        rests={**rests, "neutral": guide.neutral()},
        weights=_weights(guide, about),
        checks=guide.checks(),
        age=about.age,
        conditions=about.conditions,
        simulated=any(writer.info.simulated for writer in loop.streams),
    )
    return profiles().save(profile)


def _weights(guide: Guide, about: About) -> dict[str, float]:
    weights = {**guide.weights(), **(about.weights or {})}
    if about.physiology_only:
        weights |= {modality: 0.0 for modality in MODALITIES if modality not in _BODY}
    return weights


def _lead(loop: SensingLoop, guide: Guide, newest: Mapping[Modality, AffectEstimate], language: str) -> None:
    """Show every step until the minute is over."""
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
    told = -1
    with live or contextlib.nullcontext():
        while (moment := guide.at(loop.clock())).step is not None and not loop.ended:
            loop.learn(moment.rests)
            if live is not None:
                live.update(_page(moment, guide, newest, language), refresh=True)
            elif told != moment.number:
                told = moment.number
                console.print(
                    f"[bold]{moment.number + 1}/{len(guide.steps)}[/bold] {moment.step.says[language]}"
                )
            time.sleep(_REFRESH_S)
    if guide.at(loop.clock()).step is not None:
        raise DataError("the input ended before the minute was over; nothing was saved")


def _page(moment: Moment, guide: Guide, newest: Mapping[Modality, AffectEstimate], language: str) -> Group:
    assert moment.step is not None
    step_word, left, begins = WORDS[language]
    title = step_word.format(n=moment.number + 1, of=len(guide.steps))
    whole = moment.step.seconds if moment.begun else LEAD_S
    state = f"{moment.left_s:.0f} {left}" if moment.begun else f"{begins} {moment.left_s:.0f} s"
    colour = "green" if moment.begun else "yellow"
    bar = ProgressBar(total=whole, completed=whole - moment.left_s, width=48, complete_style=colour)
    line = Text("   ").join(_light(modality, estimate) for modality, estimate in newest.items())
    says = Text(moment.step.says[language], style="bold" if moment.begun else "bright_black")
    row = Table.grid(padding=(0, 2))
    row.add_row(bar, Text(state, style=colour))
    return Group(Panel(Group(says, Text(), row), title=title, width=76, padding=(1, 2)), line)


def _light(modality: Modality, estimate: AffectEstimate) -> Text:
    well = estimate.quality > 0
    reason = "" if estimate.measured or well else f" {estimate.reason}"
    return Text.assemble(
        ("● " if well else "○ ", "green" if well else "yellow"), modality, (reason, "bright_black")
    )


def told(profile: Profile) -> None:
    """Print what was saved."""
    note = " (simulated person: it follows no instruction)" if profile.simulated else ""
    console.print(f"[green]●[/green] profile [bold]{profile.id}[/bold]{note}")
    show(profile)


def banner(profile: Profile, modalities: Collection[Modality]) -> None:
    """Warn where the models were not trained on people like this one."""
    for sentence in outside(profile, modalities):
        console.print(f"[yellow]▲ outside the models' population[/yellow]  {sentence}", soft_wrap=True)


def show(profile: Profile) -> None:
    """Print a profile in words."""
    table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
    table.add_column(style="bright_black")
    table.add_column(overflow="fold")
    table.add_row("made", profile.made)
    for name, rest in profile.rests.items():
        table.add_row(name, _rest(name, rest))
    weights = ", ".join(f"{name} {weight:g}" for name, weight in profile.weights.items())
    table.add_row("weights", weights or "all full")
    if profile.age is not None or profile.conditions:
        age = [] if profile.age is None else [f"age {profile.age}"]
        table.add_row("declared", ", ".join([*age, *profile.conditions]))
    for check in profile.checks:
        table.add_row("", check)
    console.print(table)
    banner(profile, MODALITIES)


def _rest(name: str, rest: Mapping[str, Any]) -> str:
    if name == "face":
        return f"{len(rest['units'])} action units at rest"
    if name == "voice":
        pitch = sorted(row[0] for row in rest["prosody"])
        tail = f", pitch {pitch[len(pitch) // 2]:.0f} Hz" if pitch else ""
        return f"{rest['count']} stretches of calm reading{tail}"
    if name == "eda":
        return f"tonic {rest['tonic_us']:.2f} µS, {rest['responses_per_min']:.1f} responses a minute"
    if name == "eeg":
        return f"{len(rest['ch_names'])} electrodes, {rest['seconds']:.0f} s of rest"
    heart = f"heart {rest['heart_per_min']:.0f}/min" if "heart_per_min" in rest else ""
    said = [f"{k[:-5]} said V {v[0]:+.2f} A {v[1]:+.2f}" for k, v in rest.items() if k.endswith("_said")]
    return ", ".join([*([heart] if heart else []), *said]) or "–"


def list_all() -> None:
    """Print everybody who has a profile."""
    store = profiles()
    people = store.people()
    if not people:
        console.print("nobody has a profile yet; 'insula calibrate person P01' makes one")
    for person in people:
        newest = store.load(person)
        console.print(f"[bold]{newest.id}[/bold]  {newest.made[:10]}  {', '.join(newest.rests)}")
    console.print(f"  {store.folder}", style="cyan")


def export(person: str, out: Path) -> None:
    """Write the newest profile as JSON; raises ``ConfigError`` when the file is there already."""
    if out.exists():
        raise ConfigError(f"{out} exists already; choose another --out")
    out.write_text(text(profiles().load(person)), "utf-8")
    places.audit().add("exported", folder="", person=person, to=str(out.resolve()))
    console.print(f"{out}", style="cyan")


def erase(person: str) -> None:
    """Delete every version of a person's profile."""
    found = profiles().erase(person)
    places.audit().add("profile erased", person=person, versions=found)
    console.print(f"{found} version{'s' if found != 1 else ''} of the profile of {person} erased")
