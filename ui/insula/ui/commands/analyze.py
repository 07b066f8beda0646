"""``insula analyze``: files and folders through the offline driver, with a progress bar."""

from __future__ import annotations

from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from insula.edge.errors import ConfigError
from insula.ui.analysis.batch import Result, analyse, overview
from insula.ui.analysis.collect import collect
from insula.ui.analysis.source import quiet_readers
from insula.ui.terminal import console


def run(paths: list[Path], out: Path, jobs: int = 1, dask: str = "") -> bool:
    """Analyse everything into ``out``; false when a recording failed. Raises ``InsulaError``.

    ``jobs`` recordings at a time (−1: one a core), or on the cluster of the scheduler ``dask``.
    """
    recordings = collect(paths)
    if not recordings:
        raise ConfigError(f"no recording in {', '.join(map(str, paths))}: XDF, EDF, FIF, video, sound, E4 …")
    quiet_readers()
    results: list[Result] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[name]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("analysing", total=len(recordings), name=recordings[0][0])

        def advance(share: float) -> None:
            progress.update(task, completed=len(results) + share)

        for result in analyse(recordings, out, advance, jobs=jobs, dask=dask):
            results.append(result)
            ahead = recordings[min(len(results), len(recordings) - 1)][0]
            progress.update(task, completed=len(results), name=ahead)
            if result.state != "failed":
                console.print(
                    f"  {result.name}  {result.state}  {result.hash[:16]}", highlight=False, soft_wrap=True
                )
    overview(results, out)
    failed = [result for result in results if result.state == "failed"]
    console.print(
        f"{len(results) - len(failed)} of {len(results)} recordings analysed into {out}", soft_wrap=True
    )
    for result in failed:
        console.print(f"  [red]failed[/red] {result.name}: {result.why}", highlight=False, soft_wrap=True)
    return not failed
