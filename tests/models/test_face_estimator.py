from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from insula.edge.errors import ModelError
from insula.edge.protocols import Estimator
from insula.edge.testing import memory_stream
from insula.edge.types import AffectEstimate, StreamInfo
from insula.models.face.detect import CascadeDetector
from insula.models.face.estimator import FaceEstimator
from insula.models.face.landmarker import Landmarker
from insula.models.face.model import ExpressionNet

Image = npt.NDArray[np.uint8]
CLIP = "brbk7n.mpg"
FPS = 25.0


@pytest.fixture(scope="module")
def clip(shared_data: Path) -> list[Image]:
    """A GRID clip: one frontal talking face, 360 × 288, RGB."""
    video = cv2.VideoCapture(str(shared_data / "video" / CLIP))
    frames = []
    while (got := video.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB), np.uint8))
    video.release()
    assert len(frames) == 75
    return frames[:50]


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without MediaPipe's bundle unless a test asks for it."""
    monkeypatch.setenv("INSULA_MODELS", str(tmp_path))


@pytest.fixture
def estimator() -> Iterator[FaceEstimator]:
    face = FaceEstimator()
    yield face
    face.close()


def info(frame: Image, *, simulated: bool = False) -> StreamInfo:
    return StreamInfo(
        "camera", "Video", FPS, ("RGB",), ("uint8",), "uint8", frame.shape, "cam", simulated=simulated
    )


def judge_all(
    estimator: FaceEstimator, frames: list[Image], *, simulated: bool = False
) -> list[AffectEstimate]:
    """Push the frames one by one through a stream, as the runtime does."""
    writer, reader = memory_stream(info(frames[0], simulated=simulated))
    estimator.start(writer.info)
    found = []
    for number, frame in enumerate(frames):
        writer.push(frame, np.array([10.0 + number / FPS]))
        estimate = estimator.estimate(reader)
        assert estimate is not None
        found.append(estimate)
    reader.close()
    writer.close()
    return found


def test_it_is_an_estimator_of_colour_video(estimator: FaceEstimator) -> None:
    assert isinstance(estimator, Estimator)
    assert estimator.accepts(info(np.zeros((48, 64, 3), np.uint8))) == ""
    eda = StreamInfo("eda", "EDA", 4.0, ("EDA",), ("microsiemens",))
    assert "not colour video" in estimator.accepts(eda)


def test_a_talking_face_is_judged_on_its_very_frame(estimator: FaceEstimator, clip: list[Image]) -> None:
    found = judge_all(estimator, clip)
    assert "no face" in found[0].reason  # the second sighting makes a face
    for number, estimate in enumerate(found[1:], 1):
        assert estimate.measured
        assert estimate.sample == number
        assert estimate.t == pytest.approx(10.0 + number / FPS)
        assert estimate.va_source == "mapped"
        assert estimate.expression is not None
        assert np.exp(estimate.expression).sum() == pytest.approx(1)
        assert [face.track for face in estimate.faces] == [1]
    x, y, side, _ = found[-1].faces[0].box
    assert (x + side / 2, y + side / 2) == pytest.approx((170, 180), abs=20)  # looked at in the picture
    assert 110 < side < 190
    assert found[-1].model.startswith("face-expression-v")
    assert any(clue.feature.startswith("AU12") for clue in found[-1].clues)


def test_the_same_frame_is_not_judged_twice(estimator: FaceEstimator, clip: list[Image]) -> None:
    writer, reader = memory_stream(info(clip[0]))
    estimator.start(writer.info)
    assert estimator.estimate(reader) is None
    writer.push(clip[0], np.array([1.0]))
    assert estimator.estimate(reader) is not None
    assert estimator.estimate(reader) is None
    reader.close()
    writer.close()


def seen(found: list[AffectEstimate]) -> float:
    return float(np.mean([estimate.measured for estimate in found[2:]]))


def test_dark_mirrored_and_small_faces_are_found(clip: list[Image]) -> None:
    def small(frame: Image) -> Image:
        canvas = np.full((480, 640, 3), 110, np.uint8)
        shrunk = cv2.resize(frame, None, fx=42 / 145, fy=42 / 145, interpolation=cv2.INTER_AREA)
        canvas[200 : 200 + shrunk.shape[0], 300 : 300 + shrunk.shape[1]] = shrunk
        return canvas

    changes = {
        "dark": [(frame * 0.12).astype(np.uint8) for frame in clip[:20]],
        "mirrored": [np.ascontiguousarray(frame[:, ::-1]) for frame in clip[:20]],
        "small": [small(frame) for frame in clip[:20]],
    }
    for name, frames in changes.items():
        face = FaceEstimator()
        assert seen(judge_all(face, frames)) == 1, name
        face.close()


def test_quality_falls_in_the_dark_and_from_afar(clip: list[Image]) -> None:
    bright, dark = FaceEstimator(), FaceEstimator()
    well = judge_all(bright, clip[:5])[-1].quality
    badly = judge_all(dark, [(frame * 0.12).astype(np.uint8) for frame in clip[:5]])[-1].quality
    assert badly < 0.6 * well
    bright.close()
    dark.close()


def test_a_turned_head_is_found_and_trusted_less(clip: list[Image]) -> None:
    """A face squeezed sideways stands in for a turned head: the public clips are all frontal."""
    turned = []
    for frame in clip[:12]:
        canvas = np.full_like(frame, 90)
        squeezed = cv2.resize(frame, (int(frame.shape[1] * 0.72), frame.shape[0]))
        canvas[:, 40 : 40 + squeezed.shape[1]] = squeezed
        turned.append(canvas)
    face = FaceEstimator()
    assert seen(judge_all(face, turned)) > 0.8
    face.close()


def test_two_people_keep_two_numbers_and_the_person_stays_the_same(clip: list[Image]) -> None:
    pairs = [np.hstack([frame, clip[-1 - n][:, ::-1]]) for n, frame in enumerate(clip[:40])]
    face = FaceEstimator()
    found = judge_all(face, pairs)
    assert {f.track for estimate in found[1:] for f in estimate.faces} == {1, 2}
    assert all(len(estimate.faces) == 2 for estimate in found[2:])
    face.close()


def test_a_covered_lens_and_an_empty_room_have_their_reasons(
    estimator: FaceEstimator, clip: list[Image]
) -> None:
    noise = np.random.default_rng(0).integers(90, 130, clip[0].shape, np.uint8)
    black = np.zeros_like(clip[0])
    found = judge_all(estimator, [*clip[:3], black, black, noise, *clip[3:5]])
    assert [estimate.measured for estimate in found] == [False, True, True, False, False, False, True, True]
    assert "too dark" in found[3].reason
    assert "no face" in found[5].reason
    for absent in found[3:6]:
        assert absent.valence is None
        assert absent.expression is None
        assert absent.faces == ()


def test_the_persons_baseline_turns_clues_into_z_scores(estimator: FaceEstimator, clip: list[Image]) -> None:
    estimator.baseline.begin()
    assert all(clue.z is None for clue in judge_all(estimator, clip)[-1].clues)
    estimator.baseline.end()
    later = [c for c in judge_all(estimator, clip[:3])[-1].clues if c.feature[2:4].isdigit()]
    assert later
    assert all(clue.z is not None for clue in later)


def test_simulation_is_passed_on(estimator: FaceEstimator, clip: list[Image]) -> None:
    assert all(estimate.simulated for estimate in judge_all(estimator, clip[:3], simulated=True))


def test_the_simulated_face_is_seen_and_its_smile_read(estimator: FaceEstimator) -> None:
    drawing = pytest.importorskip("insula.sensors.drawn_face")
    still = drawing.paint_still()
    states = [(0.0, 0.0)] * 8 + [(0.8, 0.5)] * 8
    frames = [drawing.draw(still, drawing.look(*state, 0.0)).array() for state in states]
    found = judge_all(estimator, frames, simulated=True)
    assert all(estimate.measured for estimate in found[1:])
    neutral, smiling = found[7].valence, found[-1].valence
    assert neutral is not None
    assert smiling is not None
    assert smiling.mean > neutral.mean + 0.3


def test_mediapipe_takes_over_when_its_bundle_is_here(
    shared_data: Path, clip: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSULA_MODELS", str(shared_data / "models"))
    face = FaceEstimator()
    found = judge_all(face, clip[:10])
    assert all(estimate.measured for estimate in found)
    assert len(found[-1].faces[0].landmarks) == 478
    names = [clue.feature for clue in found[-1].clues]
    assert sum(name.startswith("AU") for name in names) == 13
    assert "head yaw" in names
    assert {f.track for estimate in found for f in estimate.faces} == {1}
    face.close()
    plain = FaceEstimator()
    monkeypatch.setenv("INSULA_MODELS", str(shared_data / "nowhere"))
    other = judge_all(plain, clip[:10])[-1]
    assert found[-1].faces[0].box == pytest.approx(other.faces[0].box, abs=25)  # framed alike
    plain.close()


def test_a_damaged_bundle_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"not a bundle")
    with pytest.raises(ModelError, match="insula models pull"):
        Landmarker(path)


def test_opencv_without_cascades_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "cv2" / "__init__.py"))
    with pytest.raises(ModelError, match="opencv-contrib-python"):
        CascadeDetector()


def test_the_shipped_net_gives_a_distribution_for_any_size() -> None:
    net = ExpressionNet()
    rng = np.random.default_rng(0)
    for side in (20, 48, 300):
        reading = net.read(rng.integers(0, 255, (side, side), np.uint8))
        assert reading.probabilities.sum() == pytest.approx(1)
        assert all(0 <= value <= 1 for value in reading.units.values())
    net.close()
