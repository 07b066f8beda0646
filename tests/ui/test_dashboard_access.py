"""Whoever does not use a mouse or does not see the screen: every control has a name and can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from insula.edge.testing import ManualClock
from insula.sensors.probe import Found
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.rehearsal import Rehearsal
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.review import ReviewWindow
from insula.ui.dashboard.setup import SetupWindow
from insula.ui.dashboard.setup_plan import Device
from insula.ui.dashboard.start import StartWindow
from insula.ui.dashboard.window import LiveWindow
from insula.ui.dashboard.words import Words

PAGES = ("start", "setup", "live", "review")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal"
    record(folder, 4.0)
    return folder


@pytest.fixture(params=[(page, language) for page in PAGES for language in ("en", "de")], ids="-".join)
def window(
    request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication, tmp_path: Path, recording: Path
) -> Iterator[QWidget]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.DARK)
    page, words = request.param[0], Words(request.param[1])
    made: QWidget
    if page == "start":
        made = StartWindow(themes.DARK, words, recording.parent)
    elif page == "setup":
        made = SetupWindow(themes.DARK, words)
        made.show_devices([Device("camera", Found("camera 0")), Device("lsl", Found("LSL", {}, "none"))])
    elif page == "live":
        made = LiveWindow(Rehearsal(1000.0), Presenter(ManualClock(1001.0), words))
        made.tick()
    else:
        made = ReviewWindow(Recorded(recording, words), themes.DARK)
    qtbot.addWidget(made)
    made.resize(1280, 720)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def controls(window: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    found = [w for w in window.findChildren(QWidget) if isinstance(w, kinds) or w.focusPolicy()]
    return [w for w in found if w.isVisibleTo(window) and w.isEnabled()]


def named(widget: QWidget) -> bool:
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    return any(letter.isalnum() for letter in widget.accessibleName() or text)


def test_every_control_has_a_name(window: QWidget) -> None:
    inner = {"qt_scrollarea_viewport", "qt_spinbox_lineedit", "page", "inner"}  # containers, not controls
    nameless = [w for w in controls(window) if not named(w) and w.objectName() not in inner]
    assert [f"{type(w).__name__} {w.objectName()}" for w in nameless] == []


def test_every_control_is_reached_with_the_tab_key(window: QWidget) -> None:
    reached, at = set(), window.nextInFocusChain()
    while at is not window and at not in reached:
        reached.add(at)
        at = at.nextInFocusChain()
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    for control in controls(window):
        if isinstance(control, kinds) and not isinstance(control.parent(), kinds):
            assert control in reached
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()
