"""Starts the dashboard on a running session."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

from insula.edge.clock import now

# OpenCV's wheel points these at its own Qt; Qt must not look there, so they go before Qt is imported.
for _variable in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_variable, None)

from PySide6.QtCore import QLocale, QSettings, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit  # noqa: E402

from insula.edge.errors import InsulaError, NotPermitted  # noqa: E402
from insula.ui.dashboard import theme as themes  # noqa: E402
from insula.ui.dashboard.drawing import Style  # noqa: E402
from insula.ui.dashboard.frame import Frame  # noqa: E402
from insula.ui.dashboard.lsl_source import LslSource  # noqa: E402
from insula.ui.dashboard.presenter import Presenter  # noqa: E402
from insula.ui.dashboard.recorded import Recorded  # noqa: E402
from insula.ui.dashboard.review import ReviewWindow  # noqa: E402
from insula.ui.dashboard.setup import SetupWindow  # noqa: E402
from insula.ui.dashboard.source import FeedSource, Source  # noqa: E402
from insula.ui.dashboard.start import StartWindow  # noqa: E402
from insula.ui.dashboard.window import LiveWindow  # noqa: E402
from insula.ui.dashboard.words import Words  # noqa: E402
from insula.ui.privacy import keys, opened  # noqa: E402


def application() -> QApplication:
    """Return the application, made when there is none yet, in the remembered theme."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Insula")
    app.setOrganizationName("Insula")
    themes.apply(app, remembered_theme())
    return app


def remembered_theme() -> themes.Theme:
    """Return the theme the operator used last; dark at first."""
    return themes.THEMES.get(str(QSettings().value("theme", "dark")), themes.DARK)


def words() -> Words:
    """Return the words in the operator's language, English where there is no translation."""
    return Words(QLocale().name()[:2])


def run(session_dir: Path) -> int:
    """Show the session whose runtime folder is ``session_dir``; return the exit status.

    Raises ``DataError`` when no session runs there.
    """
    source = FeedSource(session_dir)
    app = application()
    window = _live(source)
    window.restore_place()
    window.show()
    return loop(app)


def watch(source_id: str) -> int:
    """Show the session whose LSL outlets have ``source_id`` ("" for the first one found); return the status.

    Raises ``SensorUnavailable`` without liblsl.
    """
    source = LslSource(source_id)
    app = application()
    window = _live(source)
    window.restore_place()
    window.show()
    return loop(app)


def review(folder: Path) -> int:
    """Show the recorded session in ``folder``; return the exit status.

    Raises ``DataError`` when the folder holds nothing to review.
    """
    session = Recorded(folder, words())
    app = application()
    window = _review(session)
    window.restore_place()
    window.show()
    return loop(app)


def start() -> int:
    """Show the start page; return the exit status."""
    app = application()
    desk = Desk()
    desk.start.show()
    return loop(app)


class Desk:
    """The start page and the window opened from it: one of them is shown at a time."""

    def __init__(self) -> None:
        self.start = StartWindow(remembered_theme(), words())
        self.window: Frame | None = None
        self._held = contextlib.ExitStack()
        self.start.connect_to.connect(self.connect)
        self.start.review.connect(self.review)
        self.start.set_up.connect(self.set_up)

    def connect(self, folder: Path) -> None:
        """Open a running session."""
        try:
            self._open(_live(FeedSource(folder)))
        except InsulaError as error:
            self.start.tell(str(error))

    def review(self, folder: Path) -> None:
        """Open a recorded session."""
        with contextlib.ExitStack() as stack:
            try:
                plain = stack.enter_context(opened(folder, self._passphrase))
                self._open(_review(Recorded(plain, words())))
            except InsulaError as error:
                self.start.tell(str(error))
                return
            self._held = stack.pop_all()

    def _passphrase(self) -> str:
        """Ask for the passphrase of an encrypted session; raises ``NotPermitted`` when none is given."""
        if given := os.environ.get(keys.PASSPHRASE):
            return given
        asking, hidden = words()("Passphrase of the encrypted session"), QLineEdit.EchoMode.Password
        text, given_one = QInputDialog.getText(self.start, "Insula", asking, hidden)
        if not given_one:
            raise NotPermitted(words()("no passphrase was given"))
        return text

    def set_up(self) -> None:
        """Open the set-up page."""
        window = SetupWindow(remembered_theme(), words())
        window.begin.connect(self.begin)
        self._open(window)
        window.look_again()

    def begin(self, arguments: tuple[str, ...]) -> None:
        """Leave the set-up page and start the session it describes."""
        if self.window is not None:
            self.window.close()
        self.start.launch(*arguments)

    def _open(self, window: Frame) -> None:
        self.start.tell("")
        self.window = window
        window.closed.connect(self._back)
        if not window.restore_place():
            window.setGeometry(self.start.geometry())
        window.show()
        self.start.hide()

    def _back(self) -> None:
        self.window = None
        self._held.close()  # the plain copy of an encrypted session goes with its window
        self.start.restyle(Style(remembered_theme(), self.start.look.words, self.start.look.scale))
        self.start.show()


def _live(source: Source) -> LiveWindow:
    window = LiveWindow(source, Presenter(now, words()), remembered_theme())
    window.start()
    return window


def _review(session: Recorded) -> ReviewWindow:
    window = ReviewWindow(session, remembered_theme())
    window.load()
    return window


def loop(app: QApplication) -> int:
    """Run the application until its last window is closed; Ctrl+C in the terminal closes it too."""
    signal.signal(signal.SIGINT, lambda *_: app.quit())
    awake = QTimer()  # Python sees a signal only when it runs
    awake.timeout.connect(lambda: None)
    awake.start(200)
    return int(app.exec())
