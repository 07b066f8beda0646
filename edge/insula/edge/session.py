"""The folder a session leaves behind.

::

    NAME/
        session.json       what ran: version, configuration, streams, models, counts, faults
        session.xdf        every stream, the states, the estimates and the markers
        estimates.jsonl    the same states, estimates, markers and health changes, one JSON object a line
        session-CAMERA.mkv pictures of a camera, only where the session records video

A recording that was stopped and started again goes on as ``session-2.xdf``, ``estimates-2.jsonl`` and so on.

``session.json`` is written at the start with ``"status": "running"`` and replaced at the end, each time
in one step, so that a session that was cut off is recognisable and nothing is half-written.

An encrypted session holds ``session.key`` and, of each file, its sealed form (``session.xdf.sealed``);
see ``insula.edge.privacy.crypt``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insula.edge.errors import DataError, SinkError
from insula.edge.privacy import crypt
from insula.edge.privacy.crypt import Recipient, Sealer, sealed_name
from insula.edge.untrusted import parse_json

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Take:
    """The files of one stretch of recording."""

    xdf: Path
    estimates: Path


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """Paths of one session; ``key`` encrypts what is written into it, ``None`` leaves it plain."""

    path: Path
    key: bytes | None = field(default=None, repr=False)

    @property
    def xdf(self) -> Path:
        """The recording."""
        return self.path / "session.xdf"

    @property
    def estimates(self) -> Path:
        """States, estimates, markers and health as JSON lines."""
        return self.path / "estimates.jsonl"

    def take(self, number: int) -> Take:
        """Where the take ``number`` (from 1 on) lies."""
        tail = "" if number == 1 else f"-{number}"
        return Take(self.path / f"session{tail}.xdf", self.path / f"estimates{tail}.jsonl")

    def takes(self) -> tuple[Take, ...]:
        """Every take there is, at least the first."""
        number = 1
        while self.take(number + 1).xdf.exists() or self.take(number + 1).estimates.exists():
            number += 1
        return tuple(self.take(k) for k in range(1, number + 1))

    @property
    def info(self) -> Path:
        """What ran."""
        return self.path / "session.json"

    @property
    def lock(self) -> Path:
        """The session's key, for the one who may read it; there only when the session is encrypted."""
        return self.path / "session.key"

    def sealer(self) -> Sealer | None:
        """What encrypts one more file of this session."""
        return None if self.key is None else Sealer(self.key)

    @classmethod
    def create(
        cls, path: Path, about: Mapping[str, Any], recipient: Recipient | None = None
    ) -> SessionFolder:
        """Make the folder, encrypted for ``recipient``; raises ``SinkError`` when it is in use already."""
        check_free(path)
        folder = cls(path, None if recipient is None else crypt.new_key())
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)  # other users of the machine stay out
            if recipient is not None and folder.key is not None:
                _write(folder.lock, recipient.lock(folder.key).encode())
        except OSError as error:
            raise SinkError(f"the session folder {path} cannot be made: {error.strerror}") from error
        folder._write({"schema": SCHEMA, "status": "running", **about})
        return folder

    @classmethod
    def open(cls, path: Path) -> tuple[SessionFolder, dict[str, Any]]:
        """An existing session and what ran; raises ``DataError`` when it is none."""
        folder = cls(path)
        try:
            about = parse_json(folder.info.read_text("utf-8"))
        except FileNotFoundError as error:
            if folder.lock.exists():
                raise DataError(f"{path} is encrypted: 'insula session open {path}' decrypts it") from error
            raise DataError(f"{path} is not a session folder: it has no session.json") from error
        except (OSError, ValueError) as error:
            raise DataError(f"{folder.info} cannot be read: {error}") from error
        if not isinstance(about, dict) or about.get("schema") != SCHEMA:
            raise DataError(f"{folder.info} is not of schema {SCHEMA}; was it written by a newer version?")
        return folder, about

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the final ``session.json``; raises ``SinkError`` when that is not possible.

        What others put into the folder of an encrypted session is sealed now.
        """
        self._write({"schema": SCHEMA, "status": "complete", **about})
        if self.key is not None:
            for path in sorted(self.path.iterdir()):
                if path != self.lock and path.is_file() and path.suffix != crypt.SUFFIX:
                    crypt.seal_file(path, sealed_name(path), self.key)
                    path.unlink()

    def _write(self, about: Mapping[str, Any]) -> None:
        body = json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False).encode()
        path = self.info
        if (sealer := self.sealer()) is not None:
            path, body = sealed_name(path), sealer.start + sealer.seal(body, last=True)
        try:
            _write(path, body)
        except OSError as error:
            raise SinkError(f"{path} cannot be written: {error.strerror}") from error


def _write(path: Path, body: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def check_free(path: Path) -> None:
    """Raise ``SinkError`` when ``path`` holds something already: a session never overwrites another."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SinkError(f"{path} exists and is not empty; choose another --out")
