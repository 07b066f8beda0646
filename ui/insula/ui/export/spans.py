"""A session as labelled stretches of time, for programs that annotate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.edge.types import EXPRESSIONS
from insula.ui.export.material import Material
from insula.ui.report.facts import Validity
from insula.ui.report.style import LABELS

_LEAST_S: Final = 0.2
_SHORTEST_S: Final = 0.01
_STALE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """A label from ``t0`` to ``t1`` (s since the recording's begin)."""

    t0: float
    t1: float
    text: str


def tiers(material: Material) -> dict[str, list[Span]]:
    """Markers, the stretches between them, notes, answers, what was not measured and why, expressions."""
    found = {"markers": markers(material), "between markers": between(material)}
    found = {name: spans for name, spans in found.items() if spans}
    for note in material.notes:
        spans = found.setdefault(f"notes of {note.author}", [])
        spans.append(Span(note.t0, max(note.t1, note.t0 + _LEAST_S), note.text))
    for name in dict.fromkeys(sheet.name for sheet in material.sheets):
        found[f"answers {name}"] = said(material, name)
    if material.facts is not None:
        for row in material.facts.validity:
            if row.share > 0:
                found[f"{LABELS[row.key]} not measured"] = _absent(material, row)
        found["expression"] = expressions(material)
    return found


def _absent(material: Material, row: Validity) -> list[Span]:
    spans = []
    for gap in row.gaps:
        t1 = material.length_s if gap.t1 is None else gap.t1 - material.begin
        spans.append(Span(max(0.0, gap.t0 - material.begin), t1, f"not measured: {gap.reason}"))
    return [span for span in spans if span.t1 - span.t0 >= _LEAST_S]


def said(material: Material, questionnaire: str) -> list[Span]:
    """Each answer while it was asked for, one after another; what was left open together is one stretch."""
    given: dict[tuple[float, float], list[str]] = {}
    for sheet in material.sheets:
        for a in sheet.answers if sheet.name == questionnaire else ():
            what = f"not answered: {a.reason}" if not a.answered else a.text or f"{a.value:g}"
            number = f" ({a.value:g})" if a.text and a.value is not None and a.text != f"{a.value:g}" else ""
            key = (a.t - _LEAST_S if a.onset is None else a.onset, a.t)
            given.setdefault(key, []).append(f"{a.item}: {what}{number}")
    spans: list[Span] = []
    for (t0, t1), texts in sorted(given.items()):
        begin = max(t0, spans[-1].t1 if spans else 0.0)
        spans.append(Span(begin, max(t1, begin + _SHORTEST_S), "; ".join(texts)))
    return spans


def markers(material: Material) -> list[Span]:
    """Each marker as a short stretch that ends before the next."""
    events = sorted(material.events, key=lambda e: e.t)
    ends = [*(e.t for e in events), float("inf")][1:]
    spans = [Span(e.t, min(e.t + _LEAST_S, end), e.text) for e, end in zip(events, ends, strict=True)]
    return [span for span in spans if span.t1 > span.t0]


def between(material: Material) -> list[Span]:
    """The stretches that markers open."""
    events = sorted((e for e in material.events if 0 <= e.t < material.length_s), key=lambda e: e.t)
    ends = [*(e.t for e in events), material.length_s][1:]
    return [Span(e.t, end, e.text) for e, end in zip(events, ends, strict=True) if end - e.t >= _LEAST_S]


def expressions(material: Material) -> list[Span]:
    """Where one expression stayed the likeliest."""
    spans: list[Span] = []
    previous: tuple[float, str] | None = None
    for state in material.states:
        t = state.t - material.begin
        name = "" if state.expression is None else EXPRESSIONS[int(np.argmax(state.expression))]
        joins = previous is not None and t - previous[0] <= _STALE_S and previous[1] == name
        if joins and name:
            spans[-1] = Span(spans[-1].t0, t, name)
        elif name:
            spans.append(Span(t, t, name))
        previous = (t, name)
    return [span for span in spans if span.t1 - span.t0 >= _LEAST_S]
