"""The window of an annotator: rates a running session, or a recording while watching it, at 25 Hz."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from insula.edge.clock import Clock
from insula.edge.reports import Rating
from insula.edge.sinks.rows import RATING_HZ
from insula.edge.types import VideoFrame
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words
from insula.ui.participant.joystick import Joystick
from insula.ui.participant.rating import RatingPad
from insula.ui.participant.sheet import sheet


class ClassPad(QWidget):
    """One large button for each class, and digits; the chosen one stands until another is chosen."""

    def __init__(self, labels: tuple[str, ...], look: Style) -> None:
        super().__init__()
        self.labels = labels
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        self._group = QButtonGroup(self)
        for number, text in enumerate(labels, 1):
            button = QPushButton(f"{number}  {text}")
            button.setObjectName("choice")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setMinimumWidth(round(look.px(90 + 14 * len(text))))  # bold when chosen
            self._group.addButton(button)
            row.addWidget(button)
            self.buttons.append(button)
        self.setToolTip(look.words("digits choose, 0 or Escape chooses nothing"))

    @property
    def values(self) -> tuple[float | None, ...]:
        """1 for the chosen class and 0 for the others; ``None`` for all while nothing is chosen."""
        if not any(button.isChecked() for button in self.buttons):
            return (None,) * len(self.labels)
        return tuple(float(button.isChecked()) for button in self.buttons)

    def choose(self, number: int) -> None:
        """Choose class ``number`` (from 1); 0 chooses nothing."""
        self._group.setExclusive(False)
        for k, button in enumerate(self.buttons, 1):
            button.setChecked(k == number)
        self._group.setExclusive(True)


class Screen(QWidget):
    """Shows pictures as large as they fit."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None

    def show_frame(self, frame: VideoFrame | None) -> None:
        """Show a frame; ``None`` shows nothing."""
        self._image = None
        if frame is not None:
            height, width, _ = frame.image.shape
            data = frame.image.tobytes()
            self._image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture."""
        if self._image is None:
            return
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        at = QRectF(0, 0, size.width(), size.height())
        at.moveCenter(QRectF(self.rect()).center())
        p.drawImage(at, self._image)
        p.end()


class RateWindow(QWidget):
    """Rates from the first press on Begin, at the rate of OMG-Empathy.

    ``keep`` takes every sample. For a recording ``span`` is its begin and end (s) and ``picture`` gives the
    frame of a moment: ratings then have the times of the recording, and the pass ends with it.
    """

    ended = Signal()

    def __init__(
        self,
        labels: tuple[str, ...],
        annotator: str,
        role: str,
        keep: Callable[[Rating], None],
        clock: Clock,
        theme: Theme,
        words: Words,
        *,
        axes: bool = True,
        span: tuple[float, float] | None = None,
        picture: Callable[[float], VideoFrame | None] | None = None,
        joystick: Joystick | None = None,
    ) -> None:
        super().__init__()
        self.look = Style(theme, words)
        self.clock, self.span = clock, span
        self._annotator, self._role, self._keep = annotator, role, keep
        self._picture, self._joystick = picture, joystick
        self.at = span[0] if span else 0.0
        self._since: tuple[float, float] | None = None
        self.count = 0
        self.setObjectName("participant")
        self.setStyleSheet(sheet(self.look))
        self.setWindowTitle(f"{words('Rating')} – {annotator} ({words(role)})")
        self.screen_ = Screen()
        self.screen_.setVisible(picture is not None)
        self.pad: RatingPad | ClassPad = RatingPad(labels, self.look) if axes else ClassPad(labels, self.look)
        self.begin_button = QPushButton(words("Begin"))
        self.begin_button.setObjectName("primary")
        self.begin_button.setCheckable(True)
        self.begin_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.begin_button.toggled.connect(self._run)
        self.told = QLabel()
        self.told.setObjectName("small")
        self._arrange(axes)
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if picture is not None:
            self.screen_.show_frame(picture(self.at))
        self._tell()

    def tick(self) -> None:
        """Take one sample, and show the picture of its moment."""
        if self._since is None:
            return
        now = self.clock()
        t = now if self.span is None else self._since[1] + now - self._since[0]
        if self.span is not None and t > self.span[1]:
            self.begin_button.setChecked(False)
            self.begin_button.setEnabled(False)
            self.told.setText(self.look.words("The recording is through. Thank you."))
            self.ended.emit()
            return
        self.at = t
        if self._joystick is not None and isinstance(self.pad, RatingPad):
            x, y = self._joystick.poll()
            if self._joystick.lost:
                self.pad.let_go()
                self.begin_button.setChecked(False)
                self.told.setText(
                    self.look.words("The joystick is gone: plug it in and open this window again.")
                )
                return
            self.pad.push(x, y)
        self._keep(Rating(t, self._annotator, self._role, self.pad.labels, self.pad.values))
        self.count += 1
        if self._picture is not None:
            self.screen_.show_frame(self._picture(t))
        if self.count % 5 == 0:
            self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space begins and pauses; digits choose a class."""
        if event.key() == Qt.Key.Key_Space:
            self.begin_button.toggle()
        elif isinstance(self.pad, ClassPad) and (event.text().isdigit() or event.key() == Qt.Key.Key_Escape):
            self.pad.choose(int(event.text()) if event.text().isdigit() else 0)
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the pass."""
        self.timer.stop()
        self._since = None
        self.ended.emit()
        super().closeEvent(event)

    def _run(self, on: bool) -> None:
        self.begin_button.setText(self.look.words("Hold" if on else "Go on"))
        if on:
            self._since = (self.clock(), self.at)
            self.timer.start(round(1000 / RATING_HZ))
        else:
            self._since = None
            self.timer.stop()
        self._tell()

    def _tell(self) -> None:
        words = self.look.words
        if self.span is not None:
            here, whole = self.at - self.span[0], self.span[1] - self.span[0]
            self.told.setText(f"{clock_text(here)} / {clock_text(whole)}")
        elif self._since is None:
            self.told.setText(words("nothing is rated while it is held"))
        else:
            self.told.setText(words("{n} values so far", n=self.count))

    def _arrange(self, axes: bool) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(16)
        column.addWidget(self.screen_, 1)
        column.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignHCenter)
        if axes and self._joystick is None:
            hint = QLabel(self.look.words("hold the mouse button and move, or use a joystick"))
            hint.setObjectName("small")
            column.addWidget(hint, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addWidget(self.told)
        row.addStretch(1)
        row.addWidget(self.begin_button)
        column.addLayout(row)
