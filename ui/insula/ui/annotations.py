"""Notes and annotations beside a recording: one append-only file, so that nothing said is ever lost.

Every line of ``annotations.jsonl`` is one act: somebody added, changed or deleted an annotation. The
recording itself is never touched. Times are float64 seconds on the session's clock, as in the XDF file.
"""

from __future__ import annotations

import datetime
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final, Literal

from insula.edge.errors import DataError, SinkError
from insula.edge.reports import ROLES
from insula.edge.untrusted import parse_json

FILE: Final = "annotations.jsonl"
SCHEMA: Final = 1
Act = Literal["add", "change", "delete"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What was said about the time from ``t0`` to ``t1`` (s), or about the moment ``t0``.

    ``made`` is the UTC time of the last act, ``by`` the program and version, ``acts`` how often it was
    touched: 1 is untouched since it was added.
    """

    id: str
    t0: float
    t1: float | None
    text: str
    author: str
    role: str
    made: str
    by: str
    acts: int = 1


class Annotations:
    """The annotations of one session folder. Every change is on the disk when the method returns."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def all(self) -> tuple[Annotation, ...]:
        """Return what stands now, by time; raises ``DataError``."""
        standing: dict[str, Annotation] = {}
        for act, annotation in self.history():
            known = standing.pop(annotation.id, None)
            if act != "delete":
                acts = known.acts + 1 if known else 1
                standing[annotation.id] = replace(annotation, acts=acts)
        return tuple(sorted(standing.values(), key=lambda a: (a.t0, a.made)))

    def history(self) -> Iterator[tuple[Act, Annotation]]:
        """Yield every act in the order in which it was done; raises ``DataError``."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{self._path} cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                yield _parse(line)
            except json.JSONDecodeError:
                continue  # a line that was cut off by a crash; the next writer began a new one
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{self._path}, line {number}: {error}") from error

    def add(self, t0: float, text: str, author: str, role: str, t1: float | None = None) -> Annotation:
        """Add an annotation; raises ``SinkError`` when it cannot be kept."""
        made = Annotation(uuid.uuid4().hex, t0, t1, text, author, role, "", "")
        return self._do("add", made)

    def change(self, before: Annotation, text: str, author: str, role: str) -> Annotation:
        """Put another text in its place; the old one stays in the history."""
        return self._do("change", replace(before, text=text, author=author, role=role))

    def delete(self, annotation: Annotation, author: str, role: str) -> None:
        """Take an annotation out of sight; it stays in the history."""
        self._do("delete", replace(annotation, author=author, role=role))

    def _do(self, act: Act, annotation: Annotation) -> Annotation:
        if annotation.role not in ROLES and annotation.role != "operator":
            raise SinkError(f"role {annotation.role!r} is none of operator, {', '.join(ROLES)}")
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        done = replace(annotation, made=now, by=f"insula {version('insula')}")
        body = {"schema": SCHEMA, "act": act, **asdict(done)}
        del body["acts"]
        line = json.dumps(body, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            with self._path.open("a+b") as file:
                if not _ends_whole(file):
                    line = b"\n" + line  # the last writer was cut off; its rest must not swallow this line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SinkError(f"{self._path} cannot be written: {error.strerror}") from error
        return done


def read(folder: Path) -> tuple[Annotation, ...]:
    """Return the annotations of a session folder, by time; empty where there are none."""
    return Annotations(folder).all()


def _ends_whole(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _parse(line: bytes) -> tuple[Act, Annotation]:
    body = parse_json(line)
    if not isinstance(body, dict) or body.pop("schema") != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}; was it written by a newer version?")
    act = body.pop("act")
    if act not in ("add", "change", "delete"):
        raise ValueError(f"unknown act {act!r}")
    annotation = Annotation(**body)
    if not isinstance(annotation.t0, int | float) or not isinstance(annotation.text, str):
        raise ValueError("t0 should be a number and text text")
    if not isinstance(annotation.id, str):
        raise ValueError("an id is a text")
    return act, annotation
