"""The whole session on one axis: scrub, zoom, select."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QWheelEvent

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.comparison import Comparison
from insula.ui.dashboard.drawing import Style, draw_text, line, runs
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.panels.traces import Layout, TracesPanel
from insula.ui.dashboard.view import LiveView
from insula.ui.dashboard.words import GLOSSARY

CLOSEST_S = 2.0
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


class Timeline(TracesPanel):
    """Click or drag to move the cursor, Shift and drag to select, wheel to zoom, double click for all."""

    title = "Session"
    hint = (
        "Drag moves the cursor, Shift and drag selects a segment, the wheel zooms, a double click shows all."
        f"<br>{GLOSSARY['not measured']}"
    )
    every = 1

    moved = Signal(float)
    selected = Signal(float, float)

    def __init__(self, look: Style, begin: float, end: float) -> None:
        super().__init__(look)
        self.whole = (begin, max(end, begin + CLOSEST_S))
        self.range = self.whole
        self.at = begin
        self.selection: tuple[float, float] | None = None
        self.comparison: Comparison | None = None
        self._anchor: float | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)

    def shown(self, view: LiveView) -> tuple[float, float]:
        """Return the part of the session that was zoomed to."""
        return self.range

    def zoom(self, factor: float, around: float) -> None:
        """Show ``factor`` of the time shown now, keeping the moment ``around`` where it is."""
        begin, end = self.range
        first, last = self.whole
        length = min(max((end - begin) * factor, CLOSEST_S), last - first)
        left = around - (around - begin) * length / (end - begin)
        left = min(max(left, first), last - length)
        self.range = (left, left + length)
        self.invalidate()

    def show_all(self) -> None:
        """Show the whole session."""
        self.range = self.whole
        self.invalidate()

    def follow(self, t: float) -> None:
        """Put the cursor at ``t`` and keep it in sight."""
        self.at = t
        begin, end = self.range
        if not begin <= t <= end:
            first, last = self.whole
            left = min(max(t - 0.1 * (end - begin), first), last - (end - begin))
            self.range = (left, left + end - begin)
            self.invalidate()
        self.update()

    def select(self, a: float, b: float) -> None:
        """Select from one moment to the other; nothing when they are the same."""
        self.selection = (min(a, b), max(a, b)) if a != b else None
        chosen = self.selection or self.whole
        self.selected.emit(*chosen)
        self.update()

    def ticks(self) -> list[tuple[float, str]]:
        """Return round session times."""
        begin, end = self.range
        step = next((s for s in STEPS_S if (end - begin) / s <= 9), STEPS_S[-1])
        origin = self.whole[0]
        first = int((begin - origin) // step + 1) * step if begin > origin else 0
        marks = range(first, int(end - origin) + 1, step)
        return [((origin + s - begin) / (end - begin), clock_text(s)) for s in marks]

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the traces, the selected segment and the cursor."""
        super().draw_live(p, rect, view)
        layout = self._layout(rect)
        if self.comparison is not None:
            self._compared(p, layout, self.comparison)
        top, bottom = layout.plots[0].top(), layout.axis.top()
        if self.selection is not None:
            left, right = (self._at(layout.axis, t) for t in self.selection)
            box = QRectF(left, top, right - left, bottom - top).intersected(
                QRectF(layout.axis.left(), top, layout.axis.width(), bottom - top)
            )
            p.fillRect(box, themes.colour(self.look.theme.accent, 0.14))
        x = self._at(layout.axis, self.at)
        if layout.axis.left() <= x <= layout.axis.right():
            p.setPen(QPen(QColor(self.look.theme.accent), self.look.px(1.5)))
            p.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _compared(self, p: QPainter, layout: Layout, comparison: Comparison) -> None:
        """Draw the other run's trace of what is in focus, and its name."""
        lane, ink = comparison.lane(self.focus), QColor(self.look.theme.accent)
        for plot, column in zip(layout.plots[:2], (0, 2), strict=True):
            if lane is None:
                continue
            times, rows = self._visible(plot, lane.times, lane.rows)
            x, y = self._x(plot, times), plot.center().y() - rows[:, column] * (plot.height() / 2 - 2)
            p.save()
            p.setClipRect(plot)
            for run in runs(np.isfinite(y)):
                line(p, x[run], y[run], ink, bold=True)
            p.restore()
        px, text = self.look.px, self.look.words("blue: {name}", name=comparison.title)
        row = QRectF(layout.axis.left(), px(8), layout.axis.width() * 0.45, px(18))
        draw_text(p, row, text, self.look.font(11), self.look.theme.accent)

    # -- the mouse -----------------------------------------------------------------------------------

    def _time(self, x: float) -> float:
        axis = self._layout(self.content()).axis
        begin, end = self.range
        t = begin + (x - axis.left()) / axis.width() * (end - begin)
        return min(max(t, begin), end)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start to scrub or to select."""
        super().mousePressEvent(event)
        if event.position().y() < self.content().top():
            return
        t = self._time(event.position().x())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._anchor = t
            self.select(t, t)
        else:
            self.moved.emit(t)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub or widen the segment."""
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        t = self._time(event.position().x())
        if self._anchor is not None:
            self.select(self._anchor, t)
        else:
            self.moved.emit(t)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the selection."""
        self._anchor = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all and drop the selection."""
        self.select(0.0, 0.0)
        self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        self.zoom(0.8 if event.angleDelta().y() > 0 else 1.25, self._time(event.position().x()))
        event.accept()
