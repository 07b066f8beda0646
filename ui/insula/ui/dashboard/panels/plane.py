"""The valence/arousal plane: the fused state with its 90 % ellipse and trail, and each modality's point."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import CENTRE, LEFT, RIGHT, draw_text, hatch, line
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import Baseline, Lane, LiveView
from insula.ui.dashboard.words import GLOSSARY

ELLIPSE_90 = math.sqrt(-2.0 * math.log(0.1))
"""Half axes of the 90 % region of two independent normal values, in standard deviations."""

TRAIL_S = 12.0
TRAIL_STEPS = 8

QUADRANTS = (("tense", -0.5, 0.62), ("excited", 0.5, 0.62), ("gloomy", -0.5, -0.62), ("relaxed", 0.5, -0.62))
"""Words for regions of the circumplex (Russell 1980): landmarks for the eye, not findings."""


class PlanePanel(Canvas):
    """Where the state is, how sure, and where it came from."""

    title = "Valence and arousal"
    hint = "<br>".join(GLOSSARY[term] for term in ("valence", "arousal", "interval", "baseline"))

    def _square(self, rect: QRectF) -> QRectF:
        px = self.look.px
        room = rect.adjusted(px(2), px(14), -px(2), -px(14))
        side = min(room.width(), room.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(room.center())
        return square

    def _point(self, square: QRectF, valence: float, arousal: float) -> QPointF:
        c, r = square.center(), square.width() / 2
        return QPointF(c.x() + valence * r, c.y() - arousal * r)

    def draw_still(self, p: QPainter, rect: QRectF) -> None:
        """Paint the circumplex: circles, axes and the names of its ends and quarters."""
        t, px, words = self.look.theme, self.look.px, self.look.words
        sq = self._square(rect)
        c, r = sq.center(), sq.width() / 2
        p.setPen(QPen(QColor(t.axis), 1))
        p.setBrush(themes.colour(t.raised, 0.55))
        p.drawEllipse(c, r, r)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(themes.colour(t.axis, 0.7), 1, Qt.PenStyle.DotLine))
        p.drawEllipse(c, r / 2, r / 2)
        p.setPen(QPen(QColor(t.axis), 1))
        p.drawLine(QPointF(sq.left(), c.y()), QPointF(sq.right(), c.y()))
        p.drawLine(QPointF(c.x(), sq.top()), QPointF(c.x(), sq.bottom()))
        font = self.look.font(10.5)
        for name, valence, arousal in QUADRANTS:
            at = self._point(sq, valence, arousal)
            draw_text(
                p, QRectF(at.x() - r / 2, at.y() - px(8), r, px(16)), words(name), font, t.faint, CENTRE
            )
        height, gap = px(14), px(5)
        row = c.y() + px(1)
        draw_text(p, QRectF(sq.left() + gap, row, r, height), words("unpleasant"), font, t.muted, LEFT)
        draw_text(p, QRectF(c.x(), row, r - gap, height), words("pleasant"), font, t.muted, RIGHT)
        top = QRectF(sq.left(), sq.top() - height, sq.width(), height)
        draw_text(p, top, words("activated"), font, t.muted, CENTRE)
        draw_text(p, top.translated(0, sq.height() + height), words("calm"), font, t.muted, CENTRE)

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint trail, modality points and the state, or that it is not measured."""
        sq = self._square(rect)
        p.save()
        p.setClipRect(sq.adjusted(-2, -2, 2, 2))
        self._rest(p, sq, view.baseline)
        self._trail(p, sq, view)
        for lane in view.modalities:
            self._modality(p, sq, lane)
        valence, arousal = view.now.valence, view.now.arousal
        if valence is not None and arousal is not None:
            at, r = self._point(sq, valence.mean, arousal.mean), sq.width() / 2
            ink = self.look.theme.ink
            p.setPen(QPen(themes.colour(ink, 0.55), 1.2))
            p.setBrush(themes.colour(ink, 0.10))
            p.drawEllipse(at, valence.sd * ELLIPSE_90 * r, arousal.sd * ELLIPSE_90 * r)
            p.setPen(QPen(QColor(self.look.theme.panel), 2))
            p.setBrush(QColor(ink))
            p.drawEllipse(at, self.look.px(6.5), self.look.px(6.5))
        p.restore()
        if valence is None or arousal is None:
            self._absent(p, sq, view)

    def _rest(self, p: QPainter, sq: QRectF, baseline: Baseline) -> None:
        """Draw the person's own rest: a dotted cross, and how far it scattered."""
        if baseline.valence is None or baseline.arousal is None:
            return
        t, px, r = self.look.theme, self.look.px, sq.width() / 2
        at = self._point(sq, baseline.valence.mean, baseline.arousal.mean)
        p.setPen(QPen(QColor(t.accent), px(1.2), Qt.PenStyle.DotLine))
        p.setBrush(Qt.BrushStyle.NoBrush)
        wide, tall = (max(px(6), m.sd * ELLIPSE_90 * r) for m in (baseline.valence, baseline.arousal))
        p.drawEllipse(at, wide, tall)
        p.setPen(QPen(QColor(t.accent), px(1.2)))
        arm = px(5)
        p.drawLine(QPointF(at.x() - arm, at.y()), QPointF(at.x() + arm, at.y()))
        p.drawLine(QPointF(at.x(), at.y() - arm), QPointF(at.x(), at.y() + arm))
        name = QRectF(at.x() - px(40), at.y() + max(tall, px(6)), px(80), px(14))
        draw_text(p, name, self.look.words("at rest"), self.look.font(9.5), t.accent, CENTRE)

    def _trail(self, p: QPainter, sq: QRectF, view: LiveView) -> None:
        begin = int(np.searchsorted(view.fused.times, view.t - TRAIL_S))
        rows = view.fused.rows[begin:]
        if len(rows) < 2:
            return
        r, c = sq.width() / 2, sq.center()
        x, y = c.x() + rows[:, 0] * r, c.y() - rows[:, 2] * r
        whole = np.isfinite(x) & np.isfinite(y)
        bounds = np.linspace(0, len(rows), TRAIL_STEPS + 1).astype(int)
        for step, (i, j) in enumerate(pairwise(bounds)):
            part = slice(int(i), int(j) + 1)
            if whole[part].all() and len(x[part]) > 1:
                ink = themes.colour(self.look.theme.ink, 0.06 + 0.5 * (step / TRAIL_STEPS) ** 2)
                line(p, x[part], y[part], ink, bold=True)

    def _modality(self, p: QPainter, sq: QRectF, lane: Lane) -> None:
        if lane.reason or not len(lane.rows):
            return
        valence, _, arousal, _ = lane.rows[-1]
        if not (math.isfinite(valence) and math.isfinite(arousal)):
            return
        p.setPen(QPen(QColor(self.look.theme.panel), 1.5))
        p.setBrush(QColor(self.look.theme.modality(lane.key)))
        p.drawEllipse(self._point(sq, valence, arousal), self.look.px(4.2), self.look.px(4.2))

    def _absent(self, p: QPainter, sq: QRectF, view: LiveView) -> None:
        p.save()
        words, px = self.look.words, self.look.px
        p.setOpacity(0.8)
        hatch(p, sq, self.look)
        p.restore()
        box = QRectF(sq.left() + px(10), sq.center().y() - px(22), sq.width() - px(20), px(44))
        p.setPen(QPen(QColor(self.look.theme.border), 1))
        p.setBrush(QColor(self.look.theme.panel))
        p.drawRoundedRect(box, px(8), px(8))
        upper = QRectF(box.left() + px(8), box.top() + px(4), box.width() - px(16), px(18))
        draw_text(p, upper, words("not measured"), self.look.bold(12), self.look.theme.ink, CENTRE)
        reason = self.look.words(view.now.reason)
        draw_text(p, upper.translated(0, px(18)), reason, self.look.font(11), self.look.theme.muted, CENTRE)
