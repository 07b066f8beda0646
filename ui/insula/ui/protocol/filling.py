"""How a form is filled in, question by question: for the participant's window and for the terminal."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from insula.edge.errors import DataError
from insula.edge.untrusted import parse_json
from insula.ui.protocol.page import Form, FormItem

LEFT_OUT = "left out by the respondent"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer on its way to the session: given at ``t``, the question seen since ``onset`` (s)."""

    step: int
    item: str
    t: float
    onset: float | None
    text: str | None = None
    value: float | None = None
    reason: str = ""

    def dumps(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Said:
        """Return what :meth:`dumps` wrote; raises ``DataError``."""
        try:
            body = parse_json(text)
            return cls(
                int(body["step"]),
                str(body["item"]),
                _finite(body["t"]),
                None if body["onset"] is None else _finite(body["onset"]),
                None if body["text"] is None else str(body["text"]),
                None if body["value"] is None else _finite(body["value"]),
                str(body["reason"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"an answer is incomplete: {error}") from error


def _finite(value: object) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{value!r} is no number")


class Filling:
    """A form being filled in, since ``t`` (s). ``given`` holds what was said last to each item."""

    def __init__(self, form: Form, step: int, t: float) -> None:
        self.form, self.step = form, step
        self.index = 0
        self.onset = t
        self.given: dict[str, Said] = {}

    @property
    def done(self) -> bool:
        """Whether every item has been passed."""
        return self.index >= len(self.form.items)

    @property
    def item(self) -> FormItem:
        """The item that is asked now."""
        return self.form.items[self.index]

    def choose(self, value: float, t: float) -> Said:
        """Answer with a number of the scale, and go on."""
        words = next((option.text for option in self.item.options if option.value == value), None)
        return self._take(Said(self.step, self.item.name, t, self.onset, words, value))

    def write(self, text: str, t: float) -> Said:
        """Answer in words, and go on; nothing written is not answered."""
        if not text.strip():
            return self.leave_out(t)
        return self._take(Said(self.step, self.item.name, t, self.onset, text.strip()))

    def leave_out(self, t: float, reason: str = LEFT_OUT) -> Said:
        """Go on without an answer."""
        return self._take(Said(self.step, self.item.name, t, self.onset, reason=reason))

    def back(self, t: float) -> None:
        """Return to the question before."""
        self.index, self.onset = max(self.index - 1, 0), t

    def _take(self, said: Said) -> Said:
        self.given[said.item] = said
        self.index, self.onset = self.index + 1, said.t
        return said
