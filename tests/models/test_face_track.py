from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from insula.models.face.detect import Box, Gray
from insula.models.face.track import Tracker

FRAME: Gray = np.zeros((10, 10), np.uint8)
LEFT = Box(50, 50, 100, 0.9)
RIGHT = Box(400, 60, 80, 0.9)


class Scene:
    """A detector that sees what it is told; near looks find a face within a quarter of its side."""

    def __init__(self, *faces: Box) -> None:
        self.faces = list(faces)
        self.scans = 0

    def scan(self, gray: Gray) -> list[Box]:
        self.scans += 1
        return list(self.faces)

    def find_near(self, gray: Gray, last: Box) -> Box | None:
        near = [face for face in self.faces if face.overlap(last) > 0.6]
        return near[0] if near else None


def run(tracker: Tracker, times: list[float]) -> list[list[int]]:
    return [[track.number for track in tracker.update(FRAME, t)] for t in times]


def test_a_face_counts_from_its_second_sighting_and_keeps_its_number() -> None:
    assert run(Tracker(Scene(LEFT)), [0.0, 0.1, 0.2, 0.3]) == [[], [1], [1], [1]]


def test_two_faces_have_two_numbers_largest_first() -> None:
    assert run(Tracker(Scene(RIGHT, LEFT)), [0.0, 0.1])[-1] == [2, 1]


def test_a_moving_face_keeps_its_number() -> None:
    scene = Scene(LEFT)
    tracker = Tracker(scene)
    for step in range(60):
        scene.faces = [replace(LEFT, x=50 + 8.0 * step)]
        found = tracker.update(FRAME, step / 30)
    assert [track.number for track in found] == [1]
    assert found[0].box.x == pytest.approx(50 + 8 * 59, abs=12)


def test_a_missing_face_is_not_reported_and_returns_under_its_number() -> None:
    scene = Scene(LEFT)
    tracker = Tracker(scene)
    run(tracker, [0.0, 0.1])
    scene.faces = []
    assert run(tracker, [0.2, 0.3, 0.4]) == [[], [], []]
    scene.faces = [LEFT]
    assert run(tracker, [0.5]) == [[1]]


def test_after_a_longer_absence_it_is_a_new_face() -> None:
    scene = Scene(LEFT)
    tracker = Tracker(scene)
    run(tracker, [0.0, 0.1])
    scene.faces = []
    run(tracker, [0.2, 0.5, 0.9])
    scene.faces = [LEFT]
    assert run(tracker, [1.4, 1.5])[-1] == [2]


def test_a_newcomer_is_found_by_the_next_scan() -> None:
    scene = Scene(LEFT)
    tracker = Tracker(scene)
    run(tracker, [0.0, 0.1])
    scene.faces = [LEFT, RIGHT]
    assert run(tracker, [0.2, 0.6, 0.7])[-1] == [1, 2]


def test_a_false_alarm_of_one_scan_never_shows() -> None:
    scene = Scene(LEFT, RIGHT)
    tracker = Tracker(scene)
    run(tracker, [0.0])
    scene.faces = [LEFT]
    assert run(tracker, [0.1, 0.2, 0.6, 1.2]) == [[1]] * 4


def test_scans_are_rare_while_all_faces_are_in_view() -> None:
    scene = Scene(LEFT)
    run(Tracker(scene), [step / 30 for step in range(61)])
    assert scene.scans <= 5


def test_boxes_of_a_sure_detector_count_at_once() -> None:
    tracker = Tracker(Scene())
    sure = replace(LEFT, sure=True)
    assert [track.number for track in tracker.match([sure], FRAME, 0.0)] == [1]
    assert [track.number for track in tracker.match([replace(sure, x=60)], FRAME, 0.1)] == [1]
    assert tracker.match([], FRAME, 0.2) == []


def test_overlap_is_intersection_over_union() -> None:
    assert LEFT.overlap(LEFT) == 1
    assert LEFT.overlap(RIGHT) == 0
    assert LEFT.overlap(replace(LEFT, x=100)) == pytest.approx(1 / 3)
