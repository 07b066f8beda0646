"""The live window: asks the source and the presenter thirty times a second and lets the panels draw."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QLabel

from insula.edge.errors import InsulaError
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import Command, Name
from insula.ui.dashboard.docks import Docks, Split
from insula.ui.dashboard.frame import Frame
from insula.ui.dashboard.insight import REST_BEGINS, REST_ENDS
from insula.ui.dashboard.panels.bands import BandsWindow
from insula.ui.dashboard.panels.events import EventsPanel
from insula.ui.dashboard.panels.expression import ExpressionPanel
from insula.ui.dashboard.panels.header import Header
from insula.ui.dashboard.panels.minute import ABOUT, MinutePanel
from insula.ui.dashboard.panels.plane import PlanePanel
from insula.ui.dashboard.panels.protocol import ProtocolBar
from insula.ui.dashboard.panels.room import RoomPanel
from insula.ui.dashboard.panels.sensors import SensorsPanel
from insula.ui.dashboard.panels.signals import SignalsPanel
from insula.ui.dashboard.panels.state import StatePanel
from insula.ui.dashboard.panels.traces import TracesPanel
from insula.ui.dashboard.panels.video import VideoPanel
from insula.ui.dashboard.panels.why import WhyPanel
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.source import Source
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.view import Session, SignalLane
from insula.ui.protocol.page import Progress

FRAME_MS = 33
LOW_BYTES = 2_000_000_000
"""Less room than this on the disk is told while recording."""


class LiveWindow(Frame):
    """One session, live."""

    def __init__(self, source: Source, presenter: Presenter, theme: Theme = themes.DARK) -> None:
        super().__init__(theme, presenter.words)
        self.source = source
        self.presenter = presenter
        self.paused = False
        self.notice = ""
        self.drawn = 0
        """Pictures drawn so far."""
        self._marker_t: float | None = None
        self._note = False
        self._keys: tuple[tuple[str, str], ...] = ()
        self._key_shortcuts: list[QShortcut] = []
        self._times: deque[float] = deque(maxlen=30)
        self.header = Header(self.look)
        self.protocol = ProtocolBar(self.look)
        self.minute = MinutePanel(self.look)
        self.video = VideoPanel(self.look)
        self.traces = TracesPanel(self.look)
        self.banner = QLabel()
        self.banner.setObjectName("notice")
        self.banner.hide()
        self._arrange()
        self._connect()
        if not source.takes_commands:
            self.header.watch_only()
            self.calibrate_action.setEnabled(False)
        self.resize(1500, 850)
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)

    def start(self) -> None:
        """Draw from now on."""
        self.tick()
        self.timer.start(FRAME_MS)

    def tick(self) -> None:
        """Take what is new and draw it."""
        self.source.poll(self.presenter)
        view = self.presenter.view()
        self._times.append(self.presenter.clock())
        self.header.show_view(view, self.fps, shut=self.video.shutter)
        self.protocol.show_progress(view.session.protocol, view.t, ended=view.session.ended)
        self.minute.show_session(view.session, view.t)
        self._offer_keys(view.session.protocol)
        self._tell(view.silence or self.notice or self._space(view.session))
        if self.paused:
            return
        frame = self.source.frame(view.video) if view.video.stream else None
        if frame is not None or view.video.index is None:
            self.video.show_frame(frame)
        for number, panel in enumerate(self.panels):
            if (self.drawn + number) % panel.every == 0:
                panel.show_view(view)
        self.drawn += 1

    @property
    def fps(self) -> float:
        """Pictures a second over the last thirty."""
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop drawing and let go of the session, which goes on."""
        self.timer.stop()
        self.docks.remember()
        self.source.close()
        super().closeEvent(event)

    # -- inside --------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        look = self.look
        plane, state, expression = PlanePanel(look), StatePanel(look), ExpressionPanel(look)
        sensors, events, signals = SensorsPanel(look), EventsPanel(look), SignalsPanel(look)
        signals.asked.connect(self.show_bands)
        why = WhyPanel(look)
        self.room = RoomPanel(look)
        self.room.setParent(self)
        self.room.hide()
        self.panels = (
            self.video,
            plane,
            state,
            expression,
            sensors,
            events,
            why,
            self.traces,
            signals,
            self.room,
        )
        figures = Split("column", ((27, state), (26, expression)))
        right = Split("column", ((34, sensors), (19, events)))
        top = Split("row", ((16, self.video), (12, plane), (10, figures), (10, right)))
        bottom = Split("row", ((28, self.traces), (20, signals)))
        self.docks = Docks("live", Split("column", ((46, top), (9, why), (45, bottom))))
        above = ((self.header, 0, 0, 1, 48), (self.protocol, 1, 0, 1, 48), (self.banner, 2, 0, 1, 48))
        rest = ((self.minute, 3, 0, 1, 48), (self.docks, 4, 0, 1, 48))
        self.lay_out((*above, *rest), {4: 1})
        header_menu = self.header.view_menu
        self.arrange_action = header_menu.addAction(look.words("Arrange the panels"))
        self.arrange_action.setCheckable(True)
        self.arrange_action.toggled.connect(lambda free: self.docks.lock(not free))
        header_menu.addAction(look.words("Put the panels back"), self._put_back)
        header_menu.addSeparator()
        header_menu.addAction(look.words("Room view") + "\tV", lambda: self.show_room(True))
        header_menu.addAction(look.words("EEG bands") + "\tE", self.show_bands)
        header_menu.addSeparator()
        header_menu.setToolTipsVisible(True)
        self.calibrate_action = header_menu.addAction(look.words("Calibrate …") + "\tC", self._calibrate)
        self.calibrate_action.setToolTip(look.words(ABOUT))

    def _put_back(self) -> None:
        self.arrange_action.setChecked(False)
        self.docks.reset()

    def _connect(self) -> None:
        header = self.header
        header.marker.connect(self._mark)
        self.protocol.asked.connect(lambda what: self._send("protocol", text=what))
        self.minute.begun.connect(lambda person: self._send("calibrate", text=person))
        self.minute.cancelled.connect(lambda: self._send("calibrate", on=False))
        header.record.connect(lambda on: self._send("record", on=on))
        header.shutter.connect(self._shut)
        header.mute.connect(self._mute)
        header.stop.connect(lambda: self._send("stop"))
        header.pause.connect(self._pause)
        header.theme.connect(self.other_theme)
        for key, act in (
            ("Space", header.pause_button.toggle),
            ("R", header.record_button.click),
            ("P", header.shutter_button.click),
            ("S", header.mute_button.click),
            ("T", header.theme_button.click),
            ("M", lambda: self._write(note=False)),
            ("N", lambda: self._write(note=True)),
            ("Shift+N", self.protocol.next_button.click),
            ("B", self._rest),
            ("E", self.show_bands),
            ("C", self._calibrate),
            ("L", header.view_button.showMenu),
            ("V", lambda: self.show_room(not self.room.isVisible())),
            ("Esc", lambda: self.show_room(False)),
            ("Ctrl+E", header.stop_button.click),
        ):
            QShortcut(QKeySequence(key), self, act)
        for number, focus in enumerate(("fused", "face", "voice", "eda", "eeg")):
            QShortcut(QKeySequence(str(number)), self, lambda focus=focus: self._focus(focus))
        header.entry.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give a marker the time of its first key, and let Escape leave the field."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and watched is self.header.entry:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Escape:
                self.header.entry.clear()
                self.header.entry.clearFocus()
                self._note = False
                self.header.expect_note(False)
            elif not self.header.entry.text():
                self._marker_t = self.presenter.clock()
        return super().eventFilter(watched, event)

    def _send(self, name: Name, *, text: str = "", on: bool = True) -> None:
        t = None
        if name in ("marker", "note"):
            t, self._marker_t = self._marker_t, None
        try:
            self.source.send(Command(name, self.presenter.clock() if t is None else t, text, on))
            self.notice = ""
        except InsulaError as error:
            self.notice = str(error)

    def _write(self, *, note: bool) -> None:
        """Let the operator type a marker, or a note that is kept beside the recording as well."""
        self._note = note
        self.header.expect_note(note)
        self.header.entry.setFocus()

    def _mark(self, text: str) -> None:
        self._send("note" if self._note else "marker", text=text)
        self._note = False
        self.header.expect_note(False)

    def _offer_keys(self, protocol: Progress | None) -> None:
        """Give the protocol's markers their keys; without any, 5 to 9 mark themselves."""
        keys = (protocol.keys if protocol is not None else ()) or tuple((key, key) for key in "56789")
        if keys == self._keys:
            return
        self._keys = keys
        for shortcut in self._key_shortcuts:
            shortcut.setEnabled(False)  # gone at once: two of one key would do nothing at all
            shortcut.deleteLater()
        self._key_shortcuts = [
            QShortcut(QKeySequence(key), self, lambda text=text: self._send("marker", text=text))
            for key, text in keys
        ]

    def _mute(self, muted: bool) -> None:
        self._send("mute", on=muted)

    def _shut(self, closed: bool) -> None:
        self.video.shutter = closed  # at once here; in the file when the engine has heard
        self._send("privacy", on=closed)

    def _calibrate(self) -> None:
        """Offer the guided minute in a row of its own; nothing is covered, and nothing waits for it."""
        if self.source.takes_commands:
            self.minute.ask()

    def _rest(self) -> None:
        """Mark where the person's rest begins or, the second time, ends."""
        resting = self.presenter.view().baseline.since is not None
        self._send("marker", text=REST_ENDS if resting else REST_BEGINS)

    def show_room(self, shown: bool) -> None:
        """Cover the window with what is to be read from two metres, or take that away."""
        self.room.setGeometry(self.rect())
        self.room.setVisible(shown)
        self.room.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the room view cover the whole window."""
        super().resizeEvent(event)
        self.room.setGeometry(self.rect())

    def show_bands(self) -> None:
        """Open the window with the EEG's band powers."""
        window = BandsWindow(self.look, self._eeg, self)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.show()

    def _eeg(self) -> SignalLane | None:
        lanes = self.presenter.view().signals
        return next((lane for lane in lanes if lane.type == "EEG"), None)

    def _pause(self, paused: bool) -> None:
        self.paused = paused

    def _focus(self, key: str) -> None:
        self.traces.focus = key
        self.traces.update()

    def _space(self, session: Session) -> str:
        free = session.free_bytes
        if session.recording_since is None or free is None or free > LOW_BYTES:
            return ""
        return self.look.words(
            "only {gb:.1f} GB left on the disk: make room or stop recording", gb=free / 1e9
        )

    def _tell(self, text: str) -> None:
        self.banner.setText(text)
        self.banner.setVisible(bool(text))
