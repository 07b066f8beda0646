from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insula.edge.errors import SensorUnavailable
from insula.sensors import packed
from insula.sensors.contract import check_failed_open, check_sensor
from insula.sensors.lsl_player import LslPlayer

RATE = 128


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Two channels whose first counts the samples, in steps of half a microvolt."""
    path = tmp_path / "pack.npz"
    counting = np.stack([np.arange(4 * RATE), np.zeros(4 * RATE)]).astype(np.int16)
    np.savez(
        path,
        **{"s1_rest_eeg2_uV_128hz_x0.5": counting, "s1_eda_uS_4hz": np.ones(40, np.float32)},
        ch_names=np.array(["Fp1", "Fp2"]),
    )
    return path


def test_a_packed_array_says_what_it_holds(pack: Path) -> None:
    info, data = packed.read(str(pack), "s1_rest_eeg2_uV_128hz_x0.5")
    assert (info.type, info.sfreq, info.ch_names) == ("EEG", 128.0, ("Fp1", "Fp2"))
    assert info.units == ("microvolts", "microvolts")
    assert data.shape == (4 * RATE, 2)
    assert data[3, 0] == 1.5
    info, data = packed.read(str(pack), "s1_eda_uS_4hz")
    assert (info.type, info.ch_names, info.units, data.shape) == ("EDA", ("EDA",), ("microsiemens",), (40, 1))


@pytest.mark.parametrize(
    ("array", "message"), [("absent", "has no array 'absent'"), ("ch_names", "does not say unit and rate")]
)
def test_what_is_not_there_is_said(pack: Path, array: str, message: str) -> None:
    with pytest.raises(SensorUnavailable, match=message):
        LslPlayer(path=str(pack), array=array).open()
    pack.write_bytes(b"no zip file")
    with pytest.raises(SensorUnavailable, match="not a readable pack"):
        LslPlayer(path=str(pack), array=array).open()


def test_every_sample_arrives_in_order_through_a_real_outlet(pack: Path) -> None:
    player = LslPlayer(path=str(pack), array="s1_rest_eeg2_uV_128hz_x0.5")
    (info,) = player.open()
    assert info.ch_names == ("Fp1", "Fp2")
    assert not info.simulated
    rows: list[np.ndarray] = []
    while sum(map(len, rows)) < RATE:
        rows += [block.data for block in player.read(0.5)]
    player.close()
    counted = np.concatenate(rows)[:, 0]
    assert np.array_equal(counted, np.arange(len(counted)) / 2)


def test_contract(pack: Path) -> None:
    check_sensor(LslPlayer(path=str(pack), array="s1_eda_uS_4hz", loop=True))
    check_failed_open(LslPlayer(path=str(pack), array="absent"))
