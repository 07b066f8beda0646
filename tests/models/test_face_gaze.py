from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from insula.edge.types import StreamInfo, VideoFrame
from insula.models.face.estimator import FaceEstimator
from insula.models.face.gaze import gaze
from insula.models.face.landmarker import LandmarkedFace, Landmarker

Image = npt.NDArray[np.uint8]
OPEN = {"eyeBlinkLeft": 0.1, "eyeBlinkRight": 0.1}


def eyes(yaw: float, pitch: float, head: float = 0.0, iris_px: float = 11.7) -> npt.NDArray[np.float32]:
    """Landmarks of two eyes that look there, the head turned by ``head`` degrees; 1 mm = iris_px / 11.7."""
    points = np.zeros((478, 2))
    x, y = np.sin(np.radians(yaw)) * np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
    for iris, corners, middle in ((468, (33, 133), -32.0), (473, (263, 362), 32.0)):
        points[list(corners)] = [(middle - 14, 0), (middle + 14, 0)]
        points[iris : iris + 5] = (middle + 10 * x - 4.7 * np.sin(np.radians(head)), 10 * y - 1.6)
        points[iris + 1 : iris + 5] += 5.85 * np.array([(1, 0), (0, -1), (-1, 0), (0, 1)])
    return (points * (iris_px / 11.7) + 300).astype(np.float32)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-20, 0), (0, 15), (12, -10)])
@pytest.mark.parametrize("head", [0.0, 25.0, -40.0])
def test_the_model_reads_back_where_its_own_eyes_look(yaw: float, pitch: float, head: float) -> None:
    found = gaze(eyes(yaw, pitch, head), OPEN, (head, 0.0, 0.0))
    assert found == pytest.approx((yaw, pitch), abs=0.1)


def test_a_tilted_head_looks_at_the_same_place() -> None:
    straight = eyes(0, 0)
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = ((straight - 300) @ turn.T + 300).astype(np.float32)
    assert gaze(tilted, OPEN, (0.0, 0.0, 20.0)) == pytest.approx((0, 0), abs=0.1)


def test_shut_small_or_far_turned_eyes_are_not_measured() -> None:
    level = (0.0, 0.0, 0.0)
    assert gaze(eyes(0, 0), {"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.8}, level) is None
    assert gaze(eyes(10, 0), {"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.1}, level) == pytest.approx(
        (10, 0), abs=0.1
    )
    assert gaze(eyes(0, 0, iris_px=4), OPEN, level) is None
    assert gaze(eyes(0, 0, 60.0), OPEN, (60.0, 0.0, 0.0)) is None


@pytest.fixture(scope="module")
def bundle(shared_data: Path) -> Path:
    path = shared_data / "models" / "face_landmarker.task"
    if not path.is_file():
        pytest.skip("MediaPipe's bundle is not here")
    return path


@pytest.fixture(scope="module")
def frame(shared_data: Path) -> Image:
    video = cv2.VideoCapture(str(shared_data / "video" / "bbaf2n.mpg"))
    for _ in range(20):
        got, picture = video.read()
        assert got
    video.release()
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


@pytest.fixture
def landmarker(bundle: Path) -> Iterator[Landmarker]:
    net = Landmarker(bundle)
    yield net
    net.close()


def sight(landmarker: Landmarker, face: LandmarkedFace) -> tuple[float, float]:
    found = gaze(face.points, dict(zip(landmarker.names, face.blendshapes.tolist(), strict=True)), face.pose)
    assert found is not None
    return found


def test_a_speaker_who_looks_into_the_camera_is_seen_to(landmarker: Landmarker, frame: Image) -> None:
    yaw, pitch = sight(landmarker, landmarker.find(frame, 0.0)[0])
    assert abs(yaw) < 8
    assert abs(pitch) < 8


def test_in_the_mirror_the_eyes_look_the_other_way(bundle: Path, frame: Image) -> None:
    found = []
    for view in (with_eyes_aside(frame, bundle), with_eyes_aside(frame, bundle)[:, ::-1]):
        net = Landmarker(bundle)
        found.append(sight(net, net.find(np.ascontiguousarray(view), 0.0)[0]))
        net.close()
    assert abs(found[0][0]) > 8
    assert found[0][0] * found[1][0] < 0
    assert found[0][0] == pytest.approx(-found[1][0], abs=6)
    assert found[0][1] == pytest.approx(found[1][1], abs=6)


def with_eyes_aside(frame: Image, bundle: Path) -> Image:
    """The frame with both irises painted 3 mm to the image's right (a simulation)."""
    net = Landmarker(bundle)
    face = net.find(frame, 0.0)[0]
    net.close()
    picture = frame.copy()
    for iris, (a, b) in ((468, (33, 133)), (473, (263, 362))):
        x, y = face.points[iris]
        radius = float(np.linalg.norm(face.points[iris + 1] - face.points[iris + 3])) / 2
        white = frame[round(float(y)), round(float((face.points[a] + face.points[b])[0] / 2 - 1.5 * radius))]
        cv2.circle(
            picture, (round(float(x)), round(float(y))), round(radius), white.tolist(), -1, cv2.LINE_AA
        )
        there = round(float(x + 0.55 * radius)), round(float(y))
        cv2.circle(picture, there, round(0.95 * radius), (35, 30, 30), -1, cv2.LINE_AA)
    return picture


def test_gaze_is_a_clue_where_the_bundle_is_and_absent_where_not(
    bundle: Path, frame: Image, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = {}
    for name, folder in (("with", bundle.parent), ("without", tmp_path)):
        monkeypatch.setenv("INSULA_MODELS", str(folder))
        estimator = FaceEstimator()
        estimator.start(StreamInfo("cam", "Video", 25.0, ("RGB",), ("uint8",), "uint8", frame.shape))
        estimates = [estimator.judge(VideoFrame(frame, n / 25, n)) for n in range(3)]
        estimator.close()
        found[name] = {clue.feature: clue for clue in estimates[-1].clues}
    assert found["with"]["gaze yaw"].unit == "°"
    assert abs(found["with"]["gaze pitch"].value) < 10
    assert not {"gaze yaw", "gaze pitch", "head yaw"} & found["without"].keys()
