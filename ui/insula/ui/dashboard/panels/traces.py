"""The last minute: valence, arousal and indices with 90 % bands, and when each modality was measured."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QToolTip

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import CENTRE, LEFT, RIGHT, Style, band, draw_text, elided, hatch, line, runs
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.panels.state import Z_90
from insula.ui.dashboard.presenter import SPAN_S
from insula.ui.dashboard.series import FloatArray, Gap
from insula.ui.dashboard.tracks import absences
from insula.ui.dashboard.view import Lane, LiveView
from insula.ui.dashboard.words import GLOSSARY, MODALITY_LABELS


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the plots and the validity lanes are."""

    plots: tuple[QRectF, ...]
    lanes: tuple[QRectF, ...]
    axis: QRectF


class TracesPanel(Canvas):
    """Fused state in the colour of ink with its band, each modality in its own colour.

    ``focus`` names the modality whose band and gaps are drawn in the plots; "fused" at the start.
    """

    title = "Last minute"
    hint = f"{GLOSSARY['interval']}<br>{GLOSSARY['not measured']}"
    focus = "fused"
    every = 2  # a minute on the screen moves by less than a pixel from one picture to the next

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self.range = (0.0, SPAN_S)
        self._legend_boxes: dict[str, QRectF] = {}

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Focus the trace whose name was clicked."""
        for key, box in self._legend_boxes.items():
            if box.contains(event.position()):
                self.focus = key
                self.update()

    def event(self, event: QEvent) -> bool:
        """Show the whole reason of the gap under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            reason = self.reason_at(QPointF(event.pos()))
            if reason:
                text = self.look.words("not measured: {why}", why=self.look.words(reason))
                QToolTip.showText(event.globalPos(), f"<p>{html.escape(text)}</p>", self)
                return True
        return super().event(event)

    def reason_at(self, at: QPointF) -> str:
        """Return why a modality was not measured at a place in its validity lane; "" elsewhere."""
        if self.view is None:
            return ""
        rows = self._layout(self.content()).lanes
        for row, lane in zip(rows, self.view.modalities, strict=False):
            if row.contains(at):
                spans = ((self._span(row, gap), gap.reason) for gap in lane.gaps)
                return next((reason for span, reason in spans if span.contains(at)), "")
        return ""

    def still_key(self) -> tuple[bool, tuple[str, ...]]:
        """Return what decides the layout: whether there are indices, and which modalities."""
        if self.view is None:
            return (False, ())
        return (bool(self.view.indices), tuple(lane.key for lane in self.view.modalities))

    def _layout(self, rect: QRectF) -> Layout:
        has_indices, modalities = self.still_key()
        px = self.look.px
        inner = rect.adjusted(px(70), 0, 0, 0)
        axis = QRectF(inner.left(), inner.bottom() - px(13), inner.width(), px(15))
        lane_height = px(16) if rect.height() > px(230) else px(13)
        lanes_top = axis.top() - px(3) - lane_height * len(modalities)
        lanes = tuple(
            QRectF(inner.left(), lanes_top + k * lane_height, inner.width(), lane_height)
            for k in range(len(modalities))
        )
        gap = px(9)
        room = lanes_top - px(8) - inner.top()
        shares = (1.0, 1.0, 0.6) if has_indices else (1.0, 1.0)
        unit = (room - gap * (len(shares) - 1)) / sum(shares)
        plots, top = [], inner.top()
        for share in shares:
            plots.append(QRectF(inner.left(), top, inner.width(), unit * share))
            top += unit * share + gap
        return Layout(tuple(plots), lanes, axis)

    # -- still ---------------------------------------------------------------------------------------

    def draw_still(self, p: QPainter, rect: QRectF) -> None:
        """Paint axes and names."""
        t, px, words = self.look.theme, self.look.px, self.look.words
        layout = self._layout(rect)
        for plot, name in zip(layout.plots, ("valence", "arousal", "indices"), strict=False):
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(themes.colour(t.raised, 0.5))
            p.drawRoundedRect(plot, px(4), px(4))
            label = QRectF(rect.left(), plot.top(), px(60), px(15))
            draw_text(p, label, words(name), self.look.font(11), t.muted)
            ends = ("1", "0") if name == "indices" else ("+1", "−1")
            small = self.look.font(9.5)
            right = QRectF(rect.left(), plot.top(), px(66), px(12))
            if plot.height() > px(40):
                draw_text(p, right, ends[0], small, t.faint, RIGHT)
                draw_text(p, right.translated(0, plot.height() - px(12)), ends[1], small, t.faint, RIGHT)
            p.setPen(QPen(QColor(t.axis), 1, Qt.PenStyle.DotLine))
            if name != "indices":
                p.drawLine(QPointF(plot.left(), plot.center().y()), QPointF(plot.right(), plot.center().y()))
        _, modalities = self.still_key()
        for lane, key in zip(layout.lanes, modalities, strict=True):
            name_at = QRectF(rect.left(), lane.top(), px(60), lane.height())
            draw_text(p, name_at, words(MODALITY_LABELS[key]), self.look.font(11), t.modality(key))
        small = self.look.font(9.5)
        for share, text in self.ticks():
            x = layout.axis.left() + layout.axis.width() * share
            align = RIGHT if share > 0.97 else (LEFT if share < 0.03 else CENTRE)
            left = {RIGHT: x - px(60), LEFT: x, CENTRE: x - px(30)}[align]
            tick = QRectF(left, layout.axis.top(), px(60), layout.axis.height())
            draw_text(p, tick, text, small, t.faint, align)

    # -- live ----------------------------------------------------------------------------------------

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint gaps, bands, lines, validity lanes and markers."""
        self.range = self.shown(view)
        layout = self._layout(rect)
        lanes = (*view.modalities, view.fused)
        focused = next((lane for lane in lanes if lane.key == self.focus), view.fused)
        for plot, column in zip(layout.plots[:2], (0, 2), strict=True):
            p.save()
            p.setClipRect(plot)
            for gap in absences(focused, column, self.look.words("not measured")):
                hatch(p, self._span(plot, gap), self.look, gap.reason, size=10.5)
            for lane in lanes:
                self._trace(p, plot, lane, column, focused=lane is focused)
            p.restore()
        if view.indices:
            self._indices(p, layout.plots[2], view)
        for row, lane in zip(layout.lanes, view.modalities, strict=True):
            self._validity(p, row, lane)
        self._markers(p, layout, view)
        self._legend(p)

    def shown(self, view: LiveView) -> tuple[float, float]:
        """Return from when to when (s) the traces reach."""
        return view.t - SPAN_S, view.t

    def ticks(self) -> list[tuple[float, str]]:
        """Return where on the time axis (0 left, 1 right) stands what."""
        words = self.look.words
        return [(1.0 - s / SPAN_S, f"−{s} s" if s else words("now")) for s in (60, 45, 30, 15, 0)]

    def _visible(self, plot: QRectF, times: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what lies in the range, thinned to three points a pixel."""
        i, j = (int(k) for k in np.searchsorted(times, self.range))
        part = slice(max(0, i - 1), j + 1, max(1, int((j - i) / (3 * plot.width()))))
        return times[part], rows[part]

    def _at(self, plot: QRectF, t: float) -> float:
        begin, end = self.range
        return plot.left() + (t - begin) * plot.width() / (end - begin)

    def _x(self, plot: QRectF, times: FloatArray) -> FloatArray:
        begin, end = self.range
        return plot.left() + (times - begin) * (plot.width() / (end - begin))

    def _span(self, plot: QRectF, gap: Gap) -> QRectF:
        left = max(plot.left(), self._at(plot, gap.t0))
        right = plot.right() if gap.t1 is None else min(plot.right(), self._at(plot, gap.t1))
        return QRectF(left, plot.top(), max(0.0, right - left), plot.height())

    def _trace(self, p: QPainter, plot: QRectF, lane: Lane, column: int, *, focused: bool) -> None:
        times, rows = self._visible(plot, lane.times, lane.rows)
        mean, sd, x = rows[:, column], rows[:, column + 1], self._x(plot, times)
        middle, unit = plot.center().y(), plot.height() / 2 - 2
        y = middle - mean * unit
        ink = self.look.theme.modality(lane.key)
        for run in runs(np.isfinite(mean)):
            if focused:
                half = np.minimum(sd[run], 2.0) * Z_90 * unit
                low = np.minimum(y[run] + half, plot.bottom())
                high = np.maximum(y[run] - half, plot.top())
                band(p, x[run], low, high, themes.colour(ink, 0.14))
            alpha = 1.0 if focused or lane.key == "fused" else 0.78
            line(p, x[run], y[run], themes.colour(ink, alpha), bold=focused or lane.key == "fused")

    def _indices(self, p: QPainter, plot: QRectF, view: LiveView) -> None:
        p.save()
        p.setClipRect(plot)
        for lane in view.indices:
            times, rows = self._visible(plot, lane.times, lane.rows)
            x, mean = self._x(plot, times), rows[:, 0]
            unit = plot.height() - 4
            y = plot.bottom() - 2 - mean * unit
            ink = self.look.theme.modality(lane.modality)
            for run in runs(np.isfinite(mean)):
                half = np.minimum(rows[run, 1], 1.0) * Z_90 * unit
                low, high = np.minimum(y[run] + half, plot.bottom()), np.maximum(y[run] - half, plot.top())
                band(p, x[run], low, high, themes.colour(ink, 0.12))
                line(p, x[run], y[run], QColor(ink), bold=True)
        p.restore()

    def _validity(self, p: QPainter, row: QRectF, lane: Lane) -> None:
        px = self.look.px
        if not len(lane.times):
            hatch(p, row.adjusted(0, 1, 0, -1), self.look, lane.reason, size=9.5)
            return
        begin = max(row.left(), float(self._x(row, lane.times[:1])[0]))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(themes.colour(self.look.theme.modality(lane.key), 0.8))
        bar = QRectF(begin, row.center().y() - px(2), row.right() - begin, px(4))
        p.drawRoundedRect(bar, px(2), px(2))
        for gap in lane.gaps:
            span = self._span(row, gap)
            if span.width() > 0:
                hatch(p, span.adjusted(0, 1, 0, -1), self.look, gap.reason, size=9.5)

    def _markers(self, p: QPainter, layout: Layout, view: LiveView) -> None:
        t, px = self.look.theme, self.look.px
        top, bottom = layout.plots[0].top(), layout.plots[-1].bottom()
        font = self.look.bold(9.5)
        for mark in view.marks:
            x = self._at(layout.axis, mark.t)
            if not layout.axis.left() <= x <= layout.axis.right():
                continue
            p.setPen(QPen(themes.colour(t.accent, 0.9), 1, Qt.PenStyle.DashLine))
            p.drawLine(QPointF(x, top), QPointF(x, bottom))
            room = min(px(130), layout.axis.right() - x - px(6))
            if room > px(20):
                text = elided(mark.text, font, room)
                draw_text(p, QRectF(x + px(4), top + px(1), room, px(13)), text, font, t.accent)

    def _legend(self, p: QPainter) -> None:
        if self.view is None:
            return
        self._legend_boxes = {}
        px, words, font = self.look.px, self.look.words, self.look.font(11)
        x, middle = self.width() - px(14), px(17)
        for key in (*(lane.key for lane in reversed(self.view.modalities)), "fused"):
            label = words(MODALITY_LABELS[key])
            box = QRectF(x - px(90), middle - px(8), px(90), px(16))
            ink = self.look.theme.ink if key == self.focus else self.look.theme.muted
            draw_text(p, box, label, self.look.bold(11) if key == self.focus else font, ink, RIGHT)
            x -= px(9) + p.fontMetrics().horizontalAdvance(label)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(self.look.theme.modality(key)))
            p.drawRoundedRect(QRectF(x - px(8), middle - px(1.5), px(12), px(3)), px(1.5), px(1.5))
            self._legend_boxes[key] = QRectF(x - px(10), px(6), box.right() - x + px(10), px(24))
            x -= px(24)
