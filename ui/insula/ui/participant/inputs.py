"""How a question is answered: a list of choices, a row of manikins, a line to mark, a field for words.

Each input has ``value`` (``None`` until something is chosen) and the signal ``changed``; the mouse and the
keyboard can do the same.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import LEFT, RIGHT, Style, draw_text
from insula.ui.participant import manikin
from insula.ui.protocol.page import FormItem


class ChoiceInput(QWidget):
    """One large button for each option; the digits choose, too."""

    changed = Signal()

    def __init__(self, item: FormItem, look: Style, value: float | None) -> None:
        super().__init__()
        self.buttons: list[QPushButton] = []
        self._values = [option.value for option in item.options]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(round(look.px(9)))
        group = QButtonGroup(self)
        for option in item.options:
            button = QPushButton(option.text)
            button.setObjectName("choice")
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setAccessibleName(option.text)
            button.setChecked(option.value == value)
            button.clicked.connect(self.changed)
            group.addButton(button)
            column.addWidget(button)
            self.buttons.append(button)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def value(self) -> float | None:
        """The chosen option's number."""
        for button, value in zip(self.buttons, self._values, strict=True):
            if button.isChecked():
                return value
        return None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let 1 choose the first, 2 the second, and so on."""
        number = event.text()
        if number.isdigit() and 1 <= int(number) <= len(self.buttons):
            self.buttons[int(number) - 1].click()
        else:
            super().keyPressEvent(event)


class _Painted(QWidget):
    """What the painted inputs share: a value of a scale, mouse and arrow keys."""

    changed = Signal()

    def __init__(self, item: FormItem, look: Style, value: float | None, units: tuple[int, int]) -> None:
        super().__init__()
        self.item, self.look, self.value = item, look, value
        self._units = units
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{item.text} {item.left} … {item.right}")

    def sizeHint(self) -> QSize:
        """Return the size at the look's scale."""
        return QSize(round(self.look.px(self._units[0])), round(self.look.px(self._units[1])))

    def choose(self, value: float) -> None:
        """Take a value."""
        self.value = value
        self.update()
        self.changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose what is under the mouse."""
        self.choose(self._value_at(event.position()))

    def _value_at(self, at: QPointF) -> float:
        raise NotImplementedError

    def _ends(self, p: QPainter, rect: QRectF) -> None:
        t = self.look.theme
        draw_text(p, rect, self.item.left, self.look.font(19), t.muted, LEFT)
        draw_text(p, rect, self.item.right, self.look.font(19), t.muted, RIGHT)


class ManikinInput(_Painted):
    """Five figures and the places between them: nine values from left to right."""

    def __init__(self, item: FormItem, look: Style, value: float | None) -> None:
        super().__init__(item, look, value, (940, 250))

    def _value_at(self, at: QPointF) -> float:
        n = len(self.item.options)
        return self.item.options[min(max(int(at.x() / self.width() * n), 0), n - 1)].value

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose a place, arrows move."""
        values = [option.value for option in self.item.options]
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        if event.text().isdigit() and float(event.text()) in values:
            self.choose(float(event.text()))
        elif step is not None:
            here = values.index(self.value) + step if self.value in values else len(values) // 2
            self.choose(values[min(max(here, 0), len(values) - 1)])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the figures, the places below them and the ends of the scale."""
        t, px = self.look.theme, self.look.px
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        options = self.item.options
        cell = self.width() / len(options)
        floor = self.height() - px(86)
        for k, option in enumerate(options):
            centre, chosen = (k + 0.5) * cell, option.value == self.value
            if k % 2 == 0:
                side = min(cell * 1.28, floor)
                box = QRectF(centre - side / 2, floor - side, side, side)
                tint = themes.blend(t.accent, t.window, 0.34 if chosen else 0.10)
                manikin.draw(p, box, self.item.axis, k // 2, QColor(t.ink), tint)
            p.setPen(QPen(QColor(t.accent if chosen else t.faint), px(2)))
            p.setBrush(QColor(t.accent if chosen else t.panel))
            p.drawEllipse(QPointF(centre, floor + px(28)), px(12), px(12))
        if self.hasFocus():
            p.setPen(QPen(themes.colour(t.accent, 0.35), px(1.5)))
            p.setBrush(Qt.BrushStyle.NoBrush)
            bar = QRectF(px(2), floor + px(8), self.width() - px(4), px(40))
            p.drawRoundedRect(bar, px(20), px(20))
        self._ends(p, QRectF(cell * 0.1, floor + px(54), self.width() - cell * 0.2, px(30)))
        p.end()


class LineInput(_Painted):
    """A visual analogue scale, 0 at the left and 100 at the right; nothing is marked beforehand."""

    def __init__(self, item: FormItem, look: Style, value: float | None) -> None:
        super().__init__(item, look, value, (860, 130))

    def _value_at(self, at: QPointF) -> float:
        left, right = self._span()
        return round(min(max((at.x() - left) / (right - left), 0.0), 1.0) * 100, 1)

    def _span(self) -> tuple[float, float]:
        return self.look.px(16), self.width() - self.look.px(16)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while its button is down."""
        self.choose(self._value_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move by one."""
        step = {Qt.Key.Key_Right: 1.0, Qt.Key.Key_Left: -1.0}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self.choose(min(max((50.0 if self.value is None else self.value) + step, 0.0), 100.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line and the mark."""
        t, px = self.look.theme, self.look.px
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._span()
        y = px(40)
        p.setPen(QPen(QColor(t.accent if self.hasFocus() else t.faint), px(3)))
        p.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            p.drawLine(QPointF(x, y - px(12)), QPointF(x, y + px(12)))
        if self.value is not None:
            x = left + (right - left) * self.value / 100
            p.setPen(QPen(QColor(t.window), px(3)))
            p.setBrush(QColor(t.accent))
            p.drawEllipse(QPointF(x, y), px(14), px(14))
        self._ends(p, QRectF(left, px(78), right - left, px(30)))
        p.end()


class WordsInput(QPlainTextEdit):
    """Room for words."""

    changed = Signal()

    def __init__(self, item: FormItem, look: Style, text: str | None) -> None:
        super().__init__(text or "")
        self.setPlaceholderText(look.words("put a word in here, if you like"))
        self.setAccessibleName(item.text)
        self.setTabChangesFocus(True)
        self.setFixedHeight(round(look.px(190)))
        self.textChanged.connect(self.changed)

    @property
    def value(self) -> str | None:
        """What was written, ``None`` for nothing."""
        return self.toPlainText().strip() or None


Input = ChoiceInput | ManikinInput | LineInput | WordsInput


def make(item: FormItem, look: Style, value: float | None, text: str | None) -> Input:
    """Return the input for an item, with what was answered before."""
    if item.kind == "choice":
        return ChoiceInput(item, look, value)
    if item.kind == "manikin":
        return ManikinInput(item, look, value)
    if item.kind == "vas":
        return LineInput(item, look, value)
    return WordsInput(item, look, text)
