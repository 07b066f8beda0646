"""Starts the annotator's window: on the session that runs, or on a recorded one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from insula.edge.clock import now
from insula.edge.errors import InsulaError
from insula.ui.dashboard.app import application, loop, remembered_theme, words
from insula.ui.dashboard.control import Outbox
from insula.ui.dashboard.recorded import Recorded
from insula.ui.participant.joystick import Joystick
from insula.ui.participant.link import command_of
from insula.ui.participant.rate import RateWindow
from insula.ui.ratings import AXES, RatingFile


def live(directory: Path, labels: tuple[str, ...], annotator: str, role: str, stick: Path | None) -> int:
    """Rate the session in a runtime folder; return the exit status."""
    outbox = Outbox(directory)
    app = application()
    window = RateWindow(
        labels,
        annotator,
        role,
        lambda rating: outbox.send(command_of(rating)),
        now,
        remembered_theme(),
        words(),
        axes=set(labels) <= set(AXES),
        joystick=Joystick(stick) if stick else None,
    )
    window.show()
    try:
        return loop(app)
    finally:
        outbox.close()


def recorded(session: Path, labels: tuple[str, ...], annotator: str, role: str, stick: Path | None) -> int:
    """Rate a recorded session while watching it; return the exit status."""
    told = Recorded(session, words())
    told.load_signals()  # the pictures stand there, too
    if told.pictures is None:
        raise InsulaError(
            f"{session} has no pictures to watch: record with [session] video = true, "
            "or rate while the session runs ('insula rate live')"
        )
    app = application()
    file = RatingFile(session, annotator)
    window = RateWindow(
        labels,
        annotator,
        role,
        file.put,
        now,
        remembered_theme(),
        words(),
        axes=set(labels) <= set(AXES),
        span=(told.begin, told.end),
        picture=told.frame,
        joystick=Joystick(stick) if stick else None,
    )
    window.resize(1000, 860)
    window.show()
    try:
        return loop(app)
    finally:
        _finish(window, file)


def _finish(window: QWidget, file: RatingFile) -> None:
    window.close()
    file.close()
