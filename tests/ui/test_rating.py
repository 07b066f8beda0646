"""Rating: the pads, a joystick's bytes, a pass over a recording, what is written out and how it is scored."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the window is not installed")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from insula.edge.errors import DataError, SensorUnavailable
from insula.edge.reports import Rating
from insula.edge.session import SessionFolder
from insula.edge.testing import ManualClock
from insula.edge.types import VideoFrame
from insula.ui import ratings
from insula.ui.cli import app
from insula.ui.dashboard import theme as themes
from insula.ui.dashboard.words import Words
from insula.ui.participant.joystick import Joystick
from insula.ui.participant.rate import ClassPad, RateWindow
from insula.ui.participant.rating import RatingPad

LEFT = Qt.MouseButton.LeftButton


class Desk:
    def __init__(self, qtbot: QtBot, labels: tuple[str, ...], **more: object) -> None:
        self.clock = ManualClock(5000.0)
        self.kept: list[Rating] = []
        axes = set(labels) <= {"valence", "arousal"}
        self.window = RateWindow(
            labels, "anna", "parent", self.kept.append, self.clock, themes.LIGHT, Words(), axes=axes, **more
        )  # fmt: skip
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)
        qtbot.mouseClick(self.window.begin_button, LEFT)
        self.window.timer.stop()  # the test moves the time

    def tick(self, seconds: float = 0.04) -> None:
        self.clock.advance(seconds)
        self.window.tick()


def test_the_mouse_rates_while_it_is_held(qtbot: QtBot) -> None:
    desk = Desk(qtbot, ("valence", "arousal"))
    pad = desk.window.pad
    assert isinstance(pad, RatingPad)
    desk.tick()
    field = pad._field()
    at = QPoint(round(field.left() + 0.75 * field.width()), round(field.top() + 0.25 * field.height()))
    qtbot.mousePress(pad, LEFT, pos=at)
    desk.tick()
    qtbot.mouseRelease(pad, LEFT)
    desk.tick()
    assert [r.values[0] is None for r in desk.kept] == [True, False, True]
    assert desk.kept[1].values == pytest.approx((0.5, 0.5), abs=0.02)
    assert (desk.kept[1].t, desk.kept[1].role) == (pytest.approx(5000.08), "parent")


def test_digits_choose_a_class_and_zero_none(qtbot: QtBot) -> None:
    desk = Desk(qtbot, ("calm", "tense", "angry"))
    assert isinstance(desk.window.pad, ClassPad)
    desk.tick()
    qtbot.keyClick(desk.window, "2")
    desk.tick()
    qtbot.mouseClick(desk.window.pad.buttons[0], LEFT)
    desk.tick()
    qtbot.keyClick(desk.window, "0")
    desk.tick()
    assert [r.values for r in desk.kept] == [
        (None, None, None),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 0.0),
        (None, None, None),
    ]


def test_a_recording_is_rated_in_its_own_times_and_ends(qtbot: QtBot) -> None:
    seen: list[float] = []

    def picture(t: float) -> VideoFrame | None:
        seen.append(t)
        return VideoFrame(np.full((48, 64, 3), 200, np.uint8), t, len(seen))

    desk = Desk(qtbot, ("valence",), span=(100.0, 101.0), picture=picture)
    for _ in range(5):
        desk.tick()
    qtbot.mouseClick(desk.window.begin_button, LEFT)  # held: the time of the recording stands
    desk.tick(60.0)
    qtbot.mouseClick(desk.window.begin_button, LEFT)
    desk.window.timer.stop()
    for _ in range(30):
        desk.tick()
    times = [r.t for r in desk.kept]
    assert times[:5] == pytest.approx([100.04, 100.08, 100.12, 100.16, 100.2])
    assert times[5] == pytest.approx(100.24)
    assert max(times) <= 101.0
    assert not desk.window.begin_button.isEnabled()
    assert seen[1:] == times
    QApplication.processEvents()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_joystick_speaks_linux_events(tmp_path: Path, qtbot: QtBot) -> None:
    pipe = tmp_path / "js0"
    os.mkfifo(pipe)
    stick = Joystick(pipe)
    writer = os.open(pipe, os.O_WRONLY)
    event = struct.Struct("<IhBB")
    assert stick.poll() == (0.0, -0.0)
    os.write(
        writer, event.pack(1, 16384, 0x82, 0) + event.pack(2, -32767, 0x02, 1) + event.pack(3, 1, 0x01, 0)
    )
    assert stick.poll() == pytest.approx((0.5, 1.0), abs=1e-3)
    desk = Desk(qtbot, ("valence", "arousal"), joystick=stick)
    desk.tick()
    assert desk.kept[-1].values == pytest.approx((0.5, 1.0), abs=1e-3)
    os.close(writer)
    stick.close()


def test_no_joystick_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SensorUnavailable, match="/dev/input/js0"):
        Joystick(tmp_path / "js9")


# ---- files ----


def session(tmp_path: Path) -> Path:
    folder = SessionFolder.create(tmp_path / "pilot", {"clock_at_start": 100.0})
    folder.finish({"clock_at_start": 100.0, "length_s": 4.0})
    for name, shift in (("anna", 0.0), ("ben", 0.1)):
        file = ratings.RatingFile(folder.path, name)
        for k in range(100):
            value = None if 40 <= k < 60 else float(np.sin(k / 10.0 + shift))
            file.put(Rating(100.0 + k / 25.0, name, "clinician", ("valence",), (value,)))
        file.close()
    file = ratings.RatingFile(folder.path, "anna")
    for k in range(100):
        chosen = (1.0, 0.0) if k < 50 else (0.0, 1.0)
        file.put(Rating(100.0 + k / 25.0, "anna", "parent", ("calm", "tense"), chosen))
    file.close()
    return folder.path


def test_ratings_are_read_back_and_written_out(tmp_path: Path) -> None:
    folder = session(tmp_path)
    found = ratings.read(folder)
    assert [(r.annotator, r.role, r.labels, r.file) for r in found] == [
        ("anna", "clinician", ("valence",), "rating-anna-1.xdf"),
        ("anna", "parent", ("calm", "tense"), "rating-anna-2.xdf"),
        ("ben", "clinician", ("valence",), "rating-ben-1.xdf"),
    ]
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["rate", "export", str(folder), "--out", str(out)])
    assert done.exit_code == 0, done.output
    frames = (out / "anna-clinician-1.csv").read_text("utf-8").splitlines()
    assert frames[0] == "valence"
    assert len(frames) == 101
    assert frames[45] == '""' or frames[45] == ""  # not rated is empty, never 0
    assert "20 not rated" in done.output
    truth = ratings.read_valence(out / "anna-clinician-1.csv")
    assert np.isnan(truth).sum() == 20
    assert truth[30] == pytest.approx(np.sin(3.0), abs=1e-5)
    grid = (out / "anna-parent-2-5hz.csv").read_text("utf-8").splitlines()
    assert grid[:2] == ["time_s,class", "0.000,calm"]
    assert grid[-1] == "3.800,tense"
    assert len(grid) == 21


def test_annotators_are_compared(tmp_path: Path) -> None:
    folder = session(tmp_path)
    file = ratings.RatingFile(folder, "cleo")
    for k in range(100):
        file.put(
            Rating(100.0 + k / 25.0, "cleo", "observer", ("calm", "tense"), (float(k < 60), float(k >= 60)))
        )
    file.close()
    done = CliRunner().invoke(app, ["rate", "agreement", str(folder)])
    assert "calm, tense  α (nominal) +0.79" in done.output
    assert done.exit_code == 0, done.output
    assert "valence  Krippendorff α +0.988" in done.output
    assert "CCC +0.988" in done.output


def test_predictions_are_scored_as_the_challenge_does(tmp_path: Path) -> None:
    for where, sign in (("truth", 1.0), ("mine", 1.0)):
        (tmp_path / where).mkdir()
        for subject in (1, 2):
            flip = -1.0 if where == "mine" and subject == 2 else sign
            lines = "\n".join(f"{flip * np.sin(k / 9.0):.6f}" for k in range(200))
            (tmp_path / where / f"Subject_{subject}_Story_4.csv").write_text(f"valence\n{lines}\n", "utf-8")
    done = CliRunner().invoke(app, ["rate", "score", str(tmp_path / "truth"), str(tmp_path / "mine")])
    assert done.exit_code == 0, done.output
    assert "personalised CCC" in done.output
    score = ratings.score_folders(tmp_path / "truth", tmp_path / "mine")
    assert score.each["1", "4"] == pytest.approx(1.0)
    assert score.each["2", "4"] < -0.9
    (tmp_path / "mine" / "Subject_2_Story_4.csv").unlink()
    with pytest.raises(DataError, match="has no Subject_2_Story_4"):
        ratings.score_folders(tmp_path / "truth", tmp_path / "mine")


def test_names_and_roles_are_checked() -> None:
    with pytest.raises(DataError, match=r"annotator '../x'"):
        ratings.check_annotator("../x", "self")
    with pytest.raises(DataError, match="role 'cat'"):
        ratings.check_annotator("anna", "cat")
