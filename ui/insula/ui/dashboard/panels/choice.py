"""A drop-down list whose arrow wears the theme's colours: a style sheet alone has none without a picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox


class Choice(QComboBox):
    """One of several things."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the list's head and the arrow at its right end."""
        super().paintEvent(event)
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self.fontMetrics().xHeight() * 0.55
        x, y = self.width() - 2.6 * size - 4, self.height() / 2
        p.setPen(QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), max(1.3, size / 3)))
        corners = (QPointF(x - size, y - size / 2), QPointF(x, y + size / 2), QPointF(x + size, y - size / 2))
        p.drawPolyline(QPolygonF(corners))
        p.end()
