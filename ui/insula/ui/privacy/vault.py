"""Reading and changing encrypted sessions: a plain copy in private memory for as long as it is needed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from insula.edge import runtime_dir
from insula.edge.errors import DataError, SinkError
from insula.edge.privacy import crypt
from insula.edge.privacy.crypt import Recipient, sealed_name
from insula.edge.session import SessionFolder
from insula.ui.privacy import keys
from insula.ui.terminal import errors

Ask = Callable[[], str]


def is_sealed(session: Path) -> bool:
    """Whether the session's files are encrypted."""
    return SessionFolder(session).lock.is_file()


@contextlib.contextmanager
def opened(session: Path, ask: Ask | None = None) -> Iterator[Path]:
    """A plain folder of ``session``: itself, or a copy that only this user can read and that is gone after.

    The copy lies in memory where the system has such a place. What is changed or added in it is sealed
    into the session at the end. Raises ``DataError`` on a wrong passphrase or a damaged session.
    """
    if not is_sealed(session):
        yield session
        return
    key = session_key(session, ask)
    place = runtime_dir.create(f"open-{session.resolve().name}")
    try:
        copy = place / session.resolve().name
        copy.mkdir(mode=0o700)
        decrypt_into(session, copy, key)
        before = _stamps(copy)
        left_plain = [path for path in _files(session) if path.suffix not in (crypt.SUFFIX, ".key", ".part")]
        for path in left_plain:  # by a session that was killed: sealed below
            shutil.copy2(path, copy)
        yield copy
        for name, stamp in _stamps(copy).items():
            if before.get(name) != stamp:
                crypt.seal_file(copy / name, sealed_name(session / name), key)
        for path in left_plain:
            path.unlink()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def session_key(session: Path, ask: Ask | None = None) -> bytes:
    """The key of an encrypted session; raises ``DataError``."""
    lock = SessionFolder(session).lock
    try:
        text = lock.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{lock} cannot be read: {error}") from error
    return crypt.unlock(text, keys.private(ask))


def decrypt_into(session: Path, target: Path, key: bytes) -> None:
    """Decrypt every sealed file of ``session`` into ``target``, saying which were cut off."""
    sealed = sorted(session.glob(f"*{crypt.SUFFIX}"))
    if not sealed:
        raise DataError(f"{session} holds no sealed file")
    for path in sealed:
        plain = target / path.name.removesuffix(crypt.SUFFIX)
        try:
            whole = crypt.unseal(path, plain, key)
        except DataError as error:
            if not plain.exists() or plain.stat().st_size == 0:
                raise
            errors.print(f"[yellow]{error}; it is read up to there[/yellow]", soft_wrap=True)
            continue
        if not whole:
            errors.print(f"[yellow]{path.name} was cut off; it is read up to there[/yellow]", soft_wrap=True)


def encrypt(session: Path, recipient: Recipient) -> int:
    """Seal every file of a plain session in place; returns how many. Raises ``DataError``, ``SinkError``."""
    SessionFolder.open(session)
    key = crypt.new_key()
    folder = SessionFolder(session, key)
    plain = _files(session)
    try:
        folder.lock.write_text(recipient.lock(key), "utf-8")
        for path in plain:
            crypt.seal_file(path, sealed_name(path), key)
        for path in plain:
            path.unlink()
    except OSError as error:
        raise SinkError(f"{session} cannot be encrypted: {error.strerror}") from error
    return len(plain)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_file()]


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path.name: path.stat() for path in _files(folder)}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in found.items()}
