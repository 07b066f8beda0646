"""The review window: a recorded session on a timeline, with the panels of the live window at the cursor."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from insula.edge.errors import DataError, InsulaError
from insula.ui.annotations import read as read_annotations
from insula.ui.commands import report
from insula.ui.dashboard.annotating import AnnotationsWindow
from insula.ui.dashboard.comparison import Comparison, again, compare, differences
from insula.ui.dashboard.figures import save_figure
from insula.ui.dashboard.frame import Frame
from insula.ui.dashboard.panels.choice import Choice
from insula.ui.dashboard.panels.events import EventsPanel
from insula.ui.dashboard.panels.expression import ExpressionPanel
from insula.ui.dashboard.panels.header import clock_text
from insula.ui.dashboard.panels.plane import PlanePanel
from insula.ui.dashboard.panels.signals import SignalsPanel
from insula.ui.dashboard.panels.state import StatePanel
from insula.ui.dashboard.panels.statistics import StatisticsPanel
from insula.ui.dashboard.panels.timeline import Timeline
from insula.ui.dashboard.panels.video import VideoPanel
from insula.ui.dashboard.panels.why import WhyPanel
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.segment import segment
from insula.ui.dashboard.sessions import Launch
from insula.ui.dashboard.theme import Theme
from insula.ui.dashboard.view import LiveView, Mark

FRAME_MS = 33
PRINT = "Write the session's report and open it to print."
SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0)


class ReviewWindow(Frame):
    """One recorded session."""

    loaded = Signal(str)
    reported = Signal(object, str)

    def __init__(self, session: Recorded, theme: Theme) -> None:
        super().__init__(theme, session.words)
        self.session = session
        self.t = session.begin
        self.timeline = Timeline(self.look, session.begin, session.end)
        self.statistics = StatisticsPanel(self.look)
        self.annotations: AnnotationsWindow | None = None
        self.marks = self._marks()
        self.video = VideoPanel(self.look)
        self.video.hide()
        self.play_button = QPushButton("▶")
        self.speed = Choice()
        self.clock = QLabel()
        self.banner = QLabel()
        self.banner.setObjectName("notice")
        self.banner.hide()
        self._arrange()
        self._connect()
        self.setWindowTitle(f"{session.session.name} – Insula")
        self.resize(1500, 850)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self._advance)
        self._elapsed = QElapsedTimer()
        self._computing: tuple[Launch, Path] | None = None
        self._awaited = QTimer(self)
        self._awaited.timeout.connect(self._await)
        self._measure(session.begin, session.end)
        self.go(min(session.end, session.begin + min(5.0, session.length_s)))

    def load(self) -> None:
        """Read the raw signals on a thread of its own; the rest can be looked at meanwhile."""
        self._tell(self.look.words("reading the raw signals …"))
        threading.Thread(target=lambda: self.loaded.emit(self.session.load_signals()), daemon=True).start()

    def show_signals(self, complaint: str) -> None:
        """Show the raw signals that were read, or why there are none, and the pictures if there are any."""
        self._tell(complaint)
        self.video.setVisible(self.session.pictures is not None)
        begin, end = self.timeline.selection or (self.session.begin, self.session.end)
        self._measure(begin, end)
        self.go(self.t)

    def go(self, t: float) -> None:
        """Look at the moment ``t`` (s on the session's clock)."""
        self.t = min(max(t, self.session.begin), self.session.end)
        view = self.session.view(self.t)
        self.video.show_frame(self.session.frame(self.t))
        for panel in self.panels:
            if panel is not self.timeline:
                panel.show_view(view)
        self.timeline.show_view(self._whole(view))
        self.timeline.follow(self.t)
        self.clock.setText(f"{clock_text(self.t - self.session.begin)} / {clock_text(self.session.length_s)}")

    def play(self, on: bool) -> None:
        """Move the cursor in real time, or faster or slower, until the end."""
        self.play_button.setText("❚❚" if on else "▶")
        if on and self.t >= self.session.end:
            self.go(self.session.begin)
        if on:
            self._elapsed.start()
            self.timer.start(FRAME_MS)
        else:
            self.timer.stop()

    def advance(self, seconds: float) -> None:
        """Move the cursor as playing for ``seconds`` does."""
        self.go(self.t + seconds * SPEEDS[self.speed.currentIndex()])
        if self.t >= self.session.end:
            self.play_button.setChecked(False)

    def export(self, path: Path) -> bool:
        """Save the window as a picture, or the timeline as .svg or .pdf; returns whether it worked."""
        if path.suffix.lower() in (".svg", ".pdf"):
            return save_figure(self.timeline, path)
        return self.grab().save(str(path))

    def compare_with(self, folder: Path) -> None:
        """Lay another run over the same recording beside this one."""
        try:
            self._compare(compare(self.session, Recorded(folder, self.session.words)))
        except InsulaError as error:
            self._tell(str(error))

    def compute_again(self) -> None:
        """Compute the recording with the models installed now, in a process, and compare with that."""
        if self._computing is not None:
            return
        source, number = Path(self.session.session.folder).resolve(), 1
        while (target := source.with_name(f"{source.name}-again-{number}")).exists():
            number += 1
        self._computing = (Launch(("replay", str(source), "--out", str(target))), target)
        self._tell(self.look.words("computing the recording again …"))
        self._awaited.start(300)

    def print_report(self) -> None:
        """Write the session's report on a thread and open it where it can be printed."""
        self._tell(self.look.words("writing the report …"))
        folder = Path(self.session.session.folder)

        def write() -> None:
            try:
                page = report.run(folder, None, self.look.words.language)
                paper = page.with_suffix(".pdf")
                made = paper.exists() and paper.stat().st_mtime >= page.stat().st_mtime
                self.reported.emit(paper if made else page, "")
            except InsulaError as error:
                self.reported.emit(None, str(error))

        threading.Thread(target=write, daemon=True).start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs for this window only."""
        self.timer.stop()
        self._awaited.stop()
        if self._computing is not None:
            self._computing[0].stop()
        super().closeEvent(event)

    def annotate(self) -> None:
        """Open the window with the annotations beside this one."""
        if self.annotations is None or self.annotations.look.theme is not self.look.theme:
            window = AnnotationsWindow(
                Path(self.session.session.folder), self.session.begin, self._place_of_note, self.look, self
            )
            window.changed.connect(self._annotated)
            window.sought.connect(self.go)
            self.annotations = window
        self.annotations.show()
        self.annotations.raise_()
        self.annotations.entry.setFocus()

    # -- inside --------------------------------------------------------------------------------------

    def _place_of_note(self) -> tuple[float, float | None]:
        return self.timeline.selection or (self.t, None)

    def _annotated(self) -> None:
        self.marks = self._marks()
        self.timeline.invalidate()
        self.go(self.t)

    def _marks(self) -> tuple[Mark, ...]:
        """Return the recording's markers and what was noted beside it, by time."""
        try:
            notes = read_annotations(Path(self.session.session.folder))
        except DataError:
            notes = ()  # the window with the annotations says what is wrong
        marked = {(mark.t, mark.text) for mark in self.session.marks}
        new = (Mark(note.t0, note.text) for note in notes if (note.t0, note.text[:500]) not in marked)
        return tuple(sorted((*self.session.marks, *new), key=lambda mark: mark.t))

    def _whole(self, view: LiveView) -> LiveView:
        s = self.session
        return LiveView(
            t=view.t,
            session=view.session,
            simulated=view.simulated,
            silence="",
            now=view.now,
            fused=s.fused,
            modalities=s.lanes,
            indices=s.indices,
            signals=(),
            sensors=(),
            marks=self.marks,
            events=s.events,
            video=view.video,
        )

    def _advance(self) -> None:
        self.advance(self._elapsed.restart() / 1000.0)

    def _measure(self, t0: float, t1: float) -> None:
        self.statistics.segment = segment(self.session, t0, t1)
        if self.timeline.comparison is not None:
            self.statistics.differences = differences(self.session, self.timeline.comparison, t0, t1)
        self.statistics.update()

    def _compare(self, comparison: Comparison | None) -> None:
        self.timeline.comparison = self.statistics.comparison = comparison
        self.statistics.differences = ()
        self._measure(*(self.timeline.selection or (self.session.begin, self.session.end)))
        self.timeline.update()
        self._tell("")

    def _await(self) -> None:
        if self._computing is None or not self._computing[0].ended:
            return
        self._awaited.stop()
        (launch, folder), self._computing = self._computing, None
        failure = launch.failure()
        launch.stop()
        if failure:
            self._tell(failure)
        else:
            self.compare_with(folder)

    def _show_report(self, path: Path | None, failure: str) -> None:
        if path is None:
            self._tell(failure)
            return
        opened = QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.resolve())))
        words = self.look.words
        if opened:
            self._tell(words("the report opens; print it there: {path}", path=path))
        else:
            self._tell(words("open the report to print it: {path}", path=path))

    def _fill_compare_menu(self) -> None:
        words, menu = self.look.words, self.compare_menu
        menu.clear()
        for folder, title in again(Path(self.session.session.folder)):
            menu.addAction(title, partial(self.compare_with, folder))
        menu.addAction(words("Compute again with the models installed now"), self.compute_again)
        menu.addAction(words("Choose a folder …"), self._ask_comparison)
        if self.timeline.comparison is not None:
            menu.addAction(words("Compare no longer"), lambda: self._compare(None))

    def _ask_comparison(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.look.words("Choose a session folder"))
        if name:
            self.compare_with(Path(name))

    def _arrange(self) -> None:
        look = self.look
        plane, state, expression = PlanePanel(look), StatePanel(look), ExpressionPanel(look)
        events, signals, why = EventsPanel(look), SignalsPanel(look), WhyPanel(look)
        events.nothing = "nothing happened up to here"
        self.panels = (
            plane, state, expression, events, self.statistics, self.video, why, self.timeline, signals,
        )  # fmt: skip
        upper = QWidget()
        row = QHBoxLayout(upper)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        figures = QVBoxLayout()
        figures.setSpacing(8)
        figures.addWidget(state, 11)
        figures.addWidget(expression, 10)
        row.addWidget(self.video, 15)
        row.addWidget(plane, 13)
        row.addLayout(figures, 12)
        row.addWidget(self.statistics, 12)
        row.addWidget(events, 9)
        self.lay_out(
            (
                (self._bar(), 0, 0, 1, 48),
                (self.banner, 1, 0, 1, 48),
                (upper, 2, 0, 1, 48),
                (why, 3, 0, 1, 48),
                (self.timeline, 4, 0, 1, 30),
                (signals, 4, 30, 1, 18),
            ),
            {2: 46, 4: 54},
        )

    def _bar(self) -> QWidget:
        words, bar = self.look.words, QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(8)
        for text, role in (
            ("Insula", "brand"),
            (self.session.session.name, "title"),
            (words("recording"), "muted"),
        ):
            label = QLabel(text)
            label.setObjectName(role)
            row.addWidget(label)
        if self.session.simulated:
            badge = QLabel(words("SIMULATED"))
            badge.setObjectName("simulated")
            row.addWidget(badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self.play_button.setCheckable(True)
        self.play_button.setAccessibleName(words("play"))
        self.play_button.setToolTip(words("Play or hold") + "  [Space]")
        self.play_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.speed.addItems([f"{speed:g}×" for speed in SPEEDS])
        self.speed.setCurrentIndex(1)
        self.speed.setAccessibleName(words("speed"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clock.setObjectName("muted")
        for widget in (self.clock, self.play_button, self.speed):
            row.addWidget(widget)
        row.addStretch(1)
        self.compare_button = self._button(
            "Compare", "C", "Lay another run over the same recording beside this one, such as newer models'."
        )
        self.compare_menu = QMenu(self)
        self.compare_menu.aboutToShow.connect(self._fill_compare_menu)
        self.compare_button.setMenu(self.compare_menu)
        self.report_button = self._button(
            "Report", "Ctrl+P", "Write the session's report and open it to print."
        )
        self.export_button = self._button(
            "Save picture …", "Ctrl+S", "Save this window as PNG, or the timeline as a figure: SVG or PDF."
        )
        self.annotate_button = self._button(
            "Annotate", "A", "Note what happens here; the recording itself is never changed."
        )
        self.theme_button = self._button("◐", "T", "Dark or light.")
        row.addWidget(self.annotate_button)
        row.addWidget(self.compare_button)
        row.addWidget(self.report_button)
        row.addWidget(self.export_button)
        row.addWidget(self.theme_button)
        return bar

    def _button(self, text: str, key: str, hint: str) -> QPushButton:
        button = QPushButton(self.look.words(text))
        button.setToolTip(f"{self.look.words(hint)}  [{key}]")
        button.setAccessibleName(self.look.words(hint))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _connect(self) -> None:
        self.loaded.connect(self.show_signals)
        self.reported.connect(self._show_report)
        self.report_button.clicked.connect(self.print_report)
        self.annotate_button.clicked.connect(self.annotate)
        self.play_button.toggled.connect(self.play)
        self.timeline.moved.connect(self.go)
        self.timeline.selected.connect(self._measure)
        self.export_button.clicked.connect(self._ask_export)
        self.theme_button.clicked.connect(self.other_theme)
        for key, act in (
            ("Space", self.play_button.toggle),
            ("T", self.theme_button.click),
            ("A", self.annotate_button.click),
            ("C", self.compare_button.showMenu),
            ("Ctrl+P", self.report_button.click),
            ("Ctrl+S", self.export_button.click),
            ("Left", lambda: self.go(self.t - 1.0)),
            ("Right", lambda: self.go(self.t + 1.0)),
            ("Home", lambda: self.go(self.session.begin)),
            ("End", lambda: self.go(self.session.end)),
            ("+", lambda: self.timeline.zoom(0.6, self.t)),
            ("-", lambda: self.timeline.zoom(1 / 0.6, self.t)),
        ):
            QShortcut(QKeySequence(key), self, act)

    def _ask_export(self) -> None:
        words = self.look.words
        kinds = "PNG (*.png);;SVG (*.svg);;PDF (*.pdf)"
        name, _ = QFileDialog.getSaveFileName(self, words("Save picture"), "insula.png", kinds)
        if name and not self.export(Path(name)):
            self._tell(words("{name} cannot be written; choose another folder", name=name))

    def _tell(self, text: str) -> None:
        self.banner.setText(text)
        self.banner.setVisible(bool(text))
