"""Packs that others made, read without trusting them: arrays (npz) and files (zip).

Nothing is ever unpacked to the disk, so a member's path leads nowhere; no member is a pickle; what a file
announces to hold is added up before the first byte of it is unpacked.
"""

from __future__ import annotations

import contextlib
import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError

MOST_BYTES: Final = 2 * 2**30
"""Bytes that the members of a pack may have together once unpacked."""

_UNREADABLE: Final = (
    OSError,
    ValueError,
    EOFError,
    NotImplementedError,  # a compression zipfile does not know
    RuntimeError,  # a member that asks for a password
    MemoryError,
    SyntaxError,  # an array's header that is no Python literal
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


def open_zip(path: Path) -> zipfile.ZipFile:
    """The zip at ``path``; ``DataError`` when it is none, is damaged, or would unpack to too much."""
    with _in_words(path):
        archive = zipfile.ZipFile(path)
    size = sum(member.file_size for member in archive.infolist())
    if size > MOST_BYTES:
        archive.close()
        raise DataError(
            f"{path.name} would unpack to {size / 2**30:.1f} GiB; at most {MOST_BYTES // 2**30} are read"
        )
    return archive


def content(archive: zipfile.ZipFile, name: str) -> bytes:
    """The member ``name`` of a zip; raises ``DataError`` when it is not there or damaged."""
    if name not in archive.NameToInfo:
        raise DataError(f"{name!r} is not in the pack")
    with _in_words(name):
        return archive.read(name)


def gunzipped(file: BinaryIO, most_bytes: int = MOST_BYTES) -> bytes:
    """What a gzip file holds; ``DataError`` when it is damaged or unpacks to more than ``most_bytes``."""
    with _in_words("the file"), gzip.open(file) as unpacking:
        found = unpacking.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise DataError(
            f"the file would unpack to more than {most_bytes / 2**30:.1f} GiB, which is all that is read"
        )
    return found


@contextlib.contextmanager
def arrays(path: Path) -> Iterator[Arrays]:
    """The arrays of the npz at ``path``; raises ``DataError`` as :func:`open_zip` does."""
    with open_zip(path) as archive:
        yield Arrays(path, archive)


class Arrays:
    """The arrays of an npz, each read when it is asked for; every method raises ``DataError`` in words."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self.keys = tuple(n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy"))
        """Names of the arrays, in the order of the file."""

    def __contains__(self, key: str) -> bool:
        return key in self.keys

    def numbers(self, key: str, ndim: int) -> npt.NDArray[Any]:
        """The array ``key`` of integers or floats with ``ndim`` dimensions."""
        array = self._array(key)
        if array.dtype.kind not in "iufb" or array.ndim != ndim:
            raise DataError(
                f"{self._path.name}: {key} should be numbers in {ndim} dimension(s), "
                f"not {array.dtype} {array.shape}"
            )
        return array

    def texts(self, key: str) -> tuple[str, ...]:
        """The array ``key`` of texts ``(n,)``."""
        array = self._array(key)
        if array.dtype.kind not in "US" or array.ndim != 1:
            raise DataError(f"{self._path.name}: {key} should be a list of texts, not {array.dtype}")
        return tuple(str(text) for text in array)

    def labels(self, key: str) -> tuple[str, ...]:
        """The array ``key`` ``(n,)`` of names, whether texts or whole numbers."""
        array = self._array(key)
        if array.dtype.kind not in "USiu" or array.ndim != 1:
            raise DataError(
                f"{self._path.name}: {key} should be a list of texts or whole numbers, not {array.dtype}"
            )
        return tuple(str(label) for label in array)

    def _array(self, key: str) -> npt.NDArray[Any]:
        if key not in self:
            raise DataError(f"{self._path.name} has no array {key!r}")
        with _in_words(self._path), self._archive.open(f"{key}.npy") as member:
            return np.lib.format.read_array(member, allow_pickle=False)


@contextlib.contextmanager
def _in_words(what: object) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise DataError(f"{what} is not a readable pack: {error or type(error).__name__}") from error
