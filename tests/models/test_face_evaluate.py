from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import manifest
from insula.models.face.evaluate import COLUMNS, evaluate
from insula.models.face.pack import VOTE_COLUMNS


@pytest.fixture
def pack(tmp_path: Path, shared_data: Path) -> Path:
    """Forty real pictures as a pack of encoded files, four of them bad."""
    with np.load(shared_data / "face" / "fer_valid.npz") as file:
        images, votes = file["images"][:40], file["votes"][:40]
    parts = [cv2.imencode(".png", image)[1].tobytes() for image in images]
    parts[3] = b"torn"
    parts[5] = b""
    parts[7] = cv2.imencode(".png", images[7][:1, :1])[1].tobytes()
    parts[9] = cv2.imencode(".png", np.zeros((48, 48), np.uint8))[1].tobytes()
    path = tmp_path / "unseen.npz"
    offsets = np.cumsum([0, *map(len, parts)])
    data = np.frombuffer(b"".join(parts), np.uint8)
    np.savez(path, data=data, offsets=offsets, votes=votes, emotions=VOTE_COLUMNS)
    return path


def test_a_pack_never_seen_before_is_predicted_row_by_row(pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    card = evaluate(pack, out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["row"]) for row in rows] == list(range(40))
    bad = {int(row["row"]): row["reason"] for row in rows if row["reason"]}
    assert bad.keys() == {3, 5, 7, 9}
    assert "decoded" in bad[3]
    assert "too small" in bad[7]
    assert "too dark" in bad[9]
    for row in rows:
        numbers = [row[name] for name in COLUMNS[1:-1]]
        if row["reason"]:
            assert numbers == [""] * len(numbers)
            continue
        assert sum(float(row[f"p_{name}"]) for name in EXPRESSIONS) == pytest.approx(1, abs=1e-4)
        assert -1 <= float(row["valence"]) <= 1
        assert float(row["arousal_sd"]) > 0
        assert 0 <= float(row["quality"]) <= 1
    text = card.render()
    assert "majority" in text
    assert "not person-independent" in text
    assert "ECE" in text


def test_the_card_tells_what_the_held_out_pack_shows(shared_data: Path, tmp_path: Path) -> None:
    found = evaluate(shared_data / "face" / "fer_valid.npz", tmp_path / "out.csv")
    card = manifest.load("face-expression").card
    values = {score.name: score.value for score in found.metrics}
    assert values["accuracy (WAR)"] == pytest.approx(card.metrics["accuracy"], abs=0.003)
    assert values["macro-F1"] == pytest.approx(card.metrics["macro_f1"], abs=0.02)
    assert found.floors[0].value == pytest.approx(card.floors["majority"], abs=0.001)
    assert card.metrics["accuracy_fp32"] - card.metrics["accuracy"] <= 0.005
    assert found.calibration is not None
    assert found.calibration.ece_after <= 0.03


def test_a_pack_without_a_single_judgeable_picture_is_an_error(tmp_path: Path) -> None:
    votes = np.zeros((2, 10), np.uint8)
    votes[:, 8] = 10
    np.savez(tmp_path / "p.npz", images=np.zeros((2, 48, 48), np.uint8), votes=votes)
    with pytest.raises(DataError, match="no picture has more than five votes"):
        evaluate(tmp_path / "p.npz", tmp_path / "out.csv")


def test_an_unwritable_target_is_an_error(pack: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="choose another file"):
        evaluate(pack, tmp_path / "missing" / "out.csv")
