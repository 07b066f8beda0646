"""Panels that can be dragged, floated, closed and put back: a plan of splits, remembered between sessions.

While it is locked nothing shows but the panels: during a recording nobody moves one by accident.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from insula.edge.untrusted import parse_json
from insula.ui.dashboard.panels.canvas import Canvas

VERSION = 1
"""Of the remembered layout; another one begins with the plan again."""

GAP_PX = 8
"""Between two panels; the style sheet of the windows says the same."""

_LOCKED = QDockWidget.DockWidgetFeature.NoDockWidgetFeatures
_FREE = (
    QDockWidget.DockWidgetFeature.DockWidgetMovable
    | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    | QDockWidget.DockWidgetFeature.DockWidgetClosable
)


@dataclass(frozen=True, slots=True)
class Split:
    """``parts`` side by side ("row") or below each other ("column"), each with its share of the room."""

    way: Literal["row", "column"]
    parts: tuple[tuple[float, Canvas | Split], ...]


class Docks(QMainWindow):
    """The panels of a window in docks; ``key`` names its remembered layout."""

    def __init__(self, key: str, plan: Split) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setDockOptions(self.dockOptions() & ~QMainWindow.DockOption.AnimatedDocks)
        self.setAccessibleName(key)
        self._key, self._plan = f"docks/{key}", plan
        self._docks = {panel: self._dock(panel) for panel in _leaves(plan)}
        self._shares: dict[str, tuple[float, float]] = {}
        self.locked = True
        self._put(plan)
        self._recall()
        self.lock(True)

    def lock(self, locked: bool) -> None:
        """Take the title bars away, or show them so that panels can be dragged, floated and closed."""
        if locked and not self.locked:
            self._measure()
        self.locked = locked
        for dock in self._docks.values():
            dock.setFeatures(_LOCKED if locked else _FREE)
            # An empty widget as title bar has no height; without one Qt draws its own.
            dock.setTitleBarWidget(QWidget(dock) if locked else None)  # type: ignore[arg-type]
        self._spread()

    def reset(self) -> None:
        """Put every panel back where the plan has it."""
        QSettings().remove(self._key)
        for dock in self._docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self._put(self._plan)
        self.lock(True)

    def remember(self) -> None:
        """Keep the layout for the next time."""
        if not self.locked:
            self.lock(True)
        kept = QSettings()
        kept.setValue(f"{self._key}/state", self.saveState(VERSION))
        kept.setValue(f"{self._key}/shares", json.dumps(self._shares))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give every panel its share of the new size."""
        super().resizeEvent(event)
        self._spread()

    def showEvent(self, event: QShowEvent) -> None:
        """Give every panel its share at first."""
        super().showEvent(event)
        self._spread()

    # -- inside --------------------------------------------------------------------------------------

    def _dock(self, panel: Canvas) -> QDockWidget:
        dock = QDockWidget(panel.accessibleName(), self)
        dock.setObjectName(type(panel).__name__)
        dock.setWidget(panel)
        return dock

    def _put(self, plan: Split) -> None:
        first = self._docks[next(_leaves(plan))]
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
        first.show()
        self._shares = {}
        self._split(plan)

    def _split(self, node: Canvas | Split) -> None:
        if isinstance(node, Canvas):
            return
        way = Qt.Orientation.Horizontal if node.way == "row" else Qt.Orientation.Vertical
        heads = [self._docks[next(_leaves(part))] for _, part in node.parts]
        for before, after in pairwise(heads):
            self.splitDockWidget(before, after, way)
            after.show()
        for _, part in node.parts:
            self._split(part)

    def _spread(self) -> None:
        """Give the docks the sizes the operator chose, those of the plan where none was chosen."""
        sizes = {
            name: (w * self.width(), h * self.height()) for name, (w, h) in self._shares.items()
        } or self._planned(self._plan, self.width(), self.height())
        placed = [d for d in self._docks.values() if not d.isFloating() and d.objectName() in sizes]
        for k, way in enumerate((Qt.Orientation.Horizontal, Qt.Orientation.Vertical)):
            self.resizeDocks(placed, [max(1, int(sizes[d.objectName()][k])) for d in placed], way)

    def _planned(self, node: Canvas | Split, width: float, height: float) -> dict[str, tuple[float, float]]:
        """Return the size of each dock of a part that has so much room."""
        if isinstance(node, Canvas):
            return {self._docks[node].objectName(): (width, height)}
        row, gap = node.way == "row", GAP_PX
        found: dict[str, tuple[float, float]] = {}
        heights = {} if row else {k: _own_height(part) for k, (_, part) in enumerate(node.parts)}
        fixed = {k: own for k, own in heights.items() if own}
        total = sum(share for k, (share, _) in enumerate(node.parts) if k not in fixed)
        room = (width if row else height) - gap * (len(node.parts) - 1) - sum(fixed.values())
        for k, (share, part) in enumerate(node.parts):
            size = fixed.get(k, room * share / total)
            found |= self._planned(part, size if row else width, height if row else size)
        return found

    def _measure(self) -> None:
        """Note how large the operator made each panel."""
        self._shares = {}
        for dock in self._docks.values():
            if not dock.isFloating() and dock.isVisibleTo(self):
                self._shares[dock.objectName()] = (
                    dock.width() / max(1, self.width()),
                    dock.height() / max(1, self.height()),
                )

    def _recall(self) -> None:
        kept = QSettings()
        state, shares = kept.value(f"{self._key}/state"), kept.value(f"{self._key}/shares")
        if not isinstance(state, QByteArray) or not self.restoreState(state, VERSION):
            return
        try:
            self._shares = {name: (float(w), float(h)) for name, (w, h) in parse_json(str(shares)).items()}
        except (AttributeError, TypeError, ValueError):
            self.reset()  # a layout that cannot be read is none


def _leaves(node: Canvas | Split) -> Iterator[Canvas]:
    if isinstance(node, Canvas):
        yield node
        return
    for _, part in node.parts:
        yield from _leaves(part)


def _own_height(part: Canvas | Split) -> int:
    """Return the height of a panel that has only one, else 0."""
    if isinstance(part, Split) or part.minimumHeight() != part.maximumHeight():
        return 0
    return part.minimumHeight()
