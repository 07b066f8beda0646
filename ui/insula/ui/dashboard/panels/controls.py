"""Buttons and texts of the rows above the panels, named for screen readers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from insula.ui.dashboard.drawing import Style


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
