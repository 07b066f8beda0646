"""The eight expressions as bars; hatched when nothing was measured."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from insula.edge.types import EXPRESSIONS
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import RIGHT, draw_text, hatch
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import LiveView
from insula.ui.dashboard.words import GLOSSARY


class ExpressionPanel(Canvas):
    """Probabilities of the expressions, fused over face and voice."""

    title = "Expression"
    hint = f"{GLOSSARY['expression']}<br>{GLOSSARY['likely']}<br>{GLOSSARY['candidates']}"
    every = 3

    def _rows(self, rect: QRectF) -> list[QRectF]:
        height = rect.height() / len(EXPRESSIONS)
        return [
            QRectF(rect.left(), rect.top() + k * height, rect.width(), height)
            for k in range(len(EXPRESSIONS))
        ]

    def _bar(self, row: QRectF) -> QRectF:
        px = self.look.px
        thick = min(px(8), row.height() * 0.5)
        return QRectF(row.left() + px(92), row.center().y() - thick / 2, row.width() - px(130), thick)

    def draw_still(self, p: QPainter, rect: QRectF) -> None:
        """Paint names and empty bars."""
        size = min(11.5, rect.height() / len(EXPRESSIONS) / self.look.scale * 0.8)
        for name, row in zip(EXPRESSIONS, self._rows(rect), strict=True):
            draw_text(p, row, self.look.words(name), self.look.font(size), self.look.theme.muted)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(self.look.theme.raised))
            bar = self._bar(row)
            p.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the bars, the most probable one brightest."""
        t, rows = self.look.theme, self._rows(rect)
        logs = view.now.expression
        if logs is None:
            area = QRectF(self._bar(rows[0]).left(), rect.top(), 0, rect.height())
            area.setRight(rect.right())
            hatch(p, area, self.look, self._why(view))
            return
        best = max(logs)
        likely = view.now.likely or (None,) * len(rows)
        kept = view.now.candidates or EXPRESSIONS
        for name, log, row, usual in zip(EXPRESSIONS, logs, rows, likely, strict=True):
            share, bar = math.exp(log), self._bar(row)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(themes.colour(t.accent, 1.0 if log == best else 0.5 if name in kept else 0.18))
            width = max(bar.height(), bar.width() * share) if share > 0.004 else 0.0
            p.drawRoundedRect(
                QRectF(bar.left(), bar.top(), width, bar.height()), bar.height() / 2, bar.height() / 2
            )
            if usual is not None:
                self._usual(p, bar, usual)
            size = min(11.5, row.height() / self.look.scale * 0.8)
            font = self.look.bold(size) if log == best else self.look.font(size)
            draw_text(p, row, f"{share:.0%}", font, t.ink if log == best else t.muted, RIGHT)

    def _usual(self, p: QPainter, bar: QRectF, usual: tuple[float, float]) -> None:
        px, y = self.look.px, bar.center().y()
        left, right = (bar.left() + bar.width() * share for share in usual)
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        ink, thin, tall = QColor(self.look.theme.ink), max(1.0, px(1)), px(7)
        p.fillRect(QRectF(left, y - thin / 2, max(thin, right - left), thin), ink)
        for x in (left, right):
            p.fillRect(QRectF(x - thin / 2, y - tall / 2, thin, tall), ink)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _why(self, view: LiveView) -> str:
        reasons = [lane.reason for lane in view.modalities if lane.key in ("face", "voice") and lane.reason]
        return view.now.reason or (reasons[0] if reasons else self.look.words("not measured"))
