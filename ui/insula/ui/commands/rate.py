"""``insula rate``: rate live or a recording, write ratings out, compare annotators, score predictions."""

from __future__ import annotations

import math
from pathlib import Path

from insula.edge import runtime_dir
from insula.edge.errors import ConfigError, DataError
from insula.edge.session import SessionFolder
from insula.models.ratings import agreement as pairs_agreement
from insula.models.ratings import alpha
from insula.ui import display, ratings
from insula.ui.privacy import exported, opened
from insula.ui.terminal import console


def wanted(axes: str, classes: str) -> tuple[str, ...]:
    """Return the labels that --axes or --classes ask for; raises ``ConfigError``."""
    named = tuple(name.strip() for name in (classes or axes).split(",") if name.strip())
    if classes:
        if len(named) < 2 or len(set(named)) != len(named) or len(named) > 9:
            raise ConfigError("--classes needs two to nine different names, as in calm,tense,angry")
    elif not named or not set(named) <= set(ratings.AXES) or len(set(named)) != len(named):
        raise ConfigError("--axes is valence, arousal or valence,arousal; for classes use --classes")
    return named


def live(labels: tuple[str, ...], annotator: str, role: str, joystick: Path | None) -> int:
    """Open the annotator's window on the running session."""
    _check(annotator, role)
    sessions = runtime_dir.running()
    if not sessions:
        raise ConfigError("no session is running; start one with 'insula demo' or 'insula run'")
    from insula.ui.participant import rate_app

    return rate_app.live(sessions[0], labels, annotator, role, joystick)


def recording(
    session: Path, labels: tuple[str, ...], annotator: str, role: str, joystick: Path | None
) -> int:
    """Open the annotator's window on a recorded session."""
    _check(annotator, role)
    from insula.ui.participant import rate_app

    with opened(session) as folder:
        return rate_app.recorded(folder, labels, annotator, role, joystick)


def export(session: Path, out: Path, hz: float, grid_hz: float) -> None:
    """Write every rating of a session as CSV, frame by frame and cell by cell."""
    with opened(session) as folder:
        found, (begin, end) = _read(folder)
        for number, rated in enumerate(found, 1):
            name = f"{rated.annotator}-{rated.role}-{number}"
            frames, grid = out / f"{name}.csv", out / f"{name}-{grid_hz:g}hz.csv"
            missing = ratings.export_frames(rated, frames, begin, end, hz)
            ratings.export_cells(rated, grid, begin, end, grid_hz)
            whole = round((end - begin) * hz)
            console.print(
                f"[green]✓[/green] {frames}  {', '.join(rated.labels)}  "
                f"{whole} frames at {hz:g} Hz, {missing} not rated",
                soft_wrap=True,
            )
    exported(session, out)


def agreement(session: Path, hz: float) -> None:
    """Print how well the annotators of a session agree."""
    with opened(session) as folder:
        found, (begin, end) = _read(folder)
    axes = {f"{r.annotator} ({r.role}, {r.file})": r for r in found if r.is_axes}
    for axis in ratings.AXES:
        courses = ratings.on_one_grid(axes, axis, hz, begin, end)
        if len(courses) < 2:
            continue
        console.print(f"[bold]{axis}[/bold]  Krippendorff α {_figure(alpha(list(courses.values())))}")
        for (a, b), value in pairs_agreement(courses).items():
            console.print(f"  CCC {_figure(value)}  {a} – {b}", soft_wrap=True)
    sets = {r.labels for r in found if not r.is_axes}
    for names in sorted(sets):
        passes = [r for r in found if r.labels == names]
        if len(passes) > 1:
            chosen = [ratings.chosen(r, hz, begin, end) for r in passes]
            console.print(
                f"[bold]{', '.join(names)}[/bold]  α (nominal) {_figure(alpha(chosen, nominal=True))}"
            )
    if len(found) < 2:
        console.print("one annotator only: agreement needs two", style="yellow")


def score(truth: Path, predictions: Path) -> None:
    """Print OMG-Empathy's personalised and general CCC."""
    found = ratings.score_folders(truth, predictions)
    console.print(f"personalised CCC {found.personalised:.3f}   (mean over stories, then over subjects)")
    console.print(f"general CCC      {found.general:.3f}   (mean over subjects, then over stories)")
    console.print(f"{len(found.each)} stories; baseline of the challenge (validation): 0.091 / 0.111")


def _check(annotator: str, role: str) -> None:
    ratings.check_annotator(annotator, role)
    if reason := display.why_no_window():
        raise ConfigError(reason)


def _read(folder: Path) -> tuple[tuple[ratings.Rated, ...], tuple[float, float]]:
    found = [rated for rated in ratings.read(folder) if len(rated.times)]
    if not found:
        raise DataError(
            f"{folder} holds no ratings: 'insula rate live' or 'insula rate recording' makes some"
        )
    _, about = SessionFolder.open(folder)
    begin = min(float(rated.times[0]) for rated in found)
    begin = float(about.get("clock_at_start", begin))
    length = about.get("length_s")
    end = begin + float(length) if isinstance(length, int | float) else max(float(r.times[-1]) for r in found)
    return tuple(found), (begin, end)


def _figure(value: float) -> str:
    return "not computed (too few frames that both rated)" if math.isnan(value) else f"{value:+.3f}"
