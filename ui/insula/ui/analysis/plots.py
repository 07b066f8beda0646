"""Figures of analysed recordings, as PNG and SVG: one a recording, and one of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from insula.edge.errors import SinkError
from insula.ui.analysis.summary import Summary
from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.dashboard.view import Mark
from insula.ui.report.charts import Z90, Course, Span, clock, without_value
from insula.ui.report.facts import Facts
from insula.ui.report.style import COLOURS, LABELS

_WIDTH_IN: Final = 9.0
_MOST_ROWS: Final = 60
_INK, _SOFT, _GRID = "#161b22", "#6f7b88", "#e3e7ec"
_HATCH: Final = "////"
_STYLE: Any = {
    "font.size": 9,
    "font.family": ["DejaVu Sans"],
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "text.color": _INK,
    "hatch.color": "#c3cad3",
    "hatch.linewidth": 0.7,
    "svg.hashsalt": "insula",  # the same recording gives the same file
    "svg.fonttype": "none",
}


def course(facts: Facts, target: Path) -> None:
    """Draw a recording's validity above valence, arousal and its indices as ``target`` .png and .svg."""
    session, shown = facts.session, courses_of(facts)
    span = Span(session.begin, max(session.end, session.begin + 1e-3))
    with mpl.rc_context(_STYLE):
        heights = [0.32 * len(facts.validity) + 0.15, *(1.25 for _ in shown)]
        figure = Figure(figsize=(_WIDTH_IN, sum(heights) + 1.0), layout="constrained")
        rows = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        _validity(rows[0], facts, span)
        for axes, one in zip(rows[1:], shown, strict=True):
            _course(axes, one, span)
        for axes in rows:
            for mark in session.marks:
                if span.t0 <= mark.t <= span.t1:
                    axes.axvline(mark.t - span.t0, color=_INK, lw=0.7, ls=(0, (2, 2)))
            axes.set_xlim(0, span.t1 - span.t0)
            for side in ("top", "right", "left"):
                axes.spines[side].set_visible(False)
        _names(rows[0], session.marks, span)
        rows[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 1.5, 3, 6, 10]))
        rows[-1].xaxis.set_major_formatter(FuncFormatter(lambda x, _: clock(x)))
        note = "   simulated input" if facts.simulated else ""
        figure.suptitle(f"{session.session.name}{note}", x=0.01, ha="left", fontsize=11, weight="bold")
        _save(figure, target)


def courses_of(facts: Facts) -> list[Course]:
    """Valence, arousal and every index of the session."""
    fused, gaps = facts.session.fused, {row.key: row.gaps for row in facts.validity}
    found = [
        Course("valence", "valence", fused.times, fused.rows[:, 0], fused.rows[:, 1], gaps["fused"]),
        Course("arousal", "arousal", fused.times, fused.rows[:, 2], fused.rows[:, 3], gaps["fused"]),
    ]
    for lane in facts.session.indices:
        rows = lane.rows
        label = f"{lane.name} index"
        key, absent = lane.modality, gaps[lane.modality]
        found.append(Course(key, label, lane.times, rows[:, 0], rows[:, 1], absent, 0.0))
    return found


def overview(summaries: Sequence[Summary], target: Path) -> None:
    """Draw what was measured in each recording and where valence and arousal lay, as .png and .svg."""
    rows = summaries[:_MOST_ROWS]
    keys = list(LABELS)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_IN, 0.3 * len(rows) + 1.5), layout="constrained")
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(1.15, 1, 1))
        shares = np.array([[one.measured.get(key, 0.0) for key in keys] for one in rows])
        left.imshow(shares, aspect="auto", cmap="Blues", vmin=0.0, vmax=1.15)
        for (i, j), share in np.ndenumerate(shares):
            text = "–" if not share else f"{share:.0%}" if share >= 0.005 else "<1%"
            colour = _SOFT if not share else "white" if share > 0.6 else _INK
            left.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
        left.set_xticks(range(len(keys)), [LABELS[key] for key in keys])
        left.set_yticks(range(len(rows)), [_short(one) for one in rows], color=_INK)
        left.set_title("measured, share of the time", fontsize=9, loc="left")
        for axes, name in ((middle, "valence"), (right, "arousal")):
            for i, one in enumerate(rows):
                if (quartiles := getattr(one, name)) is None:
                    axes.text(0.06, i, "not measured", ha="left", va="center", fontsize=8, color=_SOFT)
                    continue
                axes.plot(quartiles[::2], (i, i), color=COLOURS[name], lw=4, alpha=0.3, solid_capstyle="butt")
                axes.plot(quartiles[1], i, "o", color=COLOURS[name], ms=5)
            axes.set_xlim(-1, 1)
            axes.set_xticks((-1, 0, 1))
            axes.axvline(0, color=_GRID, lw=0.8, zorder=0)
            axes.set_title(f"{name}: median, middle half", fontsize=9, loc="left")
        left.set_ylim(len(rows) - 0.5, -0.5)
        for axes in (left, middle, right):
            axes.tick_params(length=0)
            for spine in axes.spines.values():
                spine.set_visible(False)
        more = len(summaries) - len(rows)
        tail = f"   (the first {len(rows)}; all are in the table)" if more else ""
        figure.suptitle(f"{len(summaries)} recordings{tail}", x=0.01, ha="left", fontsize=11, weight="bold")
        _save(figure, target)


def _short(one: Summary) -> str:
    name = one.name if len(one.name) <= 34 else f"{one.name[:20]}…{one.name[-13:]}"
    return f"{name} (simulated)" if one.simulated else name


def _validity(axes: Axes, facts: Facts, span: Span) -> None:
    for i, row in enumerate(facts.validity):
        whole = span.t1 - span.t0
        colour = COLOURS[row.key] if row.share > 0 else "#f3f4f6"
        axes.broken_barh([(0.0, whole)], (i - 0.36, 0.72), facecolor=colour)
        for gap in row.gaps:
            start, length = _extent(gap, span)
            axes.broken_barh(
                [(start, length)],
                (i - 0.36, 0.72),
                facecolor="#f3f4f6",
                hatch=_HATCH,
                edgecolor="#c3cad3",
                lw=0,
            )
    axes.set_ylim(len(facts.validity) - 0.5, -0.5)
    axes.set_yticks(range(len(facts.validity)), [f"{LABELS[r.key]}  {r.share:.0%}" for r in facts.validity])
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)


def _course(axes: Axes, one: Course, span: Span) -> None:
    colour = COLOURS[one.key]
    for gap in (*one.gaps, *without_value(one)):
        start, length = _extent(gap, span)
        axes.axvspan(start, start + length, facecolor="#f7f8f9", hatch=_HATCH, edgecolor="#c3cad3", lw=0)
    for times, mean, sd in _unbroken(one):
        t = times - span.t0
        axes.fill_between(t, mean - Z90 * sd, mean + Z90 * sd, color=colour, alpha=0.17, lw=0)
        axes.plot(t, mean, color=colour, lw=1.3, marker="." if len(t) == 1 else "")
    axes.set_ylim(one.low, one.high)
    axes.yaxis.set_major_locator(MultipleLocator((one.high - one.low) / 2))
    axes.yaxis.grid(True, color=_GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", pad=7)
    axes.set_title(one.label, loc="left", fontsize=9, weight="bold", color=colour, pad=3)


def _unbroken(one: Course) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """The stretches without a missing value; a line never bridges one."""
    finite = np.isfinite(one.mean)
    usual = float(np.median(np.diff(one.times))) if len(one.times) > 1 else 1.0
    cut = ~finite | (np.diff(one.times, prepend=one.times[:1]) > max(5 * usual, 1.0))
    number = np.cumsum(cut)
    return [
        (one.times[part], one.mean[part], one.sd[part])
        for part in (np.flatnonzero(finite & (number == k)) for k in np.unique(number[finite]))
    ]


def _extent(gap: Gap, span: Span) -> tuple[float, float]:
    start = max(gap.t0, span.t0)
    end = span.t1 if gap.t1 is None else min(gap.t1, span.t1)
    return start - span.t0, max(0.0, end - start)


def _names(axes: Axes, marks: Sequence[Mark], span: Span) -> None:
    """The markers' names above the figure, as far as there is room."""
    room, last = (span.t1 - span.t0) / 12, -np.inf
    for mark in marks:
        t = mark.t - span.t0
        if 0 <= t <= span.t1 - span.t0 and t - last >= room:
            axes.text(
                t, -0.62, mark.text[:16], fontsize=7.5, color=_SOFT, ha="left", va="bottom", clip_on=False
            )
            last = t


def _save(figure: Figure, target: Path) -> None:
    try:
        figure.savefig(target.with_suffix(".png"), dpi=160, facecolor="white")
        figure.savefig(target.with_suffix(".svg"), facecolor="white", metadata={"Date": None})
    except OSError as error:
        raise SinkError(f"{target} cannot be drawn: {error.strerror}") from error
