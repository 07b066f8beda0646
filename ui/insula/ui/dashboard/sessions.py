"""Sessions on this machine: those that run, those that were recorded, and starting a new one (Qt-free)."""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from insula.edge import runtime_dir
from insula.edge.errors import DataError
from insula.edge.session import SessionFolder
from insula.ui.dashboard.source import FEED

FOLDER = Path("sessions")
"""Where ``insula demo`` and ``insula run`` put their sessions, below the folder they are started in."""


@dataclass(frozen=True, slots=True)
class Known:
    """A recorded session as the start page lists it; ``complete`` is false when it was cut off.

    Of a ``sealed`` (encrypted) one only its folder is known.
    """

    path: Path
    title: str
    started: datetime.datetime | None
    length_s: float | None
    complete: bool
    sealed: bool = False


def running() -> list[Path]:
    """Return the runtime folders of sessions a dashboard can attach to, newest first."""
    return [folder for folder in runtime_dir.running() if (folder / FEED).exists()]


def recorded(folder: Path = FOLDER, most: int = 6) -> list[Known]:
    """Return the newest sessions below ``folder``; what is no session is left out."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir(), key=lambda p: -p.stat().st_mtime):
        if SessionFolder(path).lock.is_file():
            found.append(Known(path, path.name, _modified(path), None, complete=True, sealed=True))
        else:
            try:
                _, about = SessionFolder.open(path)
            except DataError:
                continue
            length = about.get("length_s")
            found.append(
                Known(
                    path,
                    str(about.get("title") or path.name),
                    _time(about.get("started")),
                    float(length) if isinstance(length, int | float) else None,
                    about.get("status") == "complete",
                )
            )
        if len(found) == most:
            break
    return found


def _modified(path: Path) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()


def _time(text: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(text)).astimezone()
    except ValueError:
        return None


class Launch:
    """A command of ours started from a window, in a process of its own."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start ``insula`` with ``arguments``."""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        command = [sys.executable, "-m", "insula.ui.cli", *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log
        )

    @property
    def pid(self) -> int:
        """The engine's process."""
        return self._process.pid

    def folder(self) -> Path | None:
        """Return the session's runtime folder as soon as there is one to attach to."""
        mine = f"-{self._process.pid}"
        return next((folder for folder in running() if folder.name.endswith(mine)), None)

    def failure(self) -> str:
        """Return why the engine ended with an error, "" while it runs or when it ended well."""
        if self._process.poll() in (None, 0):
            return ""
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode("utf-8", "replace").splitlines()]
        return next((line for line in reversed(lines) if line), f"exit code {self._process.returncode}")

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def stop(self, patience_s: float = 10.0) -> None:
        """Ask the engine to finish its session and wait; after ``patience_s`` it is killed."""
        if not self.ended:
            self._process.terminate()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
