"""An operator's whole way: start page, simulated person, marker, a lost sensor, stop, review."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from insula.ui.dashboard import app as dashboard
from insula.ui.dashboard import sessions
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.review import ReviewWindow
from insula.ui.dashboard.setup import SetupWindow
from insula.ui.dashboard.window import LiveWindow

PATIENCE_MS = 120_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def desk(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dashboard.Desk]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    qapp.setOrganizationName("Insula")
    qapp.setApplicationName("Insula")
    themes.apply(qapp, themes.DARK)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    desk = dashboard.Desk()
    qtbot.addWidget(desk.start)
    desk.start.show()
    yield desk
    if desk.window is not None:
        desk.window.close()
    desk.start.close()


def opened(desk: dashboard.Desk, qtbot: QtBot) -> LiveWindow:
    """Wait for the live window of the engine just started, or for what the page says instead."""
    page = desk.start.banner
    waiting = ("", desk.start.look.words("starting …"))
    qtbot.waitUntil(lambda: desk.window is not None or page.text() not in waiting, timeout=PATIENCE_MS)
    assert isinstance(desk.window, LiveWindow), desk.start.banner.text()
    return desk.window


def test_from_the_first_click_to_the_review(desk: dashboard.Desk, qtbot: QtBot, tmp_path: Path) -> None:
    desk.start.launch("demo", "--unplug", "eda@4+3")
    live = opened(desk, qtbot)
    lane = lambda: {m.key: m for m in live.presenter.view().modalities}.get("eda")  # noqa: E731

    qtbot.waitUntil(lambda: live.presenter.view().now.valence is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: live.video.shown_index is not None, timeout=PATIENCE_MS)
    assert live.header.simulated.isVisible()
    assert live.header.record_button.isChecked()

    live.header.entry.setFocus()
    qtbot.keyClicks(live.header.entry, "bell")
    qtbot.keyClick(live.header.entry, Qt.Key.Key_Return)
    events = lambda: [event.text for event in live.presenter.view().events]  # noqa: E731
    qtbot.waitUntil(lambda: "bell" in events(), timeout=PATIENCE_MS)

    qtbot.waitUntil(lambda: "eda is back" in events(), timeout=PATIENCE_MS)
    assert any(text.startswith("eda lost") for text in events())
    shown = lane()
    assert shown is not None
    assert any(gap.reason.startswith("eda lost") for gap in shown.gaps)

    for _ in range(2):  # once to ask, once to mean it
        qtbot.mouseClick(live.header.stop_button, LEFT)
    qtbot.waitUntil(lambda: live.presenter.view().session.ended, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.start.launched[0].ended, timeout=PATIENCE_MS)
    live.close()
    desk.start.refresh()

    rows = [b for b in desk.start.findChildren(QPushButton) if b.accessibleName() == "Demo: simulated person"]
    qtbot.mouseClick(rows[-1], LEFT)
    review = desk.window
    assert isinstance(review, ReviewWindow)
    qtbot.waitSignal(review.loaded, timeout=PATIENCE_MS).wait()
    assert not review.banner.isVisible()
    assert "bell" in [mark.text for mark in review.session.marks]
    recorded = next(lane for lane in review.session.lanes if lane.key == "eda")
    assert any(gap.reason.startswith("eda lost") for gap in recorded.gaps)
    assert {"EDA", "EEG"} <= {signal.type for signal in review.session.signals}
    assert review.export(tmp_path / "page.png")
    with qtbot.waitSignal(review.reported, timeout=PATIENCE_MS) as written:
        review.reported.disconnect(review._show_report)  # no browser is opened by a test
        qtbot.mouseClick(review.report_button, LEFT)
    assert written.args is not None
    report, failure = written.args
    assert failure == ""
    assert "What was measured" in report.with_suffix(".html").read_text("utf-8")


def test_through_the_set_up_door_to_a_live_picture_in_three_clicks(
    desk: dashboard.Desk, qtbot: QtBot
) -> None:
    qtbot.mouseClick(desk.start.setup_button, LEFT)
    setup = desk.window
    assert isinstance(setup, SetupWindow)
    qtbot.waitUntil(lambda: bool(setup.rows), timeout=PATIENCE_MS)
    for row in setup.rows:
        row.box.setChecked(row.device.driver in ("simulated_face", "simulated_eda"))
    qtbot.mouseClick(setup.start_button, LEFT)
    qtbot.waitUntil(lambda: isinstance(desk.window, LiveWindow), timeout=PATIENCE_MS)
    live = desk.window
    assert isinstance(live, LiveWindow)
    qtbot.waitUntil(lambda: live.video.shown_index is not None, timeout=PATIENCE_MS)
    assert live.header.simulated.isVisible()
    assert {card.stream for card in live.presenter.view().sensors} == {"face", "eda"}


def test_a_window_that_is_killed_is_not_noticed_by_the_session(desk: dashboard.Desk, qtbot: QtBot) -> None:
    desk.start.launch("demo")
    live = opened(desk, qtbot)
    qtbot.waitUntil(lambda: live.presenter.view().now.valence is not None, timeout=PATIENCE_MS)
    (running,) = sessions.running()
    script = Path(__file__).with_name("window_child.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(running)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"drawing\n"
        other.kill()
    killed = live.presenter.view().t
    qtbot.waitUntil(lambda: live.presenter.view().t > killed + 2.0, timeout=PATIENCE_MS)
    after = live.presenter.view()
    assert after.silence == ""
    assert "the window that will be killed" in [event.text for event in after.events]
    assert after.now.valence is not None
    assert desk.start.launched[0].failure() == ""
    assert not desk.start.launched[0].ended
    bad = [event.text for event in after.events if event.kind == "bad"]
    assert [text for text in bad if "slowed" not in text] == []  # a busy machine slows a model, no more


def test_an_engine_that_is_killed_is_said_within_seconds(desk: dashboard.Desk, qtbot: QtBot) -> None:
    desk.start.launch("demo")
    live = opened(desk, qtbot)
    qtbot.waitUntil(lambda: live.presenter.view().now.valence is not None, timeout=PATIENCE_MS)
    os.kill(desk.start.launched[0].pid, 9)
    qtbot.waitUntil(lambda: "no news from the engine" in live.banner.text(), timeout=PATIENCE_MS)
    assert live.presenter.view().now.valence is None
