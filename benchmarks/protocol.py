"""How late the steps of a protocol begin: a whole demo session with many short steps, read from its file.

python benchmarks/protocol.py [--steps 60] [--seconds 0.4]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyxdf


def main() -> None:
    """Run the session headless and print planned against actual times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=0.4)
    options = parser.parse_args()
    text = f"""
[protocol]
name = "short-steps"
[[step]]
kind = "loop"
name = "steps"
repeat = {options.steps}
[[step.steps]]
kind = "rest"
seconds = {options.seconds}
"""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "p.toml").write_text(text, "utf-8")
        command = ["-m", "insula.ui.cli", "demo", "--headless", "--protocol", "p.toml", "--out", "session"]
        subprocess.run(
            [sys.executable, *command], cwd=place, check=True, stdin=subprocess.DEVNULL, capture_output=True
        )
        streams, _ = pyxdf.load_xdf(str(place / "session" / "session.xdf"), dejitter_timestamps=False)
    steps = next(s for s in streams if s["info"]["name"][0] == "insula.protocol")
    rows = zip(steps["time_series"], steps["time_stamps"], strict=True)
    late = np.array([t - float(row[4]) for row, t in rows if row[3] == "end" and row[4]]) * 1000
    p50, p95 = np.percentile(late, [50, 95])
    print(f"{len(late)} steps of {options.seconds:g} s in a demo session with four sensors and estimators")
    print(f"end after the planned time: median {p50:.2f} ms, p95 {p95:.2f} ms, worst {late.max():.2f} ms")


if __name__ == "__main__":
    main()
