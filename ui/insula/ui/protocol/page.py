"""What the participant sees of a protocol, and how far it is: plain records that go through the feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from insula.edge.codec_forms import Wrong, record_form
from insula.edge.errors import DataError

ItemKind = Literal["choice", "manikin", "vas", "text"]
StepKind = Literal["instruction", "baseline", "rest", "stimulus", "questionnaire"]
MediaKind = Literal["", "image", "video", "sound"]
State = Literal["ready", "running", "paused", "done", "aborted"]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen, and its number."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class FormItem:
    """One question. ``left`` and ``right`` are the ends of a scale, ``axis`` what a manikin shows."""

    name: str
    text: str
    kind: ItemKind
    options: tuple[Option, ...] = ()
    left: str = ""
    right: str = ""
    axis: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire in one language."""

    name: str
    title: str
    instruction: str
    items: tuple[FormItem, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One step as the participant sees it."""

    index: int
    kind: StepKind
    name: str
    text: str = ""
    media: str = ""
    media_kind: MediaKind = ""
    form: Form | None = None
    rate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How a protocol stands: step ``index`` of ``total`` (−1 before the first), since and until when (s).

    ``ends`` is ``None`` for a step that ends when somebody says so; ``left_s`` is what remains of a step
    that is paused. ``keys`` are the operator's marker keys with their texts.
    """

    title: str
    state: State
    index: int
    total: int
    began: float | None = None
    ends: float | None = None
    left_s: float | None = None
    condition: str = ""
    page: Page | None = None
    coming: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    language: str = "en"


_FORM: Final = record_form(Progress, {})


def dump(progress: Progress) -> dict[str, Any]:
    """Return ``progress`` ready for JSON."""
    body: dict[str, Any] = _FORM.write(progress)
    return body


def load(body: Mapping[str, Any]) -> Progress:
    """Return what :func:`dump` wrote; raises ``DataError``."""
    try:
        progress: Progress = _FORM.read(dict(body))
    except Wrong as error:
        raise DataError(f"protocol {error}") from None
    return progress
