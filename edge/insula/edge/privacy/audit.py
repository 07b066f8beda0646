"""The audit log: one line for every act that concerns people's data, each chained to the one before it.

A line is JSON with its number, the hash of the line before and its own (SHA-256 over everything else in
it), so a changed, inserted or removed line breaks the chain. Cutting lines off the end leaves a valid chain:
the number and hash of the last line are therefore kept in a second file, ``head``, elsewhere. Who may
write both files can still rewrite all of it; noting a head outside the machine closes that too.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insula.edge.errors import DataError, SinkError
from insula.edge.untrusted import parse_json

_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: its number from 1, when (ISO, UTC), what, and the facts about it."""

    n: int
    when: str
    event: str
    facts: dict[str, Any]
    previous: str
    hash: str


def utc_now() -> str:
    """Return the time in UTC as ISO text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class AuditLog:
    """The log at ``path`` with its head at ``head``; processes may share it."""

    def __init__(self, path: Path, head: Path, *, when: Callable[[], str] = utc_now) -> None:
        self.path = path
        self.head = head
        self._when = when

    def add(self, event: str, **facts: Any) -> Entry:
        """Write one line and wait for the disk; raises ``SinkError``, or ``DataError`` on a broken log."""
        try:
            for folder in (self.path.parent, self.head.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.with_suffix(".lock")):
                n, previous = self._tip()
                body = {
                    "n": n + 1,
                    "when": self._when(),
                    "event": event,
                    "facts": facts,
                    "previous": previous,
                }
                entry = Entry(hash=_hash(body), **body)  # type: ignore[arg-type]
                _append(self.path, json.dumps({**body, "hash": entry.hash}, ensure_ascii=False) + "\n")
                _replace(self.head, json.dumps({"n": entry.n, "hash": entry.hash}))
                return entry
        except OSError as error:
            raise SinkError(f"the audit log {self.path} cannot be written: {error.strerror}") from error

    def entries(self) -> list[Entry]:
        """Every line, checked; raises ``DataError`` that names the first line that is wrong."""
        entries, torn = self._read()
        head_n, head_hash = self._head()
        found = entries[head_n - 1].hash if 0 < head_n <= len(entries) else _START
        if head_n > len(entries):
            raise DataError(f"{self.path} was cut: it has {len(entries)} lines, {head_n} were written")
        if found != head_hash:
            raise DataError(f"{self.path} was rewritten: line {head_n} is not the one that was written")
        if len(entries) > head_n + 1:  # one more is a process killed between line and head
            raise DataError(f"{self.path} has {len(entries)} lines, only {head_n} were written by Insula")
        if torn and len(entries) > head_n:
            raise DataError(f"{self.path} ends in a damaged line")
        return entries

    def _tip(self) -> tuple[int, str]:
        """Number and hash of the last line; a line that a crash left unfinished is taken off."""
        entries = self.entries()
        _, torn = self._read()
        if torn:
            os.truncate(self.path, self.path.stat().st_size - torn)
        return (entries[-1].n, entries[-1].hash) if entries else (0, _START)

    def _read(self) -> tuple[list[Entry], int]:
        """The lines, chain checked, and the bytes of an unfinished one behind them."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}") from error
        *lines, torn = text.split(b"\n")
        entries: list[Entry] = []
        previous = _START
        for n, line in enumerate(lines, 1):
            try:
                body = parse_json(line)
                entry = Entry(hash=body.pop("hash"), **body)
                sound = entry.n == n and entry.previous == previous and entry.hash == _hash(body)
            except (AttributeError, KeyError, TypeError, ValueError):
                sound = False
            if not sound:
                raise DataError(f"{self.path} was changed: line {n} does not fit the chain")
            entries.append(entry)
            previous = entry.hash
        return entries, len(torn)

    def _head(self) -> tuple[int, str]:
        try:
            body = parse_json(self.head.read_text("utf-8"))
            return int(body["n"]), str(body["hash"])
        except FileNotFoundError:
            return 0, _START
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{self.head} cannot be read: {error}") from error


def _hash(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _append(path: Path, line: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        view = memoryview(line.encode())
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with its process, however that ends."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
