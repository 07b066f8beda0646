"""What is known of one person between sessions: the rest that every estimate is measured against.

::

    profiles/P01/
        v001.json       the first calibration
        v002.json       the next; the newest counts, the older ones stay until they are erased

The record holds a pseudonym and no name. ``rests`` belongs to the estimators: each writes and reads the table
of its own modality (:class:`insula.edge.protocols.Personal`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from insula.edge.errors import DataError, SinkError
from insula.edge.untrusted import parse_json

SCHEMA: Final = 1
_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Profile:
    """One calibration of one person.

    ``rests``: what each modality learned. ``weights`` (0…1 by modality): how far this person's face, voice …
    are to be trusted by fusion; 0 leaves one out. ``checks``: what the guided minute found, in words.
    ``age`` (years) and ``conditions`` ("autism", "facial palsy" …) are what the person declared; ``None`` and
    empty when nothing was said. ``made`` is an ISO time.
    """

    person: str
    version: int = 0
    made: str = ""
    rests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    age: int | None = None
    conditions: tuple[str, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        if not _PSEUDONYM.fullmatch(self.person):
            raise DataError(
                f"{self.person!r} is no pseudonym: letters, digits, - and _, at most 32; no names"
            )

    @property
    def id(self) -> str:
        """Pseudonym and version, as written into what was measured with it."""
        return f"{self.person}-v{self.version}"


class Profiles:
    """The profiles below one folder, one folder a person."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def people(self) -> list[str]:
        """Pseudonyms that have a profile."""
        return sorted({file.parent.name for file in self.folder.glob("*/v*.json")})

    def versions(self, person: str) -> list[int]:
        """Versions of a person's profile, oldest first."""
        files = self._home(person).glob("v*.json")
        return sorted(int(file.stem[1:]) for file in files if file.stem[1:].isdigit())

    def load(self, person: str, version: int | None = None) -> Profile:
        """The newest profile of a person, or one version; raises ``DataError`` when there is none."""
        known = self.versions(person)
        if not known:
            raise DataError(f"{person} has no profile; make one with 'insula calibrate person {person}'")
        number = known[-1] if version is None else version
        if number not in known:
            raise DataError(f"{person} has no version {number}; there are {', '.join(map(str, known))}")
        return read(self._file(person, number))

    def save(self, profile: Profile) -> Profile:
        """Write the next version and return it; raises ``SinkError`` when that is not possible."""
        saved = replace(profile, version=max(self.versions(profile.person), default=0) + 1)
        file = self._file(saved.person, saved.version)
        draft = file.with_suffix(".part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text(saved))
            draft.replace(file)
        except OSError as error:
            raise SinkError(f"the profile {file} cannot be written: {error.strerror}") from error
        return saved

    def erase(self, person: str) -> int:
        """Delete every version of a person's profile and the person's folder; returns how many there were."""
        found = len(self.versions(person))
        shutil.rmtree(self._home(person), ignore_errors=True)
        if self._home(person).exists():
            raise SinkError(f"{self._home(person)} could not be erased completely; delete it by hand")
        return found

    def _home(self, person: str) -> Path:
        Profile(person)  # a pseudonym is no path
        return self.folder / person

    def _file(self, person: str, version: int) -> Path:
        return self._home(person) / f"v{version:03d}.json"


def text(profile: Profile) -> str:
    """A profile as JSON."""
    return json.dumps({"schema": SCHEMA, **asdict(profile)}, indent=1, ensure_ascii=False, allow_nan=False)


def read(file: Path) -> Profile:
    """A profile from its file; raises ``DataError`` when it is none."""
    try:
        table = parse_json(file.read_text("utf-8"))
        if table.pop("schema") != SCHEMA:
            raise ValueError("another schema: was it written by a newer version?")
        table["checks"], table["conditions"] = tuple(table["checks"]), tuple(table["conditions"])
        return Profile(**table)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file} is not a readable profile: {error}") from error
