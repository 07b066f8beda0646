from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import pytest

from insula.edge import codec, schema, wire
from insula.edge.protocols import Item
from insula.edge.reports import Answer, StepEvent
from insula.edge.sinks.contract import items
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Contribution, Face, Marker, Measure

HALF = Measure(0.5, 0.25)
FACE = Face((1.0, 2.0, 3.0, 4.0), 0.9, 1, ((1.0, 2.0),) * 478)


@pytest.fixture(scope="module")
def valid() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema.build())
    return jsonschema.Draft202012Validator(json.loads(schema.FILE.read_text("utf-8")))


@pytest.mark.parametrize("item", [*items(), StepEvent(1.0, 0, "rest", "rest", "begin")])
def test_records_are_what_the_schema_says(item: Item, valid: jsonschema.Draft202012Validator) -> None:
    record = json.loads(wire.to_json(wire.record(item, 7)))
    valid.validate(record)
    assert record["seq"] == 7
    del record["seq"]
    assert not valid.is_valid(record)


def test_records_come_back_as_what_they_were() -> None:
    for item in items():
        if not isinstance(item, Marker):  # one of them holds what is no text
            assert wire.read(wire.record(item, 0)) == item


def test_the_schema_and_the_page_are_up_to_date() -> None:
    hint = "run: python -m insula.edge.schema"
    assert schema.FILE.read_text("utf-8") == schema.text(), hint
    page = schema.DOCS.read_text("utf-8")
    assert page == schema.documented(page), hint
    for name, record in schema.build()["$defs"].items():
        bare = [field for field, value in record["properties"].items() if not value["description"]]
        assert not bare, f"{name}: say in insula.edge.schema.MEANING what these are"


def test_every_published_record_is_in_the_schema() -> None:
    told = {codec.encode(item)["record"] for item in items() if wire.topic(item)}
    assert told | {"step"} == set(schema.PUBLISHED)


def test_what_is_not_measured_is_null_with_its_reason() -> None:
    state = AffectState(
        1.0,
        arousal=HALF,
        indices=(("stress", HALF),),
        contributions=(Contribution("face", False, "too dark"), Contribution("eda", True, weight=1.0)),
        va_source="mapped",
    )
    record = wire.record(state, 0)
    assert record["valence"] is record["expression"] is record["probabilities"] is None
    assert record["absent"] == {
        "valence": "face: too dark; eda: does not speak of valence",
        "expression": "face: too dark; eda: does not speak of expression",
    }


def test_nothing_measured_says_why_for_every_value() -> None:
    for item in (AffectState(1.0, reason="asleep"), AffectEstimate("face", "c", 1.0, 0.0, reason="asleep")):
        assert wire.absent(item) == dict.fromkeys(wire.VALUES, "asleep")


def test_a_modality_that_does_not_speak_of_a_value_says_so() -> None:
    estimate = AffectEstimate("eeg", "c", 1.0, 1.0, indices=(("workload", HALF),))
    assert wire.absent(estimate)["valence"] == "eeg does not speak of valence"


def test_probabilities_go_by_name() -> None:
    state = AffectState(1.0, expression=(math.log(0.75), math.log(0.25), *[-math.inf] * 6))
    found = wire.record(state, 0)["probabilities"]
    assert list(found) == list(EXPRESSIONS)
    assert found["neutral"] == pytest.approx(0.75)
    assert found["contempt"] == 0.0


def test_landmarks_stay_here() -> None:
    estimate = AffectEstimate("face", "c", 1.0, 1.0, reason="blurred", faces=(FACE,))
    assert wire.record(estimate, 0)["faces"][0]["landmarks"] == []
    assert estimate.faces[0].landmarks


def test_topics_are_numbered_apart_and_events_are_not_said_again() -> None:
    records = wire.Records()
    sent: list[Any] = [records.of(item) for item in [*items(), *items()]]
    by_topic: dict[str, list[int]] = {}
    for topic, record in sent:
        by_topic.setdefault(topic, []).append(record["seq"])
    assert all(numbers == list(range(len(numbers))) for numbers in by_topic.values())
    assert by_topic.keys() - records.newest.keys() == {"marker"}
    assert records.newest["state"]["seq"] == 3


def test_answers_are_not_published() -> None:
    assert wire.Records().of(Answer(1.0, "PANAS", "proud", text="very")) is None
