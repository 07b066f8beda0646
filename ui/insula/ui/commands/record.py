"""``insula record``: streams of any LSL program into one file, with or without a session of our own."""

from __future__ import annotations

from pathlib import Path

from insula.edge import config as configuration
from insula.edge.config import Config
from insula.sensors.lsl_watch import ALL
from insula.ui.commands import session
from insula.ui.protocol.plan import Plan


def run(
    queries: tuple[str, ...],
    config: Path | None,
    out: Path,
    follow: bool,
    headless: bool,
    seconds: float | None,
    plan: Plan | None = None,
) -> None:
    """Record to the end and print the summary; raises ``InsulaError`` when it cannot start."""
    loaded = configuration.load(config) if config else Config(sensors=())
    options = session.Options(
        title=loaded.name or (config.stem if config else "Recording"),
        # Without sensors and protocol a dashboard has nothing to show.
        headless=headless or (config is None and plan is None),
        seconds=seconds,
        out=out,
        lsl=queries or (() if config else (ALL,)),
        follow=follow,
        plan=plan,
    )
    session.run(loaded, options)
