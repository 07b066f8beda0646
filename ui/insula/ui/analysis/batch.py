"""Many recordings, one after the other: what is done is not done again, what fails stops nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from insula.edge.errors import DataError, InsulaError, SinkError
from insula.edge.protocols import Item
from insula.edge.session import SessionFolder
from insula.ui.analysis.offline import Setting
from insula.ui.analysis.run import Outcome, fingerprint, write
from insula.ui.analysis.source import open_recording
from insula.ui.analysis.table import to_parquet
from insula.ui.privacy import exported, opened
from insula.ui.report.figure import figure

Advance = Callable[[float], None]
"""Told which part (0…1) of the present recording is done."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one recording; ``why`` says why it failed."""

    name: str
    state: Literal["done", "done before", "failed"]
    hash: str = ""
    why: str = ""


def analyse(recordings: list[tuple[str, Path]], out: Path, advance: Advance) -> Iterator[Result]:
    """Compute each recording into ``out/NAME`` and say what came of it; raises ``SinkError`` for ``out``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out} cannot be made: {error.strerror}") from error
    for name, path in recordings:
        try:
            with opened(path) as plain:
                result = _one(name, plain, out / name, advance)
            exported(path, out / name)
            yield result
        except (InsulaError, OSError) as error:
            yield Result(name, "failed", why=str(error))
        except Exception as error:  # a file's border: a reader's bug on one file ends that file alone
            yield Result(name, "failed", why=f"{type(error).__name__}: {error}")


def _one(name: str, path: Path, target: Path, advance: Advance) -> Result:
    if not path.exists():
        raise DataError(f"there is no {path}")
    made_of = fingerprint(path)
    if (before := _hash_of(target, made_of)) is not None:
        return Result(name, "done before", before)
    if target.exists() and not _is_result(target):
        raise SinkError(f"{target} exists and is no result of insula analyze; choose another --out")
    draft = target.with_name(f"{name}.part")
    if draft.exists():  # a run that was interrupted
        shutil.rmtree(draft)
    try:
        outcome = _compute(name, path, draft, {"analysis_of": path.name, **made_of}, advance)
    except Exception:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if target.exists():
        shutil.rmtree(target)
    draft.rename(target)
    return Result(name, "done", outcome.hash)


def _compute(name: str, path: Path, draft: Path, about: dict[str, Any], advance: Advance) -> Outcome:
    recording = open_recording(path)
    length = max(recording.end - recording.begin, 1e-9)

    def watch(t: float, item: Item) -> None:
        advance((t - recording.begin) / length)

    outcome = write(recording, Setting(), draft, {"title": name, **about}, person=name, watch=watch)
    (draft / "course.svg").write_text(figure(draft), "utf-8")
    to_parquet(draft / "estimates.csv")
    return outcome


def _about(target: Path) -> dict[str, Any]:
    try:
        return SessionFolder.open(target)[1]
    except DataError:
        return {}


def _is_result(target: Path) -> bool:
    return "analysis_of" in _about(target)


def _hash_of(target: Path, made_of: dict[str, Any]) -> str | None:
    """The hash of a finished result of the same input, version and models."""
    about = _about(target)
    same = about.get("status") == "complete" and all(about.get(key) == made_of[key] for key in made_of)
    return str(about["estimates_sha256"]) if same and "analysis_of" in about else None
