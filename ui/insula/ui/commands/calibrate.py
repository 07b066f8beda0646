"""``insula calibrate``: measure a constant of this set-up, or learn a person; say what to do with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.table import Table

from insula.edge.errors import DataError
from insula.models.eeg import personal, personal_index, personal_rows
from insula.models.eeg.estimator import EegEstimator, electrodes_of
from insula.models.eeg.personal_rows import Rows
from insula.sensors import sync
from insula.sensors.camera import Camera
from insula.sensors.microphone import Microphone
from insula.ui.analysis.source import open_recording
from insula.ui.terminal import console


def camera_and_microphone(camera: str, microphone: str, seconds: float) -> None:
    """Measure how far picture and sound are apart; raises ``DataError`` when too few events were caught."""
    picture = Camera(index=int(camera)) if camera.isdigit() else Camera(url=camera)
    console.print(f"flash and click at once, unevenly, for {seconds:.0f} s …")
    with console.status("watching and listening"):
        offset = sync.measure(picture, Microphone(device=microphone), seconds)
    console.print(
        f"camera − microphone: [bold]{offset.mean_s * 1e3:+.1f} ± {offset.error_s * 1e3:.1f} ms[/bold] "
        f"from {offset.events} events"
    )
    if abs(offset.mean_s) <= 2 * offset.error_s:
        console.print("not distinguishable from 0: nothing to configure")
        return
    late = "camera" if offset.mean_s > 0 else "microphone"
    console.print(f"write [bold]latency_s = {abs(offset.mean_s):.4f}[/bold] into the table of the {late}")


def eeg(sessions: list[Path], classes: tuple[str, str], out: Path) -> bool:
    """Build a person's own EEG model from labelled recordings; saved only, and true only, if it beats chance.

    Raises ``DataError`` when the recordings do not hold enough labelled, clean signal.
    """
    electrodes: tuple[str, ...] = ()
    parts: list[Rows] = []
    for path in sessions:
        with console.status(f"reading {path.name}"):
            names, found = _labelled(path, classes)
        if electrodes and names != electrodes:
            told = f"{path.name} has the electrodes {', '.join(names)}, others {', '.join(electrodes)}"
            raise DataError(told)
        electrodes = names
        parts.append(found)
    rows = Rows(*(np.concatenate([getattr(r, key) for r in parts]) for key in ("tokens", "label", "block")))
    with console.status("leaving every block out once, and again with shuffled labels"):
        model = personal.fit(rows.tokens, rows.label, rows.block)
    first, second = (len(np.unique(rows.block[rows.label == k])) for k in (0, 1))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    n = len(rows.label)
    table.add_row("blocks", f"{first} of {classes[0]!r}, {second} of {classes[1]!r}, {n} windows")
    table.add_row("balanced accuracy", f"{model.balanced_accuracy:.2f} on blocks left out")
    table.add_row("chance", f"{model.chance:.2f} with shuffled labels; p = {model.p:.2f}")
    console.print(table)
    if not model.usable:
        console.print(f"[yellow]not usable[/yellow]: {model.reason}. Nothing was saved; record more blocks.")
        return False
    personal_index.save(out, model, electrodes, classes)
    console.print(f"[green]●[/green] {out}")
    console.print(f'write [bold]personal = "{out}"[/bold] into the table of the EEG estimator')
    return True


def _labelled(path: Path, classes: tuple[str, str]) -> tuple[tuple[str, ...], Rows]:
    recording = open_recording(path)
    judge = EegEstimator()
    feed = next((feed for feed in recording.feeds if not judge.accepts(feed.info)), None)
    if feed is None:
        raise DataError(f"{path.name} holds no EEG with electrodes named by the 10–20 system")
    spans = personal_rows.blocks(recording.markers, classes, recording.end, path.name)
    if not spans:
        said = ", ".join(dict.fromkeys(repr(marker.text) for marker in recording.markers)) or "none"
        raise DataError(f"{path.name} has no marker {classes[0]!r} or {classes[1]!r}; its markers: {said}")
    pieces = ((block.data, block.times) for block in feed.blocks() if block.times is not None)
    rows = personal_rows.rows(pieces, feed.info, spans)
    if not len(rows.label):
        raise DataError(
            f"{path.name}: no clean window of 4 s in its {len(spans)} blocks "
            "(the first minute of clean signal is the rest it is measured against)"
        )
    return electrodes_of(feed.info)[1], rows
