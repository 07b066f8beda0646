"""The key of a machine: its public half encrypts every new session, its private half reads them."""

from __future__ import annotations

import base64
import functools
import getpass
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from insula.edge.errors import ConfigError, DataError, SinkError
from insula.edge.privacy import crypt
from insula.edge.privacy.crypt import Recipient
from insula.edge.untrusted import parse_json
from insula.ui import places

PASSPHRASE = "INSULA_PASSPHRASE"
_SERVICE = "insula"


def folder() -> Path:
    """Where the key's halves lie."""
    return places.data() / "keys"


def recipient() -> Recipient | None:
    """The public half, ``None`` while this machine has no key; raises ``DataError``."""
    path = folder() / "public.key"
    try:
        public = base64.b64decode(path.read_text("ascii").strip(), validate=True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(public) != 32:
        raise DataError(f"{path} holds no public key")
    return Recipient(public)


def create(passphrase: str | None, *, quick: bool = False) -> Recipient:
    """Make this machine's key, wrapped by ``passphrase``; ``None`` keeps it in the system's keyring.

    ``quick`` is for tests. Raises ``ConfigError`` when there is a key, or no keyring.
    """
    if recipient() is not None:
        raise ConfigError(f"this machine has a key already, in {folder()}; what it encrypted needs it")
    if passphrase is not None and len(passphrase) < 8:
        raise ConfigError("a passphrase needs at least 8 characters; four random words are a good one")
    private = crypt.new_private()
    made = crypt.recipient_of(private)
    if passphrase is None:
        _keyring_set(made.id, private)
        kept: dict[str, object] = {"keyring": made.id}
    else:
        kept = crypt.wrap(private, passphrase, quick=quick)
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep(folder() / "private.json", json.dumps(kept, indent=2) + "\n")
        _keep(folder() / "public.key", base64.b64encode(made.public).decode("ascii") + "\n")
    except OSError as error:
        raise SinkError(f"the key cannot be kept in {folder()}: {error.strerror}") from error
    return made


def private(ask: Callable[[], str] | None = None) -> bytes:
    """The private half; ``ask`` gives the passphrase (default: the environment, else the terminal).

    Raises ``DataError`` when there is no key or the passphrase is wrong.
    """
    if ask is None:
        return _asked_once(folder())
    return _private(ask)


@functools.lru_cache(maxsize=1)
def _asked_once(place: Path) -> bytes:
    """One question a process, however many sessions it reads; ``place`` tells machines apart in tests."""
    return _private(passphrase)


def _private(ask: Callable[[], str]) -> bytes:
    path = folder() / "private.json"
    try:
        kept = parse_json(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"the private key is not on this machine ({path}); bring the folder 'keys' of the machine "
            "that recorded"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if "keyring" in kept:
        return _keyring_get(str(kept["keyring"]))
    return crypt.unwrap(kept, ask())


def passphrase(twice: bool = False) -> str:
    """The passphrase from ``INSULA_PASSPHRASE``, else typed; raises ``ConfigError`` where nobody can."""
    if given := os.environ.get(PASSPHRASE):
        return given
    if not sys.stdin.isatty():
        raise ConfigError(f"a passphrase is needed: run this in a terminal, or set {PASSPHRASE}")
    typed = getpass.getpass("passphrase: ")
    if twice and getpass.getpass("once more: ") != typed:
        raise ConfigError("the two passphrases differ")
    return typed


def _keep(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _keyring_set(name: str, private: bytes) -> None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError("the keyring needs one more package: pip install insula[keyring]") from error
    try:
        keyring.set_password(_SERVICE, name, base64.b64encode(private).decode("ascii"))
    except KeyringError as error:
        raise ConfigError(f"this system's keyring cannot be used: {error}; use a passphrase") from error


def _keyring_get(name: str) -> bytes:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise DataError("the key is in the system's keyring: pip install insula[keyring]") from error
    try:
        found = keyring.get_password(_SERVICE, name)
    except KeyringError as error:
        raise DataError(f"the system's keyring cannot be read: {error}") from error
    if found is None:
        raise DataError(f"the system's keyring holds no key {name} of insula")
    return base64.b64decode(found)
