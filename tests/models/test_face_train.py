from __future__ import annotations

import dataclasses
import hashlib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from insula.edge.errors import DataError
from insula.models import manifest, quantize
from insula.models.face.pack import VOTE_COLUMNS
from insula.models.face.sets import (
    BLENDSHAPE_FILE,
    TRAIN_FILE,
    VALID_FILE,
    load_training_set,
    looks_like,
    mirror_columns,
    sharpened,
)

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Nets this small are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


NAMES = (
    "_neutral",
    *(
        f"{part}{side}"
        for part in (
            "browDown",
            "browOuterUp",
            "eyeWide",
            "eyeSquint",
            "eyeBlink",
            "mouthSmile",
            "mouthDimple",
            "mouthFrown",
            "mouthStretch",
            "mouthPress",
            "mouthLowerDown",
            "mouthUpperUp",
        )
        for side in ("Left", "Right")
    ),
    "browInnerUp",
    "mouthShrugLower",
    "jawOpen",
    *(f"other{k}" for k in range(24)),
)


def drawn(kind: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A picture whose class shows at a glance: a bar at one of eight angles."""
    canvas = rng.normal(110, 55, (48, 48)).astype(np.float32)
    angle = kind * np.pi / 8
    dx, dy = 16 * np.cos(angle), 16 * np.sin(angle)
    x, y = rng.normal(24, 2, 2)
    cv2.line(canvas, (int(x - dx), int(y - dy)), (int(x + dx), int(y + dy)), 230.0, 5)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def measured(kinds: npt.NDArray[np.int64], rng: np.random.Generator) -> dict[str, npt.NDArray[np.float16]]:
    """Blendshapes and rotations of faces, the class's own pair of them raised; a tenth "not found"."""
    shapes = rng.random((len(kinds), 52))
    for column in (1, 2):
        shapes[np.arange(len(kinds)), 2 * kinds + column] += 0.6
    rotations = np.tile(np.eye(3).ravel(), (len(kinds), 1)) + rng.normal(0, 0.05, (len(kinds), 9))
    shapes[::10] = rotations[::10] = np.nan
    return {"blendshapes": shapes.astype(np.float16), "rotation": rotations.astype(np.float16)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small packs in the layout of the real ones."""
    path = tmp_path_factory.mktemp("packs")
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 8, 1600)
    parts = [cv2.imencode(".png", drawn(int(kind), rng))[1].tobytes() for kind in kinds]
    votes = np.zeros((len(kinds), 10), np.uint8)
    votes[np.arange(len(kinds)), kinds] = 9
    votes[:, 8] = 1
    index = np.arange(len(kinds), dtype=np.int32)
    offsets, data = np.cumsum([0, *map(len, parts)]), np.frombuffer(b"".join(parts), np.uint8)
    np.savez(path / TRAIN_FILE, data=data, offsets=offsets, votes=votes, index=index, emotions=VOTE_COLUMNS)
    np.savez(path / BLENDSHAPE_FILE, **measured(kinds, rng), index=index, names=NAMES)
    unseen = rng.integers(0, 8, 200)
    images = np.stack([drawn(int(kind), rng) for kind in unseen])
    np.savez(path / VALID_FILE, images=images, votes=10 * np.eye(10, dtype=np.uint8)[unseen])
    return path


def test_the_split_is_seeded_and_keeps_look_alikes_apart(folder: Path) -> None:
    first, again, other = (load_training_set(folder, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.tune, again.tune)
    assert np.array_equal(first.train, again.train)
    assert not np.array_equal(first.tune, other.tune)
    assert not set(first.train) & set(first.tune)
    assert not looks_like(first.pictures[first.train], first.pictures[first.tune]).any()


def test_look_alikes_are_found_also_mirrored_and_brightened() -> None:
    rng = np.random.default_rng(3)
    base = cv2.GaussianBlur(rng.integers(0, 200, (5, 48, 48), np.uint8).transpose(1, 2, 0), (0, 0), 2)
    base = np.ascontiguousarray(base.transpose(2, 0, 1))
    assert looks_like(base[:, :, ::-1], base[:2]).tolist() == [True, True, False, False, False]
    assert looks_like(base + np.uint8(30), base[2:4]).tolist() == [False, False, True, True, False]


def test_single_votes_are_dropped() -> None:
    votes = np.zeros((2, 10), np.uint8)
    votes[0, :4] = 6, 2, 1, 1
    votes[1, :8] = 1
    targets = sharpened(votes)
    assert targets[0].tolist() == pytest.approx([0.75, 0.25, 0, 0, 0, 0, 0, 0])
    assert np.isnan(targets[1]).all()


def test_sides_change_places_in_the_mirror() -> None:
    columns = mirror_columns(NAMES)
    assert NAMES[columns[NAMES.index("browDownLeft")]] == "browDownRight"
    assert NAMES[columns[NAMES.index("jawOpen")]] == "jawOpen"
    assert np.array_equal(columns[columns], np.arange(52))


@pytest.mark.parametrize("file", [TRAIN_FILE, BLENDSHAPE_FILE])
def test_a_missing_pack_is_named(folder: Path, tmp_path: Path, file: str) -> None:
    for name in {TRAIN_FILE, BLENDSHAPE_FILE} - {file}:
        (tmp_path / name).symlink_to(folder / name)
    with pytest.raises(DataError, match=file.split(".")[0]):
        load_training_set(tmp_path, 0)


def test_blendshapes_of_other_rows_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / TRAIN_FILE).symlink_to(folder / TRAIN_FILE)
    np.savez(
        tmp_path / BLENDSHAPE_FILE,
        blendshapes=np.zeros((1600, 52)),
        rotation=np.zeros((1600, 9)),
        index=np.arange(1600) + 1,
        names=NAMES,
    )
    with pytest.raises(DataError, match="not those of the training pack"):
        load_training_set(tmp_path, 0)


def test_the_recipe_learns_and_publishes_a_model_that_loads(folder: Path, tmp_path: Path) -> None:
    from insula.models.face.fit import Recipe
    from insula.models.face.train import train

    tiny = Recipe(widths=(16, 16, 32), depths=(1, 1, 1), epochs=5, batch=32, rate=8e-3)
    train(folder, tmp_path, seed=0, student=tiny, teacher=dataclasses.replace(tiny, epochs=3))
    table = tomllib.loads((tmp_path / "face-expression.toml").read_text("utf-8"))
    assert table["card"]["metrics"]["accuracy"] > 0.35
    assert table["card"]["metrics"]["teachers_items"] == 600
    assert table["card"]["floors"]["majority"] < 0.2
    assert len(table["preprocess"]["shift"]) == 8
    assert table["sha256"] == hashlib.sha256((tmp_path / table["file"]).read_bytes()).hexdigest()
    quantize.check(tmp_path / "face-expression.onnx")
    session = ort.InferenceSession(
        str(tmp_path / "face-expression-fp32.onnx"), providers=["CPUExecutionProvider"]
    )
    shapes = {output.name: output.shape for output in session.get_outputs()}
    assert shapes == {"logits": [1, 8], "blendshapes": [1, 52], "embedding": [1, 32]}


def test_the_blendshape_net_learns_and_sees_mirror_images_alike(folder: Path) -> None:
    from insula.models.face.shape_net import fit_shape_net, shape_logits

    sets = load_training_set(folder, 0)
    net = fit_shape_net(sets, 0.25, 0)
    logits = shape_logits(net, sets.shapes)
    found = np.isfinite(sets.shapes[:, 0])
    assert np.array_equal(np.isfinite(logits[:, 0]), found)
    unseen = sets.tune[found[sets.tune]]
    assert (logits[unseen].argmax(1) == sets.votes[unseen, :8].argmax(1)).mean() > 0.5
    turned = sets.shapes[unseen].copy()
    turned[:, :52] = turned[:, mirror_columns(NAMES)]
    turned[:, 52:] *= [1, -1, -1, -1, 1, 1, -1, 1, 1]
    assert np.allclose(shape_logits(net, turned), logits[unseen], atol=1e-4)


def test_the_shipped_net_shows_the_embedding_its_heads_read() -> None:
    weights = manifest.load("face-expression").weights()
    session = ort.InferenceSession(weights, providers=["CPUExecutionProvider"])
    shapes = {output.name: output.shape for output in session.get_outputs()}
    assert list(shapes) == ["logits", "blendshapes", "embedding"]
    x = np.random.default_rng(0).normal(size=(1, 1, 48, 48)).astype(np.float32)
    (embedding,) = session.run(["embedding"], {"face": x})
    assert embedding.shape == tuple(shapes["embedding"])
    assert np.isfinite(embedding).all()
    assert (embedding >= 0).all()  # means of rectified channels


def test_too_few_pictures_are_refused(folder: Path) -> None:
    from insula.models.face.fit import Recipe, fit_net

    sets = load_training_set(folder, 0)
    with pytest.raises(DataError, match="a batch of 128"):
        fit_net(dataclasses.replace(sets, train=sets.train[:100]), Recipe(), 0, lambda done, line: None)


def test_training_is_repeatable(folder: Path) -> None:
    from insula.models.face.fit import Recipe, fit_net, predict

    sets = load_training_set(folder, 0)
    sets = dataclasses.replace(sets, train=sets.train[:96])
    recipe = Recipe(widths=(16, 16, 16), depths=(1, 1, 1), epochs=2, batch=32)
    told: list[tuple[float, str]] = []
    logits = [
        predict(fit_net(sets, recipe, 7, lambda *news: told.append(news)), sets.pictures[:8])[0]
        for _ in range(2)
    ]
    assert np.array_equal(logits[0], logits[1])
    assert told[-1][0] == 1.0
    assert [line[:9] for _, line in told if line] == ["epoch 1/2", "epoch 2/2"] * 2


def test_augmentation_keeps_shapes_and_standardises_like_the_product() -> None:
    from insula.models.face import augment
    from insula.models.face.crop import standardise

    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (16, 48, 48), np.uint8)
    x = torch.from_numpy(pictures)[:, None].float()
    generator = torch.Generator().manual_seed(0)
    assert np.allclose(augment.standardise(x).numpy(), standardise(pictures), atol=1e-4)
    warped = augment.warp(x, 32, generator)
    assert warped.shape == (16, 1, 32, 32)
    hidden = augment.cut_out(augment.standardise(augment.degrade(warped, generator)), generator)
    assert torch.isfinite(hidden).all()
    mirror = torch.arange(51, -1, -1)
    flipped, shapes = augment.flip(x, torch.arange(52.0).repeat(16, 1), mirror, generator)
    turned = (shapes[:, 0] == 51).numpy()
    assert 0 < turned.sum() < 16
    for row in range(16):
        expected = pictures[row, :, ::-1] if turned[row] else pictures[row]
        assert np.array_equal(flipped[row, 0].numpy(), expected)


@pytest.mark.parametrize("shape", [(24, 90), (90, 24)])
def test_updates_are_orthogonalised_as_by_the_textbook_loop(shape: tuple[int, int]) -> None:
    from insula.models.face.optimise import orthogonalised

    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    x = matrix / matrix.norm()
    for _ in range(5):
        x = 3.4445 * x + (-4.7750 * (x @ x.T) + 2.0315 * (x @ x.T) @ (x @ x.T)) @ x
    found = orthogonalised(matrix)
    assert torch.allclose(found, x, atol=1e-3)
    assert torch.linalg.svdvals(found).min() > 0.3


@pytest.mark.skipif(
    not os.environ.get("INSULA_SLOW"), reason="an hour and a half on one core; set INSULA_SLOW=1"
)
def test_the_real_recipe_reaches_its_card(shared_data: Path, tmp_path: Path) -> None:
    from insula.models.face.train import train

    train(shared_data / "face", tmp_path)
    found = tomllib.loads((tmp_path / "face-expression.toml").read_text("utf-8"))["card"]["metrics"]
    assert found["tune_accuracy"] == pytest.approx(
        manifest.load("face-expression").card.metrics["tune_accuracy"], abs=0.02
    )
