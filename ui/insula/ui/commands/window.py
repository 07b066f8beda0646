"""``insula dashboard``: find the session and open the window on it."""

from __future__ import annotations

from pathlib import Path

from insula.edge import runtime_dir
from insula.edge.errors import ConfigError
from insula.edge.session import SessionFolder
from insula.ui import display
from insula.ui.privacy import opened


def show(session: Path | None, *, connect: bool, lsl: str | None) -> int:
    """Open the dashboard and return its exit code; raises ``ConfigError`` with what to do instead."""
    if reason := display.why_no_window():
        raise ConfigError(reason)
    from insula.ui.dashboard import app

    if lsl is not None:
        return app.watch(lsl)
    if connect:
        return app.run(session or _running())
    if session is None:
        raise ConfigError(
            "name a session folder to review, or use --connect for the session that is running now"
        )
    with opened(session) as folder:
        SessionFolder.open(folder)
        return app.review(folder)


def show_participant(session: Path | None) -> int:
    """Open the participant's window and return its exit code; raises ``ConfigError``."""
    if reason := display.why_no_window():
        raise ConfigError(reason)
    from insula.ui.participant import app

    return app.run(session or _running())


def _running() -> Path:
    sessions = runtime_dir.running()
    if not sessions:
        raise ConfigError("no session is running; start one with 'insula demo' or 'insula run'")
    return sessions[0]
