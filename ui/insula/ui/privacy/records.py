"""Consents as the operator and the participant handle them: signed, imported, withdrawn, all in the log."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from insula.edge.errors import DataError
from insula.edge.privacy import consent as consents
from insula.edge.privacy.audit import utc_now
from insula.edge.privacy.consent import Consent
from insula.ui import places
from insula.ui.privacy import erasure


def sign(consent: Consent, how: str = "participant window") -> Consent:
    """Keep a consent as signed now and log it; raises ``SinkError``."""
    signed = replace(consent, signed=utc_now(), how=how)
    places.consents().save(signed)
    _log("consent signed", signed)
    return signed


def take(path: Path) -> Consent:
    """Import a signed record; raises ``DataError`` when it is none or not signed."""
    found = read(path)
    if not found.signed or found.withdrawn:
        raise DataError(f"{path}: the consent of {found.person} is not signed, or was withdrawn")
    places.consents().save(found)
    _log("consent imported", found)
    return found


def read(path: Path) -> Consent:
    """The record in a file; raises ``DataError``."""
    try:
        return consents.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, DataError) as error:
        raise DataError(f"{path}: {error}") from error


def exported(session: Path, target: Path) -> None:
    """Log that ``target`` was written from ``session``, so that erasing finds it.

    Only sessions that the log knows, those of real people, are followed.
    """
    folder = session.resolve()
    log = places.audit()
    for held in erasure.held(log.entries()):
        if held.folder == folder:
            log.add("exported", folder=str(folder), person=held.person, to=str(target.resolve()))


def fingerprint(consent: Consent) -> str:
    """SHA-256 of the record: the audit log holds it, so that a record changed later shows."""
    return hashlib.sha256(consents.dumps(consent).encode()).hexdigest()


def _log(event: str, consent: Consent) -> None:
    places.audit().add(
        event,
        person=consent.person,
        streams=list(consent.streams),
        purposes=list(consent.purposes),
        mode=str(consent.mode),
        until=consent.until,
        sha256=fingerprint(consent),
    )
