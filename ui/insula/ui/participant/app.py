"""Starts the participant's window on a running session."""

from __future__ import annotations

from pathlib import Path

from insula.edge.clock import now
from insula.edge.privacy.consent import Consent
from insula.ui.dashboard.app import application, loop, remembered_theme
from insula.ui.dashboard.drawing import Style
from insula.ui.dashboard.words import Words
from insula.ui.participant.consent_form import ConsentForm
from insula.ui.participant.consent_page import ConsentPage
from insula.ui.participant.link import Link
from insula.ui.participant.sheet import sheet
from insula.ui.participant.window import MARGIN, REFERENCE, ParticipantWindow
from insula.ui.privacy import records


def sign(asked: Consent, language: str) -> Consent | None:
    """Show a consent to the person; return it as signed and kept, ``None`` when they did not agree."""
    app = application()
    look = Style(remembered_theme(), Words(language))
    page = ConsentPage(ConsentForm(asked), look)
    page.setObjectName("participant")
    page.setStyleSheet(sheet(look) + page.styleSheet())
    page.setWindowTitle("Insula")
    page.resize(*REFERENCE)
    page.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
    signed: list[Consent] = []
    page.signed.connect(lambda consent: signed.append(records.sign(consent)))
    page.signed.connect(page.close)
    page.declined.connect(page.close)
    page.show()
    loop(app)
    return signed[0] if signed else None


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
