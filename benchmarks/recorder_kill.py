"""What `kill -9` costs a recording in real time, under the load of recorder.py without its video.

    python benchmarks/recorder_kill.py [--trials 20]

Each trial records in a process of its own, kills it at a random instant 1–3 s after its start, opens the
file with pyxdf and compares the newest sample of every fast stream with the moment of the kill.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyxdf

from insula.edge.clock import now

LOAD = Path(__file__).with_name("recorder.py")


def trial(folder: Path, seconds: float) -> dict[str, float]:
    """Loss in s of every stream that delivers at least 30 times a second."""
    command = [sys.executable, str(LOAD), "--seconds", "60", "--no-video", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as recorder:
        while not (found := list(folder.rglob("load.xdf"))):
            time.sleep(0.01)
        time.sleep(seconds)
        killed = now()
        recorder.send_signal(signal.SIGKILL)
    streams, _ = pyxdf.load_xdf(found[0], dejitter_timestamps=False)
    losses = {}
    for stream in streams:
        times = stream["time_stamps"]
        if float(stream["info"]["nominal_srate"][0]) >= 30 or stream["info"]["name"][0] == "insula.state":
            if stream["info"]["channel_format"][0] == "float32":
                assert (stream["time_series"][:, 0] == np.arange(len(times))).all(), "torn or missing samples"
            losses[stream["info"]["name"][0]] = killed - times[-1]
    return losses


def main() -> None:
    """Run the trials and print the losses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=20)
    trials = parser.parse_args().trials
    logging.disable()  # pyxdf reports every unfinished block
    chance = random.Random(2026)
    worst = []
    for _ in range(trials):
        with tempfile.TemporaryDirectory() as folder:
            worst.append(max(trial(Path(folder), chance.uniform(1.0, 3.0)).values()))
    print(f"{trials} trials, all open in pyxdf; newest sample before the kill: ", end="")
    print(f"median {np.median(worst):.2f} s, worst {max(worst):.2f} s")


if __name__ == "__main__":
    main()
