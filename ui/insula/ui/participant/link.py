"""The participant's end of a session: what is to be shown, and what is sent back (Qt-free)."""

from __future__ import annotations

import json
from pathlib import Path

from insula.edge.clock import Clock
from insula.edge.errors import DataError, RingError
from insula.edge.messages import MessageReader
from insula.edge.reports import Rating
from insula.edge.untrusted import parse_json
from insula.ui.dashboard.control import Command, Outbox, parse_session
from insula.ui.protocol.page import Progress

FEED = "feed.ring"
SILENCE_S = 4.0
"""The session says once a second how it stands; after this long without a word it is gone."""


def command_of(rating: Rating) -> Command:
    """Return the command that brings a rating into the session."""
    body = {
        "annotator": rating.annotator,
        "role": rating.role,
        "labels": rating.labels,
        "values": rating.values,
    }
    return Command("rating", rating.t, json.dumps(body))


class Link:
    """Follows the protocol of the session in a runtime folder."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Attach; raises ``DataError`` when no session runs there."""
        try:
            self._feed = MessageReader.attach(directory / FEED)
        except RingError as error:
            raise DataError(f"no running session in {directory}: start one with --protocol") from error
        self._outbox = Outbox(directory)
        self._clock = clock
        self._heard = clock()
        self.progress: Progress | None = None

    @property
    def ended(self) -> bool:
        """Whether the session has ended."""
        return self._feed.ended

    @property
    def lost(self) -> bool:
        """Whether the session has ended or is silent."""
        return self._feed.ended or self._clock() - self._heard > SILENCE_S

    def poll(self) -> Progress | None:
        """Return how the protocol stands now, ``None`` before the session has told."""
        for message in self._feed.read_new():
            if not message.startswith(
                b'{"record": "session"'
            ):  # states and estimates are not for this window
                continue
            try:
                session = parse_session(parse_json(message))
            except (DataError, ValueError):
                continue
            self._heard = self._clock()
            self.progress = session.protocol
        return self.progress

    def send(self, command: Command) -> None:
        """Send one command; raises ``RingError``."""
        self._outbox.send(command)

    def close(self) -> None:
        """Detach."""
        self._outbox.close()
        self._feed.close()
