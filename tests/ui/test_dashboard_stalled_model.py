"""A model that never comes back takes its own modality away and nothing else: the window goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.edge import SensingLoop, config
from insula.edge.protocols import Estimator
from insula.edge.session import SessionFolder
from insula.edge.sinks.feed import FeedSink
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Modality, StreamInfo
from insula.ui.commands.operator import Operator
from insula.ui.commands.recording import Recording
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.source import FeedSource
from insula.ui.dashboard.window import LiveWindow


class Stuck:
    """Its first estimate waits for ever."""

    modality: Modality = "eda"
    period_s = 0.1

    def __init__(self) -> None:
        self.stuck, self.free = threading.Event(), threading.Event()

    def accepts(self, info: StreamInfo) -> str:
        return ""

    def start(self, info: StreamInfo) -> None:
        pass

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        self.stuck.set()
        self.free.wait()
        return None

    def close(self) -> None:
        pass


def test_a_model_that_hangs_does_not_hold_up_the_window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    themes.apply(qapp, themes.DARK)
    model = Stuck()

    def stuck(name: str, estimator: Estimator) -> Estimator:
        return model

    parts = {"sensors": {"eda": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}
    loop = SensingLoop(config.parse(parts), directory=tmp_path, wrap_estimator=stuck)
    loop.open()
    feed = FeedSink(path=str(tmp_path / "feed.ring"))
    loop.add_sink("dashboard feed", feed)
    recording = Recording(loop, SessionFolder.create(tmp_path / "session", {}), audio=False)
    operator = Operator(tmp_path, loop, recording, feed, "pilot")
    loop.begin()
    window = LiveWindow(FeedSource(tmp_path), Presenter(loop.clock))
    qtbot.addWidget(window)
    window.show()
    try:
        assert model.stuck.wait(20.0)
        window.start()
        since = loop.clock()
        window.source.send(Command("marker", since, "still there"))

        def alive() -> bool:
            operator.serve()
            view = window.presenter.view()
            (wave,) = view.signals or (None,)
            return (
                "still there" in [event.text for event in view.events]
                and window.drawn >= 30
                and wave is not None
                and wave.times[-1] > since + 1.0
                and len(view.fused.times) > 0
                and view.fused.times[-1] > since + 1.0
            )

        qtbot.waitUntil(alive, timeout=30_000)
        view = window.presenter.view()
        assert view.silence == ""
        assert view.now.arousal is None
        assert view.now.reason
    finally:
        model.free.set()
        window.close()
        loop.stop()
