"""How old an estimate is when it comes out, and what each part of the loop costs.

    python benchmarks/loop.py [--seconds 30]

Runs the simulated person through the whole loop in this process and prints, for every modality, the age of
its estimates when published (now − capture time of the newest sample used) and that of the fused state; the
CPU time of every thread as a share of one core; and how long ``insula demo --headless`` takes from its start
to its first state.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from insula.edge import SensingLoop, clock
from insula.edge.lsl_network import keep_local
from insula.edge.protocols import Item
from insula.edge.sinks.jsonl import JsonlSink
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.types import AffectEstimate, AffectState
from insula.ui.commands import demo


class Ages:
    """Ages in s of what was published, by modality; the first seconds are left out."""

    def __init__(self, warm_up_s: float) -> None:
        self.of: dict[str, list[float]] = defaultdict(list)
        self._from = clock.now() + warm_up_s

    def take(self, item: Item) -> None:
        """Note one published item."""
        t = clock.now()
        if t < self._from:
            return
        if isinstance(item, AffectEstimate) and item.sample >= 0:
            self.of[item.modality].append(t - item.t)
        elif isinstance(item, AffectState) and item.age_newest_s is not None:
            self.of["state"].append(item.age_newest_s)


def thread_times() -> dict[str, float]:
    """CPU time in s of every thread of this process, by name (Linux)."""
    ticks = 100.0
    names = {t.native_id: t.name for t in threading.enumerate()}
    found: dict[str, float] = defaultdict(float)
    for task in Path("/proc/self/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[names.get(int(task.name), "libraries")] += (int(fields[11]) + int(fields[12])) / ticks
    return found


def first_state_s() -> float:
    """Seconds from the start of ``insula demo --headless`` to the first line of its output file."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "session"
        begun = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "insula.ui.cli",
            "demo",
            "--headless",
            "--seconds",
            "4",
            "--out",
            str(out),
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            lines = out / "estimates.jsonl"
            while not (lines.exists() and b'"record":"state"' in lines.read_bytes()):
                if process.poll() is not None:
                    raise SystemExit("the demo ended without a state")
                time.sleep(0.01)
            return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    keep_local()
    console = Console()
    console.print(f"start-up to the first state written: {first_state_s():.2f} s")
    with tempfile.TemporaryDirectory() as folder, SensingLoop(demo.config()) as loop:
        ages = Ages(warm_up_s=3.0)
        loop.subscribe(ages.take)
        loop.add_sink("recording", XdfRecorder(path=f"{folder}/session.xdf", audio=True))
        loop.add_sink("estimates", JsonlSink(path=f"{folder}/estimates.jsonl"))
        time.sleep(3.0)
        before, begun = thread_times(), time.perf_counter()
        time.sleep(seconds)
        after, took = thread_times(), time.perf_counter() - begun
    table = Table("age when published, ms", "n", "p50", "p95", "p99")
    for name, values in ages.of.items():
        p = np.percentile(values, [50, 95, 99]) * 1000
        table.add_row(name, str(len(values)), *(f"{x:.1f}" for x in p))
    console.print(table)
    shares = {name: (after[name] - before.get(name, 0.0)) / took for name in after}
    table = Table("thread", "% of one core")
    for name, share in sorted(shares.items(), key=lambda entry: -entry[1]):
        if share >= 0.0005:
            table.add_row(name, f"{share:.1%}")
    table.add_row("all", f"{sum(shares.values()):.1%}")
    console.print(table)


if __name__ == "__main__":
    main()
