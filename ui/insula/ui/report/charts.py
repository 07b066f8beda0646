"""Figures as inline SVG: no script, no network, sharp on paper. What was not measured is hatched."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

import numpy as np

from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.dashboard.view import Mark
from insula.ui.dashboard.words import Words
from insula.ui.report.facts import Validity
from insula.ui.report.style import COLOURS, LABELS

WIDTH: Final = 720
LEFT: Final = 92
RIGHT: Final = 10
Z90: Final = 1.6449
"""Half the width of a 90 % interval in standard deviations, if the error is normal."""
NO_VALUE: Final = "no modality gave this value"
_COLUMNS: Final = 600
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Span:
    """The time axis: ``t0`` to ``t1`` in s across the figure."""

    t0: float
    t1: float

    def x(self, t: float) -> float:
        """Where ``t`` lies, in the figure's units."""
        share = (t - self.t0) / max(self.t1 - self.t0, 1e-9)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share))


def clock(seconds: float) -> str:
    """Seconds since the start as m:ss or h:mm:ss."""
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def svg(height: float, title: str, body: str) -> str:
    """A figure of the common width with its description for readers who hear it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-label="{escape(title)}"><defs><pattern id="hatch" width="5" height="5" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" '
        'fill="#f3f4f6"/><line x1="0" y1="0" x2="0" y2="5" stroke="#c3cad3" stroke-width="1.6"/>'
        f"</pattern></defs>{body}</svg>"
    )


def timeline(rows: Sequence[Validity], span: Span, marks: Sequence[Mark], words: Words) -> str:
    """One bar a modality: full where it was measured, hatched where it was not."""
    pitch, top = 24, 16
    bottom = top + pitch * len(rows)
    parts = [_mark_lines(marks, span, top - 2, bottom - 4, numbers=True)]
    for i, row in enumerate(rows):
        y = top + pitch * i
        colour = COLOURS[row.key]
        begin, end = span.x(span.t0), span.x(span.t1)
        parts.append(_label(row.key, words(LABELS[row.key]), y + 11))
        parts.append(_rect(begin, y, end - begin, 16, colour if row.share > 0 else "url(#hatch)"))
        parts += [_gap(gap, span, y, 16) for gap in row.gaps]
    parts.append(_axis(span, bottom))
    return svg(bottom + 20, "When each modality was measured", "".join(parts))


@dataclass(frozen=True, slots=True)
class Course:
    """One value over time with its deviation; NaN where not measured."""

    key: str
    label: str
    times: FloatArray
    mean: FloatArray
    sd: FloatArray
    gaps: tuple[Gap, ...]
    low: float = -1.0
    high: float = 1.0
    ends: tuple[str, str] = ("", "")
    """What the lowest and the highest value mean, in a word."""
    why: str = NO_VALUE
    """Why this very value is missing where it is."""


def courses(shown: Sequence[Course], span: Span, marks: Sequence[Mark], height: int = 104) -> str:
    """Courses below each other on one time axis, each with its 90 % interval."""
    top, pitch = 16, height + 16
    bottom = top + pitch * len(shown) - 10
    parts = []
    for i, course in enumerate(shown):
        parts.append(_panel(course, span, top + pitch * i, height))
    parts.append(_mark_lines(marks, span, top - 2, bottom - 4, numbers=True))
    parts.append(_axis(span, bottom))
    title = ", ".join(course.label for course in shown) + " over time with 90 % intervals"
    return svg(bottom + 20, title, "".join(parts))


@dataclass(frozen=True, slots=True)
class Choice:
    """A class of a rating: the stretches (from, to; s) in which it was chosen, and those nobody rated."""

    label: str
    chosen: Sequence[tuple[float, float]]
    gaps: Sequence[Gap]


def choices(shown: Sequence[Choice], span: Span, marks: Sequence[Mark]) -> str:
    """One bar a class: full while it was chosen, hatched while nobody rated."""
    pitch, top = 20, 16
    bottom = top + pitch * len(shown)
    begin, end = span.x(span.t0), span.x(span.t1)
    parts = []
    for i, choice in enumerate(shown):
        y = top + pitch * i
        parts.append(_label("expression", choice.label, y + 10))
        parts.append(_rect(begin, y, end - begin, 13, "#f3f4f6"))
        bars = [(span.x(t0), span.x(t1)) for t0, t1 in choice.chosen]
        parts += [_rect(x0, y, x1 - x0, 13, COLOURS["expression"]) for x0, x1 in bars]
        parts += [_gap(gap, span, y, 13) for gap in choice.gaps]
    parts.append(_mark_lines(marks, span, top - 2, bottom - 4, numbers=True))
    parts.append(_axis(span, bottom))
    return svg(bottom + 20, "When each class was chosen", "".join(parts))


def shares(values: Sequence[tuple[str, float]]) -> str:
    """A bar for each expression: its mean probability while expressions were measured."""
    pitch, width = 19, WIDTH - LEFT - RIGHT - 60
    parts = []
    for i, (name, share) in enumerate(values):
        y = 2 + pitch * i
        parts.append(_text(LEFT - 8, y + 11, name, anchor="end"))
        parts.append(_rect(LEFT, y, width, 14, "#f1f3f6"))
        parts.append(_rect(LEFT, y, width * share, 14, COLOURS["expression"]))
        parts.append(_text(LEFT + width + 8, y + 11, f"{share:.0%}"))
    return svg(4 + pitch * len(values), "Mean probability of each expression", "".join(parts))


# -- pieces -----------------------------------------------------------------------------------------------


def _panel(course: Course, span: Span, y: float, height: float) -> str:
    left, right = span.x(span.t0), span.x(span.t1)
    colour = COLOURS[course.key]
    middle = (course.low + course.high) / 2
    parts = [_rect(left, y, right - left, height, "#fbfcfd")]
    parts += [_gap(gap, span, y, height) for gap in (*course.gaps, *without_value(course))]

    def place(value: float) -> float:
        share = (min(course.high, max(course.low, value)) - course.low) / (course.high - course.low)
        return y + height * (1.0 - share)

    for value in (course.low, middle, course.high):
        parts.append(_line(left, place(value), right, place(value), "#d9dee5"))
        shift = 9 if value == course.high else 0 if value == course.low else 4
        parts.append(
            _text(
                left - 6,
                place(value) + shift,
                f"{value:+g}" if course.low < 0 and value else f"{value:g}",
                "end",
            )
        )
    parts.append(f'<text x="4" y="{y + 11:.1f}" {_NAME} fill="{colour}">{escape(course.label)}</text>')
    parts.append(_text(4, y + 24, course.ends[1], cls="faint"))
    parts.append(_text(4, y + height - 1, course.ends[0], cls="faint"))
    parts += [_run(run, span, place, colour) for run in runs(course, span)]
    return "".join(parts)


def without_value(course: Course) -> list[Gap]:
    """Where this very value is missing, even if the modality gave another one."""
    absent = np.concatenate(([False], ~np.isfinite(course.mean), [False]))
    edges = np.flatnonzero(np.diff(absent.astype(np.int8)))
    times = np.append(course.times, np.inf)
    return [Gap(float(times[a]), float(times[b]), course.why) for a, b in edges.reshape(-1, 2)]


_Run = tuple[FloatArray, FloatArray, FloatArray]


def runs(course: Course, span: Span) -> list[_Run]:
    """The measured stretches as columns of the figure: times, means, deviations."""
    finite = np.isfinite(course.mean) & np.isfinite(course.times)
    times, mean, sd = course.times[finite], course.mean[finite], course.sd[finite]
    if not len(times):
        return []
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    step = max((span.t1 - span.t0) / _COLUMNS, 1e-3)
    column = np.floor((times - span.t0) / step).astype(np.int64)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(column)) + 1))
    counts = np.diff(np.concatenate((starts, [len(times)])))
    t, m, s = (np.add.reduceat(values, starts) / counts for values in (times, mean, sd))
    breaks = np.flatnonzero(np.diff(t) > max(2.5 * step, 2.5 * usual)) + 1
    stops = [0, *breaks.tolist(), len(t)]
    return [(t[a:b], m[a:b], s[a:b]) for a, b in pairwise(stops)]


def _run(run: _Run, span: Span, place: Callable[[float], float], colour: str) -> str:
    times, mean, sd = run
    xs = [span.x(float(t)) for t in times]
    if len(xs) == 1:
        xs, mean, sd = [xs[0] - 0.6, xs[0] + 0.6], np.repeat(mean, 2), np.repeat(sd, 2)
    upper = [(x, place(float(v))) for x, v in zip(xs, mean + Z90 * sd, strict=True)]
    lower = [(x, place(float(v))) for x, v in zip(xs, mean - Z90 * sd, strict=True)]
    line = [(x, place(float(v))) for x, v in zip(xs, mean, strict=True)]
    return (
        f'<path d="{_path([*upper, *reversed(lower)])}Z" fill="{colour}" fill-opacity="0.17"/>'
        f'<path d="{_path(line)}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-linejoin="round"/>'
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _gap(gap: Gap, span: Span, y: float, height: float) -> str:
    x0, x1 = span.x(gap.t0), span.x(span.t1 if gap.t1 is None else gap.t1)
    if x1 - x0 < 0.3:
        return ""
    return (
        f'<rect x="{x0:.1f}" y="{y:.1f}" width="{x1 - x0:.1f}" height="{height:g}" fill="url(#hatch)">'
        f"<title>not measured: {escape(gap.reason)}</title></rect>"
    )


def _label(key: str, text: str, y: float) -> str:
    return f'<text x="4" y="{y:.1f}" {_NAME} fill="{COLOURS[key]}">{escape(text)}</text>'


def _mark_lines(marks: Sequence[Mark], span: Span, top: float, bottom: float, *, numbers: bool) -> str:
    parts = []
    last = -math.inf
    for number, mark in enumerate(marks, 1):
        if not span.t0 <= mark.t <= span.t1:
            continue
        x = span.x(mark.t)
        parts.append(_line(x, top, x, bottom, "#161b22", dash="2 2"))
        if numbers and x - last > 12:
            parts.append(_text(x, top - 3, str(number), "middle"))
            last = x
    return "".join(parts)


def _axis(span: Span, y: float) -> str:
    length = span.t1 - span.t0
    step = next((s for s in _STEPS if length / s <= 8), _STEPS[-1])
    parts = []
    for i in range(int(length // step) + 1):
        x = span.x(span.t0 + i * step)
        parts.append(_line(x, y - 4, x, y, "#9aa5b1"))
        parts.append(_text(x, y + 12, clock(i * step), "middle", cls="faint"))
    return "".join(parts)


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.0):.1f}" height="{height:g}" fill="{fill}"/>'


def _line(x0: float, y0: float, x1: float, y1: float, stroke: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
        f'stroke="{stroke}" stroke-width="0.8"{dashed}/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", cls: str = "tick") -> str:
    if not text:
        return ""
    style = _TEXT[cls]
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{cls}" {style}>{escape(text)}</text>'


_TEXT: Final = {
    "tick": 'font-size="10" fill="#4c5967"',
    "faint": 'font-size="9.5" fill="#6f7b88"',
}
_NAME: Final = 'class="name" font-size="11.5" font-weight="600"'
"""As attributes, not only in the style sheet: not every program that prints applies it inside a figure."""
