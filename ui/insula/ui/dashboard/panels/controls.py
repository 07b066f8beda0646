"""Buttons and texts of the rows above the panels, named for screen readers."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton

from insula.ui.dashboard.drawing import Style

ARMED_MS: Final = 3000


class SecondClick(QObject):
    """Makes ``button`` mean it at the second click only: a slip of the mouse must not end anything.

    After the first it shows ``really`` for three seconds; ``meant`` is emitted at the second.
    """

    meant = Signal()

    def __init__(self, button: QPushButton, really: str) -> None:
        super().__init__(button)
        self._button, self._text, self._really = button, button.text(), really
        self.armed = QTimer(self)
        self.armed.setSingleShot(True)
        self.armed.timeout.connect(self._disarm)
        button.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        if self.armed.isActive():
            self._disarm()
            self.meant.emit()
            return
        self._button.setText(self._really)
        self.armed.start(ARMED_MS)

    def _disarm(self) -> None:
        self.armed.stop()
        self._button.setText(self._text)


def label(look: Style, role: str, name: str) -> QLabel:
    """Return an empty text; ``role`` is its look in the style sheet."""
    made = QLabel()
    made.setObjectName(role)
    made.setAccessibleName(look.words(name))
    return made


def button(look: Style, text: str, hint: str) -> QPushButton:
    """Return a button that Tab reaches and that tells what it does."""
    made = QPushButton(look.words(text))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setToolTip(look.words(hint))
    made.setAccessibleName(look.words(text))
    return made
