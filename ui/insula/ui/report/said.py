"""What the person said: questionnaires with scales and sums, continuous ratings beside the estimates."""

from __future__ import annotations

from html import escape

import numpy as np

from insula.edge.reports import Answer, Rating
from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.dashboard.words import Words
from insula.ui.protocol.questionnaire import Question, Questionnaire
from insula.ui.protocol.sheets import Sheet, load, response_time, sheets
from insula.ui.protocol.toml import say
from insula.ui.report.charts import Choice, Course, Span, choices, clock, courses
from insula.ui.report.facts import Facts
from insula.ui.report.parts import table

_MOST_ROWS = 120
_NOT_RATED = "nobody rated"


def said(facts: Facts, span: Span) -> str:
    """The section; empty when nobody was asked and nobody rated."""
    session, words = facts.session, facts.session.words
    found = sheets(session.items, load(session.about), session.begin)
    by_name = {s.name: [sheet for sheet in found if sheet.name == s.name] for s in found}
    told = "".join(_questionnaire(filled, words) for filled in by_name.values())
    if told:
        note = words(
            "As the person answered, in their own words or numbers. What was not answered is not 0. "
            "A sum is a sum of answers and no diagnosis."
        )
        told += f'<p class="note">{note}</p>'
    return told + _ratings(facts, span)


def _questionnaire(filled: list[Sheet], words: Words) -> str:
    form = filled[0].form
    title = say(form.title, words.language) if form else filled[0].name
    scales = {_scale(item, words) for item in form.items} if form else set()
    common = f'<p class="small">{escape(scales.pop())}</p>' if len(scales) == 1 else ""
    rows = [row for sheet in filled for row in _rows(sheet, words, scales=not common)]
    left = len(rows) - _MOST_ROWS
    rest = words("{n} more are in the session's folder.", n=left)
    more = f'<p class="note">{rest}</p>' if left > 0 else ""
    head = (words("time"), words("step"), words("question"), words("answer"), "#" + words("after"))
    top = f"<h3>{escape(title)}</h3>{common}"
    return f'<div class="said">{top}{table(head, rows[:_MOST_ROWS])}{more}</div>'


def _rows(sheet: Sheet, words: Words, *, scales: bool) -> list[tuple[str, ...]]:
    """A row for each item, the first with time and step; then one for each sum."""
    asked = {item.name: item for item in sheet.form.items} if sheet.form else {}
    rows: list[tuple[str, ...]] = []
    for answer in sheet.answers:
        taken, item = response_time(answer), asked.get(answer.item)
        text = say(item.text, words.language) if item else answer.item
        scale = f'<br><span class="small">{escape(_scale(item, words))}</span>' if item and scales else ""
        after = "–" if taken is None else f"{taken:.1f} s"
        rows.append(("", "", f"{escape(text)}{scale}", _answer(answer, item, words), after))
    rows[0] = (clock(sheet.t), f"<b>{escape(_step(sheet, words))}</b>", *rows[0][2:])
    for name, score in sheet.scores.items():
        assert sheet.form is not None
        low, high = _range(sheet.form, name)
        if isinstance(score, str):
            number = f'<span class="absent">{words("no sum: not every question was answered")}</span>'
        else:
            ends = words("of {low:g} to {high:g}", low=low, high=high)
            number = f'<b>{score:g}</b> <span class="absent">{ends}</span>'
        rows.append(("", "", f"<b>{words('sum')}: {escape(name)}</b>", number, ""))
    return rows


def _step(sheet: Sheet, words: Words) -> str:
    step, who = sheet.step, sheet.answers[0].role
    parts = [] if step is None else [step.name, step.condition, f"{step.trial}" if step.trial else ""]
    return " · ".join(part for part in (*parts, "" if who == "self" else words(who)) if part)


def _answer(answer: Answer, item: Question | None, words: Words) -> str:
    if not answer.answered:
        why = words("not answered: {why}", why=words(answer.reason))
        return f'<span class="absent">{escape(why)}</span>'
    if answer.value is None:
        return f"<i>{escape(answer.text or '')}</i>"
    number = f"{answer.value:g}"
    options = {choice.value: say(choice.text, words.language) for choice in item.choices} if item else {}
    text = options.get(answer.value) or answer.text or ""
    return f"<b>{number}</b>" + (f" · {escape(text)}" if text not in ("", number) else "")


def _scale(item: Question, words: Words) -> str:
    """The ends of an item's scale with what they mean."""
    low, high = _ends(item)
    if item.kind == "text":
        return words("free text")
    if item.kind == "choice":
        named = {choice.value: say(choice.text, words.language) for choice in item.choices}
        left, right = named.get(low, ""), named.get(high, "")
    else:
        left, right = (say(side or {}, words.language) for side in (item.left, item.right))
    return f"{low:g} {left} … {high:g} {right}"


def _ends(item: Question) -> tuple[float, float]:
    values = [choice.value for choice in item.choices] or [0.0, 100.0]
    return min(values), max(values)


def _range(form: Questionnaire, subscale: str) -> tuple[float, float]:
    ends = [_ends(item) for item in form.items if item.subscale == subscale]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _ratings(facts: Facts, span: Span) -> str:
    """For each annotator the rated axes, each below what was estimated meanwhile."""
    session, words = facts.session, facts.session.words
    given: dict[tuple[str, str, tuple[str, ...]], list[Rating]] = {}
    for item in session.items:
        if isinstance(item, Rating):
            given.setdefault((item.annotator, item.role, item.labels), []).append(item)
    figures = []
    for (annotator, role, labels), samples in given.items():
        times = np.array([sample.t for sample in samples])
        rows = np.array([sample.values for sample in samples], np.float64)  # None becomes NaN
        around = (Gap(span.t0, times[0], _NOT_RATED), Gap(times[-1], span.t1, _NOT_RATED))
        shown = []
        for k, axis in enumerate(labels):
            if (column := {"valence": 0, "arousal": 2}.get(axis)) is None:
                continue
            fused, gaps = session.fused, facts.validity[0].gaps
            estimate = (fused.times, fused.rows[:, column], fused.rows[:, column + 1], gaps)
            rated = (times, rows[:, k], np.zeros(len(times)), around)
            shown.append(Course(axis, words(axis), *estimate, ends=("", words("estimated"))))
            shown.append(Course("fused", words(axis), *rated, ends=("", words("rated")), why=_NOT_RATED))
        who = words("rated by {name} ({role})", name=annotator, role=words(role))
        if shown:
            figure = courses(shown, span, session.marks, 60)
        else:
            classes = [_choice(label, times, rows[:, k], around) for k, label in enumerate(labels)]
            figure = choices(classes, span, session.marks)
        figures.append(f"<h3>{escape(who)}</h3><figure>{figure}</figure>")
    return "".join(figures)


def _choice(label: str, times: FloatArray, values: FloatArray, around: tuple[Gap, Gap]) -> Choice:
    known = np.nan_to_num(values, nan=-1.0)
    edges = np.flatnonzero(np.diff(known, prepend=np.inf))
    stretches = list(
        zip(times[edges].tolist(), [*times[edges[1:]].tolist(), times[-1]], known[edges], strict=True)
    )
    chosen = [(t0, t1) for t0, t1, value in stretches if value > 0.5]
    unrated = [Gap(t0, t1, _NOT_RATED) for t0, t1, value in stretches if value < 0]
    return Choice(label, chosen, [around[0], *unrated, around[1]])
