"""What the operator sees while it is written."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from insula.edge import SensingLoop, config
from insula.edge.session import SessionFolder
from insula.edge.testing import ManualClock
from insula.ui.commands.recording import Recording
from insula.ui.recording_view import RecordingView, duration_text


def text(view: RecordingView) -> str:
    console = Console(width=100, record=True, file=None)
    with console.capture() as captured:
        console.print(view.draw())
    return captured.get()


def test_size_room_rate_and_lag_of_every_stream(tmp_path: Path) -> None:
    parts = {"sensors": {"wrist": {"driver": "simulated_eda"}}, "estimators": {"eda": {"estimator": "eda"}}}
    with_clock = ManualClock(0.0)
    loop = SensingLoop(config.parse(parts))
    loop.open()
    recording = Recording(loop, SessionFolder.create(tmp_path / "s", {}), audio=False)
    view = RecordingView(recording, with_clock)
    assert "not recording" in text(view)
    recording.start()
    loop.begin()
    assert any(
        "wrist" in recording.recorded() and recording.recorded()["wrist"].samples > 40 for _ in loop.states()
    )
    with_clock.t = recording.recorded()["wrist"].last_t + 0.25
    shown = text(view)
    loop.stop()
    assert "MB written" in shown
    assert "GB free, enough for" in shown
    row = next(line for line in shown.splitlines() if line.startswith("wrist"))
    assert "Hz" in row
    assert " ms" in row
    assert "insula.state" not in shown


def test_a_long_time_is_said_as_people_say_it() -> None:
    assert duration_text(600) == "10 min"
    assert duration_text(5 * 3600) == "5 h"
    assert duration_text(80 * 3600) == "3 days"
