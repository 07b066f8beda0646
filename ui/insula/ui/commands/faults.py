"""``insula bench faults``: the whole loop while everything in it fails in random order, and what it held."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import random
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.table import Table

from insula.edge import config as configuration
from insula.edge.clock import now
from insula.edge.config import Config
from insula.ui.campaign import plan, session
from insula.ui.campaign.session import Account
from insula.ui.commands import demo
from insula.ui.commands.soak import GROWTH_MB, Reading, reading
from insula.ui.terminal import console

_ROUND_S: Final = 120.0
_M_ARENA_MAX: Final = -8
_SHORTEST_S: Final = 10.0
_ESTIMATORS: Final = ("face", "voice", "eda", "eeg")
_SIMULATED: Final = ("face", "voice", "eda", "eeg")
_REPLAYED: Final = ("face", "replayed")


def _one_heap() -> None:
    """Ask glibc for one heap instead of one a thread.

    Every round starts its threads anew, and the heaps of ended threads would be counted as if something were
    held: 14 sessions in one process grew by 30 MB with them and by 2 MB without.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def run(minutes: float, seed: int) -> bool:
    """Run for ``minutes`` and print the account; returns whether every rule held."""
    _one_heap()
    total_s = minutes * 60
    rounds = max(2, round(total_s / _ROUND_S))
    length_s = max(total_s / rounds, _SHORTEST_S)
    rng = random.Random(seed)
    account, readings = Account(), []
    logging.getLogger("pyxdf.pyxdf").disabled = True  # it warns of every gap
    console.print(f"{rounds} rounds of {length_s:.0f} s, simulated and replayed in turn, seed {seed}")
    with tempfile.TemporaryDirectory() as place:
        recorded: Path | None = None
        for number in range(rounds):
            replayed = recorded is not None and number % 2 == 1
            config = _replaying(recorded) if replayed and recorded else demo.config()
            sensors = _REPLAYED if replayed else _SIMULATED
            episodes = plan.make(length_s, rng, sensors, _ESTIMATORS, disk=session.HAS_DISK_LIMIT)
            folder = Path(place) / f"round-{number + 1}"
            session.run(config, episodes, length_s, folder, account)
            if not replayed:
                recorded = max(folder.glob("session*.xdf"), key=lambda path: path.stat().st_size)
            readings.append(reading())
            broken = sum(account.rules.broken.values())
            console.print(
                f"round {number + 1}  {'replayed' if replayed else 'simulated'}  {len(episodes)} faults  "
                f"{readings[-1].memory_mb:.0f} MB  {readings[-1].files} files  {broken} breaches"
            )
    return _account(account, readings)


def _replaying(recording: Path) -> Config:
    """The demo's session with a recording of voice, skin and brain; pictures were not recorded."""
    simulated = demo.config()
    face = next(part for part in simulated.sensors if part.name == "face")
    return configuration.parse(
        {
            "session": {"name": "faults", "audio": True},
            "privacy": {"mode": "full"},  # a synthetic voice is nobody's
            "sensors": {
                "face": {"driver": face.factory, "epoch": now()},
                "replayed": {
                    "driver": "replay",
                    "path": str(recording),
                    "streams": ["voice", "eda", "eeg"],
                    "loop": True,
                },
            },
            "estimators": {
                part.name: {"estimator": part.factory, **part.options} for part in simulated.estimators
            },
            "sinks": {"lsl": {"sink": "lsl"}},
        }
    )


def _account(account: Account, readings: list[Reading]) -> bool:
    faults = Table("fault", "injected", "seen in health or counters")
    for name, count in sorted(account.injected.items()):
        faults.add_row(name, str(count), str(account.marked[name]))
    console.print(faults)
    rules = account.rules
    table = Table("rule", "looked at", "broken")
    for rule in sorted(rules.checked):
        broken = rules.broken[rule]
        table.add_row(rule, str(rules.checked[rule]), f"[red]{broken}[/red]" if broken else "0")
    console.print(table)
    for rule, told in rules.told.items():
        for words in told:
            console.print(f"[red]✕[/red] {rule}: {words}", highlight=False, soft_wrap=True)
    if account.gave_up:
        parts = ", ".join(f"{part} {count}×" for part, count in sorted(account.gave_up.items()))
        console.print(
            f"gave up until the next round, as they say they do after five failures a minute: {parts}"
        )
    flat = _is_flat(readings)
    held = flat and not rules.broken
    console.print(
        f"{sum(account.injected.values())} faults; {'every rule held' if held else 'RULES WERE BROKEN'}"
    )
    return held


def _is_flat(readings: list[Reading]) -> bool:
    """Whether memory and open files stayed over the second half: in the first, allocators find their size."""
    early, last = readings[len(readings) // 2], readings[-1]
    grown_mb = last.memory_mb - early.memory_mb
    same = (last.threads, last.files) == (early.threads, early.files)
    memory = " → ".join(f"{one.memory_mb:.0f}" for one in (readings[0], early, last))
    console.print(
        f"memory {memory} MB; threads {early.threads} → {last.threads}, files {early.files} → {last.files}"
    )
    return not grown_mb > GROWTH_MB and same  # NaN where memory is not measured
