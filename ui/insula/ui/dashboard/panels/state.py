"""The state in figures: valence, arousal and indices with their intervals, and what they rest on."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from insula.edge.types import Measure
from insula.ui.dashboard.drawing import LEFT, RIGHT, draw_text, hatch, text_width
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import IndexLane, LiveView
from insula.ui.dashboard.words import GLOSSARY, INDEX_LABELS, MODALITY_LABELS

Z_90 = 1.645
"""Half width of a 90 % interval of a normal value, in standard deviations."""

EXPLAINED = ("valence", "interval", "stress index", "workload index", "weights")


class StatePanel(Canvas):
    """Figures a person can read out loud."""

    title = "State"
    hint = "<br>".join(GLOSSARY[term] for term in EXPLAINED)
    every = 3

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint two large figures, the indices and the bar of weights."""
        px = self.look.px
        shown = view.indices[: max(0, int((rect.height() - px(86)) // px(19)))]
        half = rect.width() / 2
        for k, (name, value) in enumerate((("valence", view.now.valence), ("arousal", view.now.arousal))):
            self._figure(p, QRectF(rect.left() + k * half, rect.top(), half - px(8), px(48)), name, value)
        top = rect.top() + px(54)
        for lane in shown:
            self._index(p, QRectF(rect.left(), top, rect.width(), px(17)), lane)
            top += px(19)
        self._weights(p, QRectF(rect.left(), rect.bottom() - px(25), rect.width(), px(25)), view)

    def _figure(self, p: QPainter, rect: QRectF, name: str, value: Measure | None) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        label = QRectF(rect.left(), rect.top(), rect.width(), px(15))
        draw_text(p, label, words(name), self.look.font(11), t.muted)
        row = QRectF(rect.left(), rect.top() + px(16), rect.width(), px(32))
        if value is None:
            hatch(p, row.adjusted(0, px(4), -px(6), -px(2)), self.look, words("not measured"))
            return
        text = f"{value.mean:+.2f}".replace("-", "−")
        needed = text_width("+0.00", self.look.bold(25)) + px(16) + text_width("±0.00", self.look.font(12))
        fit = min(1.0, row.width() / needed)
        font = self.look.bold(25 * fit)
        draw_text(p, row, text, font, t.ink)
        beside = row.adjusted(text_width("+0.00", font) + px(7) * fit, px(8) * fit, 0, 0)
        draw_text(p, beside, f"±{Z_90 * value.sd:.2f}", self.look.font(12 * fit), t.muted)

    def _index(self, p: QPainter, rect: QRectF, lane: IndexLane) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        label = words(INDEX_LABELS.get(lane.name, lane.name))
        name = f"{words(MODALITY_LABELS[lane.modality])} {label}"
        split = rect.width() * 0.46
        draw_text(p, QRectF(rect.left(), rect.top(), split, rect.height()), name, self.look.font(11), t.muted)
        bar = QRectF(rect.left() + split, rect.center().y() - px(3.5), rect.width() - split - px(40), px(7))
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(t.raised))
        p.drawRoundedRect(bar, px(3.5), px(3.5))
        if lane.now is None:
            hatch(p, bar.adjusted(0, -px(2), px(38), px(2)), self.look)
            return
        mean, half = lane.now.mean, Z_90 * lane.now.sd
        ink = QColor(t.modality(lane.modality))
        low, high = max(0.0, mean - half), min(1.0, mean + half)
        ink.setAlphaF(0.35)
        p.setBrush(ink)
        p.drawRoundedRect(
            QRectF(bar.left() + low * bar.width(), bar.top(), (high - low) * bar.width(), bar.height()),
            px(3),
            px(3),
        )
        ink.setAlphaF(1.0)
        p.setBrush(ink)
        at = bar.left() + min(max(mean, 0.0), 1.0) * bar.width()
        p.drawRoundedRect(QRectF(at - px(2), bar.top() - px(2), px(4), bar.height() + px(4)), px(2), px(2))
        value = QRectF(bar.right() + px(4), rect.top(), px(36), rect.height())
        draw_text(p, value, f"{mean:.2f}", self.look.font(11), t.ink, RIGHT)

    def _weights(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        bar = QRectF(rect.left(), rect.top(), rect.width(), px(6))
        used = [c for c in view.now.contributions if c.measured and c.weight > 0.0]
        row = QRectF(rect.left(), rect.top() + px(9), rect.width(), px(16))
        if not used:
            hatch(p, bar, self.look)
            draw_text(
                p,
                row,
                words(view.now.reason) or words("rests on nothing now"),
                self.look.font(11),
                t.muted,
                LEFT,
            )
            return
        total = sum(c.weight for c in used)
        texts = [f"{words(MODALITY_LABELS[c.modality])} {c.weight / total:.0%}" for c in used]
        needed = sum(text_width(text, self.look.font(11)) + px(22) for text in texts) - px(8)
        fit = min(1.0, row.width() / needed)
        x, label_x, font = bar.left(), row.left(), self.look.font(11 * fit)
        for c, text in zip(used, texts, strict=True):
            width = bar.width() * c.weight / total
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(t.modality(c.modality)))
            p.drawRect(QRectF(x, bar.top(), max(width - px(2), 1), bar.height()))
            x += width
            p.drawEllipse(QRectF(label_x, row.center().y() - px(3), px(6), px(6)))
            room = text_width(text, font)
            label = QRectF(label_x + px(10) * fit, row.top(), room + px(2), row.height())
            draw_text(p, label, text, font, t.muted)
            label_x += room + px(22) * fit
