"""Who is measured, what for, how much is kept, by which protocol."""

from __future__ import annotations

import datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from insula.edge.errors import ConfigError, DataError, InsulaError
from insula.edge.privacy.consent import STREAMS, Consent
from insula.edge.privacy.context import IN_WORDS, PROHIBITED, Context, Use
from insula.edge.privacy.mode import Mode
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels.choice import Choice
from insula.ui.dashboard.setup_plan import Device, Plan, consented, protocols, pseudonym_problem
from insula.ui.participant.consent_form import ConsentForm
from insula.ui.participant.consent_page import ConsentPage
from insula.ui.participant.sheet import sheet
from insula.ui.privacy import gate, records

CONSENT_DAYS = 365
"""A consent asked for here holds this long."""

FOLDERS = (Path("protocols"), Path("examples/protocols"))
"""Where protocols are looked for, below the folder the dashboard was started in."""

MODES = {
    Mode.FEATURES_ONLY: "features only: no face, no voice",
    Mode.DE_IDENTIFIED: "de-identified: points of the face, no picture, no voice",
    Mode.FULL: "full: pictures and sound may be kept",
}


class SessionForm(QWidget):
    """The fields; ``changed`` whenever one of them is."""

    changed = Signal()

    def __init__(self, look: Style) -> None:
        super().__init__()
        self.look = look
        words = look.words
        self.use, self.mode, self.protocol = Choice(), Choice(), Choice()
        self.use.addItem(words("not stated yet"), None)
        for use in Use:
            self.use.addItem(words(IN_WORDS[use]), use)
        for mode in Mode:
            self.mode.addItem(words(MODES[mode]), mode)
        self.protocol.addItem(words("no protocol: free session"), None)
        for path in protocols(FOLDERS):
            self.protocol.addItem(path.stem, path)
        self.protocol.addItem(words("Choose a file …"), "ask")
        self.number = QSpinBox()
        self.number.setRange(1, 9999)
        self.number.setPrefix(words("participant") + " ")
        self.number.setAccessibleName(words("participant"))
        self.number.setToolTip(words("The number decides the order of the protocol's conditions."))
        self.person = QLineEdit()
        self.person.setPlaceholderText(words("pseudonym, such as P07; never a name"))
        self.purpose = QLineEdit()
        self.purpose.setPlaceholderText(words("the medical or safety purpose, in words"))
        self.purpose.setToolTip(words(PROHIBITED))
        self.notice = QCheckBox(words("the notice is up where people see it first"))
        self.consent = QLabel()
        self.consent.setObjectName("muted")
        self.consent.setWordWrap(True)
        self.consent_button = QPushButton(words("Consent …"))
        self.consent_button.setToolTip(words("Show the consent form to the person, to be signed here."))
        self.consent_button.clicked.connect(self.show_consent)
        self.consent_page: ConsentPage | None = None
        self._stated = self._load()
        self._lay_out()
        for field in (self.use, self.mode):
            field.currentIndexChanged.connect(self._follow)
        self.protocol.activated.connect(self._chosen)
        for line in (self.person, self.purpose):
            line.textChanged.connect(self._follow)
        self.notice.toggled.connect(self._follow)
        self._follow()

    def plan(self, devices: tuple[Device, ...]) -> Plan:
        """Return the session that these fields and devices make."""
        protocol = self.protocol.currentData()
        path = Path(protocol) if isinstance(protocol, str | Path) and protocol != "ask" else None
        person, mode = self.person.text().strip(), Mode(self.mode.currentData())
        return Plan(devices, self.context(), person, path, mode, self.number.value())

    def context(self) -> Context | None:
        """Return the use that is stated, ``None`` when none is or it is refused."""
        use = self.use.currentData()
        if use is None:
            return None
        try:
            return Context(Use(use), "", self.purpose.text().strip(), self.notice.isChecked())
        except ConfigError:
            return None

    def problem(self) -> str:
        """Return what is wrong with what was typed, "" when nothing is."""
        return pseudonym_problem(self.person.text().strip())

    def state_use(self) -> None:
        """Keep the use for this machine when it is another than before; raises ``SinkError``."""
        context = self.context()
        if context is not None and context != self._stated:
            gate.save(context)
            self._stated = context

    def show_consent(self) -> None:
        """Show the consent form in a window of its own; what is signed there is kept."""
        context = self.context()
        if context is None:
            return
        until = datetime.date.today() + datetime.timedelta(days=CONSENT_DAYS)
        mode, person = Mode(self.mode.currentData()), self.person.text().strip()
        asked = Consent(person, STREAMS, (str(context.use),), until.isoformat(), mode)
        page = ConsentPage(ConsentForm(asked), self.look)
        page.setWindowTitle("Insula")
        page.setObjectName("participant")
        page.setStyleSheet(sheet(self.look) + page.styleSheet())
        page.setContentsMargins(40, 24, 40, 24)
        page.signed.connect(self._signed)
        page.declined.connect(page.close)
        self.consent_page = page
        page.show()

    # -- inside --------------------------------------------------------------------------------------

    def _signed(self, consent: Consent) -> None:
        try:
            records.sign(consent)
        except InsulaError as error:
            self.consent.setText(str(error))
            return
        if self.consent_page is not None:
            self.consent_page.close()
        self._follow()

    def _load(self) -> Context | None:
        try:
            stated = gate.load()
        except DataError:
            return None
        if stated is not None:
            self.use.setCurrentIndex(self.use.findData(stated.use))
            self.purpose.setText(stated.medical_or_safety)
            self.notice.setChecked(stated.notice)
        return stated

    def _follow(self) -> None:
        use, person, words = self.use.currentData(), self.person.text().strip(), self.look.words
        self.purpose.setVisible(use in (Use.WORK, Use.EDUCATION))
        self.notice.setVisible(use == Use.ROBOT_DEMO)
        self.number.setVisible(self.protocol.currentData() is not None)
        self.consent_button.setVisible(bool(person and use and not self.problem()))
        until = consented(person) if person and not self.problem() else ""
        if until:
            self.consent.setText(words("{person} consented until {until}", person=person, until=until))
        elif person and not self.problem():
            self.consent.setText(words("{person} has not consented yet", person=person))
        else:
            self.consent.setText(words("needed for clinical use and research"))
        self.changed.emit()

    def _chosen(self) -> None:
        if self.protocol.currentData() == "ask":
            words = self.look.words
            name, _ = QFileDialog.getOpenFileName(self, words("Choose a file …"), "", "TOML (*.toml)")
            if name:
                self.protocol.insertItem(1, Path(name).stem, name)
            self.protocol.setCurrentIndex(1 if name else 0)
        self._follow()

    def _lay_out(self) -> None:
        grid, words = QGridLayout(self), self.look.words
        grid.setContentsMargins(0, 0, 10, 0)
        grid.setVerticalSpacing(7)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        who = QHBoxLayout()
        who.setSpacing(12)
        who.addWidget(self.person, 1)
        who.addWidget(self.consent, 1)
        who.addWidget(self.consent_button)
        plan = QHBoxLayout()
        plan.setSpacing(12)
        plan.addWidget(self.protocol, 1)
        plan.addWidget(self.number)
        rows: tuple[tuple[str, QWidget | QHBoxLayout, QWidget], ...] = (
            ("used for", self.use, self.use),
            ("", self.purpose, self.purpose),
            ("", self.notice, self.notice),
            ("person", who, self.person),
            ("protocol", plan, self.protocol),
            ("keeps", self.mode, self.mode),
        )
        for k, (name, body, field) in enumerate(rows):
            if name:
                label = QLabel(words(name))
                label.setObjectName("muted")
                label.setBuddy(field)
                grid.addWidget(label, k, 0)
                field.setAccessibleName(words(name))
            if isinstance(body, QWidget):
                grid.addWidget(body, k, 1)
            else:
                grid.addLayout(body, k, 1)
        self.purpose.setAccessibleName(self.purpose.placeholderText())
