"""``insula replay``: a recorded session through the same estimators and fusion again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.live import Live
from rich.table import Table

from insula.edge.clock import Clock, now
from insula.edge.config import Part
from insula.edge.errors import ConfigError, DataError
from insula.edge.protocols import Item
from insula.edge.session import SessionFolder, check_free
from insula.edge.types import AffectEstimate
from insula.ui.analysis.agreement import agreement
from insula.ui.analysis.offline import Setting
from insula.ui.analysis.run import Outcome, compute, fingerprint, write
from insula.ui.analysis.source import Recording, quiet_readers, recorded_tracks, session_tracks
from insula.ui.dashboard.recorded import Recorded, offset_between
from insula.ui.privacy import exported, opened
from insula.ui.tally import Tally
from insula.ui.terminal import console, live_view

_REFRESH_S = 0.1


def speed(text: str) -> float | None:
    """``--speed`` as times real time, ``None`` for as fast as it goes; raises ``ConfigError``."""
    if text == "max":
        return None
    try:
        value = float(text.lower().removesuffix("x"))
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1000:
        raise ConfigError(f"--speed {text!r} should be max or a number from 0.01 to 1000, such as 1 or 4")
    return value


def run(session: Path, speed_text: str, out: Path | None) -> Outcome:
    """Compute ``session`` again, compare with what was said live, print the hash; raises ``InsulaError``."""
    factor = speed(speed_text)
    if out is not None:
        check_free(out)
    quiet_readers()
    with opened(session) as folder:
        outcome = _again(folder, factor, out)
    if out is not None:
        exported(session, out)
        console.print(f"  {out}", style="cyan", highlight=False, soft_wrap=True)
    return outcome


def _again(session: Path, factor: float | None, out: Path | None) -> Outcome:
    recording, live, about = load(session)
    setting = setting_of(about)
    again: list[AffectEstimate] = []
    title = f"Replay of {about.get('title') or session.resolve().name}"
    pace = _Pace(recording, factor, title)

    def watch(t: float, item: Item) -> None:
        if isinstance(item, AffectEstimate):
            again.append(item)
        pace.take(t, item)

    told = {"title": title, "replay_of": session.resolve().name, **fingerprint(session)}
    with pace:
        if out is None:
            outcome = compute(recording, setting, watch)
        else:
            outcome = write(recording, setting, out, told, watch=watch)
    _print(outcome, recording, live, again)
    if other := other_models(live, again):
        console.print(f"  [yellow]not the models of the live session[/yellow]: {', '.join(other)}")
    return outcome


def load(session: Path) -> tuple[Recording, list[AffectEstimate], dict[str, Any]]:
    """The recording on the live session's clock, what was said live (if that is known), and what ran."""
    _, about = SessionFolder.open(session)
    tracks = session_tracks(session)
    try:
        live = Recorded(session)
    except DataError:
        return recorded_tracks(session, tracks, ours=True), [], about
    own = next((track.times for track in tracks if track.info.name == "insula.state"), np.zeros(0))
    offset = offset_between(np.array([state.t for state in live.states]), own)
    if offset is None:
        return recorded_tracks(session, tracks, ours=True), [], about
    return recorded_tracks(session, tracks, offset, ours=True), live.estimates, about


def other_models(live: list[AffectEstimate], again: list[AffectEstimate]) -> list[str]:
    """Modalities whose model is not the one that spoke live, so that agreement says nothing about replay."""
    before = {estimate.modality: estimate.model for estimate in live if estimate.model}
    after = {estimate.modality: estimate.model for estimate in again if estimate.model}
    return [
        f"{modality} {before[modality]} → {model}"
        for modality, model in after.items()
        if modality in before and before[modality] != model
    ]


def setting_of(about: dict[str, Any]) -> Setting:
    """The estimators and the fusion the session ran with; raises ``DataError``."""
    config = about.get("config") or {}
    try:
        parts = tuple(Part(**part) for part in config.get("estimators", ()))
        return Setting(parts, dict(config.get("fusion", {})))
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"session.json describes no configuration: {error}") from error


class _Pace:
    """Holds a replay at ``factor`` times real time and shows it; ``None``: neither waits nor shows."""

    def __init__(
        self,
        recording: Recording,
        factor: float | None,
        title: str,
        clock: Clock = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._begin, self._factor, self._title = recording.begin, factor, title
        self._clock, self._sleep = clock, sleep
        self._started = self._shown = clock()
        self._tally = Tally()
        shown = factor is not None and console.is_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True) if shown else None

    def take(self, t: float, item: Item) -> None:
        """Wait until ``t`` (s, on the recording's clock) is due."""
        if self._factor is None:
            return
        self._tally.take(item)
        left = self._started + (t - self._begin) / self._factor - self._clock()
        if left > 0:
            self._sleep(left)
        if self._live is not None and self._clock() - self._shown >= _REFRESH_S:
            self._shown = self._clock()
            view = live_view(self._tally, self._title, t - self._begin, f"{self._factor:g}× real time")
            self._live.update(view, refresh=True)

    def __enter__(self) -> _Pace:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live is not None:
            self._live.stop()


def _print(
    outcome: Outcome, recording: Recording, live: list[AffectEstimate], again: list[AffectEstimate]
) -> None:
    table = Table(box=None, padding=(0, 2, 0, 2), header_style="bright_black")
    for name in ("modality", "estimates", "measured", "as live", "distance from live: median, 95 %"):
        table.add_column(name)
    compared = {found.modality: found for found in agreement(live, again)}
    for modality, (measured, total) in outcome.measured.items():
        found = compared.get(modality)  # type: ignore[call-overload]
        same = f"{found.same:.0%} of {found.pairs}" if found else "–"
        apart = "; ".join(f"{name} {m:.3f}, {p:.3f}" for name, _, m, p in found.distances) if found else ""
        table.add_row(modality, str(total), f"{measured / total:.0%}", same, apart or "–")
    for modality, reason in outcome.absent.items():
        table.add_row(modality, "0", "–", "–", reason)
    console.print()
    console.print(f"{recording.path.name}: {recording.end - recording.begin:.1f} s computed again")
    console.print(table)
    console.print(f"  estimates {outcome.hash}", highlight=False, soft_wrap=True)
