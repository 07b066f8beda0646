"""What a person agreed to, kept under a pseudonym, and whether it permits a session.

The record holds no name: who stands behind a pseudonym belongs on paper, locked away from the data.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from insula.edge.errors import DataError, SinkError
from insula.edge.privacy.mode import Mode
from insula.edge.types import StreamInfo
from insula.edge.untrusted import parse_json

STREAMS = ("camera", "voice", "eeg", "eda", "heart", "gaze", "other")
"""The kinds of stream a person is asked about."""

_KINDS = {
    "video": "camera",
    "videoraw": "camera",
    "videocompressed": "camera",
    "audio": "voice",
    "eeg": "eeg",
    "eda": "eda",
    "gsr": "eda",
    "ecg": "heart",
    "ppg": "heart",
    "bvp": "heart",
    "heart": "heart",
    "gaze": "gaze",
    "eyetracking": "gaze",
}
_IMPERSONAL = frozenset({"markers", "groundtruth", "text"})
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's agreement: which streams, for which purposes, how much is kept and until when.

    ``until`` is the last day (ISO date); ``signed`` and ``withdrawn`` are ISO times, "" while they have not
    happened; ``how`` says where it was signed and ``language`` which text was read.
    """

    person: str
    streams: tuple[str, ...]
    purposes: tuple[str, ...]
    until: str
    mode: Mode = Mode.FEATURES_ONLY
    signed: str = ""
    how: str = ""
    language: str = "en"
    withdrawn: str = ""

    def __post_init__(self) -> None:
        check_pseudonym(self.person)
        if unknown := [name for name in self.streams if name not in STREAMS]:
            raise DataError(f"a consent cannot name {unknown[0]!r}; streams are {', '.join(STREAMS)}")
        if not self.streams or not self.purposes:
            raise DataError("a consent names at least one stream and one purpose")
        try:
            datetime.date.fromisoformat(self.until)
        except ValueError as error:
            raise DataError(f"until = {self.until!r} should be a date such as 2030-12-31") from error

    def why_not(self, infos: Iterable[StreamInfo], *, purpose: str, mode: Mode, today: datetime.date) -> str:
        """Why a session must not record ``infos`` for ``purpose`` in ``mode``, "" when it may."""
        who = self.person
        if self.withdrawn:
            return f"{who} withdrew the consent on {self.withdrawn[:10]}"
        if not self.signed:
            return f"the consent of {who} is not signed"
        if datetime.date.fromisoformat(self.until) < today:
            return f"the consent of {who} ended on {self.until}; ask again with 'insula consent new'"
        if purpose not in self.purposes:
            return f"{who} did not consent to the purpose {purpose!r} (only {', '.join(self.purposes)})"
        if not self.mode.covers(mode):
            return f"{who} did not consent to the mode {mode} (only {self.mode})"
        for info in infos:
            if why := self.refuses(info.type):
                return f"{why}: take the sensor of {info.name!r} out of the configuration, or ask again"
        return ""

    def refuses(self, stream_type: str) -> str:
        """Why a stream of this type must not be recorded, "" when it may."""
        kind = kind_of(stream_type)
        return f"{self.person} did not consent to {kind}" if kind and kind not in self.streams else ""


def check_pseudonym(person: str) -> None:
    """Raise ``DataError`` unless ``person`` is a short code; a name or an address has no place here."""
    if not _PSEUDONYM.fullmatch(person):
        raise DataError(
            f"{person!r} is no pseudonym: a code of letters, digits, - and _ (such as P07), never a name"
        )


def kind_of(stream_type: str) -> str:
    """The kind of a stream (of LSL's types) in words of :data:`STREAMS`; "" for one that is of no person."""
    kind = stream_type.casefold()
    if kind in _IMPERSONAL:
        return ""
    return _KINDS.get(kind, "other")


def dumps(consent: Consent) -> str:
    """The record as JSON, always the same text for the same consent."""
    return json.dumps(asdict(consent), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def loads(text: str) -> Consent:
    """The consent in a JSON text; raises ``DataError``."""
    try:
        body: dict[str, Any] = parse_json(text)
        known = {field.name for field in fields(Consent)}
        if unknown := sorted(body.keys() - known):
            raise DataError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
        for key in ("streams", "purposes"):
            body[key] = tuple(map(str, body[key]))
        body["mode"] = Mode(body.get("mode", Mode.FEATURES_ONLY))
        return Consent(**body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a consent record: {error}") from error


class Consents:
    """The consent records of this machine, one file a person below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, consent: Consent) -> None:
        """Keep ``consent`` in place of an earlier one of the same person; raises ``SinkError``."""
        path = self._path(consent.person)
        draft = path.with_suffix(".part")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(dumps(consent), "utf-8")
            draft.chmod(0o600)
            draft.replace(path)
        except OSError as error:
            raise SinkError(f"the consent cannot be kept in {path}: {error.strerror}") from error

    def load(self, person: str) -> Consent:
        """The consent of ``person``; raises ``DataError`` when there is none."""
        path = self._path(person)
        try:
            return loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise DataError(
                f"there is no consent of {person}: 'insula consent new {person}' asks for it, "
                "'insula consent import' takes a signed one"
            ) from error
        except (OSError, UnicodeDecodeError, DataError) as error:
            raise DataError(f"{path}: {error}") from error

    def all(self) -> list[Consent]:
        """Every consent, by pseudonym."""
        return [self.load(path.stem) for path in sorted(self.folder.glob("*.json"))]

    def withdraw(self, person: str, when: str) -> Consent:
        """Mark the consent of ``person`` as withdrawn at ``when`` (ISO time) and return it."""
        consent = replace(self.load(person), withdrawn=when)
        self.save(consent)
        return consent

    def _path(self, person: str) -> Path:
        check_pseudonym(person)
        return self.folder / f"{person}.json"
