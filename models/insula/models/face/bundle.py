"""MediaPipe's public FaceLandmarker bundle: never shipped with Insula, fetched when the user asks for it."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs

from insula.edge.errors import ModelError

URL: Final = "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
SIZE: Final = 3_758_596
_TIMEOUT_S = 20.0
_PIECE = 1 << 16


def path() -> Path:
    """Where the bundle lies once it was fetched: in ``INSULA_MODELS`` or the user's data folder."""
    folder = os.environ.get("INSULA_MODELS") or Path(platformdirs.user_data_dir("insula")) / "models"
    return Path(folder) / "face_landmarker.task"


def present() -> bool:
    """Whether the bundle is there; its hash is checked when it is fetched and by ``insula models verify``."""
    return path().is_file()


def check(file: Path) -> None:
    """Raise ``ModelError`` unless ``file`` is exactly the pinned bundle."""
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256:
        raise ModelError(
            f"{file} is not the pinned bundle (sha256 {found[:12]}…, expected {SHA256[:12]}…); "
            "delete it and run 'insula models pull'"
        )


def pull(progress: Callable[[int], None], url: str = URL) -> Path:
    """Fetch the bundle, going on where an earlier attempt broke off; returns its path.

    ``progress`` is called with the bytes there so far. Raises ``ModelError`` when offline, or when what
    came is not the pinned file (which is then deleted).
    """
    target = path()
    if target.is_file():
        check(target)
        return target
    part = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, progress)
    except urllib.error.URLError as error:
        raise ModelError(
            f"the bundle cannot be fetched ({error.reason}); Insula works without it. "
            f"Or put the file there by hand: {target}"
        ) from error
    except OSError as error:
        raise ModelError(
            f"the download broke off ({error}); run the command again, it goes on from there"
        ) from error
    try:
        check(part)
    except ModelError:
        part.unlink()
        raise
    part.replace(target)
    return target


def _download(url: str, part: Path, progress: Callable[[int], None]) -> None:
    done = part.stat().st_size if part.exists() else 0
    if done >= SIZE:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        resumed = answer.status == 206
        with part.open("ab" if resumed else "wb") as file:
            done = done if resumed else 0
            while piece := answer.read(_PIECE):
                done += len(piece)
                if done > SIZE:
                    raise OSError("more came than the bundle has; is something between you and the server?")
                file.write(piece)
                progress(done)
