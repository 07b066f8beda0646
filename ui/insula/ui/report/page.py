"""The page: what was measured and what was not comes first, then the courses, last the fine print."""

from __future__ import annotations

from html import escape

from insula.edge.types import MODALITIES
from insula.ui.report import parts
from insula.ui.report.charts import Course, Span, clock, courses, shares, timeline
from insula.ui.report.facts import Facts
from insula.ui.report.style import CSS, SIMULATED_PAGES


def render(facts: Facts) -> str:
    """The report as one HTML document that needs nothing else."""
    session = facts.session
    span = Span(session.begin, max(session.end, session.begin + 1e-3))
    stamp = '<span class="stamp">simulated</span>' if facts.simulated else ""
    body = "\n".join(
        [
            _header(facts),
            _section("What was measured, and what was not", _validity(facts, span), stamp),
            _section("Valence and arousal", _course(facts, span), stamp),
            _section("Indices", _indices(facts, span), stamp),
            _section("Expressions", _expressions(facts), stamp),
            _section("Between the markers", parts.segments(session), stamp),
            _section("Strongest moments, and what they rested on", parts.moments(session), stamp),
            _section("Events and markers", parts.events(session), stamp),
            _section("Signals", parts.streams(facts), stamp),
            _section("Models that spoke", parts.models(facts)),
            _section("How to read this, and what it cannot tell", parts.limits()),
            _section("Software and files", parts.provenance(facts)),
        ]
    )
    css = CSS + SIMULATED_PAGES if facts.simulated else CSS
    title = escape(session.session.name)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title} – Insula report</title><style>{css}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _section(title: str, body: str, stamp: str = "") -> str:
    return f"<section><h2>{escape(title)}{stamp}</h2>{body}</section>" if body else ""


def _header(facts: Facts) -> str:
    session, about = facts.session, facts.session.about
    started = str(about.get("started", "")).replace("T", " ")[:16]
    when = f"{started} UTC · " if started else ""
    banners = ""
    if facts.simulated:
        names = escape(", ".join(facts.simulated))
        banners += (
            '<div class="banner"><p><strong>Simulated input.</strong> No person was measured on: '
            f"{names}. Nothing here says anything about anyone.</p></div>"
        )
    if about.get("status") != "complete":
        banners += (
            '<div class="banner cut"><p><strong>This session was cut off.</strong> '
            "It is reported as far as it was written.</p></div>"
        )
    if replay := about.get("replay_of"):
        banners += (
            f'<div class="banner"><p>Computed again from the recording {escape(str(replay))}.</p></div>'
        )
    return (
        f"<header><h1>{escape(session.session.name)}</h1>"
        f'<div class="meta">Session report · {escape(when)}{clock(session.length_s)} long · '
        f"Insula {escape(str(about.get('insula', 'version not recorded')))}</div>"
        '<div class="note">Research software, not a medical device. It describes expressions and bodily '
        f"signals, not what a person feels.</div>{banners}</header>"
    )


def _validity(facts: Facts, span: Span) -> str:
    figure = timeline(facts.validity, span, facts.session.marks)
    return (
        f"<figure>{figure}<figcaption>Full colour: measured. Hatched: not measured, which means neither "
        "“neutral” nor “as before”. Numbered lines are markers.</figcaption></figure>"
        f"{parts.reasons(facts)}"
    )


def _course(facts: Facts, span: Span) -> str:
    fused = facts.session.fused
    gaps = facts.validity[0].gaps
    shown = [
        Course("valence", "valence", fused.times, fused.rows[:, 0], fused.rows[:, 1], gaps,
               ends=("unpleasant", "pleasant")),
        Course("arousal", "arousal", fused.times, fused.rows[:, 2], fused.rows[:, 3], gaps,
               ends=("calm", "activated")),
    ]  # fmt: skip
    if not any(state.valence or state.arousal for state in facts.session.states):
        return f'<p class="absent">Not measured at any moment: {escape(facts.validity[0].reasons[0][0])}.</p>'
    return (
        f"{parts.summary(facts)}<figure>{courses(shown, span, facts.session.marks, 92)}<figcaption>"
        "Line: the estimate of all modalities together. Band: 90 % interval, as far as the models judge "
        "their own error rightly. Values are relative positions between −1 and +1, not scores of a test."
        "</figcaption></figure>"
    )


def _indices(facts: Facts, span: Span) -> str:
    by_modality = {row.key: row for row in facts.validity}
    shown = []
    for lane in facts.session.indices:
        gaps = by_modality[lane.modality].gaps
        shown.append(
            Course(lane.modality, lane.name, lane.times, lane.rows[:, 0], lane.rows[:, 1], gaps, 0.0, 1.0,
                   ("as at rest", "as in a task"))
        )  # fmt: skip
    missing = [
        f'<p class="absent">No {name} index: {escape(by_modality[modality].reasons[0][0])}.</p>'
        for modality, name in (("eda", "stress"), ("eeg", "workload"))
        if not any(lane.modality == modality for lane in facts.session.indices)
        and by_modality[modality].reasons
    ]
    figure = (
        f"<figure>{courses(shown, span, facts.session.marks, 72)}<figcaption>0 to 1 against the person’s own "
        "rest at the start of the session, with 90 % intervals. An index, not a level of stress or "
        "effort as the person would state it.</figcaption></figure>"
    )
    return (figure if shown else "") + "".join(missing)


def _expressions(facts: Facts) -> str:
    if not facts.expression:
        told = [row for row in facts.validity if row.key in MODALITIES[:2]]
        why = "; ".join(f"{row.key}: {row.reasons[0][0]}" for row in told if row.reasons)
        return f'<p class="absent">Not measured: {escape(why or "no modality stated one")}.</p>'
    return (
        f"<figure>{shares(facts.expression)}<figcaption>Mean probability over the "
        f"{facts.expression_share:.0%} of the time in which face or voice could be judged. An expression "
        "is not an emotion: people smile without joy.</figcaption></figure>"
    )
