"""The consent form as the participant sees it: nothing is ticked beforehand, everything can be refused."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from insula.edge.privacy.mode import Mode
from insula.ui.dashboard.drawing import Style
from insula.ui.participant.consent_form import MODE_WORDS, PURPOSE_WORDS, STREAM_WORDS, ConsentForm
from insula.ui.participant.pages import button

WITHDRAW = (
    "You may say no to all or to parts, and withdraw at any time without giving a reason: everything kept "
    "under your code is then erased."
)
RESEARCH = (
    "Signals are measured from which emotional expression is inferred, on this device only. This is research "
    "software, not a medical device; it makes no diagnosis and no decision about you."
)


class ConsentPage(QWidget):
    """``signed`` carries the unsigned :class:`Consent` that was agreed to; the host keeps it and logs it."""

    signed = Signal(object)
    declined = Signal()

    def __init__(self, form: ConsentForm, look: Style) -> None:
        super().__init__()
        self.form, self.look = form, look
        words = look.words
        self.streams: dict[str, QCheckBox] = {}
        self.purposes: dict[str, QCheckBox] = {}
        self.modes: dict[Mode, QRadioButton] = {}
        self.code = QLineEdit()
        self.code.setPlaceholderText(words("your code, as on your sheet"))
        self.code.setAccessibleName(words("your code, as on your sheet"))
        self.code.setMaxLength(32)
        self.code.textChanged.connect(self._changed)
        self.code.returnPressed.connect(self._sign)
        self.hint = _line("", "small")
        self.agree = button(words("I agree"), "primary")
        self.agree.clicked.connect(self._sign)
        self.refuse = button(words("I do not agree"), "quiet")
        self.refuse.clicked.connect(self.declined)
        self._arrange()
        self._changed()

    def _arrange(self) -> None:
        words, px = self.look.words, self.look.px
        self.setStyleSheet(self._boxes())
        page = QVBoxLayout(self)
        page.setSpacing(round(px(12)))
        page.addWidget(_line(words("Your consent"), "title"))
        page.addWidget(_line(words(RESEARCH), "muted"))
        columns = QHBoxLayout()
        columns.setSpacing(round(px(46)))
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.setSpacing(round(px(9)))
            columns.addLayout(side, 1)
        self.streams = self._boxes_of(
            left, words("What may be measured"), self.form.asked.streams, STREAM_WORDS, self.form.streams
        )
        self.purposes = self._boxes_of(
            right, words("What for"), self.form.asked.purposes, PURPOSE_WORDS, self.form.purposes
        )
        self._ask_mode(right)
        for side in (left, right):
            side.addStretch(1)
        page.addLayout(columns, 1)
        page.addWidget(
            _line(words("It is kept until {until} at the latest.", until=self.form.asked.until), "")
        )
        page.addWidget(_line(words(WITHDRAW), "muted"))
        foot = QHBoxLayout()
        foot.setSpacing(round(px(16)))
        self.code.setFixedWidth(round(px(400)))
        foot.addWidget(self.code)
        foot.addWidget(self.agree)
        foot.addWidget(self.hint, 1)
        foot.addWidget(self.refuse)
        page.addLayout(foot)

    def _boxes_of(
        self,
        side: QVBoxLayout,
        heading: str,
        names: tuple[str, ...],
        catalogue: dict[str, str],
        ticked: set[str],
    ) -> dict[str, QCheckBox]:
        side.addWidget(_line(heading, "large"))
        boxes = {}
        for name in names:
            box = QCheckBox(self.look.words(catalogue.get(name, name)))
            box.setAccessibleName(box.text())
            box.toggled.connect(self._tick(ticked, name))
            side.addWidget(box)
            boxes[name] = box
        return boxes

    def _tick(self, ticked: set[str], name: str) -> Callable[[bool], None]:
        def tick(on: bool) -> None:
            (ticked.add if on else ticked.discard)(name)
            self._changed()

        return tick

    def _ask_mode(self, side: QVBoxLayout) -> None:
        side.addWidget(_line(self.look.words("What may be kept"), "large"))
        group = QButtonGroup(self)
        for mode in self.form.modes:
            choice = QRadioButton(self.look.words(MODE_WORDS[mode]))
            choice.setAccessibleName(choice.text())
            choice.setChecked(mode is self.form.mode)
            choice.toggled.connect(lambda on, mode=mode: self._choose(mode) if on else None)
            group.addButton(choice)
            side.addWidget(choice)
            self.modes[mode] = choice

    def _choose(self, mode: Mode) -> None:
        self.form.mode = mode

    def _changed(self) -> None:
        self.form.code = self.code.text()
        missing = self.form.missing()
        self.agree.setEnabled(not missing)
        self.hint.setText(self.look.words(missing) if missing else "")

    def _sign(self) -> None:
        if not self.form.missing():
            self.signed.emit(self.form.consent(self.look.words.language))

    def _boxes(self) -> str:
        t = self.look.theme

        def px(size: float) -> str:
            return f"{round(self.look.px(size))}px"

        return f"""
        QCheckBox, QRadioButton {{ color: {t.ink}; font-size: {px(21)}; spacing: {px(12)}; }}
        QCheckBox::indicator, QRadioButton::indicator {{ width: {px(22)}; height: {px(22)};
            border: {px(2)} solid {t.faint}; background: {t.panel}; }}
        QCheckBox::indicator {{ border-radius: {px(5)}; }}
        QRadioButton::indicator {{ border-radius: {px(13)}; }}
        QCheckBox::indicator:checked, QRadioButton::indicator:checked {{
            background: {t.accent}; border-color: {t.accent}; }}
        QCheckBox:focus, QRadioButton:focus {{ color: {t.accent}; }}
        QLineEdit {{ font-size: {px(22)}; color: {t.ink}; background: {t.panel}; padding: {px(10)};
            border: {px(2)} solid {t.border}; border-radius: {px(12)}; }}
        QLineEdit:focus {{ border-color: {t.accent}; }}
        """


def _line(text: str, role: str) -> QLabel:
    made = QLabel(text)
    made.setObjectName(role)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made
