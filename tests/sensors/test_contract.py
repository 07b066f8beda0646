"""Every driver passes the one contract: on a file, simulated, or against what speaks its protocol."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pylsl
import pytest
from mjpeg import MjpegServer
from pulse import NullSink

from insula.edge.protocols import Sensor
from insula.sensors.audio_file import AudioFile
from insula.sensors.brainflow_board import BrainFlowBoard
from insula.sensors.camera import Camera
from insula.sensors.contract import check_failed_open, check_sensor
from insula.sensors.faults import Fault, Faulty
from insula.sensors.lsl_inlet import LslInlet
from insula.sensors.microphone import Microphone
from insula.sensors.replay import Replay
from insula.sensors.simulated_eda import SimulatedEda
from insula.sensors.simulated_eeg import SimulatedEeg
from insula.sensors.simulated_face import SimulatedFace
from insula.sensors.simulated_truth import SimulatedTruth
from insula.sensors.simulated_voice import SimulatedVoice
from insula.sensors.video_file import VideoFile


@pytest.fixture
def tone(tmp_path: Path) -> str:
    """One second of a tone, 44.1 kHz stereo."""
    path = tmp_path / "tone.wav"
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(np.repeat(samples * 32767, 2).astype("<i2").tobytes())
    return str(path)


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Two seconds of EDA at 10 Hz."""
    path = tmp_path / "eda.csv"
    path.write_text("time_s,EDA [uS]\n" + "".join(f"{5 + i / 10},{i}\n" for i in range(20)))
    return str(path)


@pytest.fixture
def outlet() -> Iterator[str]:
    """A live LSL stream; its sender keeps pushing."""
    from outlet import Sender

    with Sender(pylsl.StreamInfo("contract", "EEG", 4, 100.0, "float32", "contract-1")) as sender:
        yield sender.name


SIMULATED: list[Callable[[], Sensor]] = [
    SimulatedEda,
    SimulatedEeg,
    lambda: SimulatedEeg(headset="muse"),
    SimulatedFace,
    SimulatedTruth,
    SimulatedVoice,
    lambda: Faulty(SimulatedEda(), [Fault("jitter", 0.0, 100.0)]),
]


@pytest.mark.parametrize("make", SIMULATED)
def test_simulated(make: Callable[[], Sensor]) -> None:
    check_sensor(make())


def test_audio_file(tone: str) -> None:
    check_sensor(AudioFile(path=tone))
    check_sensor(AudioFile(path=tone, realtime=False, loop=True))


def test_video_file(shared_data: Path) -> None:
    check_sensor(VideoFile(path=str(next((shared_data / "video").glob("*.mpg")))))


def test_replay(table: str) -> None:
    check_sensor(Replay(path=table))
    check_sensor(Replay(path=table, realtime=False, loop=True))


def test_camera(mjpeg: MjpegServer) -> None:
    check_sensor(Camera(url=mjpeg.url))


def test_microphone(null_sink: NullSink) -> None:
    check_sensor(Microphone())


def test_brainflow() -> None:
    check_sensor(BrainFlowBoard(board="synthetic"))


def test_lsl_inlet(outlet: str) -> None:
    check_sensor(LslInlet(name=outlet))


@pytest.mark.parametrize(
    "make",
    [
        lambda: AudioFile(path="nowhere.wav"),
        lambda: VideoFile(path="nowhere.mp4"),
        lambda: Replay(path="nowhere.xdf"),
        lambda: Camera(url="http://127.0.0.1:9/none.mjpg"),
        lambda: Camera(index=77),
        lambda: BrainFlowBoard(board="nonesuch"),
        lambda: BrainFlowBoard(board="cyton", serial_port="/dev/nonesuch"),
        lambda: BrainFlowBoard(board="playback_file", master_board="synthetic", file="nowhere.csv"),
        lambda: LslInlet(name="nobody sends this"),
        lambda: LslInlet(),
        lambda: Microphone(device="no such microphone"),
    ],
)
def test_an_open_that_fails_leaves_nothing_behind(make: Callable[[], Sensor]) -> None:
    check_failed_open(make())
