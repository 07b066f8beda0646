"""The page: what was measured and what was not comes first, then the courses, last the fine print."""

from __future__ import annotations

from html import escape

from insula.edge.types import MODALITIES
from insula.ui.report import parts
from insula.ui.report.charts import Course, Span, clock, courses, shares, timeline
from insula.ui.report.facts import Facts
from insula.ui.report.said import said
from insula.ui.report.style import CSS, SIMULATED_PAGES


def render(facts: Facts) -> str:
    """The report as one HTML document that needs nothing else."""
    session = facts.session
    words = session.words
    span = Span(session.begin, max(session.end, session.begin + 1e-3))
    stamp = f'<span class="stamp">{words("simulated")}</span>' if facts.simulated else ""
    body = "\n".join(
        [
            _header(facts),
            _section(words("What was measured, and what was not"), _validity(facts, span), stamp),
            _section(words("Valence and arousal"), _course(facts, span), stamp),
            _section(words("Indices"), _indices(facts, span), stamp),
            _section(words("Expressions"), _expressions(facts), stamp),
            _section(words("What the person said"), said(facts, span), stamp),
            _section(words("Between the markers"), parts.segments(session), stamp),
            _section(words("Strongest moments, and what they rested on"), parts.moments(session), stamp),
            _section(words("Events and markers"), parts.events(facts), stamp),
            _section(words("Signals"), parts.streams(facts), stamp),
            _section(words("Models that spoke"), parts.models(facts)),
            _section(words("How to read this, and what it cannot tell"), parts.limits(words)),
            _section(words("Software and files"), parts.provenance(facts)),
        ]
    )
    css = (
        CSS + SIMULATED_PAGES.replace("simulated input", words("simulated input")) if facts.simulated else CSS
    )
    title = escape(session.session.name)
    return (
        f'<!DOCTYPE html>\n<html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title} – {words('Insula report')}</title><style>{css}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _section(title: str, body: str, stamp: str = "") -> str:
    return f"<section><h2>{escape(title)}{stamp}</h2>{body}</section>" if body else ""


def _header(facts: Facts) -> str:
    session, about, words = facts.session, facts.session.about, facts.session.words
    started = str(about.get("started", "")).replace("T", " ")[:16]
    when = f"{started} UTC · " if started else ""
    banners = ""
    if facts.simulated:
        names = escape(", ".join(facts.simulated))
        banners += (
            '<div class="banner"><p>'
            + words(
                "<strong>Simulated input.</strong> No person was measured on: {names}. "
                "Nothing here says anything about anyone.",
                names=names,
            )
            + "</p></div>"
        )
    if about.get("status") != "complete":
        banners += (
            '<div class="banner cut"><p>'
            + words("<strong>This session was cut off.</strong> It is reported as far as it was written.")
            + "</p></div>"
        )
    if replay := about.get("replay_of"):
        banners += (
            '<div class="banner"><p>'
            + words("Computed again from the recording {name}.", name=escape(str(replay)))
            + "</p></div>"
        )
    version = f"Insula {about['insula']}" if about.get("insula") else words("Insula version not recorded")
    long = words("{length} long", length=clock(session.length_s))
    limit = words(
        "Research software, not a medical device. It describes expressions and bodily signals, "
        "not what a person feels."
    )
    return (
        f"<header><h1>{escape(session.session.name)}</h1>"
        f'<div class="meta">{words("Session report")} · {escape(when)}{long} · {escape(version)}</div>'
        f'<div class="note">{limit}</div>{banners}</header>'
    )


def _validity(facts: Facts, span: Span) -> str:
    words = facts.session.words
    figure = timeline(facts.validity, span, facts.session.marks, words)
    caption = words(
        "Full colour: measured. Hatched: not measured, which means neither “neutral” nor “as before”. "
        "Numbered lines are markers."
    )
    return f"<figure>{figure}<figcaption>{caption}</figcaption></figure>{parts.reasons(facts)}"


def _course(facts: Facts, span: Span) -> str:
    words, fused = facts.session.words, facts.session.fused
    gaps = facts.validity[0].gaps
    shown = [
        Course("valence", words("valence"), fused.times, fused.rows[:, 0], fused.rows[:, 1], gaps,
               ends=(words("unpleasant"), words("pleasant"))),
        Course("arousal", words("arousal"), fused.times, fused.rows[:, 2], fused.rows[:, 3], gaps,
               ends=(words("calm"), words("activated"))),
    ]  # fmt: skip
    if not any(state.valence or state.arousal for state in facts.session.states):
        why = words("Not measured at any moment: {why}.", why=words(facts.validity[0].reasons[0][0]))
        return f'<p class="absent">{escape(why)}</p>'
    caption = words(
        "Line: the estimate of all modalities together. Band: 90 % interval, as far as the models judge "
        "their own error rightly. Values are relative positions between −1 and +1, not scores of a test."
    )
    figure = courses(shown, span, facts.session.marks, 92)
    return f"{parts.summary(facts)}<figure>{figure}<figcaption>{caption}</figcaption></figure>"


def _indices(facts: Facts, span: Span) -> str:
    words, by_modality = facts.session.words, {row.key: row for row in facts.validity}
    shown = []
    for lane in facts.session.indices:
        gaps = by_modality[lane.modality].gaps
        shown.append(
            Course(lane.modality, words(lane.name), lane.times, lane.rows[:, 0], lane.rows[:, 1], gaps,
                   0.0, 1.0, (words("as at rest"), words("as in a task")))
        )  # fmt: skip
    missing = [
        f'<p class="absent">{escape(words(none, why=words(by_modality[modality].reasons[0][0])))}</p>'
        for modality, none in (("eda", "No stress index: {why}."), ("eeg", "No workload index: {why}."))
        if not any(lane.modality == modality for lane in facts.session.indices)
        and by_modality[modality].reasons
    ]
    if not shown:
        return "".join(missing)
    caption = words(
        "0 to 1 against the person’s own rest at the start of the session, with 90 % intervals. An index, "
        "not a level of stress or effort as the person would state it."
    )
    figure = courses(shown, span, facts.session.marks, 72)
    return f"<figure>{figure}<figcaption>{caption}</figcaption></figure>" + "".join(missing)


def _expressions(facts: Facts) -> str:
    words = facts.session.words
    if not facts.expression:
        told = [row for row in facts.validity if row.key in MODALITIES[:2]]
        why = "; ".join(f"{words(row.key)}: {words(row.reasons[0][0])}" for row in told if row.reasons)
        none = words("Not measured: {why}.", why=why or words("no modality stated one"))
        return f'<p class="absent">{escape(none)}</p>'
    figure = shares([(words(name), share) for name, share in facts.expression])
    caption = words(
        "Mean probability over the {share:.0%} of the time in which face or voice could be judged. An "
        "expression is not an emotion: people smile without joy.",
        share=facts.expression_share,
    )
    return f"<figure>{figure}<figcaption>{caption}</figcaption></figure>"
