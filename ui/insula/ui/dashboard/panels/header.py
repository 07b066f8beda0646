"""The bar at the top: what runs, for how long, how fresh, and the operator's controls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QSizePolicy, QWidget

from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels import controls
from insula.ui.dashboard.view import LiveView

"""How long a first click on Stop waits for the second."""


def clock_text(seconds: float) -> str:
    """Return seconds as ``m:ss`` or ``h:mm:ss``."""
    whole = max(0, int(seconds))
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


class Header(QWidget):
    """Signals tell what the operator asks for; the looks follow what the engine says."""

    marker = Signal(str)
    record = Signal(bool)
    pause = Signal(bool)
    shutter = Signal(bool)
    mute = Signal(bool)
    stop = Signal()
    theme = Signal()

    def __init__(self, look: Style) -> None:
        super().__init__()
        self.look = look
        words = look.words
        self.name = controls.label(look, "title", "session")
        self.name.setMaximumWidth(260)  # a long title must not push the buttons out of the window
        self.simulated = controls.label(look, "simulated", "simulated")
        self.simulated.setText(words("SIMULATED"))
        self.simulated.setToolTip(words("No sensor is involved: these data are made up."))
        self.outside = controls.label(look, "warning", "outside the models' population")
        self.outside.setText("▲ " + words("population"))
        self.outside.hide()
        self.clock = controls.label(look, "muted", "session time")
        self.recording = controls.label(look, "recording", "recording")
        self.room = controls.label(look, "faint", "free space")
        self.figures = controls.label(look, "faint", "speed and age")
        self.figures.setToolTip(words("Pictures drawn per second · age of the newest estimate in the state"))
        self.entry = QLineEdit()
        self.entry.setPlaceholderText(words("Marker … (M)"))
        self.entry.setAccessibleName(words("marker text"))
        self.entry.setToolTip(
            words("Type what happens and press Enter; the marker gets the time of the first key.")
        )
        self.entry.setClearButtonEnabled(True)
        self.entry.setMaximumWidth(220)
        self.entry.returnPressed.connect(self._mark)
        self.pause_button = self._button(
            "Pause", "Space", "Hold the picture still; the session goes on.", check=True
        )
        self.shutter_button = self._button(
            "Privacy", "P", "Close camera and microphone; both devices are released.", check=True
        )
        self.mute_button = self._button("Mute", "S", "Close the microphone only.", check=True)
        self.record_button = self._button("Record", "R", "Start or stop writing to the disk.", check=True)
        self.record_button.setObjectName("record")
        self.stop_button = self._button(
            "Stop", "Ctrl+E", "End the session and close all sensors; asks to be clicked twice.", check=False
        )
        self.view_menu = QMenu(self)
        self.view_button = self._button(
            "View", "L", "Arrange the panels; the view for the room.", check=False
        )
        self.view_button.setMenu(self.view_menu)
        self.theme_button = self._button("◐", "T", "Dark or light.", check=False)
        self.theme_button.setAccessibleName(words("theme"))
        self.pause_button.toggled.connect(self.pause)
        self.shutter_button.clicked.connect(self.shutter)
        self.mute_button.clicked.connect(self.mute)
        self.record_button.clicked.connect(self._ask_record)
        self.stopping = controls.SecondClick(self.stop_button, look.words("Really stop?"))
        self.stopping.meant.connect(self.stop)
        self.theme_button.clicked.connect(self.theme)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(8)
        brand = QLabel("Insula")
        brand.setObjectName("brand")
        for widget in (brand, self.name, self.simulated, self.outside, self.clock, self.recording, self.room):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self.figures)
        row.addWidget(self.entry)
        for button in (self.pause_button, self.shutter_button, self.mute_button, self.record_button):
            row.addWidget(button)
        row.addWidget(self.stop_button)
        row.addWidget(self.view_button)
        row.addWidget(self.theme_button)
        for label in (self.name, self.room, self.figures):
            label.setMinimumWidth(24)  # in a narrow window these give way; buttons and badges do not
        self.entry.setMinimumWidth(70)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def watch_only(self) -> None:
        """Take away what commands the session: it is another machine's."""
        for widget in (self.entry, self.shutter_button, self.record_button, self.stop_button):
            widget.hide()

    def show_view(self, view: LiveView, fps: float, *, shut: bool) -> None:
        """Follow what the engine says; ``shut`` is whether the picture is blanked here already."""
        words, session = self.look.words, view.session
        self.name.setText(session.name or words("session"))
        self.simulated.setVisible(view.simulated)
        self.outside.setVisible(bool(session.outside))
        self.outside.setToolTip(session.outside)
        self.outside.setAccessibleDescription(session.outside)
        self.clock.setText(clock_text(view.t - session.started) if session.started is not None else "")
        since = session.recording_since
        self.recording.setText(f"● REC {clock_text(view.t - since)}" if since is not None else "")
        if session.free_bytes is not None:
            room = words("{gb:.0f} GB free", gb=session.free_bytes / 1e9)
            self.room.setText(room)
            self.room.setToolTip(session.folder)
        self.record_button.setChecked(since is not None)
        self.record_button.setText(words("Stop recording") if since is not None else words("Record"))
        self.shutter_button.setChecked(session.private or shut)
        self.mute_button.setChecked(session.muted or session.private or shut)
        age = "–" if view.now.age_s is None else f"{view.now.age_s * 1000:.0f} ms"
        self.figures.setText(f"{fps:.0f} fps · {age}")
        buttons = (self.record_button, self.shutter_button, self.mute_button, self.stop_button)
        for widget in (*buttons, self.entry):
            widget.setEnabled(not session.ended)

    def expect_note(self, note: bool) -> None:
        """Say whether the field takes a marker or a note."""
        self.entry.setPlaceholderText(self.look.words("Note … (N)" if note else "Marker … (M)"))

    def _mark(self) -> None:
        text = self.entry.text().strip()
        if text:
            self.marker.emit(text)
        self.entry.clear()
        self.entry.clearFocus()

    def _ask_record(self, on: bool) -> None:
        self.record_button.setChecked(not on)  # it changes its look when the engine has done it
        self.record.emit(on)

    def _button(self, text: str, key: str, hint: str, *, check: bool) -> QPushButton:
        words = self.look.words
        button = QPushButton(words(text))
        button.setCheckable(check)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"{words(hint)}  [{key}]")
        button.setAccessibleName(words(text))
        button.setAccessibleDescription(words(hint))
        return button
