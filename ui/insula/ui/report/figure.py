"""A session's validity and course as one SVG file of its own."""

from __future__ import annotations

import re
from pathlib import Path

from insula.ui.report.charts import WIDTH, Course, Span, courses, timeline
from insula.ui.report.facts import Facts, gather

_STYLE = (
    "<style>text{font:10px 'DejaVu Sans',sans-serif;fill:#4c5967}"
    "text.name{font-size:11.5px;font-weight:600}text.faint{font-size:9.5px;fill:#6f7b88}</style>"
)


def figure(folder: Path) -> str:
    """Validity of every modality above valence, arousal and the indices; simulated input says so."""
    facts = gather(folder)
    session = facts.session
    span = Span(session.begin, max(session.end, session.begin + 1e-3))
    upper = timeline(facts.validity, span, session.marks)
    lower = courses(shown(facts), span, session.marks, 90)
    first, second = _height(upper), _height(lower)
    title = "simulated input" if facts.simulated else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {first + second + 16:g}">{_STYLE}'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="4" y="11" class="name">{title}</text>'
        f'<svg y="12" width="{WIDTH}" height="{first:g}"{upper[4:]}'
        f'<svg y="{first + 16:g}" width="{WIDTH}" height="{second:g}"{lower[4:]}</svg>\n'
    )


def shown(facts: Facts) -> list[Course]:
    """Valence, arousal and every index of the session."""
    fused, gaps = facts.session.fused, {row.key: row.gaps for row in facts.validity}
    found = [
        Course("valence", "valence", fused.times, fused.rows[:, 0], fused.rows[:, 1], gaps["fused"]),
        Course("arousal", "arousal", fused.times, fused.rows[:, 2], fused.rows[:, 3], gaps["fused"]),
    ]
    for lane in facts.session.indices:
        rows = lane.rows
        found.append(
            Course(lane.modality, lane.name, lane.times, rows[:, 0], rows[:, 1], gaps[lane.modality], 0.0)
        )
    return found


def _height(drawn: str) -> float:
    match = re.search(r'viewBox="0 0 \d+ ([\d.]+)"', drawn)
    assert match is not None
    return float(match[1])
