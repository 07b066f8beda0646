"""Questionnaires: what a TOML file says, the shipped ones, and their sums.

::

    [questionnaire]
    name = "mood"
    title = { en = "Mood", de = "Stimmung" }
    instruction = { en = "Right now I feel …", de = "Gerade fühle ich mich …" }
    source = "own"
    licence = "Apache-2.0"

    [[scale]]                     # a choice that several items share
    name = "agreement"
    options = [ { value = 1, text = "not at all" }, { value = 5, text = "very much" } ]

    [[item]]
    name = "calm"
    text = { en = "calm", de = "ruhig" }
    kind = "choice"               # choice | manikin | vas | text
    scale = "agreement"
    subscale = "pleasant"         # summed by name; ``reverse = true`` turns the scale round
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from insula.edge.errors import ConfigError
from insula.edge.registry import nearest
from insula.edge.reports import Answer
from insula.ui.protocol import toml
from insula.ui.protocol.page import Form, FormItem, ItemKind, Option
from insula.ui.protocol.toml import Localised, Table, say

AXES: Final = ("valence", "arousal", "dominance")
POINTS: Final = 9
"""A manikin row has five figures and the four places between them."""

_ITEM_KEYS: Final = (
    *("name", "text", "kind", "scale", "options", "left", "right", "axis"),
    *("required", "subscale", "reverse", "alert_from"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An option in all languages."""

    value: float
    text: Localised


@dataclass(frozen=True, slots=True)
class Question:
    """An item in all languages. An answer of at least ``alert_from`` is told to the operator at once."""

    name: str
    text: Localised
    kind: ItemKind
    choices: tuple[Choice, ...] = ()
    left: Localised | None = None
    right: Localised | None = None
    axis: str = ""
    required: bool = False
    subscale: str = ""
    reverse: bool = False
    alert_from: float | None = None


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A whole questionnaire."""

    name: str
    title: Localised
    instruction: Localised
    source: str
    licence: str
    items: tuple[Question, ...]

    def form(self, language: str) -> Form:
        """Return it in one language."""
        items = tuple(_form_item(item, language) for item in self.items)
        return Form(self.name, say(self.title, language), say(self.instruction, language), items)

    def scores(self, answers: Iterable[Answer]) -> dict[str, float | str]:
        """Return the sum of every subscale, or in words why there is none: a gap is never counted as 0."""
        given: dict[str, float] = {}
        for answer in sorted(answers, key=lambda answer: answer.t):
            if answer.questionnaire == self.name and answer.value is not None:
                given[answer.item] = answer.value
        sums: dict[str, float | str] = {}
        for name in dict.fromkeys(item.subscale for item in self.items if item.subscale):
            members = [item for item in self.items if item.subscale == name]
            absent = [item.name for item in members if item.name not in given]
            sums[name] = (
                f"not computed: {', '.join(absent)} not answered"
                if absent
                else sum(_scored(item, given[item.name]) for item in members)
            )
        return sums


def shipped() -> dict[str, Path]:
    """Return the questionnaires that come with Insula: name and file."""
    folder = importlib.resources.files("insula.ui.protocol") / "questionnaires"
    paths = (Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {path.stem: path for path in sorted(paths)}


def find(named: str, base: Path) -> Questionnaire:
    """Return a shipped questionnaire by name, or the one in the file ``named`` below ``base``."""
    if not named.endswith(".toml"):
        known = shipped()
        if named not in known:
            raise ConfigError(
                f"there is no questionnaire {named!r}{nearest(named, known)} (a file's name ends with .toml)"
            )
        return load(known[named])
    return load(base / named)


def load(path: Path) -> Questionnaire:
    """Read a questionnaire file; raises ``ConfigError`` with line and key."""
    file = toml.read(path)
    file.only("questionnaire", "scale", "item")
    head = file.table("questionnaire")
    head.only("name", "title", "instruction", "source", "licence")
    scales = {scale.text("name"): scale for scale in file.tables("scale")}
    for scale in scales.values():
        scale.only("name", "options")
    items = tuple(_question(item, scales) for item in file.tables("item"))
    if not items:
        raise file.wrong("a questionnaire needs at least one [[item]]")
    names = [item.name for item in items]
    if double := next((name for name in names if names.count(name) > 1), ""):
        raise file.wrong(f"two items are called {double!r}")
    return Questionnaire(
        head.text("name"),
        head.localised("title", needed=True),
        head.localised("instruction"),
        head.text("source"),
        head.text("licence"),
        items,
    )


def _question(item: Table, scales: Mapping[str, Table]) -> Question:
    item.only(*_ITEM_KEYS)
    kind = cast(ItemKind, item.one_of("kind", get_args(ItemKind)))
    choices: tuple[Choice, ...] = ()
    if kind == "choice":
        choices = _choices(item, scales)
    elif kind == "manikin":
        choices = tuple(Choice(float(n), {"": str(n)}) for n in range(1, POINTS + 1))
    alert = item.number("alert_from") if "alert_from" in item.raw else None
    return Question(
        item.text("name"),
        item.localised("text", needed=True),
        kind,
        choices,
        item.localised("left", needed=kind in ("vas", "manikin")),
        item.localised("right", needed=kind in ("vas", "manikin")),
        item.one_of("axis", AXES) if kind == "manikin" else "",
        item.flag("required"),
        item.text("subscale", ""),
        item.flag("reverse"),
        alert,
    )


def _choices(item: Table, scales: Mapping[str, Table]) -> tuple[Choice, ...]:
    holder = item
    if "options" not in item.raw:
        name = item.text("scale")
        if name not in scales:
            raise item.wrong(f"there is no [[scale]] {name!r}{nearest(name, scales)}", "scale")
        holder = scales[name]
    options = holder.tables("options")
    for option in options:
        option.only("value", "text")
    choices = tuple(
        Choice(option.number("value"), option.localised("text", needed=True)) for option in options
    )
    if len({choice.value for choice in choices}) != len(choices) or len(choices) < 2:
        raise holder.wrong("options need at least two different values", "options")
    return choices


def _form_item(item: Question, language: str) -> FormItem:
    return FormItem(
        item.name,
        say(item.text, language),
        item.kind,
        tuple(Option(choice.value, say(choice.text, language)) for choice in item.choices),
        say(item.left or {}, language),
        say(item.right or {}, language),
        item.axis,
        item.required,
    )


def _scored(item: Question, value: float) -> float:
    if not item.reverse:
        return value
    values = [choice.value for choice in item.choices] or [0.0, 100.0]
    return min(values) + max(values) - value
