"""A user's own head for valence and arousal: made-up faces whose ratings are known."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from insula.edge.errors import ConfigError, DataError, ModelError
from insula.edge.types import StreamInfo, VideoFrame
from insula.models.face.crop import cut, fit
from insula.models.face.detect import CascadeDetector
from insula.models.face.estimator import FaceEstimator
from insula.models.face.model import ExpressionNet
from insula.models.face.va_fit import fit_head
from insula.models.face.va_head import VaHead
from insula.models.face.va_pack import is_rated, load_va_pack, read_faces
from insula.models.face.va_train import left_out, train
from insula.models.metrics import ccc, interval_coverage
from insula.ui.commands import modelling

pytest.importorskip("onnx", reason="training needs the extra 'train'")
drawing = pytest.importorskip("insula.sensors.drawn_face")

N, PEOPLE = 240, 8


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces whose valence and arousal are what they were drawn from, noise and light added."""
    rng = np.random.default_rng(0)
    still = drawing.paint_still()
    rest = cv2.cvtColor(drawing.draw(still, drawing.look(0.0, 0.0, 0.0)).array(), cv2.COLOR_RGB2GRAY)
    box = CascadeDetector().scan(np.asarray(rest, np.uint8))[0]
    ratings = rng.uniform(-0.9, 0.9, (N, 2))
    pictures = []
    for valence, arousal in ratings:
        frame = drawing.draw(still, drawing.look(valence, arousal, 0.0)).array()
        gray = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
        face = fit(cut(gray, box.x, box.y, box.side)).astype(np.float32)
        pictures.append(np.clip(face * rng.uniform(0.6, 1.1) + rng.normal(0, 4, (48, 48)), 0, 255))
    images = np.array(pictures).astype(np.uint8)
    images[7] = 0  # one that cannot be judged
    path = tmp_path_factory.mktemp("rated") / "rated.npz"
    np.savez(
        path,
        images=images,
        valence=ratings[:, 0],
        arousal=ratings[:, 1],
        group=np.array([f"P{n % PEOPLE}" for n in range(N)]),
    )
    return path


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("head")
    modelling.train("face-va", pack, out, seed=0)
    return out / "face-va.toml"


@pytest.fixture
def net() -> Iterator[ExpressionNet]:
    loaded = ExpressionNet()
    yield loaded
    loaded.close()


def test_a_head_learns_ratings_that_depend_on_the_picture(pack: Path, tmp_path: Path) -> None:
    card = train(pack, tmp_path)
    found = {score.name: score for score in card.metrics}
    floors = {score.name: score.value for score in card.floors}
    for axis in ("valence", "arousal"):
        assert found[f"{axis} CCC"].value is not None
        assert found[f"{axis} CCC"].value > 0.6
        mapped, constant = (
            floors[f"{axis} RMSE, {what}"] for what in ("mapped from expressions", "the mean for all")
        )
        assert found[f"{axis} RMSE"].value < min(mapped, constant)  # type: ignore[operator, type-var]
        assert found[f"{axis} 90 % interval holds"].value == pytest.approx(0.9, abs=0.06)
    assert (card.n_groups, card.n_items) == (PEOPLE, N - 1)
    assert "person" in card.group_key


def test_random_ratings_are_not_learned_and_the_intervals_say_so(pack: Path, net: ExpressionNet) -> None:
    opened = load_va_pack(pack)
    readings = read_faces(net, opened.faces, lambda done: None)
    rows = np.flatnonzero(readings.measured)
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, (len(rows), 2))
    mean, spread = left_out(readings.inputs[rows], noise, opened.groups[rows], 0)
    for axis in (0, 1):
        assert abs(ccc(noise[:, axis], mean[:, axis])) < 0.1
        assert spread[:, axis].mean() == pytest.approx(noise[:, axis].std(), rel=0.12)
        assert interval_coverage(noise[:, axis], mean[:, axis], spread[:, axis]) > 0.85


def test_the_spread_follows_where_the_errors_are_large() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 6))
    noise = np.where(x[:, :1] > 0, 0.3, 0.05)
    y = np.clip(0.2 * x[:, 1:3] + noise * rng.normal(size=(3000, 2)), -1, 1)
    head = fit_head(x, y, np.array([f"P{n % 10}" for n in range(3000)]), 0)
    _, spread = head.predict(x)
    assert spread[x[:, 0] > 1].mean() > 2 * spread[x[:, 0] < -1].mean()
    far, limit = head.predict(1000 * x[:10]), spread.max() * 2.8
    assert (far[1] <= limit).all()


def test_the_written_head_is_the_fitted_one(pack: Path, trained: Path, net: ExpressionNet) -> None:
    opened = load_va_pack(pack)
    readings = read_faces(net, opened.faces, lambda done: None)
    rows = np.flatnonzero(readings.measured)
    mean, spread = fit_head(readings.inputs[rows], opened.ratings[rows], opened.groups[rows], 0).predict(
        readings.inputs[rows]
    )
    head = VaHead(trained, net)
    for k, row in enumerate(rows[:20]):
        expected = mean[k, 0], spread[k, 0], mean[k, 1], spread[k, 1]
        assert head.values(readings.inputs[row]) == pytest.approx(expected, abs=1e-3)
    head.close()
    assert "of people left out" in head.manifest.card.caveats[0]


def test_the_live_face_has_native_values_from_the_head(trained: Path) -> None:
    still = drawing.paint_still()
    frames = [drawing.draw(still, drawing.look(v, 0.0, 0.0)).array() for v in [0.8] * 6 + [-0.8] * 6]
    estimator = FaceEstimator(va_file=str(trained))
    estimator.start(StreamInfo("cam", "Video", 25.0, ("RGB",), ("uint8",), "uint8", frames[0].shape))
    found = [estimator.judge(VideoFrame(frame, n / 25, n)) for n, frame in enumerate(frames)]
    estimator.close()
    assert found[5].va_source == "native"
    assert "face-va" in found[5].model
    assert found[5].valence is not None
    assert found[-1].valence is not None
    assert found[5].valence.mean > found[-1].valence.mean + 0.4


def test_evaluation_takes_the_head_or_the_mapped_values(pack: Path, trained: Path, tmp_path: Path) -> None:
    from insula.models.face.va_evaluate import evaluate

    own, mapped = evaluate(pack, tmp_path / "own.csv", str(trained)), evaluate(pack, tmp_path / "mapped.csv")
    assert "face-va" in own.title
    assert "mapped" in mapped.title
    first, second = ({s.name: s.value for s in card.metrics} for card in (own, mapped))
    assert (first["valence CCC"] or 0) > (second["valence CCC"] or 0)
    rows = list(csv.DictReader((tmp_path / "own.csv").read_text("utf-8").splitlines()))
    assert len(rows) == N
    assert "too dark" in rows[7]["reason"]
    modelling.evaluate("face", pack, tmp_path / "again.csv", str(trained))
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "own.csv").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"group": None}, "the person of each picture"),
        ({"arousal": None}, "needs valence, arousal and either"),
        ({"valence": np.full(N, 1.5)}, "within −1…1"),
        ({"valence": np.full(N, np.nan)}, "within −1…1"),
        ({"group": np.zeros(3, np.int64)}, "one person a picture"),
        ({"images": np.zeros((3, 48, 48), np.uint8)}, "one row of ratings each"),
        ({"group": np.zeros(N, np.int64)}, "faces of 1 people"),
        ({"group": np.zeros(N)}, "texts or whole numbers"),
    ],
)
def test_a_pack_that_cannot_be_trusted_is_refused(
    pack: Path, tmp_path: Path, change: dict[str, npt.NDArray[np.generic] | None], message: str
) -> None:
    with np.load(pack) as file:
        arrays = dict(file) | change
    np.savez(tmp_path / "p.npz", **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(DataError, match=message):
        train(tmp_path / "p.npz", tmp_path)


def test_a_head_for_another_net_or_altered_is_refused(
    trained: Path, tmp_path: Path, net: ExpressionNet
) -> None:
    text, weights = trained.read_text("utf-8"), (trained.parent / "face-va.onnx").read_bytes()
    (tmp_path / "face-va.onnx").write_bytes(weights)
    other = tmp_path / "face-va.toml"
    other.write_text(text.replace(net.manifest.sha256, "0" * 64), "utf-8")
    with pytest.raises(ModelError, match="trained on another"):
        VaHead(other, net)
    other.write_text(text, "utf-8")
    (tmp_path / "face-va.onnx").write_bytes(weights + b"x")
    with pytest.raises(ModelError, match="does not match"):
        VaHead(other, net)
    with pytest.raises(ModelError, match="cannot be read"):
        VaHead(tmp_path / "nothing.toml", net)


def test_the_commands_say_what_they_need(pack: Path, shared_data: Path, tmp_path: Path) -> None:
    assert is_rated(pack)
    with pytest.raises(DataError, match="trained on one pack"):
        modelling.train("face-va", tmp_path, tmp_path, 0)
    votes = shared_data / "face" / "fer_valid.npz"
    with pytest.raises(ConfigError, match="no valence and arousal"):
        modelling.evaluate("face", votes, tmp_path / "out.csv", "face-va.toml")
