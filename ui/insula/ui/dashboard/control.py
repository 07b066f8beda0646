"""What dashboard and engine say to each other besides the feed's records (Qt-free).

The dashboard writes commands as JSON into a ring of its own, ``control-<pid>.ring`` in the session's
runtime folder; the engine polls them with :class:`Inbox`. The engine's answer is the :class:`Session`
record in the feed: a button changes its look only when the engine has done what it asks.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from insula.edge.errors import DataError, RingError
from insula.edge.messages import MessageReader, MessageWriter
from insula.edge.untrusted import parse_json
from insula.ui.dashboard import minute
from insula.ui.dashboard.view import Session
from insula.ui.protocol import page

CONTROL = "control-{}.ring"
Name = Literal[
    "marker",
    "note",
    "record",
    "privacy",
    "mute",
    "calibrate",
    "stop",
    "protocol",
    "participant",
    "shown",
    "answer",
    "rating",
]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True, slots=True)
class Command:
    """What the operator asked for at ``t`` (s): a marker's ``text``, or a switch turned ``on`` or off.

    For a ``protocol`` the operator's ``text`` is next, skip, pause, resume or abort, the ``participant``'s is
    ``next:STEP`` or ``stop``; ``shown`` has the step's index, ``answer`` and ``rating`` are JSON.
    ``calibrate`` begins the guided minute of the person in ``text`` or, turned off, cancels it.
    """

    name: Name
    t: float
    text: str = ""
    on: bool = True


class Outbox:
    """Sends commands to the engine of one session."""

    def __init__(self, directory: Path) -> None:
        """Make the control ring; raises ``RingError``."""
        self._writer = MessageWriter(directory / CONTROL.format(os.getpid()), capacity_bytes=65536)

    def send(self, command: Command) -> None:
        """Send one command."""
        self._writer.put(json.dumps(asdict(command), ensure_ascii=False).encode())

    def close(self) -> None:
        """End the ring and remove its file."""
        self._writer.close()


class Inbox:
    """The engine's side: every command of every dashboard that is or gets attached to the session."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._readers: dict[Path, MessageReader] = {}
        self._damaged: set[Path] = set()
        self.refused = 0

    def poll(self) -> list[Command]:
        """Return the commands that came since the last call; what is no command is counted in ``refused``."""
        self._attach()
        commands: list[Command] = []
        for path, reader in list(self._readers.items()):
            try:
                messages = reader.read_new()
            except RingError:  # a damaged ring stays damaged
                self._damaged.add(path)
                messages = []
            for message in messages:
                try:
                    commands.append(parse_command(message))
                except DataError:
                    self.refused += 1
            if path in self._damaged or reader.ended or not path.exists():
                reader.close()
                del self._readers[path]
        return commands

    def _attach(self) -> None:
        for path in self._directory.glob(CONTROL.format("*")):
            if path in self._readers or path in self._damaged:
                continue
            try:
                reader = MessageReader.attach(path)
            except RingError:
                continue  # still being made, or gone already: the next poll sees
            if reader.ended:
                reader.close()
            else:
                self._readers[path] = reader


def parse_command(message: bytes) -> Command:
    """Return the command in a message; raises ``DataError``."""
    body = _object(message)
    if body.get("name") not in NAMES:
        raise DataError(f"unknown command {body.get('name')!r}; known are {', '.join(NAMES)}")
    t, text, on = body.get("t"), body.get("text"), body.get("on")
    if not (isinstance(t, float) and math.isfinite(t) and isinstance(text, str) and isinstance(on, bool)):
        raise DataError("a command has a time in s, a text and a switch")
    # Half a surrogate pair is legal in JSON and in no output.
    return Command(body["name"], t, text.encode("utf-8", "replace").decode(), on)


def session_message(session: Session) -> bytes:
    """Return the feed message on how the session stands; send it at every change and once a second."""
    body = {f.name: getattr(session, f.name) for f in fields(session)}
    body["protocol"] = None if session.protocol is None else page.dump(session.protocol)
    body["minute"] = None if session.minute is None else minute.dump(session.minute)
    return json.dumps({"record": "session", **body}, ensure_ascii=False).encode()


def parse_session(body: dict[str, Any]) -> Session:
    """Return the session in a decoded feed message; raises ``DataError``."""
    known = {field.name for field in fields(Session)}
    told = {key: value for key, value in body.items() if key in known}
    if isinstance(told.get("protocol"), dict):
        told["protocol"] = page.load(told["protocol"])
    if isinstance(told.get("minute"), dict):
        told["minute"] = minute.load(told["minute"])
    try:
        return Session(**told)
    except TypeError as error:
        raise DataError(f"a session message is wrong: {error}") from error


def _object(message: bytes) -> dict[str, Any]:
    try:
        body = parse_json(message)
    except ValueError as error:
        raise DataError(f"not a JSON message: {error}") from error
    if not isinstance(body, dict):
        raise DataError("a message is a JSON object")
    return body
