"""The report's tables and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from operator import itemgetter

import numpy as np

from insula.edge.health import troubles
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.words import Words
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
    words, rows = facts.session.words, []
    for row in facts.validity:
        why = "<br>".join(
            f"{escape(words(reason))} <span class='absent'>({clock(seconds)})</span>"
            for reason, seconds in row.reasons[:4]
            if seconds >= 0.5
        )
        meter = (
            f'<span class="meter"><i style="width:{row.share:.0%};background:{COLOURS[row.key]}"></i></span>'
        )
        quality = "–" if row.quality is None else f"{row.quality:.2f}"
        rows.append(
            (
                f'<b class="key" style="color:{COLOURS[row.key]}">{words(LABELS[row.key])}</b>',
                f"<span class='key'>{meter}{row.share:.0%}</span>",
                quality,
                why,
            )
        )
    head = ("", words("measured"), "#" + words("signal quality"), words("why not, and for how long (min:s)"))
    return table(head, rows)


def summary(facts: Facts) -> str:
    """The session's middle values in one line each."""
    words, sentences = facts.session.words, []
    for axis, column in ((words("Valence"), 0), (words("Arousal"), 2)):
        values = facts.session.fused.rows[:, column]
        values = values[np.isfinite(values)]
        if not len(values):
            sentences.append(f"<b>{axis}</b> {words('not measured')}")
            continue
        low, middle, high = (_signed(v) for v in np.percentile(values, (25, 50, 75)))
        share = len(values) / max(1, len(facts.session.fused.times))
        sentences.append(
            words(
                "<b>{axis}</b> median {middle}, half of the time {low} to {high}, "
                "measured {share:.0%} of the time",
                axis=axis,
                middle=middle,
                low=low,
                high=high,
                share=share,
            )
        )
    return f"<p>{'<br>'.join(sentences)}</p>"


def segments(session: Recorded) -> str:
    """Means and spreads between the markers, with the distance from the first stretch."""
    words, found = session.words, stretches(session)
    names = [figure.name for figure in found[0].figures.figures] if found else []
    rows = []
    for stretch in found[:_MOST_ROWS]:
        part = stretch.figures
        cells = [
            f"<b>{escape(words(stretch.label))}</b>",
            f"{clock(part.t0 - session.begin)}–{clock(part.t1 - session.begin)}",
        ]
        for figure in part.figures:
            if figure.mean is None:
                cells.append(f'<span class="absent">{words("not measured")}</span>')
                continue
            effect = stretch.effects.get(figure.name)
            tail = "" if effect is None else f'<br><span class="small">g = {_signed(effect, 1)}</span>'
            number = _signed(figure.mean) if figure.name in ("valence", "arousal") else f"{figure.mean:.2f}"
            cells.append(f"{number} <span class='absent'>± {figure.spread:.2f}</span>{tail}")
        cells.append(", ".join(f"{words(LABELS[key])} {share:.0%}" for key, share in part.measured))
        rows.append(cells)
    if not rows:
        return ""
    head = (words("stretch"), words("time"), *(f"#{words(name)}" for name in names), words("measured"))
    left = len(found) - _MOST_ROWS
    more = f'<p class="note">{words("{n} more are left out.", n=left)}</p>' if left > 0 else ""
    note = words(
        "Mean ± spread over time of what was measured. g: Hedges’ g against the first stretch over means of "
        "whole seconds, where both have {n} s or more; neighbouring seconds are alike, so it describes this "
        "session and is no test.",
        n=LEAST_S,
    )
    return f'{table(head, rows)}{more}<p class="note">{note}</p>'


def moments(session: Recorded) -> str:
    """The moments farthest from the session's mean, with their clues."""
    words = session.words
    rows = [_moment(session, moment) for moment in strongest(session)]
    if not rows:
        none = words("None: valence and arousal were measured too little or did not vary.")
        return f'<p class="absent">{none}</p>'
    return table((words("time"), words("what"), words("weights"), words("what it rested on")), rows)


def _moment(session: Recorded, moment: Moment) -> tuple[str, str, str, str]:
    words, value = session.words, getattr(moment.state, moment.axis)
    weights = [c for c in moment.state.contributions if c.measured and c.weight >= 0.005]
    side = (
        "{n:.1f} SD above the session’s mean"
        if moment.distance > 0
        else "{n:.1f} SD below the session’s mean"
    )
    far = words(side, n=abs(moment.distance))
    return (
        clock(moment.state.t - session.begin),
        f"<b class='key'>{words(moment.axis)} {_signed(value.mean)}</b> ± {value.sd:.2f}<br>"
        f'<span class="small">{far}</span>',
        "<br>".join(f"<span class='key'>{words(LABELS[c.modality])} {c.weight:.0%}</span>" for c in weights)
        or "–",
        f'<span class="small">{escape(moment.why)}</span>',
    )


def events(facts: Facts) -> str:
    """What was marked and noted and what went wrong or came back, in order."""
    session = facts.session
    words = session.words
    numbers = {(mark.t, mark.text): i for i, mark in enumerate(session.marks, 1)}
    told: list[tuple[float, str]] = []
    for event in session.events:
        number = numbers.get((event.t, event.text)) if event.kind == "marker" else None
        text = f"<b>{number} · {escape(event.text)}</b>" if number else escape(event.text)
        told.append((event.t, text))
    for note in facts.notes:
        author = words("note of {author}", author=note.author)
        told.append((note.t0, f"{escape(author)}: <i>{escape(note.text)}</i>"))
    told.sort(key=itemgetter(0))
    rows = [(clock(t - session.begin), text) for t, text in told[:_MOST_ROWS]]
    left = words("{n} more are in the session's folder.", n=len(told) - _MOST_ROWS)
    tail = f'<p class="note">{left}</p>' if len(told) > _MOST_ROWS else ""
    none = f'<p class="absent">{words("None.")}</p>'
    return table((words("time"), words("event")), rows) + tail if rows else none


def streams(facts: Facts) -> str:
    """How complete each stream was."""
    words = facts.session.words
    if not facts.streams:
        return f'<p class="absent">{words("No counts were recorded.")}</p>'
    numbers = (words("nominal"), words("samples"), words("of expected"), words("jitter"), words("drift"))
    head = (words("stream"), *(f"#{name}" for name in numbers), words("what was wrong"))
    return table(head, [_stream(row, words) for row in facts.streams])


def _stream(row: StreamRow, words: Words) -> tuple[str, ...]:
    stats = row.stats
    stamp = f'<span class="stamp">{words("simulated")}</span>' if stats.simulated else ""
    return (
        f"<b>{escape(stats.stream)}</b>{stamp}",
        f"{stats.nominal_hz:g} Hz" if stats.nominal_hz else words("irregular"),
        f"{stats.samples:,}".replace(",", " "),
        "–" if row.share is None else f"{row.share:.0%}",
        "–" if stats.jitter_s is None else f"{stats.jitter_s * 1e3:.1f} ms",
        "–" if stats.drift_ppm is None else f"{stats.drift_ppm:+.0f} ppm",
        escape(", ".join(trouble.text for trouble in troubles(stats))) or words("nothing"),
    )


def models(facts: Facts) -> str:
    """The cards of the models that spoke."""
    if not facts.models:
        return f'<p class="absent">{facts.session.words("None.")}</p>'
    return "".join(_card(row, facts.session.words) for row in facts.models)


def _card(row: ModelRow, words: Words) -> str:
    spoke = words("{n} estimates", n=row.estimates)
    top = f"<p><b>{escape(row.id)}</b> <span class='absent'>· {spoke}</span></p>"
    if row.card is None:
        missing = words("This very version is not installed here, so its card is missing.")
        return f'<div class="card">{top}<p>{missing}</p></div>'
    card = row.card
    return (
        f'<div class="card">{top}<p>{escape(card.what)}</p>'
        f"<p><b>{words('Learned from')}</b> {escape(card.data)}</p>"
        f"<p><b>{words('The label is')}</b> {escape(card.target)}</p>"
        f"<p><b>{words('On unseen people')}</b> {_figures(card.metrics)} · "
        f"<b>{words('floor')}</b> {_figures(card.floors)}</p>"
        f"<p><b>{words('Caveats')}</b> {escape('; '.join(card.caveats))}</p>"
        f"<p><b>{words('Not for')}</b> {escape('; '.join(card.not_for))}</p>"
        f"<p><b>{words('Licence')}</b> {escape(card.licence)}</p></div>"
    )


def _figures(values: Mapping[str, float]) -> str:
    scores = [
        f"{name.replace('_', ' ')} {value:.2f}" for name, value in values.items() if name not in _NO_SCORES
    ]
    return escape(", ".join(scores[:4])) or "–"


def limits(words: Words) -> str:
    """The limits in plain words."""
    lines = (
        words(
            "It reports what face, voice, skin and EEG <b>showed</b>. "
            "What a person felt only the person can say."
        ),
        words("Hatched time was <b>not measured</b>. Do not fill it with the values before or after it."),
        words(
            "The band is the models’ own statement of their error. People unlike those they learned from "
            "(age, skin tone, language, illness, medication, movement) can lie outside it more often."
        ),
        words("Compare a person with <b>their own</b> earlier minutes rather than with other people."),
        words(
            "Valence and arousal of face and voice are derived from expressions; arousal of EDA is derived "
            "from its index. They are not ratings."
        ),
        words(
            "Not for diagnosis, for lie detection, or for judging people at work, at school or at a border."
        ),
    )
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def provenance(facts: Facts) -> str:
    """Versions and hashes, so that the numbers can be traced to their files."""
    about, words = facts.session.about, facts.session.words
    told = [f"Insula {about['insula']}" if about.get("insula") else words("Insula version not recorded")]
    told += [f"Python {about['python']}"] if about.get("python") else []
    told += [str(about["system"])] if about.get("system") else []
    files = table(
        (words("file"), "#" + words("bytes"), "SHA-256"),
        (
            (escape(name), f"{size:,}".replace(",", " "), f'<span class="hash">{digest}</span>')
            for name, size, digest in facts.files
        ),
    )
    estimates = str(about.get("estimates_sha256", ""))
    said = words("Hash of the estimates")
    line = f'<p>{said}: <span class="hash">{escape(estimates)}</span></p>' if estimates else ""
    return f"<p>{escape(' · '.join(told))}</p>{line}{files}"


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")
