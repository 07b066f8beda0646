from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QEvent, QObject, QPointF, QSettings, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from insula.sensors.probe import Found
from insula.ui.dashboard import app as dashboard
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.recorded import Recorded
from insula.ui.dashboard.rehearsal_engine import record
from insula.ui.dashboard.review import ReviewWindow
from insula.ui.dashboard.setup import SetupWindow
from insula.ui.dashboard.setup_plan import Device
from insula.ui.dashboard.start import StartWindow
from insula.ui.dashboard.words import Words


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    qapp.setOrganizationName("Insula")
    qapp.setApplicationName("Insula")
    themes.apply(qapp, themes.DARK)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions") / "rehearsal-1"
    record(folder, 20.0, faults=(("face", 4.0, 8.0, "no face"),), markers=((6.0, "stimulus"),))
    return folder


@pytest.fixture
def review(qtbot: QtBot, folder: Path) -> ReviewWindow:
    window = ReviewWindow(Recorded(folder), themes.DARK)
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    QApplication.processEvents()
    return window


def at(window: ReviewWindow, seconds: float) -> QPointF:
    """Where on the timeline ``seconds`` after the begin are."""
    axis = window.timeline._layout(window.timeline.content()).axis
    begin, end = window.timeline.range
    share = (window.session.begin + seconds - begin) / (end - begin)
    return QPointF(axis.left() + share * axis.width(), axis.top() - 60)


def test_raw_signals_are_read_beside_the_window(review: ReviewWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(review.loaded, timeout=30_000):
        review.load()
        assert review.banner.text() == "reading the raw signals …"
    assert not review.banner.isVisible()
    assert len(review.session.signals) == 3


def test_a_click_moves_the_cursor(review: ReviewWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(review.timeline, Qt.MouseButton.LeftButton, pos=at(review, 6.0).toPoint())
    assert review.t - review.session.begin == pytest.approx(6.0, abs=0.1)
    assert review.clock.text().startswith("0:0")
    assert review.panels[0].view is not None
    reasons = {lane.key: lane.reason for lane in review.panels[0].view.modalities}
    assert reasons["face"] == "no face"


def test_shift_and_drag_selects_a_segment(review: ReviewWindow, qtbot: QtBot) -> None:
    shift = Qt.KeyboardModifier.ShiftModifier
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(review.timeline, left, shift, pos=at(review, 4.0).toPoint())
    to = at(review, 8.0)
    moved = QMouseEvent(QEvent.Type.MouseMove, to, review.timeline.mapToGlobal(to), left, left, shift)
    QApplication.sendEvent(review.timeline, moved)
    qtbot.mouseRelease(review.timeline, left, shift, pos=to.toPoint())
    assert review.statistics.segment is not None
    assert dict(review.statistics.segment.measured)["face"] == pytest.approx(0.0, abs=0.05)
    qtbot.mouseDClick(review.timeline, left, pos=at(review, 8.0).toPoint())
    assert review.timeline.selection is None
    assert review.statistics.segment.t1 == review.timeline.whole[1]


def test_zoom_stays_within_the_session(review: ReviewWindow) -> None:
    begin, end = review.timeline.whole
    review.timeline.zoom(0.2, begin + 6.0)
    left, right = review.timeline.range
    assert right - left == pytest.approx(0.2 * (end - begin))
    assert left <= begin + 6.0 <= right
    for _ in range(20):
        review.timeline.zoom(0.5, begin + 6.0)
    assert review.timeline.range[1] - review.timeline.range[0] == pytest.approx(2.0)
    for _ in range(20):
        review.timeline.zoom(2.0, end)
    assert review.timeline.range == (begin, end)


def test_the_cursor_stays_in_sight_while_playing(review: ReviewWindow) -> None:
    review.timeline.zoom(0.2, review.session.begin)
    review.go(review.session.begin + 12.0)
    left, right = review.timeline.range
    assert left <= review.t <= right


@pytest.mark.parametrize(("index", "speed"), [(0, 0.5), (1, 1.0), (4, 8.0)])
def test_play_moves_at_the_chosen_speed(review: ReviewWindow, index: int, speed: float) -> None:
    review.go(review.session.begin)
    review.speed.setCurrentIndex(index)
    review.advance(1.0)
    assert review.t - review.session.begin == pytest.approx(speed)


def test_play_stops_at_the_end(review: ReviewWindow) -> None:
    review.play_button.click()
    assert review.timer.isActive()
    review.advance(1000.0)
    assert review.t == review.session.end
    assert not review.timer.isActive()


def test_the_picture_is_saved_or_the_reason_is_said(review: ReviewWindow, tmp_path: Path) -> None:
    assert review.export(tmp_path / "figure.png")
    assert QImage(str(tmp_path / "figure.png")).width() == review.width()
    assert not review.export(tmp_path / "nowhere" / "figure.png")


@pytest.mark.parametrize("name", ["figure.svg", "figure.pdf"])
def test_the_timeline_is_a_figure_in_vectors(review: ReviewWindow, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert review.export(path)
    begin = path.read_bytes()[:400]
    assert b"%PDF" in begin if name.endswith("pdf") else b"<svg" in begin
    assert review.timeline.look.theme is themes.DARK
    assert not review.export(tmp_path / "nowhere" / name)


class Browser(QObject):
    """Takes what Qt would open in the browser."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


def test_the_report_is_written_and_opened_to_be_printed(review: ReviewWindow, qtbot: QtBot) -> None:
    browser = Browser()
    QDesktopServices.setUrlHandler("file", browser, "take")
    try:
        with qtbot.waitSignal(review.reported, timeout=30_000):
            qtbot.mouseClick(review.report_button, Qt.MouseButton.LeftButton)
    finally:
        QDesktopServices.unsetUrlHandler("file")
    (path,) = browser.opened
    assert "<h1>rehearsal" in Path(path).with_suffix(".html").read_text("utf-8")
    assert "print" in review.banner.text()


def test_another_run_is_laid_beside_and_taken_away(review: ReviewWindow, folder: Path) -> None:
    review.compare_with(folder)
    assert review.statistics.differences
    assert all(d.mean == 0.0 for d in review.statistics.differences)
    QApplication.processEvents()
    review._fill_compare_menu()
    texts = [action.text() for action in review.compare_menu.actions()]
    assert "Compare no longer" in texts
    review.compare_menu.actions()[texts.index("Compare no longer")].trigger()
    assert review.timeline.comparison is None
    review.compare_with(folder.parent)
    assert "session" in review.banner.text()


def test_every_review_panel_paints(review: ReviewWindow) -> None:
    review.session.load_signals()
    review.go(review.session.begin + 15.0)
    QApplication.processEvents()
    for panel in review.panels:
        if panel is review.video:
            continue  # nothing was filmed
        image = panel.grab().toImage()
        colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
        assert len(colours) > 12, panel.title


def test_three_doors_and_the_recordings(qtbot: QtBot, folder: Path) -> None:
    start = StartWindow(themes.DARK, Words(), folder.parent)
    qtbot.addWidget(start)
    start.show()
    names = {b.accessibleName() for b in start.findChildren(QPushButton)}
    assert {"Simulated person", "Devices found here", "Choose a folder …", "rehearsal"} <= names
    row = next(b for b in start.findChildren(QPushButton) if b.accessibleName() == "rehearsal")
    with qtbot.waitSignal(start.review) as taken:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert taken.args == [folder]


def test_an_engine_that_cannot_start_says_why_on_the_page(qtbot: QtBot) -> None:
    start = StartWindow(themes.DARK, Words())
    qtbot.addWidget(start)
    start.show()
    start.launch("run", "nowhere.toml")
    qtbot.waitUntil(lambda: "nowhere.toml" in start.banner.text(), timeout=30_000)
    assert "insula: " in start.banner.text()
    start.close()
    assert all(launched.ended for launched in start.launched)


def test_the_desk_opens_a_recording_and_comes_back(qtbot: QtBot, folder: Path) -> None:
    desk = dashboard.Desk()
    qtbot.addWidget(desk.start)
    desk.start.show()
    desk.review(folder)
    window = desk.window
    assert isinstance(window, ReviewWindow)
    qtbot.addWidget(window)
    qtbot.waitSignal(window.loaded, timeout=30_000).wait()
    assert not desk.start.isVisible()
    window.close()
    assert desk.start.isVisible()
    assert desk.window is None


def test_the_desk_says_why_a_folder_cannot_be_opened(qtbot: QtBot, tmp_path: Path) -> None:
    desk = dashboard.Desk()
    qtbot.addWidget(desk.start)
    desk.start.show()
    desk.review(tmp_path)
    assert "not a session folder" in desk.start.banner.text()
    desk.connect(tmp_path)
    assert "no running session" in desk.start.banner.text()


def test_set_up_lists_devices_with_reasons_and_models_with_licences(qtbot: QtBot) -> None:
    page = SetupWindow(themes.DARK, Words())
    qtbot.addWidget(page)
    page.show()
    page.show_devices(
        [
            Device("camera", Found("camera", {}, "no local camera opens: plug one in")),
            Device("simulated_eda", Found("simulated person: EDA <32 Hz>")),
        ]
    )
    texts = [label.text() for label in page.findChildren(QLabel)]
    assert any("no local camera opens" in text for text in texts)
    assert page.rows[0].box.text() == "simulated person: EDA <32 Hz>"
    cards = page.models.toPlainText()
    assert "licence" in cards
    assert "Apache-2.0" in cards
