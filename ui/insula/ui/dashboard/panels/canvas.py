"""The sheet every panel is drawn on: what stands still is painted once, what moves at every frame."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from insula.ui.dashboard.drawing import LEFT, Style, draw_text
from insula.ui.dashboard.view import LiveView

TITLE = 30.0
"""Height of the title row in units."""


class Canvas(QWidget):
    """A panel with a title.

    A panel overrides ``draw_still`` (axes, labels: cached until size, style or ``still_key`` change) and
    ``draw_live``; both get the rectangle below the title.
    """

    title = ""
    hint = ""
    every = 1
    """Repaint at every so many pictures: figures that change thirty times a second cannot be read."""

    def __init__(self, style: Style, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = style
        self.view: LiveView | None = None
        self._still: QPixmap | None = None
        self._still_of: object = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(120, 90))
        self._name()

    def restyle(self, style: Style) -> None:
        """Take other colours, words or sizes."""
        self.look = style
        self._name()
        self.update()

    def show_view(self, view: LiveView) -> None:
        """Draw this view at the next paint."""
        self.view = view
        self.update()

    def invalidate(self) -> None:
        """Paint the still part anew."""
        self._still = None
        self.update()

    def still_key(self) -> object:
        """Return what the still part depends on besides size and style."""
        return None

    def draw_still(self, p: QPainter, rect: QRectF) -> None:
        """Paint what does not move."""

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint what moves."""

    def content(self) -> QRectF:
        """Return the rectangle below the title."""
        px = self.look.px
        top = px(TITLE) if self.title else px(10)
        return QRectF(self.rect()).adjusted(px(14), top, -px(14), -px(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blit the still part and paint the rest."""
        p = QPainter(self)
        p.drawPixmap(0, 0, self._still_pixmap())
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.view is not None:
            self.draw_live(p, self.content(), self.view)
        p.end()

    def paint_figure(self, p: QPainter) -> None:
        """Paint everything with a painter of a file, in vectors where the file can hold them."""
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(p)
        if self.view is not None:
            self.draw_live(p, self.content(), self.view)

    def _name(self) -> None:
        words = self.look.words
        self.setAccessibleName(words(self.title))
        paragraphs = [words(part) for part in self.hint.split("<br>") if part]
        self.setAccessibleDescription(" ".join(paragraphs))
        self.setToolTip("".join(f"<p>{text}</p>" for text in paragraphs))

    def _still_pixmap(self) -> QPixmap:
        key = (self.size(), self.devicePixelRatioF(), self.look, self.still_key())
        if self._still is None or key != self._still_of:
            self._still, self._still_of = self._paint_still(), key
        return self._still

    def _paint_still(self) -> QPixmap:
        style, ratio = self.look, self.devicePixelRatioF()
        still = QPixmap(self.size() * ratio)
        still.setDevicePixelRatio(ratio)
        still.fill(QColor(style.theme.window))
        p = QPainter(still)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(p)
        p.end()
        return still

    def _ground(self, p: QPainter) -> None:
        style = self.look
        p.setPen(QColor(style.theme.border))
        p.setBrush(QColor(style.theme.panel))
        p.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), style.px(10), style.px(10))
        if self.title:
            row = QRectF(style.px(14), style.px(8), self.width() - style.px(28), style.px(18))
            draw_text(p, row, style.words(self.title), style.bold(11.5), style.theme.muted, LEFT)
        self.draw_still(p, self.content())
