"""Real boards' protocols through BrainFlow's own drivers: every sample, its value, loss and return."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from faults import read_some, seconds_to_loss, seconds_to_return

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are a Unix thing", allow_module_level=True)

from boards import Cyton, EmotiBit, Shimmer3
from serial_port import SerialDevice

from insula.sensors.brainflow_board import BrainFlowBoard


def cyton(port: str) -> BrainFlowBoard:
    return BrainFlowBoard(board="cyton", serial_port=port, signals=["EEG"])


def shimmer3(port: str) -> BrainFlowBoard:
    commands = ["sampling_rate:128", "sensors:000004"]
    return BrainFlowBoard(board="shimmer3", serial_port=port, commands=commands, sfreq=128.0, signals=["EDA"])


def collect(board: BrainFlowBoard, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and data of the next ``n`` samples of the first stream."""
    times, data = [], []
    while sum(map(len, data)) < n:
        for block in board.read(0.1):
            if block.stream == 0:
                assert block.times is not None
                times.append(block.times)
                data.append(block.data)
    return np.concatenate(times), np.concatenate(data)


def test_cyton_delivers_every_sample_in_microvolts(tmp_path: Path) -> None:
    with Cyton(str(tmp_path / "cyton")) as device:
        board = cyton(device.path)
        (info,) = board.open()
        times, data = collect(board, 500)
        board.close()
    assert info.ch_names == ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
    numbers = np.round(data[:, 1] / Cyton.uv_per_count)
    np.testing.assert_array_equal(np.diff(numbers), 1.0)
    assert data[:, 0].max() == pytest.approx(50.0, abs=0.5)
    assert np.median(np.diff(times)) == pytest.approx(1 / 250.0, rel=0.05)


def test_shimmer3_delivers_every_sample_in_microsiemens(tmp_path: Path) -> None:
    with Shimmer3(str(tmp_path / "shimmer")) as device:
        board = shimmer3(device.path)
        (info,) = board.open()
        times, data = collect(board, 256)
        sent = device.sent
        board.close()
    assert (info.type, info.sfreq, info.units) == ("EDA", 128.0, ("microsiemens",))
    np.testing.assert_allclose(data, 2.0, atol=0.01)
    assert 0 <= sent - len(data) < 30
    assert np.median(np.diff(times)) == pytest.approx(1 / 128.0, rel=0.05)


@pytest.mark.parametrize(("device", "driver"), [(Cyton, cyton), (Shimmer3, shimmer3)])
def test_a_pulled_plug_is_a_loss_and_its_return_is_used(
    device: type[SerialDevice], driver: Callable[[str], BrainFlowBoard], tmp_path: Path
) -> None:
    with device(str(tmp_path / "port")) as emulated:
        board = driver(emulated.path)
        board.open()
        assert read_some(board, 5, 3.0)
        emulated.unplug()
        took_s, words = seconds_to_loss(board)
        assert took_s < 1.0
        assert "board" in words
        emulated.replug()
        assert seconds_to_return(board) < 3.0
        board.close()


def test_emotibit_eda_comes_in_bursts_and_leaves_evenly() -> None:
    with EmotiBit() as device:
        board = BrainFlowBoard(board="emotibit", ip_address="127.0.0.1", signals=["EDA", "Temperature"])
        infos = board.open()
        times, data = collect(board, 45)
        device.unplug()
        took_s, words = seconds_to_loss(board)
        board.close()
    assert [(i.type, i.sfreq) for i in infos] == [("EDA", 15.0), ("Temperature", 15.0)]
    np.testing.assert_allclose(data, 3.5, atol=1e-5)
    steps = np.diff(times)
    assert 0.04 < steps.min() <= steps.max() < 0.1
    assert took_s < 1.1
    assert "silent for" in words


def test_a_port_with_another_device_says_so(tmp_path: Path) -> None:
    from insula.edge.errors import SensorUnavailable

    with (
        Shimmer3(str(tmp_path / "port")) as device,
        pytest.raises(SensorUnavailable, match=r"'cyton' cannot be opened \(serial_port"),
    ):
        cyton(device.path).open()


@pytest.mark.skipif(sys.platform != "linux", reason="counts file descriptors in /proc")
def test_plugging_in_and_out_leaks_nothing(tmp_path: Path) -> None:
    board = cyton(str(tmp_path / "cyton"))

    def cycle() -> tuple[int, int]:
        with Cyton(str(tmp_path / "cyton")) as device:
            board.open()
            read_some(board, 10, 3.0)
            device.unplug()
            seconds_to_loss(board)
            board.close()
            device.replug()
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    first = cycle()
    assert [cycle() for _ in range(5)] == [first] * 5
