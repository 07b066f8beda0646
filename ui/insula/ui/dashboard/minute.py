"""How the guided minute stands, as the engine tells it to its windows (Qt-free)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from insula.edge.codec_forms import Wrong, record_form
from insula.edge.errors import DataError

State = Literal["lead", "step", "keeping", "kept", "cancelled", "failed"]
RUNS: Final = ("lead", "step", "keeping")


@dataclass(frozen=True, slots=True)
class Sensed:
    """What a modality gives to the minute now or, at the end, gave; ``reason`` says why nothing."""

    modality: str
    well: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Minute:
    """The minute of a person: step ``step`` (a key of the guide), the ``number``-th of ``total``.

    It ``began`` then and is ``seconds`` long; the step, or the time to read it, ``ends`` then (all in s).
    ``profile`` is what was kept and ``checks`` what the minute found; ``reason`` why it failed.
    """

    person: str
    state: State
    began: float
    seconds: float
    total: int
    number: int = 0
    step: str = ""
    ends: float | None = None
    sensed: tuple[Sensed, ...] = ()
    profile: str = ""
    checks: tuple[str, ...] = ()
    reason: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is not over."""
        return self.state in RUNS


_FORM: Final = record_form(Minute, {})


def dump(minute: Minute) -> dict[str, Any]:
    """Return ``minute`` ready for JSON."""
    body: dict[str, Any] = _FORM.write(minute)
    return body


def load(body: Mapping[str, Any]) -> Minute:
    """Return what :func:`dump` wrote; raises ``DataError``."""
    try:
        minute: Minute = _FORM.read(dict(body))
    except Wrong as error:
        raise DataError(f"the guided minute {error}") from None
    return minute
