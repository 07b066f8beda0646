from __future__ import annotations

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.models.eeg import personal


def blocks(n: int, effect: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``n`` blocks of 15 windows; every block has an offset of its own, as recordings do."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(n) % 2, 15)
    offset = np.repeat(rng.normal(size=(n, 4, 2)), 15, axis=0)
    tokens = offset + 0.5 * rng.normal(size=(15 * n, 4, 2))
    tokens[:, 0, 0] += effect * label
    return tokens, label, np.repeat([f"block{i:02d}" for i in range(n)], 15)


def test_a_real_difference_passes() -> None:
    found = personal.fit(*blocks(24, 8.0), n_shuffles=39)
    assert found.usable
    assert found.balanced_accuracy > 0.9
    assert found.p <= 0.05
    assert found.n_blocks == 24
    assert found.chance == pytest.approx(0.5, abs=0.1)


def test_no_difference_is_refused_although_neighbouring_windows_are_alike() -> None:
    found = personal.fit(*blocks(12, 0.0), n_shuffles=39)
    assert not found.usable
    assert found.reason.startswith("no better than chance")


def test_few_blocks_cannot_pass_whatever_the_accuracy() -> None:
    found = personal.fit(*blocks(4, 9.0), n_shuffles=39)
    assert not found.usable


def test_a_block_with_two_labels_and_too_few_blocks_are_refused() -> None:
    tokens, label, block = blocks(6, 1.0)
    mixed = label.copy()
    mixed[0] = 1
    with pytest.raises(DataError, match="a block has two labels"):
        personal.fit(tokens, mixed, block)
    with pytest.raises(DataError, match="2 and 1 blocks"):
        personal.fit(tokens[:45], label[:45], block[:45])
