"""The memory of a ring: private to the process, or one file that other processes map.

A ring file belongs to one writer at a time. The writer holds an exclusive ``flock`` on it, which the
kernel drops when the writer dies, so the next writer knows a dead one's file from a live one's. Files
are readable by their owner only. ``multiprocessing.shared_memory`` is not used: before Python 3.13 its
resource tracker unlinks the segment when any *reader* exits.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import zlib
from pathlib import Path

from insula.edge import ring_memory
from insula.edge.errors import RingError
from insula.edge.ring_layout import Geometry

if sys.platform != "win32":
    import fcntl


def file_name(name: str) -> str:
    """File name of the ring of the stream ``name``, safe on every system and different for every name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    if plain != name or name.startswith("."):
        plain = f"{plain.lstrip('.')}-{zlib.crc32(name.encode()):08x}"
    return f"{plain}.ring"


def private(geometry: Geometry) -> memoryview:
    """Fresh memory of this process with the header written."""
    memory = ring_memory.private(geometry.total)
    memory[: geometry.rec_off] = geometry.header()
    return memory


class RingFile:
    """The writer's hold on a ring file: created, or taken over from a dead writer (``taken_over``)."""

    def __init__(self, path: Path, geometry: Geometry) -> None:
        """Raise ``RingError`` when another process writes the file or there is no space for it."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RingError(f"the folder {path.parent} cannot be created: {error.strerror}") from error
        inherited = _inherit(path, geometry)
        self.taken_over = inherited is not None
        self._fd, self.memory = inherited or _create(path, geometry)

    def close(self) -> None:
        """Remove the file and let go of it; readers keep what they have mapped."""
        if self._fd < 0:
            return
        with contextlib.suppress(FileNotFoundError, PermissionError):  # Windows keeps what is mapped
            if _is_at(self._fd, self.path):
                self.path.unlink()
        os.close(self._fd)
        self._fd = -1


def attach(path: Path) -> tuple[memoryview, Geometry]:
    """Map an existing ring file read-only; raises ``RingError`` when there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise RingError(f"no ring to attach at {path}: {error.strerror}") from error
    try:
        memory = ring_memory.shared(fd, os.fstat(fd).st_size, writable=False)
    except (OSError, ValueError) as error:
        raise RingError(f"{path} cannot be mapped: {error}") from error
    finally:
        os.close(fd)
    return memory, Geometry.read(memory, str(path))


def _inherit(path: Path, geometry: Geometry) -> tuple[int, memoryview] | None:
    """Lock the file a dead writer left; ``None`` if there is none that fits (a misfit is removed)."""
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RingError(f"the ring file {path} cannot be opened: {error.strerror}") from error
    try:
        _lock(fd, path)
    except RingError:
        os.close(fd)
        raise
    try:
        memory = ring_memory.shared(fd, os.fstat(fd).st_size, writable=True)
        if Geometry.read(memory, str(path)) == geometry and _is_at(fd, path):
            return fd, memory
    except (RingError, OSError, ValueError):
        pass  # a misfit
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    os.close(fd)
    return None


def _create(path: Path, geometry: Geometry) -> tuple[int, memoryview]:
    """Make the file under a temporary name, complete and locked, then give it its own."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(temporary, flags, 0o600)
    except OSError as error:
        raise RingError(f"the ring file {temporary} cannot be created: {error.strerror}") from error
    try:
        _reserve(fd, geometry.total)
        memory = ring_memory.shared(fd, geometry.total, writable=True)
        memory[: geometry.rec_off] = geometry.header()
        _lock(fd, path)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        os.close(fd)
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise RingError(_no_space(geometry.total, path.parent)) from error
        raise RingError(f"the ring file {path} cannot be created: {error}") from error
    return fd, memory


def _no_space(size: int, folder: Path) -> str:
    needed, free = size / 2**20, shutil.disk_usage(folder).free / 2**20
    return (
        f"no space for a ring of {needed:.0f} MiB in {folder}, {free:.0f} MiB are free; "
        "free some (in a container: start it with a larger /dev/shm)"
    )


def _reserve(fd: int, size: int) -> None:
    """Claim the space now: on a full tmpfs a sparse file would end the process with SIGBUS later."""
    if sys.platform == "linux":
        os.posix_fallocate(fd, 0, size)
    else:
        os.ftruncate(fd, size)


def _lock(fd: int, path: Path) -> None:
    if sys.platform == "win32":
        return  # an open, mapped file cannot be replaced or removed there
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RingError(
            f"another process is writing the ring {path}; stop it or use another session"
        ) from error


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
