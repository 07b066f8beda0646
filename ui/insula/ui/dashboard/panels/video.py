"""The picture with the face box, drawn on the very frame that was analysed."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from insula.edge.types import Face, VideoFrame
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import CENTRE, LEFT, Style, draw_text, elided, hatch, text_width
from insula.ui.dashboard.panels.canvas import Canvas
from insula.ui.dashboard.view import LiveView, Pose, Unit, VideoView
from insula.ui.dashboard.words import GLOSSARY

TRACKS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")
"""One colour for each person in the picture (Okabe and Ito)."""

_EYES = 0.37  # of a face box's height
_GAZE = TRACKS[1]
ACTIVE = 0.3
"""From this intensity on an action unit counts as shown."""

SURROUND = "#0b0e12"
"""Around a picture of another shape than the panel, in both themes."""


class VideoPanel(Canvas):
    """The newest analysed frame; the bare newest one when the analysis is behind; hatched if none."""

    title = ""
    hint = (
        "The camera's picture. The box marks the face on the very frame that was analysed."
        f"<br>{GLOSSARY['action units']}"
    )

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self.shutter = False
        self._frame: VideoFrame | None = None
        self._image: QImage | None = None
        self._names = QPixmap()
        self._names_of: object = None

    def show_frame(self, frame: VideoFrame | None) -> None:
        """Take the frame to draw with the next view."""
        if frame is None:
            self._frame = self._image = None
            return
        if self._frame is not None and frame.index == self._frame.index:
            return
        height, width = frame.image.shape[:2]
        self._frame = frame
        image = QImage(frame.image.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)  # scales at half the cost

    @property
    def shown_index(self) -> int | None:
        """Running number of the frame on the screen, ``None`` when there is none."""
        return self._frame.index if self._frame is not None and not self.shutter else None

    def draw_live(self, p: QPainter, rect: QRectF, view: LiveView) -> None:
        """Paint the picture and what was found in it."""
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        frame = QPainterPath()
        frame.addRoundedRect(area, self.look.px(10), self.look.px(10))
        p.save()
        p.setClipPath(frame)
        if self.shutter or view.session.private:
            self._empty(p, area, self.look.words("privacy shutter closed"), "")
        elif self._image is None or view.silence:
            self._empty(p, area, self.look.words("no picture"), view.silence or view.video.reason)
        else:
            self._picture(p, area, view.video)
        p.restore()

    def _empty(self, p: QPainter, area: QRectF, text: str, reason: str) -> None:
        px = self.look.px
        hatch(p, area, self.look)
        box = QRectF(0, 0, min(area.width() - px(24), px(300)), px(50) if reason else px(30))
        box.moveCenter(area.center())
        p.setPen(QPen(QColor(self.look.theme.border), 1))
        p.setBrush(QColor(self.look.theme.panel))
        p.drawRoundedRect(box, px(8), px(8))
        row = QRectF(box.left() + px(8), box.top() + px(5), box.width() - px(16), px(20))
        draw_text(p, row, text, self.look.bold(12.5), self.look.theme.ink, CENTRE)
        draw_text(
            p,
            row.translated(0, px(20)),
            self.look.words(reason),
            self.look.font(11),
            self.look.theme.muted,
            CENTRE,
        )

    def _picture(self, p: QPainter, area: QRectF, video: VideoView) -> None:
        assert self._image is not None  # checked by the caller
        width, height = self._image.width(), self._image.height()
        factor = min(area.width() / width, area.height() / height)
        target = QRectF(0, 0, width * factor, height * factor)
        target.moveCenter(area.center())
        p.fillRect(area, QColor(SURROUND))
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        p.drawImage(target, self._image)
        for face in video.faces:
            self._face(p, target, factor, face)
        if video.faces and video.pose is not None:
            self._pose(p, target, factor, video.faces[0], video.pose)
        if video.units:
            self._units(p, target, video.units)
        if video.reason:
            self._caption(
                p, target, self.look.words("not measured: {why}", why=self.look.words(video.reason))
            )

    def _face(self, p: QPainter, target: QRectF, factor: float, face: Face) -> None:
        x, y, w, h = (value * factor for value in face.box)
        box = QRectF(target.left() + x, target.top() + y, w, h)
        ink = TRACKS[max(0, face.track - 1) % len(TRACKS)]
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(themes.colour("#000000", 0.45), self.look.px(4)))
        self._corners(p, box)
        p.setPen(QPen(QColor(ink), self.look.px(2)))
        self._corners(p, box)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(themes.colour(ink, 0.85))
        for lx, ly in face.landmarks:
            at = QPointF(target.left() + lx * factor, target.top() + ly * factor)
            p.drawEllipse(at, self.look.px(1.1), self.look.px(1.1))
        text = f"{self.look.words('face')} {face.score:.0%}"
        font = self.look.bold(10)
        tag = QRectF(
            box.left(),
            box.top() - self.look.px(19),
            text_width(text, font) + self.look.px(12),
            self.look.px(16),
        )
        p.setBrush(themes.colour("#000000", 0.6))
        p.drawRoundedRect(tag, self.look.px(4), self.look.px(4))
        draw_text(p, tag, text, font, "#ffffff", CENTRE)

    def _pose(self, p: QPainter, target: QRectF, factor: float, face: Face, pose: Pose) -> None:
        """Draw where the head points from the middle of the face, and where the eyes look from theirs."""
        x, y, w, h = face.box
        left, top = target.left() + (x + w / 2) * factor, target.top() + y * factor
        self._arrow(p, QPointF(left, top + h / 2 * factor), w * factor, (pose.yaw, pose.pitch), "#ffffff")
        if pose.gaze is not None:
            self._arrow(p, QPointF(left, top + _EYES * h * factor), w * factor, pose.gaze, _GAZE)

    def _arrow(
        self, p: QPainter, begin: QPointF, reach: float, angles: tuple[float, float], ink: str
    ) -> None:
        """Draw a direction (yaw, pitch in degrees) with a dot at its end, a dot alone when straight ahead."""
        across, down = (reach * math.sin(math.radians(angle)) for angle in angles)
        end = begin + QPointF(across, down)
        for colour, wide in ((themes.colour("#000000", 0.45), 4.0), (QColor(ink), 1.8)):
            p.setPen(QPen(colour, self.look.px(wide)))
            p.drawLine(begin, end)
        p.setPen(QPen(themes.colour("#000000", 0.45), self.look.px(1)))
        p.setBrush(QColor(ink))
        p.drawEllipse(end, self.look.px(3.5), self.look.px(3.5))

    def _units(self, p: QPainter, target: QRectF, units: tuple[Unit, ...]) -> None:
        """Draw the action units as bars at the picture's right edge."""
        px = self.look.px
        height, width = px(13), px(168)
        shown = units[: max(0, int((target.height() - px(24)) // height))]
        box = QRectF(target.right() - width - px(8), target.top() + px(8), width, height * len(shown) + px(8))
        if target.width() < 2.2 * width or not shown:
            return
        p.drawPixmap(box.topLeft(), self._unit_names(shown, box))
        p.setPen(Qt.PenStyle.NoPen)
        for k, unit in enumerate(shown):
            room = px(46)
            top = box.top() + px(4) + k * height + height / 2 - px(2)
            strong = unit.value >= ACTIVE
            p.setBrush(QColor(TRACKS[0]) if strong else themes.colour("#ffffff", 0.6))
            p.drawRect(QRectF(box.right() - px(6) - room, top, max(1.0, room * min(unit.value, 1.0)), px(4)))

    def _unit_names(self, units: tuple[Unit, ...], box: QRectF) -> QPixmap:
        """Return the names on their dark ground, painted once: they stand still."""
        ratio, px = self.devicePixelRatioF(), self.look.px
        key = (tuple(unit.number for unit in units), box.size(), ratio, self.look)
        if key != self._names_of:
            made = QPixmap((box.size() * ratio).toSize())
            made.setDevicePixelRatio(ratio)
            made.fill(QColor(0, 0, 0, 0))
            p = QPainter(made)
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(themes.colour("#000000", 0.5))
            p.drawRoundedRect(QRectF(QPointF(0, 0), box.size()), px(5), px(5))
            for k, unit in enumerate(units):
                row = QRectF(px(6), px(4) + k * px(13), box.width() - px(60), px(13))
                draw_text(p, row, self.look.words(unit.name), self.look.font(9.5), "#e8ecf1")
                ground = QRectF(box.width() - px(52), row.center().y() - px(2), px(46), px(4))
                p.fillRect(ground, themes.colour("#ffffff", 0.18))
            p.end()
            self._names, self._names_of = made, key
        return self._names

    def _corners(self, p: QPainter, box: QRectF) -> None:
        arm = min(box.width(), box.height()) * 0.18
        for x, dx in ((box.left(), arm), (box.right(), -arm)):
            for y, dy in ((box.top(), arm), (box.bottom(), -arm)):
                p.drawPolyline(QPolygonF([QPointF(x + dx, y), QPointF(x, y), QPointF(x, y + dy)]))

    def _caption(self, p: QPainter, target: QRectF, text: str) -> None:
        px, font = self.look.px, self.look.font(11.5)
        shown = elided(text, font, target.width() - px(40))
        box = QRectF(
            target.left() + px(12), target.bottom() - px(36), text_width(shown, font) + px(20), px(24)
        )
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(themes.colour("#000000", 0.68))
        p.drawRoundedRect(box, px(6), px(6))
        draw_text(p, box.adjusted(px(10), 0, 0, 0), shown, font, "#ffffff", LEFT)
