"""A window of its own for EEG band powers over the head, opened on demand and drawn on a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.bands import band_powers
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.view import SignalLane

AGAIN_MS = 3000


class BandsWindow(QWidget):
    """Looks at the EEG of ``lane()`` every three seconds while it is open; the session window never waits."""

    drawn = Signal(object, str)

    def __init__(self, look: Style, lane: Callable[[], SignalLane | None], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.look, self._lane = look, lane
        self.setWindowTitle(f"{look.words('EEG bands')} – Insula")
        self.setAccessibleName(look.words("EEG bands"))
        self.setObjectName("page")
        self.setStyleSheet(
            themes.sheet(look.theme, look.scale) + f"QWidget {{ background: {look.theme.panel} }}"
        )
        self.picture, self.note = QLabel(), QLabel(look.words("reading ten seconds of EEG …"))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName(look.words("EEG bands"))
        self.note.setObjectName("muted")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(self.picture, 1)
        column.addWidget(self.note)
        self.resize(980, 620)
        self._busy = False
        self.drawn.connect(self._show)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look_again)
        self._timer.start(AGAIN_MS)
        self.look_again()

    def look_again(self) -> None:
        """Draw anew, unless the last drawing is still under way."""
        if self._busy:
            return
        lane = self._lane()
        if lane is None or not len(lane.times):
            self.note.setText(self.look.words("no EEG in this session"))
            return
        self._busy = True
        held = replace(lane, times=lane.times.copy(), rows=lane.rows.copy())  # the buffer goes on
        threading.Thread(target=self._draw, args=(held,), daemon=True).start()

    def _draw(self, lane: SignalLane) -> None:
        powers = band_powers(lane)
        image: npt.NDArray[np.uint8] | None = None
        note = self.look.words("the last {s:.0f} s, all electrodes that carry a signal", s=lane.span_s)
        if powers is None:
            note = self.look.words("reading ten seconds of EEG …")
        else:
            from insula.ui.dashboard.topography import picture

            image = picture(powers, self.look.theme, self.look.words, 100.0 * self.look.scale)
        if lane.simulated:
            note += " · " + self.look.words("SIMULATED")
        self.drawn.emit(image, note)

    def _show(self, image: npt.NDArray[np.uint8] | None, note: str) -> None:
        self._busy = False
        self.note.setText(note)
        if image is not None:
            height, width = image.shape[:2]
            made = QImage(image.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
            self.picture.setPixmap(QPixmap.fromImage(made))
