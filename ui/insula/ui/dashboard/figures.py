"""What the review window gives away: a picture of the window, a figure in vectors, the printed report."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRect, QSize
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels.canvas import Canvas


def save_figure(panel: Canvas, path: Path) -> bool:
    """Save one panel as SVG or PDF by the name's ending, in light colours; returns whether that worked."""
    before = panel.look
    panel.restyle(Style(themes.LIGHT, before.words, before.scale))  # for paper
    try:
        return _svg(panel, path) if path.suffix.lower() == ".svg" else _pdf(panel, path)
    finally:
        panel.restyle(before)


def _svg(panel: Canvas, path: Path) -> bool:
    made = QSvgGenerator()
    made.setFileName(str(path))
    made.setSize(panel.size())
    made.setViewBox(QRect(0, 0, panel.width(), panel.height()))
    made.setTitle(panel.accessibleName())
    return _paint(panel, QPainter(), made)


def _pdf(panel: Canvas, path: Path) -> bool:
    made = QPdfWriter(str(path))
    made.setResolution(96)
    size = QSize(panel.width(), panel.height())
    made.setPageSize(QPageSize(size.toSizeF() * (72 / 96), QPageSize.Unit.Point))
    made.setPageMargins(QMarginsF(0, 0, 0, 0))
    made.setTitle(panel.accessibleName())
    return _paint(panel, QPainter(), made)


def _paint(panel: Canvas, p: QPainter, device: QSvgGenerator | QPdfWriter) -> bool:
    if not p.begin(device):
        return False
    panel.paint_figure(p)
    return p.end()
