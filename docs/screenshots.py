"""Make the pictures of the documentation: ``python docs/screenshots.py [--out docs/images] [--all]``.

The scripted rehearsal is drawn off screen, so the pictures are the same on every machine that has the
font Inter (Debian: ``fonts-inter``). ``--all`` makes every page in every size and theme, for looking at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from insula.ui.dashboard.theme import Theme
    from insula.ui.dashboard.window import LiveWindow

SIZES = {"1280x720": (1280, 720, 1.0), "1920x1080": (1920, 1080, 1.0), "3840x2160": (1920, 1080, 2.0)}
PAGES = ("start", "live", "absent", "room", "review", "setup", "participant")
KEPT = (
    ("live", "1920x1080", "dark"),
    ("absent", "1280x720", "dark"),
    ("review", "1280x720", "light"),
    ("start", "1280x720", "dark"),
    ("setup", "1280x720", "light"),
    ("participant", "1280x720", "light"),
)


def main() -> None:
    """Draw each picture in a process of its own: the scale of the screen is fixed at Qt's start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("PAGE", "SIZE", "THEME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.one:
        draw(*options.one, options.out)
        return
    wanted = [(p, s, t) for p in PAGES for s in SIZES for t in ("dark", "light")] if options.all else KEPT
    for page, size, theme in wanted:
        scale = str(SIZES[size][2])
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
        command = [sys.executable, __file__, "--out", str(options.out), "--one", page, size, theme]
        subprocess.run(command, env=environment, check=True, timeout=120)


def draw(page: str, size: str, theme: str, out: Path) -> None:
    """Show one page and save it."""
    from PySide6.QtWidgets import QApplication

    from insula.ui.dashboard import theme as themes

    app = QApplication([])
    themes.apply(app, themes.THEMES[theme])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INSULA_DATA"] = folder  # whoever draws it has stated no use and knows no person
        make = {"start": start, "review": review, "setup": setup, "participant": participant}
        width, height, _ = SIZES[size]
        if page in make:
            window = make[page](themes.THEMES[theme], Path(folder))
            window.resize(width, height)
            window.show()
        else:
            window = live(themes.THEMES[theme], 58.0 if page == "live" else 43.0, width, height)
            if page == "room":
                window.show_room(True)
                window.tick()
                window.room.show_view(window.presenter.view())
        app.processEvents()
        window.grab().save(str(out / f"{page}-{size}-{theme}.png"), quality=0)  # smallest file


def live(theme: Theme, seconds: float, width: int, height: int) -> LiveWindow:
    """Play the rehearsal up to a moment: all is well at 58 s, a sensor is lost at 43 s."""
    from insula.edge.testing import ManualClock
    from insula.ui.dashboard.control import Command
    from insula.ui.dashboard.presenter import Presenter
    from insula.ui.dashboard.rehearsal import Rehearsal
    from insula.ui.dashboard.window import LiveWindow

    clock = ManualClock(1000.0)
    presenter, rehearsal = Presenter(clock), Rehearsal(1000.0)
    asked = [
        Command("marker", 1002.0, "baseline begin"),
        Command("record", 1008.0),
        Command("marker", 1016.0, "baseline end"),
        Command("marker", 1024.0, "stimulus A"),
        Command("marker", 1041.5, "asked to breathe slowly"),
    ]
    window = LiveWindow(rehearsal, presenter, theme)
    window.resize(width, height)
    window.show()
    while clock.t < 1000.0 + seconds:
        clock.advance(0.1)
        while asked and asked[0].t <= clock.t:
            rehearsal.send(asked.pop(0))
        rehearsal.poll(presenter)
    for _ in range(6):  # every panel has had its turn
        clock.advance(1 / 30)
        window.tick()
    return window


def review(theme: Theme, folder: Path) -> QWidget:
    """Open two and a half recorded minutes with a segment selected."""
    from insula.ui.dashboard.recorded import Recorded
    from insula.ui.dashboard.rehearsal_engine import record
    from insula.ui.dashboard.review import ReviewWindow

    markers = ((24.0, "stimulus A"), (60.0, "asked to breathe slowly"), (100.0, "end of task"))
    record(folder / "pilot", 150.0, markers=markers)
    session = Recorded(folder / "pilot")
    session.load_signals()
    window = ReviewWindow(session, theme)
    window.timeline.select(session.begin + 60.0, session.begin + 100.0)
    window.go(session.begin + 84.0)
    return window


def start(theme: Theme, folder: Path) -> QWidget:
    """Show the start page with two recordings."""
    from insula.edge.session import SessionFolder
    from insula.ui.dashboard.start import StartWindow
    from insula.ui.dashboard.words import Words

    for name, length in (("pilot-06", 754.0), ("pilot-07", 1812.0)):
        about = {"title": name, "started": "2026-11-20T14:05:00+00:00", "length_s": length}
        SessionFolder.create(folder / name, about).finish(about)
    return StartWindow(theme, Words(), folder)


def participant(theme: Theme, folder: Path) -> QWidget:
    """Show the participant's window with a question half answered."""
    from insula.ui.participant.inputs import ManikinInput
    from insula.ui.participant.pages import FormPage
    from insula.ui.participant.window import ParticipantWindow
    from insula.ui.protocol import design
    from insula.ui.protocol.page import Progress
    from insula.ui.protocol.plan import plan
    from insula.ui.protocol.run import Run

    class Desk:
        lost = ended = False

        def poll(self) -> Progress:
            return run.progress

        def send(self, command: object) -> None:
            """Nobody listens."""

        def close(self) -> None:
            """Nothing to let go of."""

    examples = Path(__file__).parents[1] / "examples" / "protocols"
    run = Run(plan(design.load(examples / "first-steps.toml")))
    run.begin(0.0)
    run.skip(1.0, "operator")
    run.skip(2.0, "operator")
    window = ParticipantWindow(Desk(), theme, lambda: 3.0)
    page = window.page
    assert isinstance(page, FormPage)
    assert isinstance(page.input, ManikinInput)
    page.input.choose(7.0)
    return window


def setup(theme: Theme, folder: Path) -> QWidget:
    """Show the set-up page with devices as a desk may have them."""
    from insula.sensors.probe import Found
    from insula.ui.dashboard.setup import SetupWindow
    from insula.ui.dashboard.setup_plan import Device
    from insula.ui.dashboard.words import Words

    window = SetupWindow(theme, Words())
    window.show_devices(
        [
            Device("camera", Found("camera 0, 640×480", {"index": 0})),
            Device("microphone", Found("USB microphone, 16 kHz", {"device": "USB microphone"})),
            Device("lsl", Found("LSL stream", {}, "no stream answers: start one, or check 'insula doctor'")),
            Device("simulated_eda", Found("simulated person: EDA (32 Hz)")),
            Device("simulated_eeg", Found("simulated person: EEG, 8 channels 250 Hz", {"headset": "cyton"})),
        ]
    )
    return window


if __name__ == "__main__":
    main()
