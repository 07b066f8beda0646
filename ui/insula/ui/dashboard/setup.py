"""The set-up page: who and what for, which devices and protocol, what the models are worth; then start."""

from __future__ import annotations

import html
import threading

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from insula.edge import registry
from insula.edge.errors import InsulaError
from insula.models import manifest
from insula.ui.commands import devices
from insula.ui.dashboard import sessions
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.frame import Frame
from insula.ui.dashboard.panels.preview import PreviewBox
from insula.ui.dashboard.panels.session_form import SessionForm
from insula.ui.dashboard.preview import Preview
from insula.ui.dashboard.setup_plan import Device, Plan
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words

FILE = sessions.FOLDER / "set-up.toml"
"""Where the configuration of the session to start is written, in place of the last one."""


def look_for_devices() -> list[Device]:
    """Ask every driver; takes a second or two."""
    return [Device(name, found) for name in registry.names("sensors") for found in devices.probe(name)]


class DeviceRow(QWidget):
    """One device: chosen or not, its live picture on demand, or why it cannot be used."""

    changed = Signal()

    def __init__(self, look: Style, device: Device) -> None:
        super().__init__()
        self.look, self.device = look, device
        words, t = look.words, look.theme
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.box = QCheckBox(device.found.label)
        self.box.setEnabled(not device.found.why_not)
        self.box.toggled.connect(self.changed)
        self.show_button = QPushButton(words("Preview"))
        self.show_button.setCheckable(True)
        self.show_button.setAccessibleName(f"{words('Preview')}: {device.found.label}")
        self.show_button.setToolTip(words("Opens the device while you look at it; nothing is stored."))
        self.show_button.toggled.connect(self._preview)
        self.show_button.setVisible(not device.found.why_not)
        row.addWidget(self.box, 1)
        if device.simulated:
            badge = QLabel(words("SIMULATED"))
            badge.setObjectName("simulated")
            row.addWidget(badge)
        row.addWidget(self.show_button)
        column.addLayout(row)
        options = ", ".join(f"{key} = {value}" for key, value in device.found.options.items())
        detail = device.found.why_not or options
        if detail:
            driver = f"<span style='color:{t.faint}'>{html.escape(device.driver)}</span>"
            column.addWidget(
                text_label(f"<span style='color:{t.muted}'>{html.escape(detail)}</span> &nbsp;{driver}")
            )
        self._box: PreviewBox | None = None

    def _preview(self, on: bool) -> None:
        if self._box is not None:
            self._box.hide()  # lets go of the device
            self._box.deleteLater()
            self._box = None
        if on:
            self._box = PreviewBox(self.look, Preview(self.device.driver, self.device.found.options))
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self._box)

    def close_preview(self) -> None:
        """Let go of the device."""
        self.show_button.setChecked(False)


class SetupWindow(Frame):
    """The session's form and the devices at the left, models at the right."""

    probed = Signal(object)
    begin = Signal(object)
    """The arguments of the command that runs the session."""

    def __init__(self, theme: Theme, words: Words) -> None:
        super().__init__(theme, words)
        self.devices = QVBoxLayout()
        self.models = QTextBrowser()
        self.rows: list[DeviceRow] = []
        self._arrange()
        self.probed.connect(self.show_devices)
        self._show_models()
        self.resize(1280, 720)

    def look_again(self) -> None:
        """Ask the drivers on a thread of its own."""
        self.again_button.setEnabled(False)
        self.again_button.setText(self.look.words("looking …"))
        threading.Thread(target=lambda: self.probed.emit(look_for_devices()), daemon=True).start()

    def show_devices(self, found: list[Device]) -> None:
        """List what was found: what can be used first, the simulated person after the devices."""
        words = self.look.words
        self.again_button.setEnabled(True)
        self.again_button.setText(words("Look again"))
        while (item := self.devices.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = []
        for device in sorted(found, key=lambda device: (bool(device.found.why_not), device.simulated)):
            row = DeviceRow(self.look, device)
            row.changed.connect(self.refresh)
            self.devices.addWidget(row)
            self.rows.append(row)
        self.devices.addStretch(1)
        real = [row for row in self.rows if row.box.isEnabled() and not row.device.simulated]
        simulated = [row for row in self.rows if row.device.simulated]
        for row in real or simulated:  # something can be started at once, and it is said what
            row.box.setChecked(True)
        self.refresh()

    def plan(self) -> Plan:
        """Return the session as it stands on the page."""
        chosen = tuple(row.device for row in self.rows if row.box.isChecked())
        return self.form.plan(chosen)

    def refresh(self) -> None:
        """Say what is missing, or let it start."""
        plan, words = self.plan(), self.look.words
        missing = self.form.problem() or words(plan.missing())
        self.start_button.setEnabled(not missing)
        person = words("Simulated person") if plan.simulated else plan.person or words("nobody named")
        self.state.setText(missing or words("ready: {n} devices, {who}", n=len(plan.devices), who=person))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of every device."""
        for row in self.rows:
            row.close_preview()
        super().closeEvent(event)

    # -- inside --------------------------------------------------------------------------------------

    def _start(self) -> None:
        for row in self.rows:
            row.close_preview()  # the session opens the devices itself
        try:
            self.form.state_use()
            arguments = self.plan().arguments(FILE)
        except InsulaError as error:
            self.state.setText(str(error))
            return
        self.begin.emit(arguments)

    def _show_models(self) -> None:
        cards = []
        for name in manifest.names():
            try:
                cards.append(self._card(manifest.load(name), self.look.theme))
            except InsulaError as error:
                cards.append(f"<b>{html.escape(name)}</b><br>{html.escape(str(error))}")
        self.models.setHtml("<p>&nbsp;</p>".join(cards))

    def _card(self, model: manifest.Manifest, t: Theme) -> str:
        words, card = self.look.words, model.card
        scores = " · ".join(f"{key} {value:.3f}" for key, value in card.metrics.items())
        floors = " · ".join(f"{key} {value:.3f}" for key, value in card.floors.items())
        rows = (
            (words("licence"), card.licence),
            (words("data"), card.data),
            (words("split"), card.split),
            (words("scores"), scores),
            (words("floors"), floors),
            (words("not for"), "; ".join(card.not_for)),
        )
        body = "".join(
            f"<tr><td style='color:{t.faint}; padding-right:10px'>{html.escape(k)}</td>"
            f"<td style='color:{t.muted}'>{html.escape(v)}</td></tr>"
            for k, v in rows
            if v
        )
        return f"<b>{html.escape(model.id)}</b><br>{html.escape(card.what)}<table>{body}</table>"

    def _arrange(self) -> None:
        words, page = self.look.words, QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 16, 24, 20)
        column.setSpacing(12)
        top = QHBoxLayout()
        for text, role in (("Insula", "brand"), (words("Set-up"), "title")):
            label = QLabel(text)
            label.setObjectName(role)
            top.addWidget(label)
        top.addStretch(1)
        self.state = QLabel(words("looking …"))
        self.state.setObjectName("muted")
        self.again_button = QPushButton(words("Look again"))
        self.again_button.clicked.connect(self.look_again)
        self.start_button = QPushButton(words("Start session"))
        self.start_button.setObjectName("primary")
        self.start_button.setEnabled(False)
        self.start_button.clicked.connect(self._start)
        self.back_button = QPushButton(words("Back"))
        self.back_button.clicked.connect(self.close)
        for widget in (self.state, self.start_button, self.again_button, self.back_button):
            top.addWidget(widget)
        column.addLayout(top)
        self.form = SessionForm(self.look)
        self.form.changed.connect(self.refresh)
        sides, left = QHBoxLayout(), QVBoxLayout()
        sides.setSpacing(16)
        left.setSpacing(16)
        left.addWidget(_side(words("Session"), self.form))
        left.addWidget(_side(words("Devices"), _scrolled(self.devices)), 1)
        sides.addLayout(left, 11)
        sides.addWidget(_side(words("Models and licences"), self.models), 10)
        column.addLayout(sides, 1)
        self.setCentralWidget(page)


def text_label(rich: str) -> QLabel:
    """Return a label that wraps and can be copied from."""
    label = QLabel(rich)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label


def _scrolled(rows: QVBoxLayout) -> QScrollArea:
    inner = QWidget()
    inner.setObjectName("inner")
    rows.setContentsMargins(0, 0, 10, 0)
    rows.setSpacing(14)
    inner.setLayout(rows)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    return area


def _side(title: str, body: QWidget) -> QFrame:
    side = QFrame()
    side.setObjectName("door")
    column = QVBoxLayout(side)
    column.setContentsMargins(20, 14, 10, 14)
    head = QLabel(title)
    head.setObjectName("doortitle")
    column.addWidget(head)
    column.addWidget(body)
    body.setAccessibleName(title)
    return side
