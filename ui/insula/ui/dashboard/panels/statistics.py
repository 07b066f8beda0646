"""The figures of the selected segment."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from insula.ui.dashboard.comparison import Comparison, Difference
from insula.ui.dashboard.drawing import LEFT, RIGHT, Style, draw_text, hatch
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.segment import Figure, Segment
from insula.ui.dashboard.view import LiveView
from insula.ui.dashboard.words import INDEX_LABELS, MODALITY_LABELS


class StatisticsPanel(Canvas):
    """Means over what was measured, and how much that was."""

    title = "Segment"
    hint = (
        "Mean and standard deviation over time of what was measured in the selected segment, "
        "and the share of time in which it was. What was not measured does not enter a mean."
    )

    def __init__(self, look: Style) -> None:
        super().__init__(look)
        self.segment: Segment | None = None
        self.comparison: Comparison | None = None
        self.differences: tuple[Difference, ...] = ()

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the rows."""
        if self.segment is None:
            return
        t, px, words, s = self.look.theme, self.look.px, self.look.words, self.segment
        began = view.session.started or 0.0
        when = f"{clock_text(s.t0 - began)} – {clock_text(s.t1 - began)}"
        header = QRectF(rect.left(), px(8), rect.width(), px(18))
        draw_text(p, header, when, self.look.font(11), t.muted, RIGHT)
        told = self._models_told()
        height = min(px(20), rect.height() / (len(s.figures) + len(s.measured) + 1.2 + len(told)))
        top = rect.top()
        for figure in s.figures:
            self._figure(p, QRectF(rect.left(), top, rect.width(), height), figure)
            top += height
        top += height * 0.2
        for key, share in s.measured:
            self._share(p, QRectF(rect.left(), top, rect.width(), height), key, share)
            top += height
        text = words("{n} markers · {m} skin responses", n=s.markers, m=s.responses)
        draw_text(p, QRectF(rect.left(), top, rect.width(), height), text, self.look.font(11), t.muted, LEFT)
        for said in told:
            top += height
            draw_text(p, QRectF(rect.left(), top, rect.width(), height), said, self.look.font(11), t.accent)

    def _models_told(self) -> list[str]:
        """Return lines on the run compared with: what Δ is, and which models are others."""
        if self.comparison is None:
            return []
        words = self.look.words
        told = [words("Δ: the other run less this one, mean")]
        for modality, _, theirs in self.comparison.models:
            told.append(words("{name}: {model}", name=words(MODALITY_LABELS[modality]), model=theirs))
        return told if self.comparison.models else [*told, words("the models are the same")]

    def _figure(self, p: QPainter, row: QRectF, figure: Figure) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        label = words(figure.name)
        if figure.modality:
            index = words(INDEX_LABELS.get(figure.name, figure.name))
            label = f"{words(MODALITY_LABELS[figure.modality])} {index}"
        draw_text(p, row, label, self.look.font(11.5), t.muted, LEFT)
        if figure.mean is None or figure.spread is None:
            box = QRectF(row.right() - px(110), row.top() + px(2), px(110), row.height() - px(4))
            hatch(p, box, self.look, words("not measured"), size=10)
            return
        sign = "+" if figure.name in ("valence", "arousal") and not figure.modality else ""
        value = f"{figure.mean:{sign}.2f} ± {figure.spread:.2f}".replace("-", "−")
        draw_text(p, row, value, self.look.bold(11.5), t.ink, RIGHT)
        mine = (d for d in self.differences if (d.name, d.modality) == (figure.name, figure.modality))
        for d in mine:
            apart = row.adjusted(0, 0, -px(104), 0)
            said = f"Δ {d.mean:+.2f}".replace("-", "−")
            draw_text(p, apart, said, self.look.font(11.5), t.accent, RIGHT)

    def _share(self, p: QPainter, row: QRectF, key: str, share: float) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        text = words("{name} measured", name=words(MODALITY_LABELS[key]))
        draw_text(p, row, text, self.look.font(11), t.muted, LEFT)
        bar = QRectF(
            row.left() + row.width() * 0.5, row.center().y() - px(2), row.width() * 0.5 - px(42), px(4)
        )
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(t.raised))
        p.drawRoundedRect(bar, px(2), px(2))
        p.setBrush(QColor(t.modality(key)))
        p.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), px(2), px(2))
        draw_text(p, row, f"{share:.0%}", self.look.font(11), t.ink, RIGHT)
