"""``insula export``: a session in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from insula.ui.analysis.source import quiet_readers
from insula.ui.export.material import Material, gather_material
from insula.ui.privacy import exported, opened
from insula.ui.terminal import console

Format = Literal["bids", "mne", "parquet", "csv", "elan", "nova"]


def run(session: Path, to: Format, out: Path, subject: str = "", task: str = "session") -> list[Path]:
    """Write ``session`` into ``out`` and name the files; raises ``InsulaError``."""
    quiet_readers()
    with opened(session) as folder:
        files = write(gather_material(folder, session.resolve().name), to, out, subject, task)
    exported(session, out)
    for file in files[:20]:
        console.print(f"  {file}", style="cyan", highlight=False, soft_wrap=True)
    if len(files) > 20:
        console.print(f"  … {len(files) - 20} more", style="bright_black")
    return files


def write(material: Material, to: Format, out: Path, subject: str, task: str) -> list[Path]:
    """Write ``material`` in one of the formats; each loads only what it needs."""
    if to == "bids":
        from insula.ui.export import bids

        return bids.export(material, out, subject=subject, task=task)
    if to == "mne":
        from insula.ui.export import mne_raw

        return mne_raw.export(material, out)
    if to == "elan":
        from insula.ui.export import elan

        return elan.export(material, out)
    if to == "nova":
        from insula.ui.export import nova

        return nova.export(material, out)
    from insula.ui.export import tables

    return tables.export(material, out, to)
