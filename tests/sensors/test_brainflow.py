"""BrainFlow boards: its own synthetic, playback and (see test_emulated_boards) real boards' protocols."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faults import read_some, seconds_to_loss

from insula.edge.clock import now
from insula.edge.errors import ConfigError, SensorUnavailable
from insula.edge.types import StreamInfo
from insula.sensors.brainflow_board import BrainFlowBoard, probe


def by_type(infos: tuple[StreamInfo, ...]) -> dict[str, StreamInfo]:
    return {info.type: info for info in infos}


def test_every_kind_of_signal_is_one_stream_with_its_unit() -> None:
    board = BrainFlowBoard(board="synthetic")
    streams = by_type(board.open())
    board.close()
    assert list(streams) == ["EEG", "EDA", "PPG", "Temperature", "Accelerometer"]
    assert (streams["EEG"].n_channels, streams["EEG"].ch_names[:2]) == (16, ("Fz", "C3"))
    assert (streams["EEG"].units[0], streams["EDA"].units) == ("microvolts", ("microsiemens",))
    assert all(info.simulated for info in streams.values())


def test_samples_come_at_the_nominal_rate_with_smooth_times() -> None:
    board = BrainFlowBoard(board="synthetic", signals=["EEG"])
    board.open()
    times: list[np.ndarray] = []
    while sum(map(len, times)) < 750:
        for block in board.read(0.1):
            assert block.times is not None
            assert block.data.shape == (len(block.times), 16)
            times.append(block.times)
    age = now() - times[-1][-1]
    board.close()
    steps = np.diff(np.concatenate(times))
    assert steps.min() > 0
    assert np.mean(steps[250:]) == pytest.approx(1 / 250.0, rel=0.03)
    assert -0.05 < age < 0.2


def test_a_recorded_file_plays_as_a_board(tmp_path: Path) -> None:
    path = tmp_path / "recorded.csv"
    table = np.zeros((500, 32))
    table[:, 0] = np.arange(500) % 256
    table[:, 1:17] = np.arange(500)[:, None]
    table[:, 30] = 1.6e9 + np.arange(500) / 250.0
    np.savetxt(path, table, delimiter="\t", fmt="%.6f")
    board = BrainFlowBoard(board="playback_file", master_board="synthetic", file=str(path), signals=["EEG"])
    board.open()
    rows: list[np.ndarray] = []
    while sum(map(len, rows)) < 300:
        rows += [block.data[:, 0] for block in board.read(0.1)]
    _, words = seconds_to_loss(board)  # the file ends, the board stays: only the watchdog can tell
    board.close()
    np.testing.assert_array_equal(np.diff(np.concatenate(rows)), 1.0)
    assert "silent for" in words


def test_a_rate_set_by_a_command_can_be_said() -> None:
    board = BrainFlowBoard(board="synthetic", signals=["EDA"], sfreq=128.0)
    (info,) = board.open()
    assert read_some(board, 3, 2.0) == 3
    board.close()
    assert info.sfreq == 128.0


def test_wrong_names_get_the_nearest() -> None:
    with pytest.raises(SensorUnavailable, match="did you mean 'cyton'"):
        BrainFlowBoard(board="cytn").open()
    with pytest.raises(ConfigError, match="did you mean 'EEG'"):
        BrainFlowBoard(board="cyton", signals=["EGG"])


def test_a_board_without_the_signal_says_so() -> None:
    with pytest.raises(SensorUnavailable, match="has none of: EDA"):
        BrainFlowBoard(board="cyton", serial_port="/dev/null", signals=["EDA"]).open()


@pytest.mark.parametrize("board", ["playback_file", "streaming"])
def test_a_board_that_stands_in_for_another_needs_its_name(board: str) -> None:
    with pytest.raises(SensorUnavailable, match="needs master_board"):
        BrainFlowBoard(board=board).open()


def test_the_synthetic_board_is_always_found() -> None:
    found = probe()
    assert found[0].options == {"board": "synthetic"}
    assert "simulated" in found[0].label
    assert found[1].why_not


STREAMING = """
from insula.sensors.brainflow_board import BrainFlowBoard, board_shim
shim = board_shim()
sender = shim.BoardShim(shim.BoardIds.SYNTHETIC_BOARD.value, shim.BrainFlowInputParams())
sender.prepare_session()
sender.add_streamer("streaming_board://225.1.1.1:6677")
sender.start_stream()
options = {"master_board": "synthetic", "ip_address": "225.1.1.1", "ip_port": 6677, "signals": ["EEG"]}
board = BrainFlowBoard(board="streaming", **options)
board.open()
samples = 0
while samples < 250:
    samples += sum(len(block.data) for block in board.read(0.1))
board.close()
sender.release_session()
print("received", samples)
"""


def test_the_streaming_board_in_a_network_of_its_own() -> None:
    """It multicasts, so it runs where there is no interface but the loopback."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        pytest.skip("no right to make a network namespace (unshare -n)")
    inside = f"ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec {sys.executable} -"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", inside],
        input=STREAMING,
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert "received" in done.stdout, done.stderr
