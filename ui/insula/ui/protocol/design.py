"""A protocol as its TOML file says it: steps, and loops of steps with a round for every trial.

::

    [protocol]
    name = "film-study"
    seed = 7                          # of every random order
    language = "en"                   # the participant's, if none is asked for

    [markers]                         # keys of the operator's live window
    5 = "cough"
    a = "talks"

    [[step]]
    kind = "baseline"                 # or instruction, rest, stimulus, questionnaire, loop
    name = "baseline"
    seconds = 60
    text = { en = "Please sit still.", de = "Bitte sitzen Sie still." }

    [[step]]
    kind = "loop"
    name = "films"
    order = "latin"                   # fixed | random | latin (balanced by participant number)
    trials = [ { film = "a.mp4", mood = "sad" }, { film = "b.mp4", mood = "calm" } ]

    [[step.steps]]
    kind = "stimulus"
    name = "film-{mood}"
    video = "{film}"
    seconds = 60
    condition = "{mood}"
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast, get_args

from insula.edge.errors import ConfigError, DataError
from insula.ui.protocol import questionnaire, toml
from insula.ui.protocol.media import length_s
from insula.ui.protocol.page import MediaKind, StepKind
from insula.ui.protocol.questionnaire import Questionnaire
from insula.ui.protocol.toml import LANGUAGES, Localised, Table

Order = Literal["fixed", "random", "latin"]

SELF_PACED: Final = ("instruction", "questionnaire")
"""Steps that end when the participant is through; ``seconds`` is their longest time."""

TAKEN_KEYS: Final = "01234rptmnbeslvc"
"""Keys of the live window that are not free for markers."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``seconds`` is its length, or the longest time of one that the participant ends."""

    kind: StepKind
    name: str
    seconds: float | None = None
    text: Localised | None = None
    condition: str = ""
    media: Path | None = None
    media_kind: MediaKind = ""
    questionnaire: Questionnaire | None = None
    rate: tuple[str, ...] = ()

    @property
    def self_paced(self) -> bool:
        """Whether the participant ends it."""
        return self.kind in SELF_PACED


@dataclass(frozen=True, slots=True)
class Loop:
    """Rounds in an order, the whole of it ``repeat`` times."""

    name: str
    order: Order
    repeat: int
    rounds: tuple[tuple[Node, ...], ...]


Node = Step | Loop


@dataclass(frozen=True, slots=True)
class Protocol:
    """A whole protocol; ``sha256`` is that of its file."""

    name: str
    title: Localised
    seed: int
    language: str
    markers: tuple[tuple[str, str], ...]
    nodes: tuple[Node, ...]
    path: Path
    sha256: str


def load(path: Path) -> Protocol:
    """Read and check a protocol; raises ``ConfigError`` with file, line and key."""
    file = toml.read(path)
    file.only("protocol", "markers", "step")
    head = file.table("protocol")
    head.only("name", "title", "seed", "language")
    nodes = tuple(_node(table) for table in file.tables("step"))
    if not nodes:
        raise file.wrong("a protocol needs at least one [[step]]")
    name = head.text("name")
    return Protocol(
        name,
        head.localised("title") if "title" in head.raw else {"": name},
        head.whole("seed", 0, least=0),
        head.one_of("language", LANGUAGES, "en"),
        _markers(file.table("markers")),
        nodes,
        path,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _markers(table: Table) -> tuple[tuple[str, str], ...]:
    for key in table.raw:
        if len(key) != 1 or not key.isalnum():
            raise table.wrong(f"{key!r} is not one letter or digit", key)
        if key.lower() in TAKEN_KEYS:
            raise table.wrong(
                f"the key {key!r} is taken in the live window; free are 5…9 and other letters", key
            )
    return tuple((key, table.text(key)) for key in table.raw)


def _node(table: Table) -> Node:
    kind = table.one_of("kind", (*get_args(StepKind), "loop"))
    return _loop(table) if kind == "loop" else _step(table, cast(StepKind, kind))


def _loop(table: Table) -> Loop:
    table.only("kind", "name", "order", "repeat", "trials", "steps")
    inner = table.tables("steps")
    if not inner:
        raise table.wrong("a loop needs at least one [[….steps]]")
    trials = [{key: str(value) for key, value in trial.raw.items()} for trial in table.tables("trials")] or [
        {}
    ]
    order = cast(Order, table.one_of("order", get_args(Order), "fixed"))
    if order != "fixed" and len(trials) < 2:
        raise table.wrong(f"order = {order!r} needs at least two trials", "order")
    rounds = tuple(tuple(_node(step.filled({**table.values, **trial})) for step in inner) for trial in trials)
    return Loop(table.text("name"), order, table.whole("repeat", 1, least=1), rounds)


def _step(table: Table, kind: StepKind) -> Step:
    media: tuple[MediaKind, ...] = ("image", "video", "sound")
    extra = {"stimulus": (*media, "rate"), "questionnaire": ("questionnaire",)}.get(kind, ())
    table.only("kind", "name", "seconds", "text", "condition", *extra)
    seconds = table.number("seconds", least=0.01) if "seconds" in table.raw else None
    if seconds is None and kind in ("baseline", "rest"):
        raise table.wrong("seconds is missing")
    shown = [name for name in media if name in table.raw] if kind == "stimulus" else []
    if len(shown) > 1:
        raise table.wrong(f"one of {' and '.join(shown)}, not both", shown[1])
    path = _media(table, shown[0]) if shown else None
    if seconds is None and kind == "stimulus":
        if path is None or shown[0] == "image":
            raise table.wrong("seconds is missing: only video and sound have a length of their own")
        try:
            seconds = length_s(path, shown[0])
        except DataError as error:
            raise table.wrong(str(error), shown[0]) from error
    return Step(
        kind,
        table.text("name", kind),
        seconds,
        table.localised("text", needed=kind == "instruction"),
        table.text("condition", ""),
        path,
        shown[0] if shown else "",
        _questionnaire(table) if kind == "questionnaire" else None,
        _rate(table),
    )


def _media(table: Table, key: str) -> Path:
    path = table.path.parent / table.text(key)
    if not path.is_file():
        raise table.wrong(f"{key}: there is no file {path}", key)
    return path


def _questionnaire(table: Table) -> Questionnaire:
    try:
        return questionnaire.find(table.text("questionnaire"), table.path.parent)
    except ConfigError as error:
        raise table.wrong(str(error), "questionnaire") from error


def _rate(table: Table) -> tuple[str, ...]:
    labels = table.texts("rate") if "rate" in table.raw else ()
    if unknown := [label for label in labels if label not in ("valence", "arousal")]:
        raise table.wrong(f"rate knows valence and arousal, not {unknown[0]!r}", "rate")
    return labels
