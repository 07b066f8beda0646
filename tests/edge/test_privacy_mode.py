"""Modes and contexts, as the configuration states them."""

from __future__ import annotations

from typing import Any

import pytest

from insula.edge import config
from insula.edge.errors import ConfigError
from insula.edge.privacy.context import Use
from insula.edge.privacy.mode import Mode

EDA = {"sensors": {"eda": {"driver": "simulated_eda"}}}


def test_by_default_neither_sound_nor_pictures_nor_the_faces_shape_are_kept() -> None:
    mode = config.parse(EDA).mode
    assert mode is Mode.FEATURES_ONLY
    assert not any((mode.keeps_audio, mode.keeps_video, mode.keeps_mesh))


@pytest.mark.parametrize(("mode", "mesh", "raw"), [("de-identified", True, False), ("full", True, True)])
def test_each_mode_keeps_what_it_says(mode: str, mesh: bool, raw: bool) -> None:
    parsed = config.parse({**EDA, "privacy": {"mode": mode}}).mode
    assert (parsed.keeps_mesh, parsed.keeps_audio, parsed.keeps_video) == (mesh, raw, raw)


def test_a_permission_includes_every_lesser_mode() -> None:
    assert [Mode.DE_IDENTIFIED.covers(mode) for mode in Mode] == [True, True, False]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"session": {"audio": True}}, "needs [privacy] mode = 'full'"),
        ({"session": {"audio": True}, "privacy": {"mode": "de-identified"}}, "it is 'de-identified'"),
        ({"sinks": {"x": {"sink": "xdf", "path": "a.xdf", "audio": True}}}, "audio = true is more than"),
        ({"sinks": {"x": {"sink": "jsonl", "landmarks": True}}}, "landmarks = true is more than"),
        ({"privacy": {"mode": "open"}}, "one of features-only, de-identified, full"),
        ({"privacy": {"keep_days": 0}}, "at least 1"),
        ({"context": {"use": "work"}}, "Art. 5(1)(f)"),
        ({"context": {"use": "education", "medical_or_safety": " "}}, "Art. 5(1)(f)"),
        ({"context": {"use": "robot-demo"}}, "Art. 50(3)"),
        ({"context": {"use": "fun"}}, "choose one of clinical"),
    ],
)
def test_what_is_not_permitted_is_refused_in_words(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config.parse({**EDA, **tables})
    assert message in str(refused.value)


def test_work_with_a_safety_purpose_is_let_through_and_needs_consent() -> None:
    table = {"use": "work", "medical_or_safety": "drowsiness alarm for crane operators"}
    context = config.parse({**EDA, "context": table}).context
    assert context is not None
    assert context.use is Use.WORK
    assert context.needs_consent
