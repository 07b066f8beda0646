r"""Encryption of what lies on the disk, by libsodium (PyNaCl).

Every session has a key of its own. Its files are streams of ``crypto_secretstream_xchacha20poly1305``
messages, so that each piece is safe as soon as it is written, none can be changed, moved or left out
unnoticed, and a file that was cut shows it::

    INSULA-SEALED-1\n | 24 bytes: secretstream header | frames
    frame: 01 | uint32, little-endian: length of the message | message (plain length + 17)

The last frame carries secretstream's FINAL tag. A frame that begins with 00 was never finished. The
session's key lies beside the files as ``session.key``, in a sealed box (X25519) for the public key of this
machine: recording needs no passphrase, reading does. The private key is wrapped by a passphrase (Argon2id
and XSalsa20-Poly1305) or kept in the keyring of the operating system.
"""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from nacl import bindings, pwhash, secret, utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from insula.edge.errors import DataError, SinkError
from insula.edge.untrusted import parse_json

MAGIC: Final = b"INSULA-SEALED-1\n"
SUFFIX: Final = ".sealed"
_FRAME: Final = struct.Struct("<BI")
_BEGUN: Final = 1
_HEADER_BYTES: Final = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_OVERHEAD: Final = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_LONGEST: Final = 256 * 2**20
"""Bytes of a frame a reader accepts: a block of a recording is far smaller."""


def new_key() -> bytes:
    """Make a key for one session."""
    return bytes(bindings.crypto_secretstream_xchacha20poly1305_keygen())


def sealed_name(path: Path) -> Path:
    """What the sealed form of ``path`` is called."""
    return path.with_name(path.name + SUFFIX)


class Sealer:
    """Encrypts one file, piece by piece; ``start`` comes first in it."""

    def __init__(self, key: bytes) -> None:
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self.start = MAGIC + bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)

    def seal(self, piece: bytes, *, last: bool = False) -> bytes:
        """Return the next frame; they are of use in this order only."""
        tag = _FINAL if last else _MESSAGE
        message = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, piece, None, tag)
        return _FRAME.pack(_BEGUN, len(message)) + message


class SealedFile(io.RawIOBase):
    """A new sealed file to write to, for whatever takes a file object: every ``write`` is safe by itself.

    ``path`` is the plain name; raises ``SinkError`` when the file is there already or cannot be made.
    """

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._sealer = sealer
        try:
            self._raw = sealed_name(path).open("xb", buffering=0)
            self._raw.write(sealer.start)
        except OSError as error:
            raise SinkError(f"{sealed_name(path)} cannot be created: {error.strerror}") from error

    def writable(self) -> bool:
        """It can only be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Append ``data`` as one frame."""
        piece = bytes(data)
        _all(self._raw, self._sealer.seal(piece))
        return len(piece)

    def close(self) -> None:
        """Mark the end and close; safe to call again."""
        if not self.closed:
            try:
                _all(self._raw, self._sealer.seal(b"", last=True))
            finally:
                self._raw.close()
                super().close()


def _all(raw: io.FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[raw.write(view) :]


def pieces(file: BinaryIO, key: bytes, name: str) -> Generator[bytes, None, bool]:
    """Yield what a sealed file holds, and return whether it is whole.

    Raises ``DataError`` when it is no sealed file, the key is another one or a byte was changed.
    """
    start = file.read(len(MAGIC) + _HEADER_BYTES)
    if not start.startswith(MAGIC):
        raise DataError(f"{name} is not a sealed file")
    if len(start) < len(MAGIC) + _HEADER_BYTES:
        return False
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, start[len(MAGIC) :], key)
    while True:
        head = file.read(_FRAME.size)
        if len(head) < _FRAME.size or head[0] == 0:
            return False
        begun, length = _FRAME.unpack(head)
        if begun != _BEGUN or not _OVERHEAD <= length <= _LONGEST:
            raise DataError(f"{name} was damaged or changed")
        message = file.read(length)
        if len(message) < length:
            return False
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, message)
        except (CryptoError, RuntimeError) as error:
            raise DataError(f"{name} was damaged or changed, or this is not its key") from error
        yield piece
        if tag == _FINAL:
            if file.read(1):
                raise DataError(f"{name} was changed: something follows its end")
            return True


def unseal(source: Path, target: Path, key: bytes) -> bool:
    """Decrypt ``source`` into ``target``; returns whether the file is whole (false: it was cut off).

    Raises ``DataError``; what was decrypted before the damage stays in ``target``.
    """
    try:
        with source.open("rb") as sealed, target.open("wb") as plain:
            stream = pieces(sealed, key, source.name)
            while True:
                try:
                    plain.write(next(stream))
                except StopIteration as end:
                    return bool(end.value)
    except OSError as error:
        raise DataError(f"{source.name} cannot be decrypted: {error.strerror}") from error


def seal_file(source: Path, target: Path, key: bytes, *, piece_bytes: int = 2**20) -> None:
    """Encrypt ``source`` into ``target``, replacing it in one step; raises ``SinkError``."""
    sealer = Sealer(key)
    draft = target.with_name(target.name + ".part")
    try:
        with source.open("rb") as plain, draft.open("wb") as sealed:
            sealed.write(sealer.start)
            while piece := plain.read(piece_bytes):
                sealed.write(sealer.seal(piece))
            sealed.write(sealer.seal(b"", last=True))
        draft.replace(target)
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror}") from error


# -- keys ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half of a machine's key: it can lock a session, not open one."""

    public: bytes

    @property
    def id(self) -> str:
        """A short name of the key."""
        return self.public[:6].hex()

    def lock(self, session_key: bytes) -> str:
        """The content of ``session.key``."""
        box = SealedBox(PublicKey(self.public)).encrypt(session_key)
        body = {"format": "insula-session-key-1", "recipient": self.id, "box": _text(box)}
        return json.dumps(body, indent=2) + "\n"


def new_private() -> bytes:
    """Make the private half of a machine's key."""
    return bytes(PrivateKey.generate())


def recipient_of(private: bytes) -> Recipient:
    """The public half that belongs to ``private``."""
    return Recipient(bytes(PrivateKey(private).public_key))


def unlock(session_key: str, private: bytes) -> bytes:
    """The key in the text of a ``session.key``; raises ``DataError``."""
    try:
        body = parse_json(session_key)
        mine = recipient_of(private).id
        if body["recipient"] != mine:
            raise DataError(f"it was encrypted for the key {body['recipient']}; the key here is {mine}")
        return bytes(SealedBox(PrivateKey(private)).decrypt(_bytes(body["box"])))
    except (KeyError, TypeError, ValueError, CryptoError) as error:
        raise DataError(f"session.key is damaged: {error}") from error


def wrap(private: bytes, passphrase: str, *, quick: bool = False) -> dict[str, Any]:
    """``private`` under a passphrase; ``quick`` makes guessing cheap too and is for tests only."""
    kdf = pwhash.argon2id
    salt = utils.random(kdf.SALTBYTES)
    ops, mem = (
        (kdf.OPSLIMIT_MIN, kdf.MEMLIMIT_MIN) if quick else (kdf.OPSLIMIT_MODERATE, kdf.MEMLIMIT_MODERATE)
    )
    box = secret.SecretBox(kdf.kdf(secret.SecretBox.KEY_SIZE, passphrase.encode(), salt, ops, mem))
    return {
        "kdf": "argon2id",
        "ops": ops,
        "mem": mem,
        "salt": _text(salt),
        "box": _text(box.encrypt(private)),
    }


def unwrap(wrapped: dict[str, Any], passphrase: str) -> bytes:
    """The private key; raises ``DataError`` on a wrong passphrase or a damaged file."""
    try:
        kdf, ops, mem = pwhash.argon2id, int(wrapped["ops"]), int(wrapped["mem"])
        if not (kdf.OPSLIMIT_MIN <= ops <= kdf.OPSLIMIT_SENSITIVE and mem <= kdf.MEMLIMIT_SENSITIVE):
            raise DataError("the key file asks for unusual work; it is damaged")
        derived = kdf.kdf(secret.SecretBox.KEY_SIZE, passphrase.encode(), _bytes(wrapped["salt"]), ops, mem)
        return bytes(secret.SecretBox(derived).decrypt(_bytes(wrapped["box"])))
    except CryptoError as error:
        raise DataError("the passphrase is wrong") from error
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"the key file is damaged: {error}") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
