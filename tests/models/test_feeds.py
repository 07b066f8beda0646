from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insula.edge.engines.tensors import Tensor
from insula.edge.errors import DataError
from insula.models.feeds import load_feeds

INPUTS = (Tensor("x", (1, 3), np.dtype(np.float32)), Tensor("n", (1, 1), np.dtype(np.float32)))


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def test_items_come_one_by_one_in_the_types_of_the_model(tmp_path: Path) -> None:
    path = save(tmp_path / "d.npz", x=np.arange(12.0).reshape(4, 3), n=np.ones((4, 1)), labels=np.arange(4))
    data = load_feeds(path, INPUTS)
    assert len(data.feeds) == 4
    assert data.feeds[1]["x"].tolist() == [[3.0, 4.0, 5.0]]
    assert data.feeds[1]["x"].dtype == np.float32
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 2, 3]


def test_the_two_parts_have_nothing_in_common(tmp_path: Path) -> None:
    path = save(tmp_path / "d.npz", x=np.zeros((50, 3)), n=np.ones((50, 1)), labels=np.arange(50))
    one, two = load_feeds(path, INPUTS).split(0.2)
    assert (len(one.feeds), len(two.feeds)) == (40, 10)
    assert one.labels is not None
    assert two.labels is not None
    assert sorted([*one.labels, *two.labels]) == list(range(50))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((4, 3))}, r"holds \['x'\]; the model takes"),
        ({"x": np.zeros((4, 2)), "n": np.zeros((4, 1))}, r"'x' should be \('items', 3\), not \(4, 2\)"),
        ({"x": np.zeros((4, 3)), "n": np.zeros((5, 1))}, "same number of items"),
        ({"x": np.zeros((0, 3)), "n": np.zeros((0, 1))}, "at least one"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_feeds(save(tmp_path / "d.npz", **arrays), INPUTS)


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no"):
        load_feeds(tmp_path / "none.npz", INPUTS)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match=r"is no \.npz file"):
        load_feeds(tmp_path / "text.npz", INPUTS)
