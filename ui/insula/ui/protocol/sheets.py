"""Questionnaires as they were filled in: a session's answers put together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from insula.edge.codec_forms import Wrong, record_form
from insula.edge.errors import DataError
from insula.edge.reports import Answer, StepEvent
from insula.ui.protocol.questionnaire import Questionnaire

_FORM: Final = record_form(Questionnaire, {})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A questionnaire as one respondent left it at a step: of each item the last answer, in order.

    ``t`` is when it was first seen, in s on the clock of its answers. ``form`` is what was asked, ``None``
    where the recording does not tell.
    """

    t: float
    step: StepEvent | None
    form: Questionnaire | None
    answers: tuple[Answer, ...]

    @property
    def name(self) -> str:
        """The questionnaire's name."""
        return self.answers[0].questionnaire

    @property
    def scores(self) -> dict[str, float | str]:
        """The sum of every subscale, or in words why there is none; empty where none is defined."""
        return self.form.scores(self.answers) if self.form else {}


def sheets(items: Iterable[object], asked: Mapping[str, Questionnaire], begin: float = 0.0) -> list[Sheet]:
    """Put the answers among ``items`` together, with times that count from ``begin`` (s)."""
    told = sorted((i for i in items if isinstance(i, StepEvent | Answer)), key=attrgetter("t"))
    steps: dict[int, StepEvent] = {}
    found: dict[tuple[object, ...], tuple[StepEvent | None, dict[str, Answer]]] = {}
    for item in told:
        if isinstance(item, StepEvent):
            if item.change == "begin":
                steps[item.index] = replace(item, t=item.t - begin)
            continue
        step = steps.get(item.step)
        key = (step and step.t, item.step, item.questionnaire, item.respondent, item.role)
        onset = None if item.onset is None else item.onset - begin
        found.setdefault(key, (step, {}))[1][item.item] = replace(item, t=item.t - begin, onset=onset)
    return [_sheet(step, tuple(given.values()), asked) for step, given in found.values()]


def _sheet(step: StepEvent | None, answers: tuple[Answer, ...], asked: Mapping[str, Questionnaire]) -> Sheet:
    form = asked.get(answers[0].questionnaire)
    if form is not None:
        place = {item.name: k for k, item in enumerate(form.items)}
        answers = tuple(sorted(answers, key=lambda a: place.get(a.item, len(place))))
    return Sheet(min(a.t if a.onset is None else a.onset for a in answers), step, form, answers)


def response_time(answer: Answer) -> float | None:
    """Seconds from seeing the question to answering it; ``None`` when it was not answered."""
    return None if answer.onset is None or not answer.answered else round(answer.t - answer.onset, 6)


def dump(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return what was asked, ready for the session's JSON."""
    body: dict[str, Any] = _FORM.write(questionnaire)
    return body


def load(about: Mapping[str, Any]) -> dict[str, Questionnaire]:
    """Return by name what a session's JSON says was asked; raises ``DataError``."""
    protocol = about.get("protocol")
    told = protocol.get("questionnaires") if isinstance(protocol, dict) else None
    try:
        forms = [_FORM.read(body) for body in told] if isinstance(told, list) else []
    except Wrong as error:
        raise DataError(f"session.json: a questionnaire {error}") from None
    return {form.name: form for form in forms}
