"""Many recordings, on one core or many: what is done is not done again, what fails stops nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from insula.edge.errors import DataError, InsulaError, SinkError
from insula.edge.protocols import Item
from insula.edge.session import SessionFolder
from insula.ui.analysis import plots, summary
from insula.ui.analysis.cluster import workers
from insula.ui.analysis.offline import Setting
from insula.ui.analysis.run import Outcome, fingerprint, write
from insula.ui.analysis.source import open_recording, quiet_readers
from insula.ui.analysis.table import to_parquet
from insula.ui.privacy import exported, opened
from insula.ui.report.facts import gather

Advance = Callable[[float], None]
"""Told which part (0…1) of the present recording is done."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one recording; ``why`` says why it failed."""

    name: str
    state: Literal["done", "done before", "failed"]
    hash: str = ""
    why: str = ""


def analyse(
    recordings: list[tuple[str, Path]], out: Path, advance: Advance, *, jobs: int = 1, dask: str = ""
) -> Iterator[Result]:
    """Compute each recording into ``out/NAME`` and say what came of it, in the order given.

    ``jobs`` processes work at a time (−1: one a core); ``dask`` is the address of a scheduler whose
    workers see the same files. The results are the same whichever. ``advance`` is told only without them.
    Raises ``SinkError`` for ``out``, ``ConfigError`` for a cluster that cannot be reached.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out} cannot be made: {error.strerror}") from error
    if not dask and (jobs == 1 or len(recordings) == 1):
        for name, path in recordings:
            yield _guarded(name, path, out / name, advance)
        return
    work = [(name, path.resolve(), (out / name).resolve()) for name, path in recordings]
    yield from workers(_apart, work, jobs, dask)


def _apart(name: str, path: Path, target: Path) -> Result:
    """One recording in a process of its own."""
    quiet_readers()
    return _guarded(name, path, target, lambda share: None)


def _guarded(name: str, path: Path, target: Path, advance: Advance) -> Result:
    try:
        with opened(path) as plain:
            result = _one(name, plain, target, advance)
        exported(path, target)
        return result
    except (InsulaError, OSError) as error:
        return Result(name, "failed", why=str(error))
    except Exception as error:  # a file's border: a reader's bug on one file ends that file alone
        return Result(name, "failed", why=f"{type(error).__name__}: {error}")


def overview(results: list[Result], out: Path) -> None:
    """Write ``overview`` .csv, .png and .svg of what was analysed."""
    found = [summary.read(out / result.name) for result in results if result.state != "failed"]
    if found:
        summary.table(found, out / "overview.csv")
        plots.overview(found, out / "overview")


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
    facts = gather(draft)
    plots.course(facts, draft / "course")
    summary.write(summary.summary(name, facts), draft)
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
    whole = same and "analysis_of" in about and (target / summary.FILE).is_file()
    return str(about["estimates_sha256"]) if whole else None
