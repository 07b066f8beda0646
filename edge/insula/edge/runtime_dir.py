"""Where the rings of a running session live: memory-backed where the system has it, only for this user."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from insula.edge.errors import RingError


def root() -> Path:
    """The folder that holds one folder for every running session."""
    if base := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(base) / "insula"
    user = os.getuid() if sys.platform != "win32" else os.environ.get("USERNAME", "user")
    shm = Path("/dev/shm")
    base_dir = shm if shm.is_dir() else Path(tempfile.gettempdir())
    return base_dir / f"insula-{user}"


def create(name: str) -> Path:
    """Make the runtime folder of a session, readable by this user only, and clear away dead sessions'.

    Raises ``RingError`` when the place belongs to somebody else or cannot be made.
    """
    place = root()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32" and place.stat().st_uid != os.getuid():
            raise RingError(f"{place} belongs to another user; set XDG_RUNTIME_DIR to a folder of your own")
        place.chmod(0o700)
        for folder in place.iterdir():
            if folder.is_dir() and not _alive(folder):
                shutil.rmtree(folder, ignore_errors=True)  # a killed session leaves its rings: memory
        directory = place / f"{name}-{os.getpid()}"
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise RingError(
            f"the session's runtime folder cannot be made in {place}: {error.strerror}"
        ) from error
    return directory


def running() -> list[Path]:
    """Runtime folders of sessions whose process is alive, newest first."""
    if not root().is_dir():
        return []
    folders = [folder for folder in root().iterdir() if folder.is_dir() and _alive(folder)]
    return sorted(folders, key=lambda folder: -folder.stat().st_mtime)


def _alive(folder: Path) -> bool:
    pid = folder.name.rpartition("-")[2]
    if not pid.isdigit():
        return False
    if sys.platform == "win32":
        return True  # os.kill(pid, 0) would end the process there; a stale folder fails on attach instead
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
