"""The participant's window: follows the protocol, shows one page, sends what the participant says."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from insula.edge.clock import Clock
from insula.edge.errors import InsulaError
from insula.edge.reports import Rating
from insula.edge.sinks.rows import RATING_HZ
from insula.ui.dashboard.control import Command, Name
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words
from insula.ui.participant.link import command_of
from insula.ui.participant.pages import CrossPage, FormPage, StimulusPage, WordsPage, label
from insula.ui.participant.sheet import sheet
from insula.ui.protocol.filling import Said
from insula.ui.protocol.page import Page, Progress

TICK_MS = 15
REFERENCE = (1280, 720)
MARGIN = 56


class Line(Protocol):
    """What the window needs of its :class:`~insula.ui.participant.link.Link`."""

    @property
    def lost(self) -> bool:
        """Whether the session is silent, or has ended."""

    @property
    def ended(self) -> bool:
        """Whether the session has ended."""

    def poll(self) -> Progress | None:
        """How the protocol stands."""

    def send(self, command: Command) -> None:
        """Send a command."""

    def close(self) -> None:
        """Let go."""


class ParticipantWindow(QWidget):
    """Shows the protocol of one session to the person it is about."""

    def __init__(self, link: Line, theme: Theme, clock: Clock) -> None:
        super().__init__()
        self.link, self.clock = link, clock
        self.look = Style(theme, Words("en"))
        self.page: QWidget | None = None
        self._asking: QWidget | None = None
        self._progress: Progress | None = None
        self._shown: tuple[object, ...] = ()
        self.setObjectName("participant")
        self.setWindowTitle("Insula")
        self.setMinimumSize(800, 500)
        self.resize(*REFERENCE)
        self.bar = QFrame()
        self.bar.setObjectName("bar")
        self.stop_button = QPushButton()
        self.stop_button.setObjectName("stop")
        self.stop_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop_button.clicked.connect(self._ask_to_stop)
        self.hint = QLabel()
        self.hint.setObjectName("small")
        self._room = QVBoxLayout()
        foot = QHBoxLayout()
        foot.addWidget(self.stop_button)
        foot.addStretch(1)
        foot.addWidget(self.hint)
        column = QVBoxLayout(self)
        column.addLayout(self._room, 1)
        column.addWidget(self.bar)
        column.addLayout(foot)
        QShortcut(QKeySequence("F11"), self, self._full_screen)
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self._rating = QTimer(self)
        self._rating.setTimerType(Qt.TimerType.PreciseTimer)
        self._rating.timeout.connect(self._rate)
        self._restyle()
        self.tick()

    def start(self) -> None:
        """Follow the session from now on."""
        self.timer.start(TICK_MS)

    def tick(self) -> None:
        """Show what the protocol wants."""
        progress = self.link.poll()
        what = self._what(progress)
        if what == self._shown:
            return
        language = progress.language if progress is not None else self.look.words.language
        if language != self.look.words.language:
            self.look = Style(self.look.theme, Words(language), self.look.scale)
        self._progress, self._shown = progress, what
        self._show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the session, which goes on."""
        self.timer.stop()
        self._leave_page()
        self.link.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the letters grow with the window."""
        fit = min(self.width() / REFERENCE[0], self.height() / REFERENCE[1])
        scale = round(min(max(fit, 0.7), 3.0) * 20) / 20
        if scale != self.look.scale:
            self.look = Style(self.look.theme, self.look.words, scale)
            self._restyle()
            if isinstance(self.page, FormPage):
                self.page.restyle(self.look)
            elif not isinstance(self.page, StimulusPage):  # that plays on
                self._show()
        if self._asking is not None:
            self._asking.setGeometry(self.rect())
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice when a new page has been painted for the first time."""
        if watched is self.page and event.type() == QEvent.Type.Paint:
            self.page.removeEventFilter(self)
            QTimer.singleShot(0, self._painted)  # after this picture has gone to the screen
        return super().eventFilter(watched, event)

    # -- inside --------------------------------------------------------------------------------------

    def _what(self, progress: Progress | None) -> tuple[object, ...]:
        """Return what a page depends on: another one is made only when this changes."""
        if progress is None:
            return (self.link.lost, self.link.ended)
        index = progress.index if progress.state in ("running", "paused") else -1
        return (self.link.lost, self.link.ended, progress.state, index, progress.language)

    def _show(self) -> None:
        progress, words = self._progress, self.look.words
        live = progress is not None and progress.state in ("running", "paused") and not self.link.ended
        step = progress.index if live and progress is not None else -1
        for widget in (self.bar, self.stop_button, self.hint):
            widget.setVisible(live)
        self.stop_button.setText(words("I want to stop"))
        self.hint.setText(words("You may stop at any time, without giving a reason."))
        if isinstance(self.page, FormPage | StimulusPage) and live and self.page.property("step") == step:
            self._hold(self.page, progress)  # what was begun stays
            return
        self._put(self._make(progress), step)

    def _hold(self, page: FormPage | StimulusPage, progress: Progress | None) -> None:
        """Keep a page that was begun; nothing can be done on it while the protocol stands still."""
        words = self.look.words
        paused = progress is not None and progress.state == "paused"
        if paused:
            self.hint.setText(words("The study is paused."))
        if self.link.lost:
            self.hint.setText(words("The connection to the study is lost. Please tell the study team."))
        page.setEnabled(not (paused or self.link.lost))
        if isinstance(page, StimulusPage):
            page.hold(paused or self.link.lost)
        elif page.isEnabled() and page.input is not None:
            page.input.setFocus()

    def _make(self, progress: Progress | None) -> QWidget:
        words, look = self.look.words, self.look
        if progress is not None and progress.state in ("done", "aborted"):
            return self._farewell(progress)
        if self.link.lost:
            return WordsPage(words("The connection to the study is lost. Please tell the study team."), look)
        if progress is None:
            return WordsPage(words("Please wait a moment."), look)
        if progress.state == "ready":
            return WordsPage(f"{progress.title}\n{words('It begins soon.')}", look)
        if progress.state == "paused":
            return WordsPage(words("The study is paused."), look)
        assert progress.page is not None
        return self._step(progress.page)

    def _farewell(self, progress: Progress) -> QWidget:
        words = self.look.words
        if progress.state == "done":
            return WordsPage(words("That was all. Thank you."), self.look)
        return WordsPage(words("The study has been stopped. The study team has been told."), self.look)

    def _step(self, page: Page) -> QWidget:
        if page.kind in ("baseline", "rest"):
            return CrossPage(page.text, self.look)
        if page.form is not None:
            form = FormPage(page.form, page.index, self.look, self.clock)
            form.said.connect(self._say)
            form.done.connect(lambda: self._send("participant", f"next:{page.index}"))
            return form
        if page.kind == "stimulus":
            return StimulusPage(page, self.look, self.clock)
        words = WordsPage(page.text, self.look, self.look.words("Continue"))
        words.done.connect(lambda: self._send("participant", f"next:{page.index}"))
        return words

    def _put(self, page: QWidget, step: int) -> None:
        self._leave_page()
        page.setProperty("step", step)
        self.page = page
        if step >= 0 and self._progress is not None and self._progress.state == "running":
            page.installEventFilter(self)
        self._room.addWidget(page)
        page.setFocus()
        if isinstance(page, StimulusPage) and page.pad is not None:
            self._rating.start(round(1000 / RATING_HZ))
        if self._asking is not None:
            self._asking.raise_()

    def _leave_page(self) -> None:
        self._rating.stop()
        if self.page is None:
            return
        if isinstance(self.page, StimulusPage):
            self.page.close_media()
        self._room.removeWidget(self.page)
        self.page.setParent(None)
        self.page.deleteLater()
        self.page = None

    def _painted(self) -> None:
        if self.page is not None and self._progress is not None:
            self._send("shown", str(self.page.property("step")))
            if isinstance(self.page, StimulusPage) and self.page.trouble:
                self._send("note", f"the participant's window: {self.page.trouble}")

    def _say(self, said: Said) -> None:
        self._send("answer", said.dumps(), said.t)

    def _rate(self) -> None:
        pad = self.page.pad if isinstance(self.page, StimulusPage) else None
        if pad is not None:
            rating = Rating(self.clock(), "participant", "self", pad.labels, pad.values)
            self._pass(command_of(rating))

    def _ask_to_stop(self) -> None:
        """Ask once more, on a page of its own: a slip of the mouse must not end a study."""
        words = self.look.words
        asking = QWidget(self)
        asking.setObjectName("asking")
        asking.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(asking)
        column.setSpacing(round(self.look.px(36)))
        column.addStretch(1)
        column.addWidget(label(words("Would you like to stop?"), "title"))
        row = QHBoxLayout()
        row.setSpacing(round(self.look.px(24)))
        self.stay_button, self.leave_button = QPushButton(words("Go on with the study")), QPushButton()
        self.leave_button.setText(words("Yes, stop"))
        self.stay_button.setObjectName("primary")
        self.leave_button.setObjectName("quiet")
        row.addStretch(1)
        for choice in (self.leave_button, self.stay_button):
            row.addWidget(choice)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self._asking = asking
        self.stay_button.clicked.connect(self._stay)
        self.leave_button.clicked.connect(self._stop)
        asking.setGeometry(self.rect())
        asking.show()
        asking.raise_()
        self.stay_button.setFocus()

    def _stay(self) -> None:
        self._ask_no_longer()
        if self.page is not None:
            self.page.setFocus()

    def _stop(self) -> None:
        self._ask_no_longer()
        self._send("participant", "stop")

    def _ask_no_longer(self) -> None:
        if self._asking is not None:
            self._asking.hide()
            self._asking.deleteLater()
            self._asking = None

    def _send(self, name: Name, text: str, t: float | None = None) -> None:
        self._pass(Command(name, self.clock() if t is None else t, text))

    def _pass(self, command: Command) -> None:
        try:
            self.link.send(command)
        except InsulaError:
            self._shown = ()  # the next tick shows that the session is gone

    def _restyle(self) -> None:
        margin = round(self.look.px(MARGIN))
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(margin, round(margin * 0.7), margin, round(margin * 0.45))
        layout.setSpacing(round(self.look.px(14)))
        self.bar.setFixedHeight(max(1, round(self.look.px(1))))
        self.setStyleSheet(sheet(self.look))

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
