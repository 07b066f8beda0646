from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from insula.models.face.blendshapes import (
    ACTION_UNITS,
    NOT_MEASURED,
    PersonBaseline,
    action_units,
    clues,
    support,
)
from insula.models.face.eyes import EyeWatch, closure
from insula.models.face.landmarker import head_pose
from insula.models.face.quality import picture_quality

NAMES = sorted({part for _, parts in ACTION_UNITS.values() for part in parts})


def test_units_are_means_of_their_blendshapes() -> None:
    values = [
        0.8 if name == "mouthSmileLeft" else 0.4 if name == "mouthSmileRight" else 0.0 for name in NAMES
    ]
    units = action_units(values, NAMES)
    assert units[12] == pytest.approx(0.6)
    assert units[4] == 0.0
    assert units.keys() == ACTION_UNITS.keys()


def test_a_unit_without_its_blendshapes_is_absent_not_zero() -> None:
    assert action_units([0.7], ["jawOpen"]) == {26: 0.7}
    assert not NOT_MEASURED.keys() & ACTION_UNITS.keys()


def test_intensities_stay_in_range() -> None:
    assert action_units([1.3], ["jawOpen"]) == {26: 1.0}
    assert action_units([-0.2], ["jawOpen"]) == {26: 0.0}


def test_z_scores_come_from_the_persons_own_rest() -> None:
    baseline = PersonBaseline()
    assert baseline.z(12, 0.5) is None
    baseline.begin()
    for value in np.linspace(0.1, 0.3, 60):
        baseline.see({12: float(value)})
    assert baseline.z(12, 0.5) is None
    baseline.end()
    spread = np.linspace(0.1, 0.3, 60).std()
    assert baseline.z(12, 0.5) == pytest.approx((0.5 - 0.2) / spread)
    assert baseline.z(4, 0.5) is None
    found = clues("cam", {12: 0.5}, baseline)[0]
    assert (found.stream, found.feature, found.value) == ("cam", "AU12 lip corner puller", 0.5)
    assert found.z == pytest.approx((0.5 - 0.2) / spread)


def test_a_short_or_new_baseline_gives_no_z() -> None:
    baseline = PersonBaseline()
    baseline.begin()
    for _ in range(PersonBaseline.smallest - 1):
        baseline.see({12: 0.1})
    baseline.end()
    baseline.see({12: 0.9})  # not learning any more
    assert baseline.z(12, 0.5) is None
    baseline.begin()
    assert baseline.learning


def test_a_still_face_does_not_make_huge_scores() -> None:
    baseline = PersonBaseline()
    baseline.begin()
    for _ in range(100):
        baseline.see({26: 0.1})
    baseline.end()
    assert baseline.z(26, 0.2) == pytest.approx(5.0)


def test_support_is_the_share_of_active_prototype_units() -> None:
    baseline = PersonBaseline()
    assert support("surprise", {1: 0.5, 2: 0.4, 5: 0.1, 26: 0.9, 12: 0.9}, baseline) == 0.75
    assert support("surprise", {1: 0.5, 12: 0.9}, baseline) == 1.0
    assert support("surprise", {12: 0.9}, baseline) is None
    assert support("neutral", {12: 0.9}, baseline) is None
    baseline.begin()
    for _ in range(40):
        baseline.see({12: 0.6})
    baseline.end()
    assert support("happiness", {12: 0.6}, baseline) == 0.0  # this person smiles at rest


def watch(course: list[float], fps: float = 15.0) -> EyeWatch:
    eyes = EyeWatch()
    for number, value in enumerate(course):
        eyes.see(value, number / fps)
    return eyes


def test_blinks_and_closure_are_counted_over_watched_time() -> None:
    four_seconds = [0.1] * 57 + [0.9] * 3
    eyes = watch(four_seconds * 10 + [0.1])
    assert eyes.watched_s == pytest.approx(40)
    assert eyes.blinks_per_minute == pytest.approx(15)
    assert eyes.perclos == pytest.approx(0.05)


def test_a_long_closure_is_no_blink() -> None:
    eyes = watch([0.1] * 150 + [0.9] * 30 + [0.1] * 120)
    assert eyes.blinks_per_minute == 0
    assert eyes.perclos == pytest.approx(0.1, abs=0.01)


def test_nothing_is_said_before_enough_was_seen_and_gaps_do_not_count() -> None:
    eyes = watch([0.1] * 200)
    assert (eyes.perclos, eyes.blinks_per_minute) == (None, None)
    eyes.see(0.1, 40.0)
    assert eyes.watched_s == pytest.approx(199 / 15)


def test_the_window_forgets() -> None:
    eyes = watch([0.9] * 300 + [0.1] * 1200)
    assert eyes.perclos == 0
    assert eyes.watched_s == pytest.approx(60, abs=0.1)


def test_closure_is_the_mean_of_both_eyes() -> None:
    assert closure([0.2, 0.7, 0.4], ["eyeBlinkLeft", "jawOpen", "eyeBlinkRight"]) == pytest.approx(0.3)


@pytest.mark.parametrize(("axis", "at"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_head_pose_reads_back_a_turn_about_one_axis(axis: str, at: int) -> None:
    vectors = {"yaw": (0, 1, 0), "pitch": (1, 0, 0), "roll": (0, 0, 1)}
    matrix = np.eye(4)
    matrix[:3, :3] = cv2.Rodrigues(np.radians(20) * np.array(vectors[axis], np.float64))[0]
    expected = [0.0, 0.0, 0.0]
    expected[at] = 20.0
    assert head_pose(matrix) == pytest.approx(expected, abs=1e-6)


def texture(side: int, mean: float = 128, spread: float = 40) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), max(side / 96, 0.1)) + 0.01 * np.arange(side)
    return np.clip(mean + spread * (smooth - smooth.mean()) / max(smooth.std(), 1e-3), 0, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (texture(1), "too small"),
        (np.zeros((0, 0), np.uint8), "too small"),
        (texture(15), "too small"),
        (texture(64, mean=3, spread=1), "too dark"),
        (texture(64, mean=254, spread=1), "too bright"),
        (np.full((64, 64), 120, np.uint8), "no contrast"),
    ],
)
def test_what_cannot_be_judged_says_why(picture: npt.NDArray[np.uint8], reason: str) -> None:
    found = picture_quality(picture)
    assert found.value == 0
    assert reason in found.reason


def test_quality_falls_with_size_light_and_blur() -> None:
    good = picture_quality(texture(96))
    assert good.value > 0.9
    assert good.reason == ""
    assert picture_quality(texture(30)).value < 0.5
    assert picture_quality(texture(96, mean=20, spread=8)).value < 0.5
    blurred = cv2.GaussianBlur(texture(96), (0, 0), 6)
    assert picture_quality(np.asarray(blurred, np.uint8)).value < good.value / 2
