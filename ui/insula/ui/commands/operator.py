"""The engine's end of the dashboard: carries out its commands and tells it how the session stands."""

from __future__ import annotations

import shutil
from pathlib import Path

from insula.edge import SensingLoop
from insula.edge.errors import SinkError
from insula.edge.sinks.feed import FeedSink
from insula.ui.commands.recording import Recording
from insula.ui.dashboard.control import Command, Inbox, session_message
from insula.ui.dashboard.view import Session

_TELL_EVERY_S = 1.0
_LONGEST_MARKER = 500


class Operator:
    """Serves the dashboards of one session; call :meth:`serve` some ten times a second."""

    def __init__(
        self, directory: Path, loop: SensingLoop, recording: Recording, feed: FeedSink, title: str
    ) -> None:
        self._inbox = Inbox(directory)
        self._loop = loop
        self._recording = recording
        self._feed = feed
        self._title = title
        self._private = False
        self._told = float("-inf")

    def serve(self) -> bool:
        """Carry out what was asked since the last call; returns whether the session shall end."""
        commands = self._inbox.poll()
        for command in commands:
            if command.name == "stop":
                return True
            self._obey(command)
        if commands or self._loop.clock() - self._told >= _TELL_EVERY_S:
            self._tell()
        return False

    def _obey(self, command: Command) -> None:
        if command.name == "marker":
            self._loop.mark(command.text[:_LONGEST_MARKER], "dashboard", command.t)
        elif command.name == "privacy":
            self._private = command.on
            self._loop.shutter(command.on)
            self._loop.mark(f"privacy shutter {'closed' if command.on else 'open'}", "dashboard")
        elif command.name == "record":
            try:
                if command.on:
                    self._recording.start()
                else:
                    self._recording.stop()
            except SinkError as error:
                self._loop.mark(f"recording could not start: {error}", "insula")

    def _tell(self) -> None:
        self._told = self._loop.clock()
        folder = self._recording.folder.path
        self._feed.say(
            session_message(
                Session(
                    name=self._title,
                    started=self._recording.session_started,
                    recording_since=self._recording.since,
                    folder=str(folder.absolute()),
                    free_bytes=shutil.disk_usage(folder).free,
                    private=self._private,
                )
            )
        )
