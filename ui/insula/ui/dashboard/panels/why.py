"""Why the state is what it is, in one sentence, and whether face and voice agree."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from insula.models.explain.record import CONTRADICTION_SD
from insula.ui.dashboard.drawing import LEFT, Style, draw_text, draw_words, hatch
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import LiveView

WIDEST_SD = 2 * CONTRADICTION_SD
METER = 190.0


class WhyPanel(Canvas):
    """The sentence at the left, the agreement of face and voice at the right."""

    title = "Why"
    hint = (
        "What the state rests on most, what stands out against the person's own rest, and what speaks "
        "against it.<br>Face and voice: how far their own estimates lie apart, in standard deviations of "
        "the difference. Beyond the mark they contradict each other and the state is less sure."
    )
    every = 6

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self.restyle(style)

    def restyle(self, style: Style) -> None:
        """Keep room for two lines of text."""
        super().restyle(style)
        self.setFixedHeight(round(style.px(66)))

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint sentence and agreement."""
        px, t = self.look.px, self.look.theme
        text = QRectF(rect.left(), px(27), rect.width() - px(METER + 28), self.height() - px(32))
        if view.now.why:
            draw_words(p, text, view.now.why, self.look.font(12), t.ink)
        else:
            reason = self.look.words("not measured: {why}", why=self.look.words(view.now.reason))
            draw_words(p, text, reason, self.look.font(12), t.muted)
        meter = QRectF(self.width() - px(METER + 14), px(9), px(METER), self.height() - px(18))
        self._agreement(p, meter, view.now.disagreement)

    def _agreement(self, p: QPainter, area: QRectF, apart: float | None) -> None:
        px, t, words = self.look.px, self.look.theme, self.look.words
        row = QRectF(area.left(), area.top(), area.width(), px(16))
        draw_text(p, row, words("face and voice"), self.look.bold(11.5), t.muted, LEFT)
        bar = QRectF(area.left(), row.bottom() + px(5), area.width(), px(6))
        told = QRectF(area.left(), bar.bottom() + px(3), area.width(), px(16))
        if apart is None:
            hatch(p, bar.adjusted(0, -px(1), 0, px(1)), self.look)
            why = words("not both speak")
            draw_text(p, told, why, self.look.font(11), t.muted)
            return
        against = apart > CONTRADICTION_SD
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(t.raised))
        p.drawRoundedRect(bar, px(3), px(3))
        p.setBrush(QColor(t.warn if against else t.good))
        share = max(0.03, min(1.0, apart / WIDEST_SD))
        p.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), px(3), px(3))
        mark = bar.left() + bar.width() * CONTRADICTION_SD / WIDEST_SD
        p.fillRect(QRectF(mark - px(0.75), bar.top() - px(3), px(1.5), bar.height() + px(6)), QColor(t.faint))
        text = words("contradict each other" if against else "agree") + f" ({apart:.1f} sd)"
        draw_text(p, told, text, self.look.font(11), t.ink if against else t.muted, LEFT)
