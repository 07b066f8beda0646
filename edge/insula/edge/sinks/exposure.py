"""Who may listen: this machine only, unless an output is opened on purpose, with a secret and encryption.

A token is a file, never a line of the configuration: the configuration is written into every session folder.
"""

from __future__ import annotations

import ipaddress
import os
import stat
from pathlib import Path
from typing import Final

from insula.edge.errors import ConfigError

LOOPBACK: Final = "127.0.0.1"
TOKEN_CHARACTERS: Final = 32
"""The shortest token: nobody guesses 128 random bits, also not offline from what was overheard."""
_LARGEST_FILE: Final = 4096
_MAKE: Final = "make one with: (umask 077; openssl rand -hex 32 > robot.token)"


def is_loopback(host: str) -> bool:
    """Whether ``host`` reaches programs of this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(port: int) -> None:
    """Raise ``ConfigError`` when there is no such port; 0 takes a free one."""
    if not 0 <= port <= 65535:
        raise ConfigError(f"port = {port}: a port is within 0…65535")


def token_for(host: str, token_file: str) -> bytes:
    """The secret of an output at ``host``, empty where none is needed; raises ``ConfigError``.

    Beyond loopback a token is required; on loopback it is optional.
    """
    if token_file:
        return _token(Path(token_file))
    if is_loopback(host):
        return b""
    raise ConfigError(f"host = {host!r} opens this output to the network and needs token_file; {_MAKE}")


def _token(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"token_file {path} cannot be read: {error.strerror}; {_MAKE}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigError(f"token_file {path} can be read by other users; run: chmod 600 {path}")
    token = text.strip()
    if not TOKEN_CHARACTERS <= len(token) <= _LARGEST_FILE:
        raise ConfigError(f"token_file {path} needs {TOKEN_CHARACTERS} characters or more; {_MAKE}")
    return token


def check_file(option: str, path: str) -> str:
    """``path`` if such a file can be read; raises ``ConfigError``."""
    try:
        Path(path).open("rb").close()
    except OSError as error:
        raise ConfigError(f"{option} {path} cannot be read: {error.strerror}") from error
    return path
