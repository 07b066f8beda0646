"""What all windows of the dashboard share: panels, theme, letters that grow with the window."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QGridLayout, QMainWindow, QWidget

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words

REFERENCE = (1500, 850)
"""Window size at which a unit is a pixel; a larger window has larger letters."""

SCALES = (0.85, 2.6)


class Frame(QMainWindow):
    """A window of panels; ``closed`` is emitted when the operator closes it."""

    closed = Signal()
    panels: tuple[Canvas, ...] = ()

    def __init__(self, theme: Theme, words: Words) -> None:
        super().__init__()
        self.look = Style(theme, words)
        self.setWindowTitle("Insula")
        self.setMinimumSize(960, 600)
        self.setStyleSheet(themes.sheet(theme, 1.0))
        QShortcut(QKeySequence("F11"), self, self._full_screen)
        QShortcut(QKeySequence.StandardKey.Quit, self, self.close)

    def lay_out(self, cells: tuple[tuple[QWidget, int, int, int, int], ...], rows: dict[int, int]) -> None:
        """Put widgets on a grid of 48 columns: widget, row, column, rows, columns."""
        body = QWidget()
        body.setObjectName("page")
        grid = QGridLayout(body)
        grid.setContentsMargins(10, 8, 10, 10)
        grid.setSpacing(8)
        for widget, row, column, height, width in cells:
            grid.addWidget(widget, row, column, height, width)
        for column in range(48):
            grid.setColumnStretch(column, 1)
        for row, stretch in rows.items():
            grid.setRowStretch(row, stretch)
        self.setCentralWidget(body)
        body.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        body.setFocus()  # not a text field, or the hotkeys would be typed into it

    def restyle(self, look: Style) -> None:
        """Draw everything with another theme or size; the theme is remembered."""
        if look == self.look:
            return
        if look.theme != self.look.theme:
            app = QApplication.instance()
            assert isinstance(app, QApplication)
            themes.apply(app, look.theme)
            QSettings().setValue("theme", look.theme.name)
        self.look = look
        self.setStyleSheet(themes.sheet(look.theme, look.scale))
        for panel in self.panels:
            panel.restyle(look)

    def other_theme(self) -> None:
        """Change between dark and light."""
        other = themes.LIGHT if self.look.theme is themes.DARK else themes.DARK
        self.restyle(Style(other, self.look.words, self.look.scale))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the letters grow with the window."""
        size = event.size()
        fit = min(size.width() / REFERENCE[0], size.height() / REFERENCE[1])
        scale = round(min(max(fit, SCALES[0]), SCALES[1]) * 20) / 20
        self.restyle(Style(self.look.theme, self.look.words, scale))
        super().resizeEvent(event)

    def restore_place(self) -> bool:
        """Go where such a window was when it was closed last; returns whether that is known."""
        place = QSettings().value(self._place)
        return isinstance(place, QByteArray) and self.restoreGeometry(place)

    @property
    def _place(self) -> str:
        return f"place/{type(self).__name__}"

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place and tell whoever opened it."""
        QSettings().setValue(self._place, self.saveGeometry())
        super().closeEvent(event)
        self.closed.emit()

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
