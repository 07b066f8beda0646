"""What matters while the operator stands in the room: to be read from two metres.

It shows what runs and what is wrong, and nothing of how the person is read: the person may see it too.
Letters are at least 6 % of the window's height: 12 mm on the smallest laptop, legible at two metres.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import CENTRE, LEFT, RIGHT, Style, draw_text, draw_words
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.panels.sensors import draw_light
from insula.ui.dashboard.view import Light, LiveView

ALARMS = (Light.LOST, Light.STALLED)


class RoomPanel(Canvas):
    """Covers the whole window."""

    title = ""
    hint = "For the room: what runs and what is wrong, readable from two metres. Escape goes back."
    every = 3

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self.setAccessibleName(style.words("Room view"))

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint clock and recording light, the step of the protocol, the sensors and the alarm."""
        h, t = self.height(), self.look.theme
        area = QRectF(self.rect()).adjusted(0.05 * h, 0.04 * h, -0.05 * h, -0.04 * h)
        self._top(p, QRectF(area.left(), area.top(), area.width(), 0.17 * h), view)
        self._step(p, QRectF(area.left(), area.top() + 0.19 * h, area.width(), 0.22 * h), view)
        self._sensors(p, QRectF(area.left(), area.top() + 0.44 * h, area.width(), 0.27 * h), view)
        alarm = self.alarm(view)
        box = QRectF(area.left(), area.bottom() - 0.17 * h, area.width(), 0.17 * h)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(themes.blend(t.bad if alarm else t.good, t.panel, 0.25))
        p.drawRoundedRect(box, 0.02 * h, 0.02 * h)
        inner = box.adjusted(0.03 * h, 0.014 * h, -0.03 * h, -0.01 * h)
        if alarm:
            draw_words(p, inner, alarm, self._font(0.06, bold=True), t.ink)
        else:
            draw_text(p, inner, self.look.words("all is well"), self._font(0.07), t.ink, CENTRE)

    def alarm(self, view: LiveView) -> str:
        """Return the worst thing to be said, "" when all is well."""
        if view.silence:
            return view.silence
        down = next((card for card in view.sensors if card.light in ALARMS), None)
        return f"{down.stream}: {self.look.words(down.reason)}" if down is not None else ""

    def _font(self, share: float, *, bold: bool = False) -> QFont:
        size = share * self.height() / self.look.scale
        return self.look.bold(size) if bold else self.look.font(size)

    def _top(self, p: QPainter, row: QRectF, view: LiveView) -> None:
        t, session, words = self.look.theme, view.session, self.look.words
        if session.recording_since is not None:
            text = f"● {clock_text(view.t - session.recording_since)}"
            draw_text(p, row, text, self._font(0.15, bold=True), t.recording, LEFT)
        else:
            draw_text(p, row, words("not recording"), self._font(0.09, bold=True), t.muted, LEFT)
        told = words("SIMULATED") if view.simulated else session.name
        if session.private:
            told = words("privacy shutter closed")
        draw_text(p, row, told, self._font(0.07), t.warn if view.simulated else t.ink, RIGHT)

    def _step(self, p: QPainter, row: QRectF, view: LiveView) -> None:
        progress, t = view.session.protocol, self.look.theme
        if progress is None:
            return
        draw_text(
            p,
            row,
            progress.page.name if progress.page else progress.title,
            self._font(0.11, bold=True),
            t.ink,
            LEFT,
        )
        if progress.ends is not None:
            left = clock_text(max(0.0, progress.ends - view.t))
            draw_text(p, row, left, self._font(0.17, bold=True), t.accent, RIGHT)

    def _sensors(self, p: QPainter, area: QRectF, view: LiveView) -> None:
        shown, t = view.sensors[:6], self.look.theme
        if not shown:
            return
        columns = 2 if len(shown) > 1 else 1
        rows = -(-len(shown) // columns)
        width, height = area.width() / columns, min(area.height() / rows, 0.12 * self.height())
        for k, card in enumerate(shown):
            row = QRectF(
                area.left() + (k % columns) * width, area.top() + (k // columns) * height, width, height
            )
            size = 0.028 * self.height()
            draw_light(p, QPointF(row.left() + size, row.center().y()), card.light, self.look, size)
            text = row.adjusted(3 * size, 0, -size, 0)
            word = self.look.words(card.light)
            draw_text(p, text, f"{card.stream}  {word}", self._font(0.062), QColor(t.ink).name(), LEFT)
