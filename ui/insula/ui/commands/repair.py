"""``insula repair``: mend a recording and say what was found."""

from __future__ import annotations

from pathlib import Path

from insula.edge.privacy import crypt
from insula.edge.xdf.repair import repair, summary
from insula.ui.privacy import exported, opened
from insula.ui.terminal import console


def run(file: Path, out: Path | None) -> None:
    """Mend ``file`` into ``out``; raises ``DataError`` when nothing can be saved.

    The copy of a sealed file stays in its session, sealed, unless ``out`` names another place.
    """
    if file.suffix != crypt.SUFFIX:
        _mend(file, out)
        return
    with opened(file.parent) as folder:
        _mend(folder / file.name.removesuffix(crypt.SUFFIX), out)
    if out is not None:
        exported(file.parent, out)


def _mend(file: Path, out: Path | None) -> None:
    for line in summary(repair(file, out)):
        console.print(line)
