"""The hash of a run's estimates: what "the same numbers" means."""

from __future__ import annotations

import hashlib
from pathlib import Path

from insula.edge import codec
from insula.edge.protocols import Item
from insula.edge.types import AffectEstimate, AffectState


class EstimateHash:
    """SHA-256 over every estimate and state as written on the wire, which keeps every bit of a float."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def take(self, item: Item) -> None:
        """Add an item; markers and counts of samples are no estimates."""
        if isinstance(item, AffectEstimate | AffectState):
            self._hash.update(codec.dumps(item) + b"\n")

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()


def file_hash(path: Path, *more: Path) -> str:
    """SHA-256 of a file, of a folder's files with their names, or of several of these."""
    if more:
        return hashlib.sha256(" ".join(map(file_hash, (path, *more))).encode()).hexdigest()
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    for file_path in sorted(p for p in path.rglob("*") if p.is_file()):
        whole.update(f"{file_path.relative_to(path).as_posix()} {file_hash(file_path)}\n".encode())
    return whole.hexdigest()
