"""Where Insula keeps what belongs to a machine and not to one session. ``INSULA_DATA`` moves all of it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from insula.edge.privacy.audit import AuditLog
from insula.edge.privacy.consent import Consents


def data() -> Path:
    """The folder of records: context, consents, keys, audit log, profiles."""
    return Path(os.environ.get("INSULA_DATA") or platformdirs.user_data_dir("insula"))


def profiles() -> Path:
    """One folder a pseudonym for whatever is kept of a person between sessions; withdrawal erases it."""
    return data() / "profiles"


def consents() -> Consents:
    """The consent records."""
    return Consents(data() / "consents")


def audit() -> AuditLog:
    """The audit log; its head lies apart from it."""
    return AuditLog(data() / "audit.jsonl", state() / "audit.head")


def state() -> Path:
    """Apart from :func:`data`, for what checks it."""
    if base := os.environ.get("INSULA_DATA"):
        return Path(base) / "state"
    return Path(platformdirs.user_state_dir("insula"))
