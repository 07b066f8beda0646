"""The operator's row of a protocol: which step, how long still, what comes, and the buttons that lead it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels import controls
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.protocol.page import Progress


class ProtocolBar(QWidget):
    """Hidden while there is no protocol; ``asked`` says what the operator wants it to do."""

    asked = Signal(str)

    def __init__(self, look: Style) -> None:
        super().__init__()
        self.look = look
        self.progress: Progress | None = None
        self.step = controls.label(look, "title", "step of the protocol")
        self.about = controls.label(look, "muted", "what the step is")
        self.clock = controls.label(look, "title", "time left in the step")
        self.coming = controls.label(look, "faint", "next step")
        self.done = QProgressBar()
        self.done.setTextVisible(False)
        self.done.setRange(0, 1000)
        self.done.setFixedHeight(6)
        self.done.setAccessibleName(look.words("time left in the step"))
        self.next_button = controls.button(
            look, "Next step", "End this step and begin the next one.  [Shift+N]"
        )
        self.pause_button = controls.button(look, "Hold", "Hold the step's time, or let it go on.")
        self.skip_button = controls.button(look, "Skip", "Leave this step out; the file says so.")
        self.abort_button = controls.button(
            look, "End protocol", "End the protocol here; asks to be clicked twice."
        )
        self.next_button.clicked.connect(lambda: self.asked.emit("next"))
        self.skip_button.clicked.connect(lambda: self.asked.emit("skip"))
        self.pause_button.clicked.connect(self._hold)
        ending = controls.SecondClick(self.abort_button, look.words("Really end?"))
        ending.meant.connect(lambda: self.asked.emit("abort"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(10)
        for widget in (self.step, self.about):
            row.addWidget(widget)
        row.addWidget(self.done, 1)
        for widget in (self.clock, self.coming):
            row.addWidget(widget)
        for button in (self.next_button, self.pause_button, self.skip_button, self.abort_button):
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_progress(self, progress: Progress | None, t: float, *, ended: bool) -> None:
        """Follow what the engine says, at time ``t`` (s)."""
        self.setVisible(progress is not None)
        if progress is None:
            return
        words = self.look.words
        known, self.progress = self.progress, progress
        if progress != known:
            self._describe(progress)
        live = progress.state in ("running", "paused") and not ended
        left = self._left(progress, t)
        if left is not None:
            self.clock.setText(clock_text(left + 0.999))
        elif live and progress.began is not None:
            self.clock.setText("+" + clock_text(t - progress.began))
        else:
            self.clock.setText("")
        length = self._length(progress)
        self.done.setValue(0 if left is None or not length else round(1000 * (1 - left / length)))
        self.next_button.setEnabled(progress.state in ("ready", "running") and not ended)
        for button in (self.pause_button, self.skip_button, self.abort_button):
            button.setEnabled(live)
        self.pause_button.setText(words("Go on") if progress.state == "paused" else words("Hold"))
        self.next_button.setText(words("Begin") if progress.state == "ready" else words("Next step"))

    def _describe(self, progress: Progress) -> None:
        words, page = self.look.words, progress.page
        if page is not None:
            self.step.setText(f"{progress.index + 1}/{progress.total}  {page.name}")
            parts = [words(page.kind), progress.condition]
            if progress.state == "paused":
                parts.append(words("held"))
            self.about.setText(" · ".join(part for part in parts if part))
        else:
            told = {"ready": "ready to begin", "done": "protocol done", "aborted": "protocol ended early"}
            self.step.setText(progress.title)
            self.about.setText(words(told.get(progress.state, "")))
        self.coming.setText(words("then {name}", name=progress.coming) if progress.coming else "")

    def _left(self, progress: Progress, t: float) -> float | None:
        if progress.left_s is not None:
            return progress.left_s
        return None if progress.ends is None else max(progress.ends - t, 0.0)

    def _length(self, progress: Progress) -> float:
        if progress.began is None or progress.ends is None:
            return 0.0
        return progress.ends - progress.began

    def _hold(self) -> None:
        paused = self.progress is not None and self.progress.state == "paused"
        self.asked.emit("resume" if paused else "pause")
