"""The pages a participant sees: words, a cross to rest on, a stimulus, a form."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from insula.edge.clock import Clock
from insula.edge.errors import InsulaError
from insula.ui.dashboard.drawing import Style
from insula.ui.participant import inputs
from insula.ui.participant.media import Sound, Video
from insula.ui.participant.rating import RatingPad
from insula.ui.protocol.filling import Filling, Said
from insula.ui.protocol.page import Form, Page

_FRAME_MS = 15
RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def label(text: str, role: str) -> QLabel:
    """Return centred words that wrap."""
    made = QLabel(text)
    made.setObjectName(role)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def button(text: str, role: str) -> QPushButton:
    """Return a button that the Return key presses when it has the focus."""
    made = QPushButton(text)
    made.setObjectName(role)
    made.setAccessibleName(text)
    made.setAutoDefault(True)
    return made


class WordsPage(QWidget):
    """Some words, and a button where the participant decides when to go on."""

    done = Signal()

    def __init__(self, text: str, look: Style, button_text: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(round(look.px(46)))
        column.addStretch(5)
        title, _, rest = text.strip().partition("\n")
        long = len(title) > 90
        column.addWidget(label(title, "large" if long else "title"))
        if rest.strip():
            column.addWidget(label(rest.strip(), "large"))
        self.go_on = button(button_text, "primary")
        self.go_on.setVisible(bool(button_text))
        self.go_on.clicked.connect(self.done)
        column.addWidget(self.go_on, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(6)
        self.setFocusProxy(self.go_on)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on with the Return key."""
        if event.key() in RETURN and self.go_on.isVisible():
            self.go_on.click()
        else:
            super().keyPressEvent(event)


class CrossPage(QWidget):
    """A cross to rest the eyes on, with few words above it."""

    def __init__(self, text: str, look: Style) -> None:
        super().__init__()
        self._look = look
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(label(text, "large"))
        column.addStretch(5)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cross in the middle."""
        px = self._look.px
        p = QPainter(self)
        pen = QPen(QColor(self._look.theme.ink), px(4))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        p.setPen(pen)
        c = QRectF(self.rect()).center()
        p.drawLine(QPointF(c.x() - px(22), c.y()), QPointF(c.x() + px(22), c.y()))
        p.drawLine(QPointF(c.x(), c.y() - px(22)), QPointF(c.x(), c.y() + px(22)))
        p.end()


class StimulusPage(QWidget):
    """A picture, a video, a sound, or words; below it a pad to rate on if the protocol wants one."""

    def __init__(self, page: Page, look: Style, clock: Clock) -> None:
        super().__init__()
        self._look = look
        self._image: QImage | None = None
        self._video: Video | None = None
        self._sound: Sound | None = None
        self.trouble = ""
        self.pad = RatingPad(page.rate, look) if page.rate else None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._stage = label("" if page.media else page.text, "title")
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column.addWidget(self._stage, 1)
        if self.pad is not None:
            column.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignHCenter)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next_frame)
        try:
            self._load(page, clock)
        except InsulaError as error:
            self.trouble = str(error)
            self._stage.setText(look.words("This cannot be shown here: {why}", why=error))

    def _load(self, page: Page, clock: Clock) -> None:
        if page.media_kind == "image":
            image = QImage(page.media)
            if image.isNull():
                self.trouble = f"{page.media} is no picture Qt can read"
                self._stage.setText(self._look.words("This cannot be shown here: {why}", why=self.trouble))
            else:
                self._image = image
        elif page.media_kind == "video":
            self._video = Video(page.media, clock)
            self._timer.start(_FRAME_MS)
        elif page.media_kind == "sound":
            self._sound = Sound(page.media)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as large as it fits; for a sound, a cross."""
        p = QPainter(self)
        room = QRectF(self._stage.geometry())
        if self._image is not None:
            p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self._image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            at = QRectF(QPointF(), size)
            at.moveCenter(room.center())
            p.drawImage(at, self._image)
        elif self._sound is not None:
            px, c = self._look.px, room.center()
            p.setPen(QPen(QColor(self._look.theme.ink), px(4)))
            p.drawLine(QPointF(c.x() - px(22), c.y()), QPointF(c.x() + px(22), c.y()))
            p.drawLine(QPointF(c.x(), c.y() - px(22)), QPointF(c.x(), c.y() + px(22)))
        p.end()

    def hold(self, held: bool) -> None:
        """Pause or go on with video and sound."""
        for player in (self._video, self._sound):
            if player is not None:
                player.hold(held)

    def close_media(self) -> None:
        """Let go of files and loudspeaker."""
        self._timer.stop()
        for player in (self._video, self._sound):
            if player is not None:
                player.close()

    def _next_frame(self) -> None:
        frame = self._video.frame() if self._video is not None else None
        if frame is not None:
            height, width, _ = frame.shape
            self._image = QImage(frame.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
            self.update()


class FormPage(QWidget):
    """A questionnaire, one question at a time."""

    said = Signal(object)
    done = Signal()

    def __init__(self, form: Form, step: int, look: Style, clock: Clock) -> None:
        super().__init__()
        self._look, self._clock = look, clock
        self.filling = Filling(form, step, clock())
        self._middle = QHBoxLayout()
        self._middle.addStretch(1)
        self._middle.addStretch(1)
        self._asked: QWidget | None = None
        self.input: inputs.Input | None = None
        self.back_button = button(look.words("Back"), "quiet")
        self.leave_button = button(look.words("I would rather not answer"), "quiet")
        self.next_button = button(look.words("Continue"), "primary")
        self.back_button.clicked.connect(self._back)
        self.leave_button.clicked.connect(lambda: self._tell(self.filling.leave_out(self._clock())))
        self.next_button.clicked.connect(self._next)
        row = QHBoxLayout()
        row.setSpacing(round(look.px(14)))
        row.addWidget(self.back_button)
        row.addStretch(1)
        row.addWidget(self.leave_button)
        row.addWidget(self.next_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._middle, 1)
        column.addLayout(row)
        self._ask()

    def restyle(self, look: Style) -> None:
        """Ask the present question again in another size; what was chosen stays chosen."""
        self._look = look
        chosen = self.input.value if self.input is not None else None
        self._ask(chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on with the Return key when something is chosen."""
        if event.key() in RETURN and self.next_button.isEnabled():
            self._next()
        else:
            super().keyPressEvent(event)

    def _ask(self, chosen: float | str | None = None) -> None:
        if self._asked is not None:
            self._middle.removeWidget(self._asked)
            self._asked.setParent(None)
            self._asked.deleteLater()
        item, look, form = self.filling.item, self._look, self.filling.form
        before = self.filling.given.get(item.name)
        value, text = (before.value, before.text) if before else (None, None)
        if isinstance(chosen, float):
            value = chosen
        elif chosen is not None:
            text = chosen
        self.input = inputs.make(item, look, value, text)
        asked = QWidget()
        asked.setMaximumWidth(round(look.px(1020)))
        column = QVBoxLayout(asked)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(round(look.px(14)))
        count = look.words("question {k} of {n}", k=self.filling.index + 1, n=len(form.items))
        column.addWidget(label(f"{form.title}  ·  {count}", "small"))
        column.addStretch(2)
        if form.instruction:
            column.addWidget(label(form.instruction, "muted"))
        column.addWidget(label(item.text, "large" if len(item.text) > 60 else "title"))
        column.addSpacing(round(look.px(22)))
        column.addWidget(self.input)
        column.addStretch(3)
        self.input.changed.connect(self._changed)
        self._asked = asked
        self._middle.insertWidget(1, asked, 20)
        self.back_button.setEnabled(self.filling.index > 0)
        self.leave_button.setVisible(not item.required)
        self._changed()
        self.input.setFocus()

    def _changed(self) -> None:
        self.next_button.setEnabled(self.input is not None and self.input.value is not None)

    def _next(self) -> None:
        value = self.input.value if self.input is not None else None
        if isinstance(value, str):
            self._tell(self.filling.write(value, self._clock()))
        elif value is not None:
            self._tell(self.filling.choose(value, self._clock()))

    def _back(self) -> None:
        self.filling.back(self._clock())
        self._ask()

    def _tell(self, said: Said) -> None:
        self.said.emit(said)
        if self.filling.done:
            self.setEnabled(False)
            self.done.emit()
        else:
            self._ask()
