"""How well a video frame, an audio click and an LSL marker of one instant agree, after re-timing.

An emulated MJPEG camera writes the time of sending into each frame, a player puts clicks into a PulseAudio
null sink and knows when each leaves it, an outlet sends a marker: all through the real drivers, in one
process, on the loopback. The constant delay of each path is what ``latency_s`` takes off; the spread that
stays is the error of the alignment.

::

    python benchmarks/sync.py --seconds 60
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pylsl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sensors" / "emulated"))

from clicks import Clicks
from mjpeg import MjpegServer, read_time
from pulse import NullSink, missing_programs

from insula.edge import lsl_network
from insula.edge.clock import now
from insula.sensors.camera import Camera
from insula.sensors.lsl_inlet import LslInlet
from insula.sensors.microphone import Microphone
from insula.sensors.sync import click_times

_SETTLE_S = 3.0


class Instants:
    """Sends a marker at each click's moment and remembers it."""

    def __init__(self) -> None:
        self._outlet = pylsl.StreamOutlet(pylsl.StreamInfo("instants", "Markers", 1, 0, "string", "instants"))

    def send(self, t: float) -> None:
        """Send the marker of the instant ``t``."""
        self._outlet.push_sample(["click"], t)


def frame_delays(camera: Camera, until: float, delays: list[float]) -> None:
    while now() < until:
        delays += [b.times[0] - read_time(b.data) for b in camera.read(0.1) if b.times is not None]


def listen(microphone: Microphone, until: float) -> np.ndarray:
    times, sound = [], []
    while now() < until:
        for block in microphone.read(0.1):
            assert block.times is not None
            times.append(block.times)
            sound.append(block.data[:, 0])
    return click_times(np.concatenate(sound), np.concatenate(times))


def markers(inlet: LslInlet, until: float, stamps: list[float]) -> None:
    while now() < until:
        for block in inlet.read(0.1):
            assert block.times is not None
            stamps += block.times.tolist()


def show(name: str, errors_s: np.ndarray) -> None:
    around = np.abs(errors_s - np.median(errors_s)) * 1e3
    p50, p95, p99 = np.percentile(around, [50, 95, 99])
    constant = np.median(errors_s) * 1e3
    print(
        f"{name:22s} {len(errors_s):5d} {constant:9.2f} {p50:7.2f} {p95:7.2f} {p99:7.2f} {around.max():7.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    if missing := missing_programs():
        sys.exit(f"not installed: {missing}")
    lsl_network.keep_local()
    instants = Instants()
    with NullSink(Path(tempfile.mkdtemp())), MjpegServer() as server, Clicks(instants.send) as clicks:
        camera, microphone, inlet = Camera(url=server.url), Microphone(), LslInlet(name="instants")
        for sensor in (camera, microphone, inlet):
            sensor.open()
        until = now() + _SETTLE_S + seconds
        delays: list[float] = []
        stamps: list[float] = []
        threads = [
            threading.Thread(target=frame_delays, args=(camera, until, delays)),
            threading.Thread(target=markers, args=(inlet, until, stamps)),
        ]
        for thread in threads:
            thread.start()
        heard = listen(microphone, until)
        for thread in threads:
            thread.join()
        for sensor in (camera, microphone, inlet):
            sensor.close()
    true = np.array(clicks.times)
    true = true[(true > until - seconds) & (true < until - 0.5)]
    sound = heard[np.abs(heard[:, None] - true).argmin(axis=0)] - true
    marked = np.array(stamps)
    marked = marked[np.abs(marked[:, None] - true).argmin(axis=0)] - true
    print(
        f"{'path':22s} {'n':>5s} {'delay ms':>9s} {'p50':>7s} {'p95':>7s} {'p99':>7s} {'max ms':>7s}  (error)"
    )
    show("video frame", np.array(delays[int(_SETTLE_S * 30) :]))
    show("audio click", sound)
    show("LSL marker", marked)


if __name__ == "__main__":
    main()
