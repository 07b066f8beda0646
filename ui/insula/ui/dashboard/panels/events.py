"""What happened, newest first: markers, sensors that went and came back."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from insula.ui.dashboard.drawing import LEFT, draw_text
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.view import Happening, LiveView


class EventsPanel(Canvas):
    """The session's log, as much as fits."""

    title = "Events"
    hint = "Markers and what the sensors did, newest first, by session time."
    every = 3
    nothing = "nothing yet; M writes a marker"

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint as many rows as there is room for."""
        px, words = self.look.px, self.look.words
        height = px(19)
        if not view.events:
            row = QRectF(rect.left(), rect.top(), rect.width(), height)
            draw_text(p, row, words(self.nothing), self.look.font(11), self.look.theme.faint)
        for k, event in enumerate(reversed(view.events)):
            row = QRectF(rect.left(), rect.top() + k * height, rect.width(), height)
            if row.bottom() > rect.bottom() + px(2):
                break
            self._row(p, row, event, view)

    def _row(self, p: QPainter, row: QRectF, event: Happening, view: LiveView) -> None:
        t, px = self.look.theme, self.look.px
        ink = {"marker": t.accent, "bad": t.bad, "good": t.good}.get(event.kind, t.muted)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(ink))
        p.drawRoundedRect(QRectF(row.left(), row.center().y() - px(6), px(3), px(12)), px(1.5), px(1.5))
        since = view.session.started
        when = clock_text(event.t - since) if since is not None else f"−{clock_text(view.t - event.t)}"
        draw_text(p, row.adjusted(px(10), 0, 0, 0), when, self.look.font(11), t.faint, LEFT)
        draw_text(p, row.adjusted(px(50), 0, 0, 0), event.text, self.look.font(11.5), t.ink, LEFT)
