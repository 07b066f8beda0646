"""The guided minute on the operator's window: the instruction in large type, the time, what is sensed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
)

from insula.models.person.guide import STEPS
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.minute import Minute
from insula.ui.dashboard.panels import controls
from insula.ui.dashboard.view import Session
from insula.ui.dashboard.words import MODALITY_LABELS

ABOUT = (
    "One guided minute: neutral face, closed eyes, a read sentence, a deep breath. "
    "It is the rest this person is measured against."
)

_LONGEST = 32
"""Letters of a pseudonym."""


class MinutePanel(QFrame):
    """Opened by the operator, covers nothing. ``begun`` has the pseudonym asked for."""

    begun = Signal(str)
    cancelled = Signal()

    def __init__(self, look: Style) -> None:
        super().__init__()
        self.look = look
        words = look.words
        self.setObjectName("door")
        self.setAccessibleName(words("guided minute"))
        self.minute: Minute | None = None
        self._seen: Minute | None = None
        self._asked = False
        self.about = controls.label(look, "muted", "step of the guided minute")
        self.says = controls.label(look, "instruction", "instruction")
        self.says.setWordWrap(True)
        self.clock = controls.label(look, "hero", "time left in the step")
        self.sensed = controls.label(look, "muted", "what the sensors give")
        self.sensed.setWordWrap(True)
        self.done = QProgressBar()
        self.done.setTextVisible(False)
        self.done.setRange(0, 1000)
        self.done.setFixedHeight(6)
        self.done.setAccessibleName(words("progress of the guided minute"))
        self.person = QLineEdit()
        self.person.setPlaceholderText(words("Pseudonym"))
        self.person.setAccessibleName(words("Pseudonym"))
        self.person.setToolTip(words("Letters, digits, - and _; no name."))
        self.person.setMaxLength(_LONGEST)
        self.person.setMaximumWidth(180)
        self.person.returnPressed.connect(self._begin)
        self.begin_button = controls.button(
            look, "Begin", "Lead through one minute and keep what it teaches."
        )
        self.begin_button.clicked.connect(self._begin)
        self.cancel_button = controls.button(look, "Cancel", "End the minute here; nothing is kept.")
        self.cancel_button.clicked.connect(self.cancelled)
        self.close_button = controls.button(look, "Close", "Put this row away.")
        self.close_button.clicked.connect(self._close)
        self._lay_out()
        self.hide()

    def ask(self) -> None:
        """Offer the minute: open the row, with a field for the pseudonym where the session has none."""
        self._asked = True
        self._seen = self.minute if self.minute is not None and not self.minute.runs else self._seen

    def show_session(self, session: Session, t: float) -> None:
        """Follow what the engine says, at time ``t`` (s)."""
        minute = self.minute = session.minute
        fresh = minute is not None and (minute.runs or not self._same(minute))
        if fresh:
            self._asked = False
        shown = (self._asked or fresh) and not session.ended
        self.setVisible(shown)
        if not shown:
            return
        running = fresh and minute is not None and minute.runs
        self.begin_button.setVisible(not fresh)
        self.person.setVisible(not fresh and not session.person)
        self.cancel_button.setVisible(running)
        self.close_button.setVisible(not running)
        self.clock.setVisible(running)
        self.done.setVisible(running)
        if fresh and minute is not None:
            self._show_minute(minute, t)
        else:
            self._offer(session)

    # -- inside --------------------------------------------------------------------------------------

    def _same(self, minute: Minute) -> bool:
        """Whether the operator has put this one away already."""
        return self._seen is not None and (minute.began, minute.person) == (
            self._seen.began,
            self._seen.person,
        )

    def _offer(self, session: Session) -> None:
        words = self.look.words
        self.about.setText(words("Calibrate {person}", person=session.person or "…"))
        self.says.setText(words(ABOUT))
        self.sensed.setText(words("The session goes on meanwhile; a recording gets markers of the parts."))

    def _show_minute(self, minute: Minute, t: float) -> None:
        words = self.look.words
        title = words("Calibrate {person}", person=minute.person)
        if minute.state in ("lead", "step"):
            told = words("Step {n} of {of}", n=minute.number + 1, of=minute.total)
            title = f"{title} · {told}"
        self.about.setText(title)
        self.says.setText(self._sentence(minute))
        self.says.setEnabled(minute.state != "lead")
        left = 0 if minute.ends is None else max(0, int(minute.ends - t + 0.999))
        self.clock.setText(
            {"lead": words("in {s} s", s=left), "step": words("{s} s", s=left)}.get(minute.state, "…")
        )
        self.done.setValue(round(1000 * min((t - minute.began) / max(minute.seconds, 1e-6), 1.0)))
        if minute.runs:
            lights = [
                f"{'●' if one.well else '○'} {words(MODALITY_LABELS[one.modality])}"
                + (f": {words(one.reason)}" if one.reason else "")
                for one in minute.sensed
            ]
            self.sensed.setText("    ".join(lights))
        else:
            self.sensed.setText(" · ".join(minute.checks))

    def _sentence(self, minute: Minute) -> str:
        words = self.look.words
        if minute.state == "keeping":
            return words("Thank you. Keeping what was learned …")
        if minute.state == "cancelled":
            return words("Cancelled: nothing was kept.")
        if minute.state == "failed":
            return words("Nothing was kept: {reason}.", reason=words(minute.reason).rstrip("."))
        if minute.state == "kept":
            good = ", ".join(words(MODALITY_LABELS[one.modality]) for one in minute.sensed if one.well)
            bad = ", ".join(
                f"{words(MODALITY_LABELS[one.modality])} ({words(one.reason)})"
                for one in minute.sensed
                if not one.well
            )
            told = words(
                "Kept as {profile}: the rest of {names}, used from the next session on.",
                profile=minute.profile,
                names=good,
            )
            return f"{told} {words('Could not be measured: {names}.', names=bad)}" if bad else told
        step = next((step for step in STEPS if step.key == minute.step), None)
        return "" if step is None else step.says.get(words.language, step.says["en"])

    def _begin(self) -> None:
        self.begun.emit(self.person.text().strip())

    def _close(self) -> None:
        self._asked = False
        self._seen = self.minute
        self.hide()

    def _lay_out(self) -> None:
        text = QVBoxLayout()
        text.setSpacing(6)
        for line in (self.about, self.says, self.done, self.sensed):
            text.addWidget(line)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 12, 10)
        row.setSpacing(14)
        row.addLayout(text, 1)
        for widget in (self.clock, self.person, self.begin_button, self.cancel_button, self.close_button):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self.clock.setMinimumWidth(110)  # the instruction must not wrap anew with every digit
        self.clock.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
