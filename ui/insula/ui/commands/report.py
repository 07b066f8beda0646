"""``insula report``: a session as one HTML page."""

from __future__ import annotations

from pathlib import Path

from insula.edge.errors import SinkError
from insula.ui.privacy import exported, opened
from insula.ui.report.facts import gather
from insula.ui.report.page import render
from insula.ui.terminal import console


def run(session: Path, out: Path | None) -> Path:
    """Write the report of ``session``; by default beside its folder, whose hashes it states.

    Raises ``DataError`` when there is nothing to report, ``SinkError`` when it cannot be written.
    """
    target = out or session.with_name(f"{session.resolve().name}-report.html")
    with opened(session) as folder:
        page = render(gather(folder))
    try:
        target.write_text(page, "utf-8")
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror}") from error
    exported(session, target)
    console.print(f"  {target}", style="cyan", highlight=False, soft_wrap=True)
    return target
