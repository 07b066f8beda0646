from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from insula.edge.errors import DataError
from insula.models.face.pack import VOTE_COLUMNS, load_pack, majority, vote_distribution

Votes = npt.NDArray[np.uint8]


def votes(n: int) -> Votes:
    table = np.zeros((n, 10), np.uint8)
    table[np.arange(n), np.arange(n) % 8] = 10
    return table


def pictures(n: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (n, 48, 48), np.uint8)


def encoded(path: Path, parts: list[bytes], **more: npt.NDArray[np.generic]) -> Path:
    offsets = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    data = np.frombuffer(b"".join(parts), np.uint8)
    np.savez(path, data=data, offsets=offsets, votes=votes(len(parts)), emotions=VOTE_COLUMNS, **more)
    return path


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def test_both_layouts_give_the_same_pictures(tmp_path: Path) -> None:
    plain = tmp_path / "plain.npz"
    np.savez(plain, images=pictures(9), votes=votes(9), emotions=VOTE_COLUMNS, index=np.arange(5, 14))
    packed = encoded(tmp_path / "packed.npz", [png(p) for p in pictures(9)])
    first, second = load_pack(plain), load_pack(packed)
    assert len(first) == len(second) == 9
    assert first.index[0] == 5
    for row in range(9):
        assert np.array_equal(first.picture(row), second.picture(row))


def test_a_damaged_picture_has_a_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    parts = [png(pictures(1)[0]), b"not a picture", b"", png(pictures(1)[0][:1, :1])]
    found = list(load_pack(encoded(tmp_path / "p.npz", parts)).pictures())
    assert [picture is None for _, picture, _ in found] == [False, True, True, False]
    assert "decoded" in found[1][2]
    assert "empty" in found[2][2]
    assert found[3][1] is not None
    assert found[3][1].shape == (1, 1)


def test_vote_columns_are_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    np.savez(path, images=pictures(8), votes=votes(8)[:, ::-1], emotions=VOTE_COLUMNS[::-1])
    assert np.array_equal(load_pack(path).votes, votes(8))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"votes": votes(2)}, "needs votes and either"),
        ({"images": pictures(2)}, "needs votes and either"),
        ({"images": pictures(3), "votes": votes(2)}, "one row of votes each"),
        ({"images": pictures(2).astype(np.float32), "votes": votes(2)}, "must be uint8"),
        ({"images": pictures(2), "votes": votes(2)[:, :7]}, r"votes must be \(n, 10\)"),
        ({"images": pictures(2), "votes": votes(2), "emotions": np.array(["a"] * 10)}, "votes must be"),
        ({"data": pictures(1).ravel(), "offsets": np.arange(2), "votes": votes(2)}, "one longer than votes"),
    ],
)
def test_an_unusable_pack_is_refused(
    tmp_path: Path, arrays: dict[str, npt.NDArray[np.generic]], message: str
) -> None:
    path = tmp_path / "p.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message):
        load_pack(path)


def test_a_file_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match="not a readable pack"):
        load_pack(path)
    with pytest.raises(DataError, match="not a readable pack"):
        load_pack(tmp_path / "missing.npz")


def test_majority_needs_more_than_five_votes() -> None:
    table = np.zeros((4, 10), np.uint8)
    table[0, 1] = 6
    table[1, 1] = table[1, 2] = 5
    table[2, 8] = 10
    table[3, 7], table[3, 9] = 7, 3
    assert majority(table).tolist() == [1, -1, -1, 7]


def test_unknown_and_no_face_are_left_out_of_the_distribution() -> None:
    table = np.zeros((2, 10), np.uint8)
    table[0, [0, 1, 8]] = 3, 1, 6
    table[1, 9] = 10
    found = vote_distribution(table)
    assert found[0].tolist() == pytest.approx([0.75, 0.25, 0, 0, 0, 0, 0, 0])
    assert np.isnan(found[1]).all()
