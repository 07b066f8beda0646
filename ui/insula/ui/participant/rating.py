"""A pad to rate on while something goes on: one line for one axis, a square for valence and arousal.

It rates while the mouse button is held (or a joystick is there) and says nothing otherwise: a hand that
lets go has no opinion.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from insula.ui.dashboard.drawing import CENTRE, LEFT, RIGHT, Style, draw_text

_ENDS = {"valence": ("unpleasant", "pleasant"), "arousal": ("calm", "activated")}


class RatingPad(QWidget):
    """``values`` holds one number in [−1, 1] for every label, ``None`` while nobody rates."""

    def __init__(self, labels: tuple[str, ...], look: Style) -> None:
        super().__init__()
        self.labels, self.look = labels, look
        self.values: tuple[float | None, ...] = (None,) * len(labels)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(" / ".join(labels))
        self.setToolTip(look.words("hold the mouse button and move, or use a joystick"))

    def sizeHint(self) -> QSize:
        """Return a strip for one axis, a square for two."""
        width, height = (720, 96) if len(self.labels) == 1 else (300, 300)
        return QSize(round(self.look.px(width)), round(self.look.px(height)))

    def push(self, x: float, y: float) -> None:
        """Rate with a joystick: ``x`` to the right and ``y`` up, each in [−1, 1]."""
        axes = (x,) if len(self.labels) == 1 else (x, y)
        self.values = tuple(min(max(value, -1.0), 1.0) for value in axes)
        self.update()

    def let_go(self) -> None:
        """Rate no longer."""
        self.values = (None,) * len(self.labels)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to rate."""
        self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Rate on; comes only while a button is held."""
        self._follow(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Rate no longer."""
        self.let_go()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field, its ends and the point."""
        t, px, words = self.look.theme, self.look.px, self.look.words
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        field = self._field()
        p.setPen(QPen(QColor(t.border), px(1.5)))
        p.setBrush(QColor(t.panel))
        p.drawRoundedRect(field, px(12), px(12))
        p.setPen(QPen(QColor(t.axis), px(1.5)))
        c = field.center()
        p.drawLine(QPointF(field.left(), c.y()), QPointF(field.right(), c.y()))
        p.drawLine(QPointF(c.x(), field.top()), QPointF(c.x(), field.bottom()))
        font, row = self.look.font(14), px(22)
        low, high = _ENDS.get(self.labels[0], ("−", "+"))
        below = QRectF(field.left(), field.bottom() + px(4), field.width(), row)
        draw_text(p, below, words(low), font, t.muted, LEFT)
        draw_text(p, below, words(high), font, t.muted, RIGHT)
        if len(self.labels) > 1:
            down, up = _ENDS.get(self.labels[1], ("−", "+"))
            above = QRectF(field.left(), field.top() - row - px(2), field.width(), row)
            draw_text(p, above, words(up), font, t.muted, CENTRE)
            draw_text(p, below, words(down), font, t.muted, CENTRE)
        x = self.values[0]
        if x is not None:
            y = self.values[1] if len(self.values) > 1 else 0.0
            at = QPointF(c.x() + x * field.width() / 2, c.y() - (y or 0.0) * field.height() / 2)
            p.setPen(QPen(QColor(t.window), px(3)))
            p.setBrush(QColor(t.accent))
            p.drawEllipse(at, px(13), px(13))
        p.end()

    def _field(self) -> QRectF:
        px = self.look.px
        top = px(28) if len(self.labels) > 1 else px(8)
        return QRectF(self.rect()).adjusted(px(14), top, -px(14), -px(30))

    def _follow(self, at: QPointF) -> None:
        field = self._field()
        c = field.center()
        self.push((at.x() - c.x()) / (field.width() / 2), (c.y() - at.y()) / (field.height() / 2))
