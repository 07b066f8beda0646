"""``insula repair``: mend a recording and say what was found."""

from __future__ import annotations

from pathlib import Path

from insula.edge.xdf.repair import repair, summary
from insula.ui.terminal import console


def run(file: Path, out: Path | None) -> None:
    """Mend ``file`` into ``out``; raises ``DataError`` when nothing can be saved."""
    for line in summary(repair(file, out)):
        console.print(line)
