"""Painting helpers shared by the panels: lines and bands from arrays, hatching, text.

Lines are one device pixel wide because Qt's raster engine draws those 10 to 30 times faster than wider
ones (1800 points with antialiasing: 0.14 ms against 3.3 ms); a bold line is two passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.series import FloatArray
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Style:
    """What every panel is drawn with: colours, words and the size of a unit in pixels."""

    theme: Theme
    words: Words
    scale: float = 1.0

    def px(self, size: float) -> float:
        """Return ``size`` units in logical pixels."""
        return size * self.scale

    def font(self, size: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the font of ``size`` units."""
        return _font(round(self.px(size) * 4), weight)

    def bold(self, size: float) -> QFont:
        """Return the half-bold font of ``size`` units."""
        return self.font(size, QFont.Weight.DemiBold)


@lru_cache(maxsize=128)
def _font(quarter_px: int, weight: QFont.Weight) -> QFont:
    return themes.font(quarter_px / 4, weight)


def text_width(text: str, font: QFont) -> float:
    """Return the width of ``text`` in logical pixels."""
    return QFontMetricsF(font).horizontalAdvance(text)


def elided(text: str, font: QFont, width: float) -> str:
    """Return ``text`` shortened with an ellipsis so that it fits ``width``."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)


def draw_text(
    p: QPainter, rect: QRectF, text: str, font: QFont, ink: str, align: Qt.AlignmentFlag = LEFT
) -> None:
    """Draw one line of text, shortened to its rectangle."""
    p.setFont(font)
    p.setPen(QColor(ink))
    p.drawText(rect, align, elided(text, font, rect.width()))


def draw_words(p: QPainter, rect: QRectF, text: str, font: QFont, ink: str) -> None:
    """Draw a sentence on as many lines as fit; the last one is shortened."""
    lines = broken(text, font, rect.width(), max(1, int(rect.height() // QFontMetricsF(font).height())))
    height = QFontMetricsF(font).lineSpacing()
    for k, line_text in enumerate(lines):
        row = QRectF(rect.left(), rect.top() + k * height, rect.width(), height)
        draw_text(p, row, line_text, font, ink)


@lru_cache(maxsize=32)
def broken(text: str, font: QFont, width: float, most: int) -> tuple[str, ...]:
    """Return ``text`` in at most ``most`` lines of a width; what is left over stays on the last one."""
    metrics, words = QFontMetricsF(font), text.split()
    lines: list[str] = []
    while words and len(lines) < most - 1:
        n = len(words)
        while n > 1 and metrics.horizontalAdvance(" ".join(words[:n])) > width:
            n -= 1
        lines.append(" ".join(words[:n]))
        words = words[n:]
    return (*lines, " ".join(words)) if words else tuple(lines)


def runs(rows: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Yield the slices of consecutive true values that hold at least two."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], rows, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= 2:
            yield slice(int(begin), int(end))


def steady(times: FloatArray, finite: npt.NDArray[np.bool_], max_step_s: float) -> Iterator[slice]:
    """Yield the runs that are finite and have no hole in time longer than ``max_step_s``."""
    for run in runs(finite):
        holes = np.flatnonzero(np.diff(times[run]) > max_step_s) + 1
        bounds = [run.start, *(run.start + int(i) for i in holes), run.stop]
        for begin, end in pairwise(bounds):
            if end - begin >= 2:
                yield slice(begin, end)


def line(p: QPainter, x: FloatArray, y: FloatArray, ink: QColor, *, bold: bool = False) -> None:
    """Draw a line through ``(n,)`` points in pixels."""
    pen = QPen(ink, 1.0)
    pen.setCosmetic(True)
    p.setPen(pen)
    p.setBrush(Qt.BrushStyle.NoBrush)
    polygon = arrayToQPolygonF(x, y)
    p.drawPolyline(polygon)
    if bold or p.device().devicePixelRatio() > 1:
        for _ in range(2 if bold else 1):
            polygon.translate(0.0, 0.55)
            p.drawPolyline(polygon)


def band(p: QPainter, x: FloatArray, low: FloatArray, high: FloatArray, fill: QColor) -> None:
    """Fill between two lines of ``(n,)`` points in pixels, without antialiasing: a quarter of the cost."""
    p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(fill)
    p.drawPolygon(arrayToQPolygonF(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])))
    p.setRenderHint(QPainter.RenderHint.Antialiasing)


@lru_cache(maxsize=16)
def _hatch(ink: str, under: str, size: int, ratio: float) -> QBrush:
    side = round(size * ratio)
    tile = QPixmap(side, side)
    tile.fill(QColor(under))  # opaque: blending a texture costs several times more
    p = QPainter(tile)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.setPen(QPen(themes.colour(ink, 0.5), 1.0 * ratio))
    for shift in (-side, 0, side):
        p.drawLine(QPointF(shift, side), QPointF(shift + side, 0))
    p.end()
    tile.setDevicePixelRatio(ratio)
    return QBrush(tile)


def hatch(p: QPainter, rect: QRectF, style: Style, reason: str = "", *, size: float = 11.0) -> None:
    """Show that nothing was measured in ``rect``: hatched and dim, with the reason where there is room."""
    ratio = p.device().devicePixelRatio()
    p.fillRect(rect, _hatch(style.theme.faint, style.theme.panel, round(style.px(8)), ratio))
    if not reason:
        return
    font = style.font(size)
    room = rect.adjusted(style.px(6), 0, -style.px(6), 0)
    if room.width() < style.px(54) or room.height() < style.px(size):
        return
    shown = elided(style.words(reason), font, room.width() - style.px(10))
    box = QRectF(0, 0, text_width(shown, font) + style.px(12), style.px(size * 1.75))
    box.moveCenter(rect.center())
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(QColor(style.theme.panel))
    p.drawRoundedRect(box, style.px(4), style.px(4))
    draw_text(p, box, shown, font, style.theme.muted, CENTRE)


def pill(p: QPainter, right: float, middle: float, text: str, style: Style, ink: str, fill: QColor) -> float:
    """Draw a small label that ends at ``right``; return where it begins."""
    font = style.bold(9.5)
    width = text_width(text, font) + style.px(12)
    box = QRectF(right - width, middle - style.px(8), width, style.px(16))
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(fill)
    p.drawRoundedRect(box, style.px(4), style.px(4))
    draw_text(p, box, text, font, ink, CENTRE)
    return box.left()
