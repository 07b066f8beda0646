"""Which recordings the paths on the command line stand for, and what their results are called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from insula.edge.session import SessionFolder
from insula.sensors.recording_e4 import is_e4
from insula.ui.analysis.source import AUDIO, SIGNALS, VIDEO


def collect(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Every recording once, with a name for its results that depends on the paths alone.

    A folder stands for all recordings under it; sessions and Empatica E4 folders count as one recording.
    A path that does not exist is kept: its error belongs to it alone.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir() or is_recording(path):
            found.setdefault(path, path.resolve().name)
            continue
        for inside in _under(path):
            found.setdefault(inside, "__".join(inside.relative_to(path).parts))
    taken: dict[str, int] = {}
    named = []
    for path, name in found.items():
        taken[name] = taken.get(name, 0) + 1
        named.append((name if taken[name] == 1 else f"{name}-{taken[name]}", path))
    return named


def is_recording(folder: Path) -> bool:
    """Whether a folder is one recording as a whole."""
    files = SessionFolder(folder)
    return files.info.is_file() or files.lock.is_file() or is_e4(folder)


def _under(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found += [path] if is_recording(path) else _under(path)
        elif path.suffix.lower() in VIDEO | AUDIO | SIGNALS and not _foreign_table(path):
            found.append(path)
    return found


def _foreign_table(path: Path) -> bool:
    """Whether a CSV in a folder is some other table: a recording's first column is ``time_s``."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open("rb") as file:
        return not file.readline(200).lstrip(b"\xef\xbb\xbf\"'").startswith(b"time_s,")
