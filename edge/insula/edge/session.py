"""The folder a session leaves behind.

::

    NAME/
        session.json       what ran: version, configuration, streams, models, counts, faults
        session.xdf        every stream, the states, the estimates and the markers
        estimates.jsonl    the same states, estimates, markers and health changes, one JSON object a line

``session.json`` is written at the start with ``"status": "running"`` and replaced at the end, each time
in one step, so that a session that was cut off is recognisable and nothing is half-written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insula.edge.errors import DataError, SinkError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """Paths of one session."""

    path: Path

    @property
    def xdf(self) -> Path:
        """The recording."""
        return self.path / "session.xdf"

    @property
    def estimates(self) -> Path:
        """States, estimates, markers and health as JSON lines."""
        return self.path / "estimates.jsonl"

    @property
    def info(self) -> Path:
        """What ran."""
        return self.path / "session.json"

    @classmethod
    def create(cls, path: Path, about: Mapping[str, Any]) -> SessionFolder:
        """Make the folder; raises ``SinkError`` when it is in use or cannot be made."""
        check_free(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"the session folder {path} cannot be made: {error.strerror}") from error
        folder = cls(path)
        folder._write({"schema": SCHEMA, "status": "running", **about})
        return folder

    @classmethod
    def open(cls, path: Path) -> tuple[SessionFolder, dict[str, Any]]:
        """An existing session and what ran; raises ``DataError`` when it is none."""
        folder = cls(path)
        try:
            about = json.loads(folder.info.read_text("utf-8"))
        except FileNotFoundError as error:
            raise DataError(f"{path} is not a session folder: it has no session.json") from error
        except (OSError, ValueError) as error:
            raise DataError(f"{folder.info} cannot be read: {error}") from error
        if not isinstance(about, dict) or about.get("schema") != SCHEMA:
            raise DataError(f"{folder.info} is not of schema {SCHEMA}; was it written by a newer version?")
        return folder, about

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the final ``session.json``; raises ``SinkError`` when that is not possible."""
        self._write({"schema": SCHEMA, "status": "complete", **about})

    def _write(self, about: Mapping[str, Any]) -> None:
        draft = self.info.with_suffix(".json.part")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(about, file, indent=2, ensure_ascii=False, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.info)
        except OSError as error:
            raise SinkError(f"{self.info} cannot be written: {error.strerror}") from error


def check_free(path: Path) -> None:
    """Raise ``SinkError`` when ``path`` holds something already: a session never overwrites another."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SinkError(f"{path} exists and is not empty; choose another --out")
