from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the dashboard is not installed")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from insula.edge import config as configuration
from insula.edge.privacy.consent import Consent
from insula.edge.privacy.context import Context, Use
from insula.sensors.probe import Found
from insula.ui import places
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.panels.preview import PreviewBox
from insula.ui.dashboard.preview import Preview
from insula.ui.dashboard.setup import SetupWindow
from insula.ui.dashboard.setup_plan import Device, Plan, consented, protocols, pseudonym_problem
from insula.ui.dashboard.words import Words
from insula.ui.privacy import gate, records

CAMERA = Device("camera", Found("camera 0", {"index": 0}))
SIMULATED = Device("simulated_eda", Found("simulated person: EDA"))
MISSING = Device("lsl", Found("LSL stream", why_not="no stream answers"))


@pytest.fixture(autouse=True)
def own_machine(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    monkeypatch.setenv("INSULA_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    themes.apply(qapp, themes.DARK)


def signed(person: str) -> None:
    records.sign(Consent(person, ("camera", "eda"), ("research",), "2040-12-31"))


def test_what_is_missing_is_said_in_the_order_of_the_page() -> None:
    research = Context(Use.RESEARCH)
    assert "device" in Plan((), research).missing()
    assert "used for" in Plan((CAMERA,), None).missing()
    assert "pseudonym" in Plan((CAMERA,), research).missing()
    assert "consented" in Plan((CAMERA,), research, "P07").missing()
    signed("P07")
    assert Plan((CAMERA,), research, "P07").missing() == ""
    assert Plan((CAMERA,), Context(Use.OWN_USE)).missing() == ""
    assert Plan((SIMULATED,), None).missing() == ""
    assert consented("P07") == "2040-12-31"
    assert "never a name" in pseudonym_problem("Jane Doe")


def test_the_configuration_it_writes_is_a_valid_one(tmp_path: Path) -> None:
    second = Device("camera", Found("camera 2", {"index": 2}))
    plan = Plan((CAMERA, second, SIMULATED), Context(Use.OWN_USE), "P07", tmp_path / "p.toml", number=3)
    arguments = plan.arguments(tmp_path / "session.toml")
    assert arguments[:2] == ("run", str(tmp_path / "session.toml"))
    assert arguments[2:] == ("--protocol", str(tmp_path / "p.toml"), "--participant", "3")
    config = configuration.parse(tomllib.loads(plan.toml()))
    assert [(part.name, part.factory) for part in config.sensors] == [
        ("camera", "camera"), ("camera2", "camera"), ("eda", "simulated_eda"),
    ]  # fmt: skip
    assert config.sensors[1].options == {"index": 2}
    assert config.person == "P07"


def test_protocols_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("b.toml", "a.toml", "notes.txt"):
        (tmp_path / "a" / name).write_text("")
    assert [path.name for path in protocols((tmp_path / "a", tmp_path / "none"))] == ["a.toml", "b.toml"]


def test_a_preview_shows_frames_and_samples_and_lets_go(qtbot: QtBot) -> None:
    face, eda = Preview("simulated_face", {}), Preview("simulated_eda", {})
    qtbot.waitUntil(lambda: face.image() is not None and len(eda.samples()) > 1, timeout=20_000)
    for preview in (face, eda):
        preview.close()
        blocks = preview.blocks
        assert preview.reason == ""
        assert not preview._thread.is_alive()
        assert preview.blocks == blocks


def test_a_preview_that_cannot_open_says_why(qtbot: QtBot) -> None:
    preview = Preview("camera", {"index": 97})
    qtbot.waitUntil(lambda: preview.reason != "", timeout=20_000)
    preview.close()


@pytest.fixture
def window(qtbot: QtBot) -> SetupWindow:
    window = SetupWindow(themes.DARK, Words())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_the_page_starts_with_what_there_is_and_says_what_is_missing(window: SetupWindow) -> None:
    window.show_devices([MISSING, SIMULATED, CAMERA])
    chosen = {row.device.driver: row.box.isChecked() for row in window.rows}
    assert chosen == {"camera": True, "simulated_eda": False, "lsl": False}
    assert not window.rows[-1].box.isEnabled()
    assert not window.start_button.isEnabled()
    assert window.state.text() == "say what it is used for"
    form = window.form
    form.use.setCurrentIndex(form.use.findData(Use.RESEARCH))
    form.person.setText("Jane Doe")
    assert "never a name" in window.state.text()
    form.person.setText("P07")
    assert "consented" in window.state.text()
    signed("P07")
    form.person.setText("")
    form.person.setText("P07")
    assert window.start_button.isEnabled()
    assert window.state.text() == "ready: 1 devices, P07"


def test_without_devices_the_simulated_person_is_ready_in_one_click(
    window: SetupWindow, qtbot: QtBot
) -> None:
    window.show_devices([MISSING, SIMULATED])
    assert window.state.text() == "ready: 1 devices, Simulated person"
    with qtbot.waitSignal(window.begin) as told:
        qtbot.mouseClick(window.start_button, Qt.MouseButton.LeftButton)
    assert told.args is not None
    (arguments,) = told.args
    assert arguments[0] == "run"
    assert "simulated_eda" in Path(arguments[1]).read_text()


def test_the_person_consents_in_a_window_of_its_own(window: SetupWindow, qtbot: QtBot) -> None:
    window.show_devices([CAMERA])
    form = window.form
    form.use.setCurrentIndex(form.use.findData(Use.RESEARCH))
    form.person.setText("P11")
    qtbot.mouseClick(form.consent_button, Qt.MouseButton.LeftButton)
    page = form.consent_page
    assert page is not None
    qtbot.addWidget(page)
    assert not page.isModal()
    for box in (*page.streams.values(), *page.purposes.values()):
        box.setChecked(True)
    page.code.setText("P11")
    qtbot.mouseClick(page.agree, Qt.MouseButton.LeftButton)
    assert not page.isVisible()
    assert consented("P11")
    assert window.start_button.isEnabled()


def test_a_refused_use_cannot_start_and_a_stated_one_is_kept(window: SetupWindow, qtbot: QtBot) -> None:
    window.show_devices([CAMERA])
    form = window.form
    form.use.setCurrentIndex(form.use.findData(Use.WORK))
    assert form.purpose.isVisible()
    assert not window.start_button.isEnabled()
    form.use.setCurrentIndex(form.use.findData(Use.OWN_USE))
    assert not form.purpose.isVisible()
    qtbot.mouseClick(window.start_button, Qt.MouseButton.LeftButton)
    assert gate.load() == Context(Use.OWN_USE)
    assert places.audit().path.exists()


def test_previews_are_let_go_before_the_session_opens_the_devices(window: SetupWindow, qtbot: QtBot) -> None:
    window.show_devices([SIMULATED])
    row = window.rows[0]
    qtbot.mouseClick(row.show_button, Qt.MouseButton.LeftButton)
    box = row.findChild(PreviewBox)
    assert box is not None
    qtbot.waitUntil(lambda: len(box.preview.samples()) > 1, timeout=20_000)
    box.grab()
    thread = box.preview._thread
    qtbot.mouseClick(window.start_button, Qt.MouseButton.LeftButton)
    assert not thread.is_alive()
