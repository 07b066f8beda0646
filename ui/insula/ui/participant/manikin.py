"""Small figures for self-assessment, our own drawings: five steps of valence, arousal and dominance.

The idea of rating with manikins is Bradley and Lang's (1994); their pictures are not used.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

STEPS = 5


def draw(p: QPainter, rect: QRectF, axis: str, step: int, ink: QColor, skin: QColor) -> None:
    """Draw figure ``step`` (0…4) of ``axis`` into ``rect``, which is about as wide as high."""
    level = step / (STEPS - 1)
    size = min(rect.width(), rect.height())
    scale = 0.42 + 0.58 * level if axis == "dominance" else 1.0
    side = size * scale
    p.save()
    p.translate(rect.center().x() - side / 2, rect.bottom() - side)  # all stand on one floor
    p.scale(side, side)
    pen = QPen(ink, 0.026 / scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    p.setPen(pen)
    _body(p, skin)
    if axis == "arousal":
        _wave(p, level)
    p.setBrush(skin)
    p.drawEllipse(QPointF(0.5, 0.30), 0.235, 0.235)
    p.setBrush(Qt.BrushStyle.NoBrush)
    mood = 2 * level - 1 if axis == "valence" else 0.0  # a row speaks of one thing
    _eyes(p, level if axis == "arousal" else 0.5, ink)
    _mouth(p, mood)
    if axis == "valence":
        _brows(p, mood)
    p.restore()


def _body(p: QPainter, skin: QColor) -> None:
    body = QPainterPath()
    body.moveTo(0.12, 0.985)
    body.cubicTo(0.12, 0.70, 0.24, 0.58, 0.5, 0.58)
    body.cubicTo(0.76, 0.58, 0.88, 0.70, 0.88, 0.985)
    body.closeSubpath()
    p.setBrush(skin)
    p.drawPath(body)
    p.setBrush(Qt.BrushStyle.NoBrush)


def _wave(p: QPainter, level: float) -> None:
    """Draw a line through the chest: flat when calm, tall and quick when activated."""
    height, periods = 0.012 + 0.115 * level, 1.0 + 3.0 * level
    path = QPainterPath(QPointF(0.26, 0.80))
    for k in range(1, 49):
        x = k / 48
        envelope = math.sin(math.pi * x)
        path.lineTo(0.26 + 0.48 * x, 0.80 - height * envelope * math.sin(2 * math.pi * periods * x))
    p.drawPath(path)


def _eyes(p: QPainter, open_: float, ink: QColor) -> None:
    for x in (0.415, 0.585):
        if open_ < 0.2:
            path = QPainterPath(QPointF(x - 0.04, 0.285))
            path.quadTo(x, 0.315, x + 0.04, 0.285)
            p.drawPath(path)
            continue
        radius = 0.030 + 0.034 * open_
        if open_ > 0.6:
            p.drawEllipse(QPointF(x, 0.28), radius, radius)
        p.setBrush(ink)
        p.drawEllipse(QPointF(x, 0.28), 0.014, 0.014 + 0.006 * open_)
        p.setBrush(Qt.BrushStyle.NoBrush)


def _mouth(p: QPainter, mood: float) -> None:
    wide = 0.085 + 0.03 * abs(mood)
    path = QPainterPath(QPointF(0.5 - wide, 0.405 - 0.028 * mood))
    path.quadTo(0.5, 0.405 + 0.085 * mood, 0.5 + wide, 0.405 - 0.028 * mood)
    p.drawPath(path)


def _brows(p: QPainter, mood: float) -> None:
    drop = 0.03 * min(mood, 0.0)
    for side in (-1, 1):
        p.drawLine(QPointF(0.5 + side * 0.05, 0.205 + drop), QPointF(0.5 + side * 0.13, 0.205 - drop))
