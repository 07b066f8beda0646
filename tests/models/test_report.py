from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from insula.models import metrics
from insula.models.report import (
    Calibration,
    ReportCard,
    Score,
    calibration,
    classification_scores,
    majority_floor,
    per_class,
    score,
)

Y = np.array([0, 0, 0, 1, 1, 1, 0, 1])
POSITIVE = np.array([0.1, 0.2, 0.6, 0.9, 0.8, 0.4, 0.3, 0.7])
PROBS = metrics.binary_probabilities(POSITIVE)
PEOPLE = ["a", "a", "b", "b", "c", "c", "d", "d"]

CARD = ReportCard(
    title="workload",
    data="three people",
    group_key="person",
    n_groups=4,
    n_items=8,
    window_overlap=0.75,
    label_target="experimental condition",
    class_counts=(("rest", 4), ("arithmetic", 4)),
    floors=(majority_floor(Y),),
    metrics=classification_scores(Y, PROBS, PEOPLE),
    per_class=per_class(Y, PROBS.argmax(axis=1), ("rest", "arithmetic")),
    calibration=calibration(Y, PROBS, PROBS, 1.0),
    notes=("rest comes first",),
)


def test_a_card_shows_split_floor_interval_classes_calibration_and_notes() -> None:
    text = CARD.render()
    for part in (
        "person, 4 groups, 8 items",
        "75%",
        "experimental condition",
        "rest 4, arithmetic 4",
        "majority class (accuracy)",
        "0.500",
        "recall 0.750",
        "at temperature 1.00",
        "rest comes first",
    ):
        assert part in text
    assert text.splitlines()[0] == "workload"


def test_every_row_has_section_name_and_text() -> None:
    assert all(len(row) == 3 and all(row) for row in CARD.rows())
    assert {row[0] for row in CARD.rows()} == {"data", "floor", "metric", "class", "calibration", "note"}


def test_scores_carry_the_value_and_an_interval_over_groups() -> None:
    by_name = {s.name: s for s in CARD.metrics}
    assert by_name["accuracy (WAR)"].value == pytest.approx(0.75)
    auc = by_name["AUC"]
    assert auc.value == pytest.approx(metrics.auc(Y, POSITIVE))
    assert auc.low is not None
    assert auc.high is not None
    assert auc.value is not None
    assert auc.low <= auc.value <= auc.high


def test_an_undefined_statistic_is_not_measured_with_a_reason() -> None:
    missing = score("AUC", lambda i: float("nan"), PEOPLE)
    assert missing.value is None
    assert missing.text() == "not measured: undefined on these items"
    with pytest.raises(ValueError, match="must say why"):
        Score("AUC", None)
    with pytest.raises(ValueError, match="not a figure"):
        Score("AUC", float("nan"))


def test_a_class_without_items_shows_a_dash() -> None:
    classes = per_class([0, 0], [0, 0], ("rest", "arithmetic"))
    assert "recall –" in replace(CARD, per_class=classes).render()


def test_a_card_without_floor_group_or_target_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="floor"):
        replace(CARD, floors=())
    with pytest.raises(ValueError, match="group key"):
        replace(CARD, group_key="")
    with pytest.raises(ValueError, match="labels"):
        replace(CARD, label_target="")


def test_items_that_are_not_windows_are_said_to_be_so() -> None:
    assert "items are not windows" in replace(CARD, window_overlap=None, calibration=None).render()
    assert isinstance(CARD.calibration, Calibration)
