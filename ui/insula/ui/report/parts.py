"""The report's tables and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import numpy as np

from insula.edge.health import troubles
from insula.ui.dashboard.recorded import Recorded
from insula.ui.report.charts import clock
from insula.ui.report.facts import Facts, ModelRow, StreamRow
from insula.ui.report.moments import Moment, strongest
from insula.ui.report.segments import LEAST_S, stretches
from insula.ui.report.style import COLOURS, LABELS

_MOST_ROWS = 60
_NO_SCORES = {"items", "temperature"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already; a heading that begins with # is a column of numbers."""
    names = list(head)
    css = [' class="n"' if name.startswith("#") else "" for name in names]
    top = "".join(f"<th{c}>{escape(n.lstrip('#'))}</th>" for n, c in zip(names, css, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{cell}</td>" for cell, c in zip(row, css, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def reasons(facts: Facts) -> str:
    """Per modality: how much of the time it was measured, and why not the rest of it."""
    rows = []
    for row in facts.validity:
        why = "<br>".join(
            f"{escape(reason)} <span class='absent'>({clock(seconds)})</span>"
            for reason, seconds in row.reasons[:4]
            if seconds >= 0.5
        )
        meter = (
            f'<span class="meter"><i style="width:{row.share:.0%};background:{COLOURS[row.key]}"></i></span>'
        )
        quality = "–" if row.quality is None else f"{row.quality:.2f}"
        rows.append(
            (
                f'<b class="key" style="color:{COLOURS[row.key]}">{LABELS[row.key]}</b>',
                f"<span class='key'>{meter}{row.share:.0%}</span>",
                quality,
                why,
            )
        )
    return table(("", "measured", "#signal quality", "why not, and for how long (min:s)"), rows)


def summary(facts: Facts) -> str:
    """The session's middle values in one line each."""
    sentences = []
    for axis, column in (("Valence", 0), ("Arousal", 2)):
        values = facts.session.fused.rows[:, column]
        values = values[np.isfinite(values)]
        if not len(values):
            sentences.append(f"<b>{axis}</b> not measured")
            continue
        low, middle, high = (_signed(v) for v in np.percentile(values, (25, 50, 75)))
        share = len(values) / max(1, len(facts.session.fused.times))
        sentences.append(
            f"<b>{axis}</b> median {middle}, half of the time {low} to {high}, "
            f"measured {share:.0%} of the time"
        )
    return f"<p>{'<br>'.join(sentences)}</p>"


def segments(session: Recorded) -> str:
    """Means and spreads between the markers, with the distance from the first stretch."""
    found = stretches(session)
    names = [figure.name for figure in found[0].figures.figures] if found else []
    rows = []
    for stretch in found[:_MOST_ROWS]:
        part = stretch.figures
        cells = [
            f"<b>{escape(stretch.label)}</b>",
            f"{clock(part.t0 - session.begin)}–{clock(part.t1 - session.begin)}",
        ]
        for figure in part.figures:
            if figure.mean is None:
                cells.append('<span class="absent">not measured</span>')
                continue
            effect = stretch.effects.get(figure.name)
            tail = "" if effect is None else f'<br><span class="small">g = {_signed(effect, 1)}</span>'
            number = _signed(figure.mean) if figure.name in ("valence", "arousal") else f"{figure.mean:.2f}"
            cells.append(f"{number} <span class='absent'>± {figure.spread:.2f}</span>{tail}")
        cells.append(" ".join(f"{LABELS[key]} {share:.0%}" for key, share in part.measured))
        rows.append(cells)
    if not rows:
        return ""
    head = ("stretch", "time", *(f"#{name}" for name in names), "measured")
    more = (
        f'<p class="note">{len(found) - _MOST_ROWS} more are left out.</p>' if len(found) > _MOST_ROWS else ""
    )
    return (
        table(head, rows)
        + more
        + '<p class="note">Mean ± spread over time of what was measured. g: Hedges’ g against the first '
        f"stretch over means of whole seconds, where both have {LEAST_S} s or more; neighbouring seconds are "
        "alike, so it describes this session and is no test.</p>"
    )


def moments(session: Recorded) -> str:
    """The moments farthest from the session's mean, with their clues."""
    rows = [_moment(session, moment) for moment in strongest(session)]
    if not rows:
        return '<p class="absent">None: valence and arousal were measured too little or did not vary.</p>'
    return table(("time", "what", "weight of each modality", "strongest clues"), rows)


def _moment(session: Recorded, moment: Moment) -> tuple[str, str, str, str]:
    value = getattr(moment.state, moment.axis)
    weights = [c for c in moment.state.contributions if c.measured and c.weight >= 0.005]
    clues = [
        f"{escape(clue.feature)} {clue.value:.3g} {escape(clue.unit if '…' not in clue.unit else '')}"
        + (f" <span class='absent'>(z {_signed(clue.z, 1)})</span>" if clue.z is not None else "")
        for _, clue in moment.clues
    ]
    return (
        clock(moment.state.t - session.begin),
        f"<b>{moment.axis} {_signed(value.mean)}</b> ± {value.sd:.2f}<br>"
        f'<span class="small">{abs(moment.distance):.1f} SD {"above" if moment.distance > 0 else "below"} '
        "the session’s mean</span>",
        "<br>".join(f"{LABELS[c.modality]} {c.weight:.0%}" for c in weights) or "–",
        "<br>".join(clues) or '<span class="absent">none recorded</span>',
    )


def events(session: Recorded) -> str:
    """What the operator marked and what went wrong or came back, in order."""
    numbers = {(mark.t, mark.text): i for i, mark in enumerate(session.marks, 1)}
    rows = []
    for event in session.events[:_MOST_ROWS]:
        number = numbers.get((event.t, event.text)) if event.kind == "marker" else None
        text = f"<b>{number} · {escape(event.text)}</b>" if number else escape(event.text)
        rows.append((clock(event.t - session.begin), text))
    more = len(session.events) - _MOST_ROWS
    tail = f'<p class="note">{more} more are in estimates.jsonl.</p>' if more > 0 else ""
    return table(("time", "event"), rows) + tail if rows else '<p class="absent">None.</p>'


def streams(facts: Facts) -> str:
    """How complete each stream was."""
    if not facts.streams:
        return '<p class="absent">No counts were recorded.</p>'
    return table(
        (
            "stream",
            "#nominal",
            "#samples",
            "#of expected",
            "#jitter",
            "#drift",
            "what was wrong",
        ),
        [_stream(row) for row in facts.streams],
    )


def _stream(row: StreamRow) -> tuple[str, ...]:
    stats = row.stats
    stamp = '<span class="stamp">simulated</span>' if stats.simulated else ""
    return (
        f"<b>{escape(stats.stream)}</b>{stamp}",
        f"{stats.nominal_hz:g} Hz" if stats.nominal_hz else "irregular",
        f"{stats.samples:,}".replace(",", " "),
        "–" if row.share is None else f"{row.share:.0%}",
        "–" if stats.jitter_s is None else f"{stats.jitter_s * 1e3:.1f} ms",
        "–" if stats.drift_ppm is None else f"{stats.drift_ppm:+.0f} ppm",
        escape(", ".join(trouble.text for trouble in troubles(stats))) or "nothing",
    )


def models(facts: Facts) -> str:
    """The cards of the models that spoke."""
    if not facts.models:
        return '<p class="absent">None.</p>'
    return "".join(_card(row) for row in facts.models)


def _card(row: ModelRow) -> str:
    top = f"<p><b>{escape(row.id)}</b> <span class='absent'>· {row.estimates} estimates</span></p>"
    if row.card is None:
        missing = "This very version is not installed here, so its card is missing."
        return f'<div class="card">{top}<p>{missing}</p></div>'
    card = row.card
    return (
        f'<div class="card">{top}<p>{escape(card.what)}</p>'
        f"<p><b>Learned from</b> {escape(card.data)}</p>"
        f"<p><b>The label is</b> {escape(card.target)}</p>"
        f"<p><b>On unseen people</b> {_figures(card.metrics)} · <b>floor</b> {_figures(card.floors)}</p>"
        f"<p><b>Caveats</b> {escape('; '.join(card.caveats))}</p>"
        f"<p><b>Not for</b> {escape('; '.join(card.not_for))}</p>"
        f"<p><b>Licence</b> {escape(card.licence)}</p></div>"
    )


def _figures(values: Mapping[str, float]) -> str:
    scores = [
        f"{name.replace('_', ' ')} {value:.2f}" for name, value in values.items() if name not in _NO_SCORES
    ]
    return escape(", ".join(scores[:4])) or "–"


def limits() -> str:
    """The limits in plain words."""
    lines = (
        "It reports what face, voice, skin and EEG <b>showed</b>. What a person felt only "
        "the person can say.",
        "Hatched time was <b>not measured</b>. Do not fill it with the values before or after it.",
        "The band is the models’ own statement of their error. People unlike those they learned from (age, "
        "skin tone, language, illness, medication, movement) can lie outside it more often.",
        "Compare a person with <b>their own</b> earlier minutes rather than with other people.",
        "Valence and arousal of face and voice are derived from expressions; arousal of EDA is derived from "
        "its index. They are not ratings.",
        "Not for diagnosis, for lie detection, or for judging people at work, at school or at a border.",
    )
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def provenance(facts: Facts) -> str:
    """Versions and hashes, so that the numbers can be traced to their files."""
    about = facts.session.about
    told = [f"Insula {about.get('insula')}" if about.get("insula") else "Insula version not recorded"]
    told += [f"Python {about['python']}"] if about.get("python") else []
    told += [str(about["system"])] if about.get("system") else []
    files = table(
        ("file", "#bytes", "SHA-256"),
        (
            (escape(name), f"{size:,}".replace(",", " "), f'<span class="hash">{digest}</span>')
            for name, size, digest in facts.files
        ),
    )
    estimates = str(about.get("estimates_sha256", ""))
    line = f'<p>Hash of the estimates: <span class="hash">{escape(estimates)}</span></p>' if estimates else ""
    return f"<p>{escape(' · '.join(told))}</p>{line}{files}"


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")
