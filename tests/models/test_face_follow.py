"""A face is carried by its points where no detector sees it, and never longer than it can be trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from insula.edge.types import StreamInfo, VideoFrame
from insula.models.face.detect import Box, CascadeDetector, Gray
from insula.models.face.estimator import FaceEstimator
from insula.models.face.follow import carry, likeness, look
from insula.models.face.testing import turned
from insula.models.face.track import Track, Tracker

FACE = Box(120, 90, 80, 0.9)
FPS = 20.0


def scene(seed: int = 0) -> Gray:
    """Something with structure to follow, 320 × 240."""
    rough = np.random.default_rng(seed).integers(0, 255, (30, 40), np.uint8)
    return np.asarray(cv2.resize(rough, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def shifted(gray: Gray, dx: float, dy: float, zoom: float = 1.0) -> Gray:
    """The scene as the camera pans; ``zoom`` about the face's middle."""
    x, y = FACE.centre
    matrix = np.array([[zoom, 0, (1 - zoom) * x + dx], [0, zoom, (1 - zoom) * y + dy]])
    return np.asarray(cv2.warpAffine(gray, matrix, gray.shape[::-1], borderMode=cv2.BORDER_REFLECT), np.uint8)


class Blind:
    """A detector that sees the face for the first half second only."""

    def __init__(self) -> None:
        self.blind = False

    def scan(self, gray: Gray) -> list[Box]:
        return [] if self.blind else [FACE]

    def find_near(self, gray: Gray, last: Box) -> Box | None:
        return None if self.blind else FACE


def begun() -> tuple[Tracker, Blind, Gray]:
    detector, picture = Blind(), scene()
    tracker = Tracker(detector)
    for step in range(10):
        found = tracker.update(picture, step / FPS)
    assert [track.number for track in found] == [1]
    detector.blind = True
    return tracker, detector, picture


def test_points_tell_where_a_face_went() -> None:
    before = scene()
    found = carry(before, shifted(before, 6.0, -4.0), FACE, look(before, FACE))
    assert found is not None
    assert found.carried
    assert (found.x, found.y) == pytest.approx((126, 86), abs=0.7)
    nearer = carry(before, shifted(before, 0, 0, 1.06), FACE, look(before, FACE))
    assert nearer is not None
    assert nearer.side == pytest.approx(FACE.side * 1.06, rel=0.02)


def test_what_is_not_the_face_any_more_is_not_carried() -> None:
    before = scene()
    seen = look(before, FACE)
    assert carry(before, scene(1), FACE, seen) is None
    assert carry(before, np.zeros_like(before), FACE, seen) is None
    assert carry(before, before, FACE, look(scene(1), FACE)) is None  # it has become something else
    assert carry(before, before[:200], FACE, seen) is None
    assert carry(before, shifted(before, 0, 0), replace(FACE, x=290.0), seen) is None  # left the frame


def test_likeness_is_a_correlation() -> None:
    gray = look(scene(), FACE)
    assert likeness(gray, gray) == pytest.approx(1)
    assert likeness(gray, 255 - gray) == pytest.approx(-1)
    assert likeness(gray, np.full_like(gray, 7)) == 0


def test_a_face_that_no_detector_sees_is_carried_and_marked() -> None:
    tracker, _, picture = begun()
    for step in range(10, 30):
        found = tracker.update(shifted(picture, step - 9.0, 0.0), step / FPS)
        assert [(track.number, track.box.carried) for track in found] == [(1, True)]
    assert found[0].box.x == pytest.approx(FACE.x + 20, abs=3)


def test_a_detector_takes_a_carried_face_back_under_its_number() -> None:
    tracker, detector, picture = begun()
    tracker.update(picture, 10 / FPS)
    detector.blind = False
    found = tracker.update(picture, 11 / FPS)
    assert [(track.number, track.box.carried) for track in found] == [(1, False)]


def test_a_frozen_picture_does_not_stay_a_face() -> None:
    tracker, _, picture = begun()
    shown = [bool(tracker.update(picture, step / FPS)) for step in range(10, 100)]
    assert all(shown[:55])
    assert not any(shown[62:])


def test_a_face_that_is_gone_is_gone_at_once() -> None:
    tracker, _, picture = begun()
    assert tracker.update(np.zeros_like(picture), 10 / FPS) == []
    assert tracker.update(picture, 11 / FPS) == []  # what came back may be another


def test_a_false_alarm_is_not_carried() -> None:
    detector, picture = Blind(), scene()
    tracker = Tracker(detector)
    for step in range(4):
        tracker.update(picture, step / FPS)
    detector.blind = True
    assert tracker.update(picture, 4 / FPS) == []


def test_a_gap_in_the_video_is_not_bridged() -> None:
    tracker, _, picture = begun()
    tracker.update(picture, 10 / FPS)
    assert tracker.update(picture, 10 / FPS + 3.1) == []


def test_of_a_head_turned_aside_a_box_elsewhere_is_not_believed() -> None:
    tracker, detector, picture = begun()
    tracker.update(picture, 10 / FPS)
    mouth = Box(FACE.x + 20, FACE.y + 40, 36, 0.8)
    detector.blind = False
    detector.find_near = lambda gray, last: mouth  # type: ignore[method-assign]
    found = tracker.update(picture, 11 / FPS)
    assert found[0].box.carried
    assert found[0].box.side == pytest.approx(FACE.side, rel=0.05)
    detector.find_near = lambda gray, last: replace(FACE, x=128.0, profile=True)  # type: ignore[method-assign]
    found = tracker.update(picture, 12 / FPS)
    assert (found[0].box.profile, found[0].box.carried) == (True, False)
    assert found[0].box.x == pytest.approx(FACE.x, abs=1)


@pytest.fixture(scope="module")
def talking(shared_data: Path) -> list[Gray]:
    video = cv2.VideoCapture(str(shared_data / "video" / "brbk7n.mpg"))
    frames = []
    while (got := video.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY), np.uint8))
    video.release()
    return frames


def turning(frames: list[Gray], peak_deg: float) -> list[Gray]:
    """The talking head (simulated) turns aside in 0.6 s, stays for 0.6 s and comes back."""
    face = CascadeDetector().scan(frames[0])[0]
    yaw = np.interp(np.arange(64), [0, 12, 27, 42, 57, 64], [0, 0, 1, 1, 0, 0]) * peak_deg
    return [turned(frames[n], face, float(angle)) for n, angle in enumerate(yaw)]


def test_a_covered_face_is_not_carried(talking: list[Gray]) -> None:
    tracker, shown = Tracker(CascadeDetector()), []
    cover = cv2.resize(scene(3), (talking[0].shape[1], talking[0].shape[0]))
    for n, gray in enumerate(talking[:50]):
        view, edge = gray.copy(), max(0, (n - 20) * 20)  # something is drawn across the picture
        view[:, :edge] = cover[:, :edge]
        shown.append(bool(tracker.update(view, n / 25)))
    assert all(shown[2:20])
    assert not any(shown[34:])


@pytest.mark.parametrize("peak_deg", [60.0, -60.0])
def test_a_head_keeps_its_number_through_a_turn_to_60_degrees(talking: list[Gray], peak_deg: float) -> None:
    tracker = Tracker(CascadeDetector())
    found: list[list[Track]] = [
        tracker.update(gray, n / 25) for n, gray in enumerate(turning(talking, peak_deg))
    ]
    assert {track.number for tracks in found for track in tracks} == {1}
    assert np.mean([bool(tracks) for tracks in found[1:]]) > 0.95
    assert any(tracks[0].box.carried for tracks in found[1:] if tracks)
    assert not found[-1][0].box.carried
    assert found[-1][0].box.side == pytest.approx(found[5][0].box.side, rel=0.15)


def test_a_face_turned_aside_is_trusted_less(
    talking: list[Gray], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INSULA_MODELS", str(tmp_path))  # without MediaPipe's bundle
    estimator = FaceEstimator()
    views = [np.repeat(gray[..., None], 3, axis=2) for gray in turning(talking, 60.0)]
    estimator.start(StreamInfo("cam", "Video", 25.0, ("RGB",), ("uint8",), "uint8", views[0].shape))
    found = [estimator.judge(VideoFrame(view, n / 25, n)) for n, view in enumerate(views)]
    estimator.close()
    assert found[35].measured
    carried = {clue.feature: clue.value for clue in found[35].clues}["face carried by its points"]
    assert 0 < carried < 1
    assert all("carried" not in clue.feature for clue in found[8].clues)
    assert found[35].quality <= 0.6 * found[8].quality
