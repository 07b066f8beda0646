"""A window beside the review: what was noted about the recording, and room to say more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from insula.edge.errors import InsulaError
from insula.edge.reports import ROLES
from insula.ui.annotations import Annotation, Annotations
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.panels.header import clock_text

Place = Callable[[], tuple[float, float | None]]
"""Says what a new annotation is about: a moment, or a stretch from … to … (s)."""


class AnnotationsWindow(QWidget):
    """Adds, changes and deletes; every act goes to the file at once, and the recording stays as it is."""

    changed = Signal()
    sought = Signal(float)

    def __init__(self, folder: Path, begin: float, place: Place, look: Style, parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.look, self._begin, self._place = look, begin, place
        self._file = Annotations(folder)
        self._rows: tuple[Annotation, ...] = ()
        words = look.words
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(words("Annotations"))
        self.setStyleSheet(themes.sheet(look.theme, look.scale))
        self.resize(640, 420)
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([words("time"), words("annotation"), words("by")])
        self.table.setAccessibleName(words("Annotations"))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.entry = self._field("what happens here", "annotation")
        self.author = self._field("your name or initials", "author")
        self.author.setText(str(QSettings().value("annotations/author", "")))
        self.role = QComboBox()
        self.role.setAccessibleName(words("role"))
        for role in ("operator", *ROLES):
            self.role.addItem(words(role), role)
        self.role.setCurrentIndex(max(self.role.findData(QSettings().value("annotations/role", "")), 0))
        self.add_button, self.change_button, self.delete_button = (
            QPushButton(words(text)) for text in ("Add", "Change", "Delete")
        )
        self.add_button.setObjectName("primary")
        self.told = QLabel()
        self.told.setObjectName("muted")
        self._arrange()
        self.add_button.clicked.connect(self._add)
        self.change_button.clicked.connect(self._change)
        self.delete_button.clicked.connect(self._delete)
        self.entry.returnPressed.connect(self._add)
        self.table.itemSelectionChanged.connect(self._chosen)
        self.fill()

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What stands now."""
        return self._rows

    def fill(self) -> None:
        """Show what the file holds."""
        try:
            self._rows = self._file.all()
        except InsulaError as error:
            self.told.setText(str(error))
            return
        self.table.setRowCount(len(self._rows))
        for k, row in enumerate(self._rows):
            when = clock_text(row.t0 - self._begin)
            if row.t1 is not None:
                when += f" – {clock_text(row.t1 - self._begin)}"
            who = f"{row.author} ({self.look.words(row.role)})" if row.author != row.role else row.author
            for column, text in enumerate((when, row.text, who)):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{row.text}\n{row.made} · {row.by}")
                self.table.setItem(k, column, item)
        self._chosen()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setSpacing(8)
        grid.addWidget(self.table, 0, 0, 1, 3)
        grid.addWidget(self.entry, 1, 0, 1, 3)
        grid.addWidget(self.author, 2, 0)
        grid.addWidget(self.role, 2, 1)
        row = QHBoxLayout()
        for button in (self.delete_button, self.change_button, self.add_button):
            row.addWidget(button)
        grid.addLayout(row, 2, 2)
        grid.addWidget(self.told, 3, 0, 1, 3)
        grid.setColumnStretch(0, 1)

    def _field(self, hint: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(self.look.words(hint))
        field.setAccessibleName(self.look.words(name))
        return field

    def _here(self) -> Annotation | None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        return self._rows[min(rows)] if rows else None

    def _chosen(self) -> None:
        here = self._here()
        self.change_button.setEnabled(here is not None)
        self.delete_button.setEnabled(here is not None)
        if here is not None:
            self.entry.setText(here.text)
            self.sought.emit(here.t0)

    def _add(self) -> None:
        t0, t1 = self._place()
        self._do(lambda text, author, role: self._file.add(t0, text, author, role, t1))

    def _change(self) -> None:
        here = self._here()
        if here is not None:
            self._do(lambda text, author, role: self._file.change(here, text, author, role))

    def _delete(self) -> None:
        here = self._here()
        if here is not None:
            self._do(lambda _, author, role: self._file.delete(here, author, role))

    def _do(self, act: Callable[[str, str, str], object]) -> None:
        text, author, role = self.entry.text().strip(), self.author.text().strip(), self.role.currentData()
        if not text:
            self.told.setText(self.look.words("say what happens here first"))
            return
        try:
            act(text, author or role, role)
        except InsulaError as error:
            self.told.setText(str(error))
            return
        QSettings().setValue("annotations/author", author)
        QSettings().setValue("annotations/role", role)
        self.told.setText("")
        self.entry.clear()
        self.table.clearSelection()
        self.fill()
        self.changed.emit()
