"""The start page: three doors, each one click from something to look at."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from insula.ui.dashboard import sessions
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.frame import Frame
from insula.ui.dashboard.panels.glyph import Glyph, Picture
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words

LOOK_MS = 500
"""How often the page looks for sessions that began or ended."""


class StartWindow(Frame):
    """Says by signals which door was taken; the application opens what is behind it."""

    connect_to = Signal(object)
    review = Signal(object)
    set_up = Signal()

    def __init__(self, theme: Theme, words: Words, folder: Path = sessions.FOLDER) -> None:
        super().__init__(theme, words)
        self.folder = folder
        self.launched: list[sessions.Launch] = []
        self._awaited: sessions.Launch | None = None
        self._listed: object = None
        self.glyphs: list[Glyph] = []
        self.banner = _label("", "notice")
        self.banner.hide()
        self.live_list, self.recording_list = QVBoxLayout(), QVBoxLayout()
        self._arrange()
        self.resize(1280, 720)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.refresh)
        self.timer.start(LOOK_MS)
        self.refresh()

    def refresh(self) -> None:
        """See which sessions there are, and whether the one just started is ready."""
        self._await()
        running, recorded = sessions.running(), sessions.recorded(self.folder)
        if (running, recorded) == self._listed:
            return
        self._listed = (running, recorded)
        words = self.look.words
        _clear(self.live_list)
        for folder in running:
            button = _button(f"●  {folder.name.rpartition('-')[0]}", words("running now"))
            button.clicked.connect(lambda _=False, folder=folder: self.connect_to.emit(folder))
            self.live_list.addWidget(button)
        _clear(self.recording_list)
        for known in recorded:
            button = _button(known.title, self._when(known))
            button.clicked.connect(lambda _=False, path=known.path: self.review.emit(path))
            self.recording_list.addWidget(button)
        if not recorded:
            self.recording_list.addWidget(_label(words("no recordings yet"), "faint"))

    def launch(self, *arguments: str) -> None:
        """Start an engine and open its window as soon as it is ready."""
        self._awaited = sessions.Launch((*arguments, "--headless"))
        self.launched.append(self._awaited)
        self.tell(self.look.words("starting …"))

    def tell(self, text: str) -> None:
        """Show a line on the page; "" takes it away."""
        self.banner.setText(text)
        self.banner.setVisible(bool(text))

    def restyle(self, look: Style) -> None:
        """Take other colours."""
        super().restyle(look)
        for glyph in self.glyphs:
            glyph.restyle(look)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish the sessions that were started here: no camera stays on behind a closed window."""
        self.timer.stop()
        for launched in self.launched:
            launched.stop()
        super().closeEvent(event)

    # -- inside --------------------------------------------------------------------------------------

    def _await(self) -> None:
        if self._awaited is None:
            return
        folder, failure = self._awaited.folder(), self._awaited.failure()
        if folder is not None:
            self._awaited = None
            self.tell("")
            self.connect_to.emit(folder)
        elif failure or self._awaited.ended:
            self._awaited = None
            self.tell(failure or self.look.words("the session ended at once"))

    def _when(self, known: sessions.Known) -> str:
        parts = []
        if known.started is not None:
            parts.append(known.started.strftime("%Y-%m-%d %H:%M"))
        if known.length_s is not None:
            parts.append(clock_text(known.length_s))
        if known.sealed:
            parts.append(self.look.words("encrypted"))
        if not known.complete:
            parts.append(self.look.words("cut off"))
        return " · ".join(parts)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.look.words("Choose a session folder"))
        if name:
            self.review.emit(Path(name))

    def _arrange(self) -> None:
        words = self.look.words
        self.demo_button = _button(words("Simulated person"), words("needs no device; says so everywhere"))
        self.demo_button.clicked.connect(lambda: self.launch("demo"))
        self.devices_button = _button(words("Devices found here"), words("camera, microphone, LSL, boards"))
        self.devices_button.clicked.connect(lambda: self.launch("run"))
        self.folder_button = _button(words("Choose a folder …"), "")
        self.folder_button.clicked.connect(self._ask_folder)
        self.setup_button = _button(words("Set up a session"), words("person, use, devices, protocol"))
        self.setup_button.clicked.connect(self.set_up)
        live, setup = (self.demo_button, self.devices_button), (self.setup_button,)
        doors = QHBoxLayout()
        doors.setSpacing(16)
        doors.addWidget(self._door("live", words("Live session"), words(LIVE), live, self.live_list), 1)
        recordings, title = (self.folder_button,), words("Open recording")
        doors.addWidget(self._door("recording", title, words(REVIEW), recordings, self.recording_list), 1)
        doors.addWidget(self._door("setup", words("Set-up"), words(SETUP), setup, QVBoxLayout()), 1)
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(48, 34, 48, 24)
        column.setSpacing(14)
        column.addLayout(self._top())
        column.addWidget(self.banner)
        column.addLayout(doors, 6)
        column.addStretch(1)
        column.addWidget(_label(words(NOTICE), "faint"))
        self.setCentralWidget(page)

    def _top(self) -> QHBoxLayout:
        words, row, names = self.look.words, QHBoxLayout(), QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(_label("Insula", "hero"))
        names.addWidget(_label(words(CLAIM), "muted"))
        row.addLayout(names, 1)
        self.theme_button = QPushButton("◐")
        self.theme_button.setAccessibleName(words("theme"))
        self.theme_button.setToolTip(words("Dark or light."))
        self.theme_button.clicked.connect(self.other_theme)
        row.addWidget(self.theme_button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _door(
        self, picture: Picture, title: str, text: str, buttons: tuple[QPushButton, ...], rows: QVBoxLayout
    ) -> QFrame:
        door = QFrame()
        door.setObjectName("door")
        door.setAccessibleName(title)
        column = QVBoxLayout(door)
        column.setContentsMargins(22, 18, 22, 20)
        column.setSpacing(8)
        glyph = Glyph(picture, self.look)
        self.glyphs.append(glyph)
        column.addWidget(glyph)
        column.addWidget(_label(title, "doortitle"))
        column.addWidget(_label(text, "muted"))
        column.addSpacing(6)
        for button in buttons:
            column.addWidget(button)
        rows.setSpacing(8)
        column.addLayout(rows)
        column.addStretch(1)
        return door


CLAIM = "Face, voice, EEG and EDA in one honest picture. On this device."
LIVE = "Watch a person's face, voice, EEG and skin conductance now, with every uncertainty shown."
REVIEW = "Look through a recorded session: timeline, traces, raw signals and figures of any segment."
SETUP = (
    "Who is measured and what for, what is connected and what is not; what the models are worth "
    "and what they are not for."
)
NOTICE = (
    "Not a medical device. Tell the person before you measure. Use at work or school is prohibited in the EU "
    "unless the purpose is medical or safety (AI Act, Art. 5(1)(f))."
)


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(role)
    label.setWordWrap(True)
    return label


def _button(text: str, detail: str) -> QPushButton:
    """Return a button with a muted second line."""
    button = QPushButton()
    button.setObjectName("row")
    button.setAccessibleName(text)
    button.setAccessibleDescription(detail)
    column = QVBoxLayout(button)
    column.setContentsMargins(14, 10, 14, 10)
    column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
    column.setSpacing(2)
    for line, role in ((text, "title"), (detail, "muted")):
        if line:
            label = QLabel(line)
            label.setObjectName(role)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
    return button


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.deleteLater()
