"""Hundreds of starts and stops leave no thread and no file descriptor behind."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pylsl
import pytest
from mjpeg import MjpegServer
from outlet import Sender
from pulse import NullSink

from insula.edge.clock import now
from insula.edge.protocols import Sensor
from insula.sensors.brainflow_board import BrainFlowBoard
from insula.sensors.camera import Camera
from insula.sensors.lsl_inlet import LslInlet
from insula.sensors.microphone import Microphone
from insula.sensors.replay import Replay
from insula.sensors.simulated_face import SimulatedFace
from insula.sensors.simulated_voice import SimulatedVoice
from insula.sensors.video_file import VideoFile

if sys.platform != "linux":
    pytest.skip("counts file descriptors in /proc", allow_module_level=True)


def held() -> tuple[int, int]:
    """Threads and open file descriptors of this process."""
    gc.collect()
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def check_cycles(make: Callable[[], Sensor], cycles: int) -> None:
    sensor = make()

    def cycle() -> None:
        sensor.open()
        sensor.read(0.0)
        sensor.close()

    cycle()  # libraries allocate once
    before = held()
    for _ in range(cycles):
        cycle()
    until = now() + 5.0
    while held() > before and now() < until:
        threading.Event().wait(0.05)  # an emulated device's own threads end a moment later
    threads, files = held()
    assert threads <= before[0]
    assert files <= before[1]


def test_simulated_and_files(shared_data: Path) -> None:
    check_cycles(SimulatedVoice, 200)
    check_cycles(SimulatedFace, 200)
    check_cycles(lambda: VideoFile(path=str(next((shared_data / "video").glob("*.mpg")))), 200)
    check_cycles(lambda: Replay(path=str(shared_data / "samples" / "xdf" / "minimal.xdf")), 200)


def test_camera(mjpeg: MjpegServer) -> None:
    check_cycles(lambda: Camera(url=mjpeg.url), 20)


def test_microphone(null_sink: NullSink) -> None:
    check_cycles(Microphone, 50)


def test_brainflow() -> None:
    check_cycles(lambda: BrainFlowBoard(board="synthetic"), 50)


def test_lsl_inlet() -> None:
    with Sender(pylsl.StreamInfo("cycled", "EEG", 4, 250.0, "float32", "cycled-1")) as sender:
        check_cycles(lambda: LslInlet(name=sender.name), 10)
