"""The engine's end of the dashboard: carries out its commands and tells it how the session stands."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from insula.edge import SensingLoop
from insula.edge.errors import InsulaError, SinkError
from insula.edge.reports import StepEvent
from insula.edge.sinks.feed import FeedSink
from insula.ui.annotations import Annotations
from insula.ui.commands.conductor import Conductor, rating
from insula.ui.commands.minute import GuidedMinute
from insula.ui.commands.recording import Recording
from insula.ui.dashboard.control import Command, Inbox, session_message
from insula.ui.dashboard.view import Session

_TELL_EVERY_S = 1.0
_LONGEST_MARKER = 500
_LONGEST_NOTE = 5000
_SILENT = ("rating", "shown", "answer")  # nothing of these is on the operator's window


class Operator:
    """Serves the dashboards of one session; call :meth:`serve` some ten times a second."""

    def __init__(
        self,
        directory: Path,
        loop: SensingLoop,
        recording: Recording,
        feed: FeedSink,
        title: str,
        conductor: Conductor | None = None,
        minute: GuidedMinute | None = None,
    ) -> None:
        self._inbox = Inbox(directory)
        self._loop = loop
        self._recording = recording
        self._feed = feed
        self._title = title
        self._private = False
        self._muted = False
        self._conductor = conductor
        self._minute = minute
        self._notes = Annotations(recording.folder.path)
        self._told = float("-inf")
        self.outside = ""
        """For which people the models were not trained who are measured here."""

    def serve(self) -> bool:
        """Carry out what was asked since the last call; returns whether the session shall end."""
        commands = self._inbox.poll()
        for command in commands:
            if command.name == "stop":
                return True
            self.obey(command)
        if self._conductor is not None:
            self._happened(self._conductor.advance())
        moved = self._minute is not None and self._minute.advance()
        told = [command for command in commands if command.name not in _SILENT]
        if told or moved or self._loop.clock() - self._told >= _TELL_EVERY_S:
            self._tell()
        return False

    def begin(self) -> None:
        """Start the protocol, if there is one, without waiting for the operator."""
        if self._conductor is not None:
            self._happened(self._conductor.begin())

    def due_in(self) -> float | None:
        """Seconds until the protocol's schedule wants something, ``None`` while nothing is timed."""
        return self._conductor.due_in() if self._conductor is not None else None

    def obey(self, command: Command) -> None:
        """Carry out one command; what is wrong with an answer or a rating is marked, and nothing stops."""
        try:
            self._obey(command)
        except InsulaError as error:
            self._loop.mark(f"refused: {error}", "insula")

    def _happened(self, events: Sequence[StepEvent]) -> None:
        if events and self._conductor is not None:
            self._tell()  # first: the events that follow wake the feed, and both go out at once
            self._conductor.publish(events)

    def _obey(self, command: Command) -> None:
        if command.name == "marker":
            self._loop.mark(command.text[:_LONGEST_MARKER], "dashboard", command.t)
        elif command.name == "note":
            text = command.text[:_LONGEST_NOTE]
            self._loop.mark(text[:_LONGEST_MARKER], "note", command.t)
            self._notes.add(command.t, text, "operator", "operator")
        elif command.name == "rating":
            self._loop.publish(rating(command))
        elif command.name in ("protocol", "participant", "shown", "answer"):
            if self._conductor is not None:
                self._happened(self._conductor.obey(command))
                if command.text == "stop":
                    self._loop.mark("the participant asked to stop", "insula", command.t)
        elif command.name == "privacy":
            self._private = command.on
            self._loop.shutter(command.on)
            self._loop.mark(f"privacy shutter {'closed' if command.on else 'open'}", "dashboard")
        elif command.name == "mute":
            self._muted = command.on
            self._loop.mute(command.on)
            self._loop.mark(f"microphone {'muted' if command.on else 'on'}", "dashboard")
        elif command.name == "calibrate" and self._minute is not None:
            if command.on:
                self._minute.begin(self._loop.config.person or command.text)
            else:
                self._minute.cancel()
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
                    muted=self._muted,
                    protocol=self._conductor.progress if self._conductor else None,
                    outside=self.outside,
                    person=self._loop.config.person,
                    minute=self._minute.told if self._minute else None,
                )
            )
        )
