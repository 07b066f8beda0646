"""The raw signals: EDA with its responses, EEG channels stacked, sound level."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import LEFT, RIGHT, Style, band, draw_text, hatch, line, steady, text_width
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.series import FloatArray, envelope
from insula.ui.dashboard.signals import LEVEL_FLOOR_DB
from insula.ui.dashboard.view import LiveView, SignalLane
from insula.ui.dashboard.words import GLOSSARY

HEIGHTS = {"EEG": 2.4}
"""Share of the panel's height; every other signal has 1."""

UNITS = {"microvolts": "µV", "microsiemens": "µS", "degrees celsius": "°C", "volts": "V", "celsius": "°C"}
LANES = 5
PITCH_HZ = (60.0, 500.0)
"""Lowest and highest pitch of the line over the sound, on a musical scale."""

SPEAKS = 0.5
"""Voice activity from which on somebody speaks."""

HOLE_S = 0.35
"""A line is not broken by a hole shorter than this."""


def nice(value: float) -> float:
    """Return the next of 1, 2, 3, 5 × 10ⁿ that is not below ``value``."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 3.0, 5.0, 10.0) if step * power >= value * (1 - 1e-9))


def longest_step(times: FloatArray) -> float:
    """Return how far apart (s) two samples may be and still belong to one line."""
    return max(HOLE_S, 4.0 * float(np.median(np.diff(times[-64:])))) if len(times) > 1 else HOLE_S


def holes(times: FloatArray) -> list[tuple[float, float]]:
    """Return from when to when samples are missing."""
    begins = np.flatnonzero(np.diff(times) > longest_step(times))
    return [(float(times[i]), float(times[i + 1])) for i in begins]


def _centred(rows: FloatArray) -> FloatArray:
    """Return the channels without their means; a channel with nothing in it becomes a flat line."""
    finite = np.isfinite(rows)
    counts = np.maximum(finite.sum(axis=0), 1)
    means = np.where(finite, rows, 0.0).sum(axis=0) / counts
    dead = ~finite.any(axis=0)
    return np.asarray(np.where(dead, 0.0, rows - means))


class SignalsPanel(Canvas):
    """What the sensors deliver, before any model."""

    title = "Signals"
    hint = "<br>".join(GLOSSARY[term] for term in ("EDA", "EEG", "electrodes", "Audio", "voice activity"))

    asked = Signal()
    """A double click: show me more of the EEG."""

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self._scales: dict[str, float] = {}
        self._looked = 0

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the band powers."""
        self.asked.emit()

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the lanes one below the other."""
        lanes = view.signals[:LANES]
        if not lanes:
            text = self.look.words("no signals yet")
            draw_text(
                p,
                QRectF(rect.left(), rect.top(), rect.width(), self.look.px(24)),
                text,
                self.look.font(12),
                self.look.theme.muted,
            )
            return
        shares = [HEIGHTS.get(lane.type, 1.0) for lane in lanes]
        gap = self.look.px(8)
        unit = (rect.height() - gap * (len(lanes) - 1)) / sum(shares)
        top = rect.top()
        for lane, share in zip(lanes, shares, strict=True):
            self._lane(p, QRectF(rect.left(), top, rect.width(), unit * share), lane, view.t)
            top += unit * share + gap

    def _lane(self, p: QPainter, area: QRectF, lane: SignalLane, now: float) -> None:
        t, px = self.look.theme, self.look.px
        plot = area.adjusted(px(64), 0, 0, 0)
        p.fillRect(plot, themes.blend(t.raised, t.panel, 0.5))
        draw_text(
            p,
            QRectF(area.left(), area.top(), px(60), px(15)),
            lane.type,
            self.look.font(11),
            t.modality(lane.modality),
        )
        p.save()
        p.setClipRect(plot)
        if lane.reason:
            last = float(lane.times[-1]) if len(lane.times) else now - lane.span_s
            left = max(plot.left(), plot.right() + (last - now) * plot.width() / lane.span_s)
            hatch(p, QRectF(left, plot.top(), plot.right() - left, plot.height()), self.look, lane.reason)
        for hole in holes(lane.times):
            left, right = (plot.right() + (at - now) * plot.width() / lane.span_s for at in hole)
            hatch(p, QRectF(left, plot.top(), right - left, plot.height()), self.look)
        if len(lane.times) >= 2:
            draw = {"Audio": self._level, "EEG": self._stack}.get(lane.type, self._single)
            draw(p, plot, area, lane, now)
        p.restore()
        down = px(15) if lane.type == "EEG" else px(29)
        if plot.height() > down + px(12):
            span = QRectF(area.left(), area.top() + down, px(36), px(13))
            draw_text(p, span, f"{lane.span_s:.0f} s", self.look.font(9.5), t.faint)

    def _x(self, plot: QRectF, lane: SignalLane, now: float) -> FloatArray:
        return plot.right() + (lane.times - now) * (plot.width() / lane.span_s)

    def _single(self, p: QPainter, plot: QRectF, area: QRectF, lane: SignalLane, now: float) -> None:
        """Draw a slow signal on an axis that fits it, with a tick for each mark."""
        t, px = self.look.theme, self.look.px
        values = lane.rows[:, 0]
        finite = np.isfinite(values)
        if not finite.any():
            return
        low, high = float(values[finite].min()), float(values[finite].max())
        step = nice(max(high - low, 0.05) / 2)
        low, high = math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step
        unit = (plot.height() - px(8)) / (high - low)
        y = plot.bottom() - px(4) - (values - low) * unit
        x = self._x(plot, lane, now)
        ink = QColor(t.modality(lane.modality))
        for run in steady(lane.times, finite, longest_step(lane.times)):
            line(p, x[run], y[run], ink, bold=True)
        for mark in lane.marks:
            at = plot.right() + (mark - now) * plot.width() / lane.span_s
            p.setPen(QPen(QColor(t.ink), px(1.5)))
            p.drawLine(QPointF(at, plot.top() + px(2)), QPointF(at, plot.top() + px(9)))
        p.setClipping(False)
        axis = QRectF(area.left(), plot.top(), px(59), px(12))
        digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
        small = self.look.font(9.5)
        if plot.height() > px(44):
            draw_text(p, axis, f"{high:.{digits}f}", small, t.faint, RIGHT)
            draw_text(
                p, axis.translated(0, plot.height() - px(12)), f"{low:.{digits}f}", small, t.faint, RIGHT
            )
        unit_text = UNITS.get(lane.unit, lane.unit)
        value = QRectF(area.left(), plot.top() + px(15), px(60), px(14))
        draw_text(p, value, f"{values[finite][-1]:.2f} {unit_text}", self.look.font(10), t.muted, LEFT)

    def _stack(self, p: QPainter, plot: QRectF, area: QRectF, lane: SignalLane, now: float) -> None:
        """Draw EEG channels below each other, mean removed, on one common scale."""
        t, px = self.look.theme, self.look.px
        shown = max(1, min(len(lane.ch_names), int(plot.height() // px(13))))
        times, rows = lane.times, lane.rows[:, :shown]
        centred = rows - np.nanmean(rows, axis=0) if np.isfinite(rows).all() else _centred(rows)
        scale = self._scale(lane.stream, centred)
        if len(times) > 3 * plot.width():
            times, centred = envelope(times, centred, lane.span_s / plot.width())
        height = plot.height() / shown
        x, ink = (
            plot.right() + (times - now) * (plot.width() / lane.span_s),
            themes.colour(t.modality(lane.modality), 0.95),
        )
        small = self.look.font(min(10.0, height / self.look.scale * 0.85))
        levels = np.clip(centred / scale, -2.0, 2.0) * (-0.5 * height)
        whole = list(steady(times, np.asarray(np.isfinite(centred).all(axis=1)), longest_step(lane.times)))
        artefacts = self._artefacts(p, plot, lane, shown, now)
        for k in range(shown):
            middle = plot.top() + (k + 0.5) * height
            for run in whole:
                line(p, x[run], middle + levels[run, k], ink)
        for row, said in artefacts:
            width = min(row.width(), text_width(said, small) + px(6))
            box = QRectF(row.left(), row.center().y() - px(6), width, px(12))
            p.fillRect(box, themes.blend(t.warn, t.panel, 0.22))
            draw_text(p, box.adjusted(px(3), 0, 0, 0), said, small, t.ink)
        p.setClipping(False)
        for k in range(shown):
            label = QRectF(plot.left() - px(34), plot.top() + k * height, px(30), height)
            draw_text(p, label, lane.ch_names[k], small, t.muted, RIGHT)
        self._scale_bar(p, plot, scale, height, UNITS.get(lane.unit, lane.unit))
        if shown < len(lane.ch_names):
            count = f"{shown}/{len(lane.ch_names)}"
            draw_text(
                p,
                QRectF(area.left(), plot.top() + px(29), px(34), px(14)),
                count,
                self.look.font(9.5),
                t.faint,
            )

    def _artefacts(
        self, p: QPainter, plot: QRectF, lane: SignalLane, shown: int, now: float
    ) -> list[tuple[QRectF, str]]:
        """Shade what is no brain signal, channel by channel; return what is to be said of it and where."""
        said: list[tuple[QRectF, str]] = []
        t, px, height = self.look.theme, self.look.px, plot.height() / shown
        fill = themes.blend(t.warn, t.panel, 0.22)
        for name, gap in lane.artefacts:
            if name not in lane.ch_names[:shown]:
                continue
            left, right = (
                plot.right() + (min(at, now) - now) * plot.width() / lane.span_s
                for at in (gap.t0, now if gap.t1 is None else gap.t1)
            )
            row = QRectF(max(left, plot.left()), plot.top() + lane.ch_names.index(name) * height, 0, height)
            row.setRight(right)
            p.fillRect(row, fill)
            if row.width() > px(44):
                said.append((row, self.look.words(gap.reason)))
        return said

    def _scale(self, stream: str, centred: FloatArray) -> float:
        """Return the half height of a channel; it grows at once and shrinks only when far too large."""
        self._looked += 1
        if stream not in self._scales or self._looked % 10 == 0:
            wanted = nice(2.8 * float(np.nanmedian(np.nanstd(centred[::4], axis=0))))
            held = self._scales.get(stream, 0.0)
            if wanted > held or wanted < 0.3 * held:
                self._scales[stream] = wanted
        return self._scales[stream]

    def _scale_bar(self, p: QPainter, plot: QRectF, scale: float, height: float, unit: str) -> None:
        px, t = self.look.px, self.look.theme
        x, top = plot.right() - px(6), plot.top() + px(4)
        text = f"{scale:g} {unit}"
        font = self.look.font(9.5)
        box = QRectF(x - text_width(text, font) - px(10), top, text_width(text, font) + px(2), px(13))
        p.fillRect(box.adjusted(-px(3), 0, px(12), 0), themes.colour(t.panel, 0.8))
        p.setPen(QPen(QColor(t.ink), px(1.5)))
        p.drawLine(QPointF(x, top), QPointF(x, top + height / 2))
        draw_text(p, box, text, font, t.muted, LEFT)

    def _level(self, p: QPainter, plot: QRectF, area: QRectF, lane: SignalLane, now: float) -> None:
        """Draw sound as a filled level over −60…0 dB FS, symmetric so that speech looks like speech."""
        t, px = self.look.theme, self.look.px
        share = (lane.rows[:, 0] - LEVEL_FLOOR_DB) / -LEVEL_FLOOR_DB
        half = np.clip(share, 0.01, 1.0) * (plot.height() / 2 - px(3))
        x, middle = self._x(plot, lane, now), plot.center().y()
        for run in steady(lane.times, np.isfinite(share), longest_step(lane.times)):
            band(
                p,
                x[run],
                middle + half[run],
                middle - half[run],
                themes.blend(t.modality(lane.modality), t.panel, 0.85),
            )
        self._pitch(p, plot, area, lane, now)
        p.setClipping(False)
        value = QRectF(area.left(), plot.top() + px(15), px(60), px(14))
        text = f"{lane.rows[-1, 0]:.0f} dB".replace("-", "−")
        draw_text(p, value, text, self.look.font(10), t.muted, LEFT)

    def _pitch(self, p: QPainter, plot: QRectF, area: QRectF, lane: SignalLane, now: float) -> None:
        """Draw the voice's pitch over the sound and say whether somebody speaks."""
        if lane.voice is None or not len(lane.voice.times):
            return
        t, px = self.look.theme, self.look.px
        times, (activity, pitch) = lane.voice.times, lane.voice.rows.T
        x = plot.right() + (times - now) * (plot.width() / lane.span_s)
        share = np.log2(np.clip(pitch, *PITCH_HZ) / PITCH_HZ[0]) / math.log2(PITCH_HZ[1] / PITCH_HZ[0])
        y = plot.bottom() - px(5) - share * (plot.height() - px(10))
        spoken = np.isfinite(pitch) & (activity >= SPEAKS)
        for run in steady(times, spoken, longest_step(times)):
            line(p, x[run], y[run], QColor(t.ink), bold=True)
        speaks = bool(activity[-1] >= SPEAKS) and now - times[-1] < 1.0
        text = self.look.words("speech") if speaks else self.look.words("no speech")
        if speaks and math.isfinite(pitch[-1]):
            text = f"{pitch[-1]:.0f} Hz"
        p.setClipping(False)
        told = QRectF(area.left(), plot.top() + px(43), px(62), px(13))
        if plot.height() > px(56):
            draw_text(p, told, text, self.look.font(10), t.ink if speaks else t.faint, LEFT)
        p.setClipRect(plot)
