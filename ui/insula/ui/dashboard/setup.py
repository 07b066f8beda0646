"""The set-up page: what is connected, what is not and why; what the models are worth."""

from __future__ import annotations

import html
import threading
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from insula.edge import registry
from insula.edge.errors import InsulaError
from insula.models import manifest
from insula.sensors.probe import Found
from insula.ui.commands import devices
from insula.ui.dashboard.frame import Frame
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.words import Words


@dataclass(frozen=True, slots=True)
class Device:
    """One thing a driver found, or the reason why it found nothing."""

    driver: str
    found: Found


def look_for_devices() -> list[Device]:
    """Ask every driver; takes a second or two."""
    return [Device(name, found) for name in registry.names("sensors") for found in devices.probe(name)]


class SetupWindow(Frame):
    """Devices at the left, models at the right."""

    probed = Signal(object)

    def __init__(self, theme: Theme, words: Words) -> None:
        super().__init__(theme, words)
        self.devices = QVBoxLayout()
        self.models = QVBoxLayout()
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
        """List what was found: what can be used first."""
        words, t = self.look.words, self.look.theme
        self.again_button.setEnabled(True)
        self.again_button.setText(words("Look again"))
        while (item := self.devices.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for device in sorted(found, key=lambda device: bool(device.found.why_not)):
            usable = not device.found.why_not
            light = f'<span style="color:{t.good if usable else t.faint}">{"●" if usable else "○"}</span>'
            options = ", ".join(f"{key} = {value}" for key, value in device.found.options.items())
            detail = html.escape(device.found.why_not or options or words("ready"))
            name, driver = html.escape(device.found.label), html.escape(device.driver)
            self.devices.addWidget(
                _text(
                    f"{light} &nbsp;<b>{name}</b> &nbsp;<span style='color:{t.faint}'>{driver}</span>"
                    f"<br><span style='color:{t.muted}'>{detail}</span>"
                )
            )
        self.devices.addStretch(1)

    # -- inside --------------------------------------------------------------------------------------

    def _show_models(self) -> None:
        t = self.look.theme
        for name in manifest.names():
            try:
                model = manifest.load(name)
            except InsulaError as error:
                self.models.addWidget(_text(f"<b>{html.escape(name)}</b><br>{html.escape(str(error))}"))
                continue
            self.models.addWidget(_text(self._card(model, t)))
        self.models.addStretch(1)

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
        self.again_button = QPushButton(words("Look again"))
        self.again_button.clicked.connect(self.look_again)
        self.back_button = QPushButton(words("Back"))
        self.back_button.clicked.connect(self.close)
        top.addWidget(self.again_button)
        top.addWidget(self.back_button)
        column.addLayout(top)
        sides = QHBoxLayout()
        sides.setSpacing(16)
        sides.addWidget(_side(words("Devices"), self.devices), 1)
        sides.addWidget(_side(words("Models and licences"), self.models), 1)
        column.addLayout(sides, 1)
        self.setCentralWidget(page)


def _text(rich: str) -> QLabel:
    label = QLabel(rich)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _side(title: str, rows: QVBoxLayout) -> QFrame:
    side = QFrame()
    side.setObjectName("door")
    column = QVBoxLayout(side)
    column.setContentsMargins(20, 16, 8, 12)
    heading = QLabel(title)
    heading.setObjectName("doortitle")
    column.addWidget(heading)
    inner = QWidget()
    inner.setObjectName("inner")
    rows.setSpacing(14)
    rows.setContentsMargins(0, 4, 12, 4)
    inner.setLayout(rows)
    scroll = QScrollArea()
    scroll.setWidget(inner)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setAccessibleName(title)
    column.addWidget(scroll)
    return side
