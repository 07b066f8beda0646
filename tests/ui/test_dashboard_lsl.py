"""The window on another machine: a session in another process, watched over LSL on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")
pytest.importorskip("pylsl")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.edge.clock import now
from insula.edge.errors import RingError
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.lsl_source import LslSource
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.view import LiveView
from insula.ui.dashboard.window import LiveWindow

PATIENCE_MS = 60_000
NAME = f"far-{os.getpid()}"


@pytest.fixture
def far() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, str(Path(__file__).with_name("lsl_child.py")), NAME])
    yield child
    child.kill()
    child.wait()


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> LiveWindow:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.DARK)
    window = LiveWindow(LslSource(NAME), Presenter(now))
    qtbot.addWidget(window)
    window.show()
    window.start()
    return window


def test_a_session_is_watched_from_afar_and_its_end_is_said(
    far: subprocess.Popen[bytes], window: LiveWindow, qtbot: QtBot
) -> None:
    def until(ready: Callable[[LiveView], object]) -> None:
        qtbot.waitUntil(lambda: bool(ready(window.presenter.view())), timeout=PATIENCE_MS)

    until(lambda view: view.now.arousal is not None)
    until(lambda view: {lane.type for lane in view.signals} == {"EDA", "EEG"})
    until(lambda view: all(len(lane.times) > 20 for lane in view.signals))
    until(lambda view: any(mark.text == "bell" for mark in view.marks))
    until(lambda view: any(m.key == "face" and m.reason == "no face in the picture" for m in view.modalities))
    view = window.presenter.view()
    assert view.simulated
    assert "(LSL)" in view.session.name
    assert view.now.age_s is not None
    assert -0.2 < view.now.age_s < 5.0
    assert "over LSL" in view.video.reason
    assert not window.header.record_button.isVisible()
    with pytest.raises(RingError, match="only watches"):
        window.source.send(Command("stop", now()))

    far.kill()
    qtbot.waitUntil(lambda: "no news from the engine" in window.banner.text(), timeout=PATIENCE_MS)
    assert window.presenter.view().now.arousal is None
    window.close()
