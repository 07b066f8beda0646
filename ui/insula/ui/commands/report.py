"""``insula report``: a session as one HTML page, and the same as PDF."""

from __future__ import annotations

from pathlib import Path

from insula.edge.errors import ConfigError, SinkError
from insula.ui.dashboard.words import Words
from insula.ui.privacy import exported, opened
from insula.ui.report.facts import gather
from insula.ui.report.page import render
from insula.ui.report.pdf import to_pdf
from insula.ui.terminal import console


def run(session: Path, out: Path | None, language: str = "en", *, pdf: bool = True) -> Path:
    """Write the report of ``session``; by default beside its folder, whose hashes it states.

    The PDF lies beside the page; where it cannot be made, that is said. Raises ``DataError`` when there is
    nothing to report, ``SinkError`` when it cannot be written.
    """
    target = out or session.with_name(f"{session.resolve().name}-report.html")
    with opened(session) as folder:
        page = render(gather(folder, Words(language)))
    _write(target, page.encode())
    exported(session, target)
    console.print(f"  {target}", style="cyan", highlight=False, soft_wrap=True)
    if pdf:
        try:
            _write(target.with_suffix(".pdf"), to_pdf(page))
        except ConfigError as error:
            console.print(f"  {error}", style="yellow", highlight=False, soft_wrap=True)
        else:
            exported(session, target.with_suffix(".pdf"))
            console.print(f"  {target.with_suffix('.pdf')}", style="cyan", highlight=False, soft_wrap=True)
    return target


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}") from error
