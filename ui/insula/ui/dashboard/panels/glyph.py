"""The three pictures on the doors of the start page, drawn in the colours of the modalities."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import Style

Picture = Literal["live", "recording", "setup"]


class Glyph(QWidget):
    """A small drawing."""

    def __init__(self, picture: Picture, look: Style) -> None:
        super().__init__()
        self.picture: Picture = picture
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.restyle(look)

    def restyle(self, look: Style) -> None:
        """Take other colours or another size."""
        self.theme = look.theme
        self.setFixedHeight(round(look.px(96)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture."""
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 6, -2, -6)
        {"live": self._live, "recording": self._recording, "setup": self._setup}[self.picture](p, area)
        p.end()

    def _pen(self, key: str, width: float = 2.2) -> QPen:
        pen = QPen(QColor(self.theme.modality(key)), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    def _live(self, p: QPainter, area: QRectF) -> None:
        for k, key in enumerate(("face", "voice", "eda", "eeg")):
            points = []
            for i in range(81):
                x = i / 80
                swell = math.exp(-(((x - 0.62) / 0.2) ** 2))
                y = math.sin(x * (9 + 5 * k) + k) * (0.18 + 0.82 * swell) * (0.36 - 0.05 * k)
                points.append(QPointF(area.left() + x * area.width(), area.center().y() - y * area.height()))
            p.setPen(self._pen(key))
            p.drawPolyline(QPolygonF(points))

    def _recording(self, p: QPainter, area: QRectF) -> None:
        rows = {
            "face": (0.0, 0.42, 0.5, 1.0),
            "voice": (0.05, 0.22, 0.34, 0.6, 0.7, 0.95),
            "eda": (0.0, 0.74),
        }
        for k, (key, ends) in enumerate(rows.items()):
            y = area.top() + area.height() * (0.22 + 0.28 * k)
            p.setPen(self._pen(key, 7))
            for a, b in zip(ends[::2], ends[1::2], strict=True):
                p.drawLine(
                    QPointF(area.left() + 6 + a * (area.width() - 12), y),
                    QPointF(area.left() + 6 + b * (area.width() - 12), y),
                )
        x = area.left() + area.width() * 0.63
        p.setPen(self._pen("fused", 2.2))
        p.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        p.setBrush(QColor(self.theme.ink))
        p.drawEllipse(QPointF(x, area.top() + 3), 4.5, 4.5)

    def _setup(self, p: QPainter, area: QRectF) -> None:
        for k, (key, share) in enumerate((("face", 0.7), ("voice", 0.34), ("eeg", 0.55))):
            y = area.top() + area.height() * (0.22 + 0.28 * k)
            p.setPen(QPen(themes.colour(self.theme.faint, 0.45), 3))
            p.drawLine(QPointF(area.left() + 6, y), QPointF(area.right() - 6, y))
            p.setPen(QPen(QColor(self.theme.panel), 3))
            p.setBrush(QColor(self.theme.modality(key)))
            p.drawEllipse(QPointF(area.left() + share * area.width(), y), 10, 10)
