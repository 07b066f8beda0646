"""A light for each sensor: state, quality, rate, age and the reason in words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import RIGHT, Style, draw_text, pill, text_width
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import Light, LiveView, SensorCard
from insula.ui.dashboard.words import GLOSSARY


class SensorsPanel(Canvas):
    """The sensors, one row each."""

    title = "Sensors"
    hint = f"{GLOSSARY['quality']}<br>{GLOSSARY['age']}<br>{GLOSSARY['jitter']}"
    every = 3

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the rows, as many as there is room for."""
        px, words = self.look.px, self.look.words
        if not view.sensors:
            draw_text(
                p,
                QRectF(rect.left(), rect.top(), rect.width(), px(24)),
                words("no sensors yet"),
                self.look.font(12),
                self.look.theme.muted,
            )
            return
        height = min(px(66), rect.height() / len(view.sensors))
        for k, card in enumerate(view.sensors):
            self._row(p, QRectF(rect.left(), rect.top() + k * height, rect.width(), height - px(4)), card)

    def _row(self, p: QPainter, row: QRectF, card: SensorCard) -> None:
        t, px, words = self.look.theme, self.look.px, self.look.words
        lines = min(px(18), row.height() / 2)
        first = QRectF(row.left() + px(24), row.top(), row.width() - px(24), lines)
        draw_light(p, QPointF(row.left() + px(9), first.center().y()), card.light, self.look, px(5.5))
        name_font = self.look.bold(12.5)
        draw_text(p, first, card.stream, name_font, t.ink)
        kind = first.adjusted(text_width(card.stream, name_font) + px(8), 0, 0, 0)
        right = first.right()
        if card.simulated:
            ink, fill = t.on_badge, themes.colour(t.simulated, 0.9)
            right = pill(p, first.right(), first.center().y(), words("simulated"), self.look, ink, fill) - px(
                6
            )
        kind.setRight(right)
        draw_text(
            p, kind, card.type if card.light == "good" else words(card.light), self.look.font(11), t.muted
        )
        second = first.translated(0, lines)
        if card.reason:
            ink = t.bad if card.light in (Light.LOST, Light.STALLED) else t.muted
            draw_text(p, second, self.look.words(card.reason), self.look.font(11), ink)
        else:
            figures = self._figures(card, quality=row.height() <= px(48))
            if card.trouble:
                draw_text(p, second, card.trouble, self.look.font(11), t.warn)
                second.setLeft(second.left() + text_width(card.trouble, self.look.font(11)) + px(9))
            draw_text(p, second, figures, self.look.font(11), t.muted)
            second.setLeft(first.left())
        if row.height() > px(48):
            self._quality(p, QRectF(first.left(), second.bottom() + px(3), first.width(), px(8)), card)

    def _figures(self, card: SensorCard, *, quality: bool) -> str:
        words, parts = self.look.words, []
        if card.rate_hz is not None:
            parts.append(
                f"{card.rate_hz:,.1f} Hz" if card.rate_hz < 1000 else f"{card.rate_hz / 1000:.2f} kHz"
            )
        if card.age_s is not None:
            parts.append(words("{ms:.0f} ms old", ms=max(0.0, card.age_s) * 1000))
        if quality and card.quality is not None:
            parts.append(words("quality {q:.0%}", q=card.quality))
        if card.jitter_s is not None:
            parts.append(words("jitter {ms:.1f} ms", ms=card.jitter_s * 1000))
        if card.drift_ppm is not None:
            parts.append(f"{card.drift_ppm:+.0f} ppm".replace("-", "−"))
        return " · ".join(parts)

    def _quality(self, p: QPainter, rect: QRectF, card: SensorCard) -> None:
        t, px = self.look.theme, self.look.px
        bar = QRectF(rect.left(), rect.center().y() - px(1.5), rect.width() - px(38), px(3))
        if card.quality is not None:
            told = QRectF(bar.right(), rect.center().y() - px(7), px(38), px(14))
            draw_text(p, told, f"{card.quality:.0%}", self.look.font(10), t.muted, RIGHT)
            p.setPen(Qt.PenStyle.NoPen)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(t.raised))
        p.drawRoundedRect(bar, px(1.5), px(1.5))
        if card.quality is not None:
            p.setBrush(QColor(t.modality(card.modality) if card.modality else t.muted))
            p.drawRoundedRect(
                QRectF(bar.left(), bar.top(), bar.width() * card.quality, bar.height()), px(1.5), px(1.5)
            )


def draw_light(p: QPainter, at: QPointF, light: Light, look: Style, r: float) -> None:
    """Draw a sensor's light of radius ``r``; a shape of its own tells each state without colour."""
    t = look.theme
    inks = {Light.GOOD: t.good, Light.WEAK: t.warn, Light.ABSENT: t.warn}
    ink = t.bad if light in (Light.STALLED, Light.LOST) else inks.get(light, t.faint)
    p.setPen(QPen(QColor(ink), 0.36 * r))
    p.setBrush(Qt.BrushStyle.NoBrush)
    if light is Light.GOOD:
        p.setBrush(QColor(ink))
        p.drawEllipse(at, r - 1, r - 1)
    elif light is Light.WEAK:
        up, down = QPointF(at.x(), at.y() - r), at.y() + r * 0.7
        p.setBrush(QColor(ink))
        p.drawPolygon(QPolygonF([up, QPointF(at.x() + r, down), QPointF(at.x() - r, down)]))
    elif light is Light.LOST:
        p.drawLine(QPointF(at.x() - r + 1, at.y() - r + 1), QPointF(at.x() + r - 1, at.y() + r - 1))
        p.drawLine(QPointF(at.x() - r + 1, at.y() + r - 1), QPointF(at.x() + r - 1, at.y() - r + 1))
    elif light is Light.STALLED:
        for dx in (-r * 0.45, r * 0.45):
            p.drawLine(QPointF(at.x() + dx, at.y() - r + 1), QPointF(at.x() + dx, at.y() + r - 1))
    elif light is Light.ABSENT:
        p.drawEllipse(at, r - 1, r - 1)
        p.drawLine(QPointF(at.x() - r * 0.35, at.y()), QPointF(at.x() + r * 0.35, at.y()))
    elif light is Light.STOPPED:
        p.drawRect(QRectF(at.x() - r + 1, at.y() - r + 1, 2 * r - 2, 2 * r - 2))
    else:
        p.drawEllipse(at, r - 1, r - 1)
