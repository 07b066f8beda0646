"""Erasing what is kept of people, and proving it: on withdrawal, when it is due, or when asked.

The audit log knows where every session was recorded and what was exported from it; nothing else is
searched. On a flash disk an overwritten block may survive until the drive reuses it: of an encrypted
session nothing can be read then, because its key went first; of a plain one perhaps.
"""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from insula.edge import runtime_dir
from insula.edge.errors import InsulaError, NotPermitted, SinkError
from insula.edge.privacy.audit import Entry, utc_now
from insula.edge.session import SessionFolder
from insula.ui import places


@dataclass(slots=True)
class Held:
    """A session that was recorded and not erased yet, with what was exported from it."""

    folder: Path
    person: str
    keep_until: str
    exports: list[Path] = field(default_factory=list)

    def due(self, today: datetime.date) -> bool:
        """Whether it must not be kept any longer."""
        return bool(self.keep_until) and datetime.date.fromisoformat(self.keep_until) < today


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: counts, what was not where it had been, and what is still there (nothing)."""

    files: int
    size_bytes: int
    missing: tuple[str, ...]
    left: tuple[str, ...]


def held(entries: Iterable[Entry]) -> list[Held]:
    """The sessions the audit log knows of that were not erased."""
    found: dict[str, Held] = {}
    for entry in entries:
        folder = str(entry.facts.get("folder", ""))
        if entry.event == "recording started":
            session = found.setdefault(folder, Held(Path(folder), "", ""))
            session.person = str(entry.facts.get("person", ""))
            session.keep_until = str(entry.facts.get("keep_until", ""))
        elif entry.event == "exported":
            target = Path(str(entry.facts["to"]))
            for session in found.values():  # a file written twice is of the session written last
                session.exports = [path for path in session.exports if path != target]
            if folder in found:
                found[folder].exports.append(target)
        elif entry.event == "erased":
            found.pop(folder, None)
    return list(found.values())


def erase(session: Held, why: str) -> Erased:
    """Erase a session and its exports, and log it.

    Raises ``NotPermitted`` while it runs or when something else lies in its place, ``SinkError``.
    """
    if session.folder.exists() and not _is_session(session.folder):
        raise NotPermitted(f"{session.folder} holds no session now; look at it and remove it by hand")
    if any(folder.name.rpartition("-")[0] == session.folder.name for folder in runtime_dir.running()):
        raise NotPermitted(f"{session.folder} is being recorded now; end that session first")
    done = _remove([session.folder, *session.exports])
    places.audit().add(
        "erased",
        folder=str(session.folder),
        person=session.person,
        why=why,
        files=done.files,
        bytes=done.size_bytes,
        missing=list(done.missing),
        left=list(done.left),
    )
    if done.left:
        raise SinkError(f"could not be erased: {', '.join(done.left)}; the audit log says so too")
    return done


def withdraw(person: str) -> tuple[list[Erased], Entry]:
    """Mark the consent as withdrawn, erase everything of ``person``; returns that and the proof's entry."""
    log = places.audit()
    sessions = [session for session in held(log.entries()) if session.person == person]
    places.consents().withdraw(person, utc_now())
    log.add("consent withdrawn", person=person, sessions=len(sessions))
    done, failed = [], []
    for session in sessions:
        try:
            done.append(erase(session, "consent withdrawn"))
        except InsulaError as error:  # the others are erased all the same; the proof says what is left
            failed.append(str(error))
    others = [places.profiles() / person, *_exported_apart(log.entries(), person)]
    done.append(_remove([path for path in others if path.exists()]))
    gone = [*(session.folder for session in sessions), *_exports(sessions), *others]
    proof = log.add(
        "withdrawal carried out",
        person=person,
        sessions=len(sessions),
        files=sum(part.files for part in done),
        bytes=sum(part.size_bytes for part in done),
        missing=[name for part in done for name in part.missing],
        left=[str(path) for path in gone if path.exists()],
        failed=failed,
    )
    return done, proof


def _exported_apart(entries: Iterable[Entry], person: str) -> list[Path]:
    """What was exported of a person, but not from a session: profiles."""
    told = [entry.facts for entry in entries if entry.event == "exported" and not entry.facts.get("folder")]
    return [Path(str(facts["to"])) for facts in told if facts.get("person") == person]


def _is_session(folder: Path) -> bool:
    files = SessionFolder(folder)
    return files.lock.is_file() or files.info.is_file()


def _exports(sessions: list[Held]) -> list[Path]:
    return [path for session in sessions for path in session.exports]


def _remove(paths: list[Path]) -> Erased:
    """Remove files and folders, a session's key first of all; plain contents are overwritten once."""
    missing = [str(path) for path in paths if not path.exists()]
    files = [file for path in paths for file in _files(path)]
    files.sort(key=lambda file: file.name != SessionFolder(file.parent).lock.name)
    size = 0
    for file in files:
        size += file.stat().st_size
        try:
            _overwrite(file)
            file.unlink()
        except OSError:
            continue  # what is left is looked for below
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
    left = tuple(str(path) for path in paths if path.exists())
    return Erased(len(files), size, tuple(missing), left)


def _files(path: Path) -> list[Path]:
    if path.is_dir() and not path.is_symlink():
        return sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    return [path] if path.is_file() else []


def _overwrite(file: Path) -> None:
    left = file.stat().st_size
    with file.open("r+b", buffering=0) as raw:
        while left > 0:
            left -= raw.write(bytes(min(left, 2**20)))
        os.fsync(raw.fileno())
