"""Starts the participant's window on a running session."""

from __future__ import annotations

from pathlib import Path

from insula.edge.clock import now
from insula.ui.dashboard.app import application, loop, remembered_theme
from insula.ui.participant.link import Link
from insula.ui.participant.window import ParticipantWindow


def run(session_dir: Path) -> int:
    """Show the protocol of the session in ``session_dir``; return the exit status.

    On a desk with two screens the window fills the second. Raises ``DataError`` when no session runs there.
    """
    link = Link(session_dir, now)
    app = application()
    window = ParticipantWindow(link, remembered_theme(), now)
    screens = app.screens()
    if len(screens) > 1:
        window.setGeometry(screens[1].geometry())
        window.showFullScreen()
    else:
        window.show()
    window.start()
    return loop(app)
