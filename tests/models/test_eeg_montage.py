from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest

from insula.models.eeg import montage
from insula.models.eeg.montage import TEN_TWENTY
from insula.models.eeg.positions import write_positions
from insula.models.eeg.sets import dreamer, seed
from insula.models.eeg.workload import model_for


@pytest.mark.parametrize(
    ("name", "place"),
    [("T7", "t3"), ("EEG T7-REF", "t3"), ("Fp1.", "fp1"), (" P8 ", "t6"), ("Cz-A1", "cz"), ("AFz", "afz")],
)
def test_names_of_the_same_place_are_one(name: str, place: str) -> None:
    assert montage.canonical(name) == place
    assert montage.is_electrode(name)


@pytest.mark.parametrize("name", ["EEG1", "AUX", "accel_x", "", "EXG Channel 0"])
def test_other_channels_are_no_electrodes(name: str) -> None:
    assert not montage.is_electrode(name)


def test_the_shipped_table_is_mnes_template(tmp_path: Path) -> None:
    write_positions(tmp_path / "table.npz")
    with np.load(tmp_path / "table.npz") as table:
        found = {str(n): p for n, p in zip(table["names"], table["xyz_m"], strict=True)}
    for name in ("Fp1", "Cz", "O2", "TP9", "PO7"):
        np.testing.assert_allclose(montage.positions([name])[0], found[name], atol=1e-6)
    assert mne.__version__


def test_left_is_left_and_the_nose_is_ahead() -> None:
    fp1, o2 = montage.positions(["Fp1", "O2"])
    assert fp1[0] < 0 < o2[0]
    assert o2[1] < 0 < fp1[1]


def test_an_electrode_that_is_there_keeps_its_own_value_and_others_are_weighted_means() -> None:
    weights = montage.transfer(["Fp1", "Cz", "T7"], ["T3", "Fp1", "C3"])
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_array_equal(weights[0], [0, 0, 1])
    np.testing.assert_array_equal(weights[1], [1, 0, 0])
    assert weights[2, 0] < weights[2, 1]
    assert weights[2, 0] < weights[2, 2]


def test_an_unusable_electrode_has_no_say_even_for_its_own_place() -> None:
    weights = montage.transfer(["Fp1", "Fp2", "O1"], ["Fp1"], np.array([False, True, True]))
    assert weights[0, 0] == 0
    assert weights[0, 1] > 0.99
    with pytest.raises(ValueError, match="no usable electrode"):
        montage.transfer(["Fp1"], ["Cz"], np.array([False]))


def test_slots_take_what_is_there_leave_the_unusable_empty_and_fill_the_missing_from_near() -> None:
    sources = ("Fp1", "AF8", "TP9", "Cz")
    weights, filled = montage.slots(
        sources, ("Fp1", "Fp2", "T3", "O1", "Cz"), np.array([True, True, True, False])
    )
    assert filled.tolist() == [True, True, True, False, False]  # O1 has no neighbour, Cz is unusable
    np.testing.assert_allclose(weights[0], [1, 0, 0, 0])
    np.testing.assert_allclose(weights[1], [0, 1, 0, 0])  # AF8 stands in for Fp2
    np.testing.assert_allclose(weights[2], [0, 0, 1, 0])  # TP9 stands in for T3
    assert not weights[3:].any()


@pytest.mark.parametrize(
    ("cap", "model"),
    [
        (TEN_TWENTY, "eeg-workload-19"),
        (seed.CH_NAMES, "eeg-workload-19"),
        (dreamer.CH_NAMES, "eeg-workload-14"),
        (("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2"), "eeg-workload-8"),
        (("Fp1", "Fp2", "T7", "T8", "Cz"), "eeg-workload-4"),
        (("AF7", "AF8", "TP9", "TP10"), "eeg-workload-4"),
        (("F3", "F4", "P3", "P4"), "eeg-workload-19"),
    ],
)
def test_a_cap_gets_the_largest_model_it_has_all_electrodes_of(cap: tuple[str, ...], model: str) -> None:
    assert model_for(cap) == model
