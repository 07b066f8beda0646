"""A small live picture of one device on the set-up page."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from insula.ui.dashboard.drawing import CENTRE, Style, draw_text, hatch, line
from insula.ui.dashboard.preview import Preview
from insula.ui.dashboard.signals import MODALITY_OF

AGAIN_MS = 66
SPAN_S = 4.0


class PreviewBox(QWidget):
    """Shows a preview while it is visible; hidden, it lets go of the device."""

    def __init__(self, look: Style, preview: Preview) -> None:
        super().__init__()
        self.look, self.preview = look, preview
        self.setFixedHeight(round(look.px(112)))
        self.setAccessibleName(look.words("preview"))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.update)
        self._timer.start(AGAIN_MS)

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of the device."""
        self._timer.stop()
        self.preview.close()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the newest picture or the last seconds of the first channel, or why there is nothing."""
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        image, samples, info = self.preview.image(), self.preview.samples(), self.preview.info
        if image is not None:
            self._picture(p, area, image)
        elif info is not None and len(samples) > 1:
            n = int(min(len(samples), SPAN_S * (info.sfreq or 50.0)))
            self._course(p, area, samples[-n:], self.look.theme.modality(MODALITY_OF.get(info.type, "")))
        else:
            hatch(p, area, self.look, self.preview.reason or self.look.words("waiting for the first samples"))
        p.end()

    def _picture(self, p: QPainter, area: QRectF, image: np.ndarray) -> None:
        height, width = image.shape[:2]
        data = np.ascontiguousarray(image)
        shown = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        size = area.height() * width / height
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        p.drawImage(QRectF(0, 0, size, area.height()), shown)

    def _course(self, p: QPainter, area: QRectF, values: np.ndarray, ink: str) -> None:
        p.fillRect(area, QColor(self.look.theme.raised))
        finite = values[np.isfinite(values)]
        if not len(finite):
            draw_text(p, area, self.look.words("no signals yet"), self.look.font(11), ink, CENTRE)
            return
        low, high = float(finite.min()), float(finite.max())
        unit = (area.height() - 12) / max(high - low, 1e-9)
        step = max(1, len(values) // round(area.width()))
        y = area.bottom() - 6 - (np.nan_to_num(values[::step], nan=low) - low) * unit
        line(p, np.linspace(area.left(), area.right(), len(y)), y, QColor(ink), bold=True)
