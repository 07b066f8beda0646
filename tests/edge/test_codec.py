from __future__ import annotations

import json
import math
import typing
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insula.edge import codec
from insula.edge.errors import DataError
from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.protocols import Item
from insula.edge.types import (
    EXPRESSIONS,
    MODALITIES,
    AffectEstimate,
    AffectState,
    Clue,
    Contribution,
    Face,
    Marker,
    Measure,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
unit = st.floats(0, 1)
text = st.text(max_size=12)
measures = st.builds(Measure, finite, st.floats(0, 1e6))
indices = st.lists(st.tuples(text, measures), max_size=3).map(tuple)
log_probabilities = st.lists(st.floats(-50, 0) | st.just(-math.inf), min_size=8, max_size=8).map(tuple)
clues = st.lists(st.builds(Clue, text, text, finite, text, st.none() | finite), max_size=2).map(tuple)
points = st.lists(st.tuples(finite, finite), max_size=3).map(tuple)
boxes = st.tuples(finite, finite, finite, finite)
faces = st.lists(st.builds(Face, boxes, unit, st.integers(0, 9), points), max_size=2).map(tuple)
contributions = st.lists(
    st.builds(Contribution, st.sampled_from(MODALITIES), st.booleans(), text, unit, st.none() | finite, unit),
    max_size=4,
).map(tuple)

estimates = st.builds(
    AffectEstimate,
    modality=st.sampled_from(MODALITIES),
    stream=text,
    t=finite,
    quality=unit,
    valence=st.none() | measures,
    arousal=st.none() | measures,
    expression=st.none() | log_probabilities,
    indices=indices,
    reason=st.text(min_size=1, max_size=12),
    va_source=st.sampled_from(["native", "mapped"]),
    clues=clues,
    faces=faces,
    sample=st.integers(-1, 2**40),
    model=text,
    simulated=st.booleans(),
)
states = st.builds(
    AffectState,
    t=finite,
    valence=st.none() | measures,
    arousal=st.none() | measures,
    expression=st.none() | log_probabilities,
    indices=indices,
    contributions=contributions,
    reason=text,
    age_newest_s=st.none() | finite,
    age_oldest_s=st.none() | finite,
    va_source=st.sampled_from([None, "native", "mapped"]),
    simulated=st.booleans(),
    clues=clues,
)
health = st.builds(
    HealthEvent, finite, text, st.sampled_from(["sensor", "sink"]), st.sampled_from(list(NodeState)), text
)
stats = st.builds(StreamStats, finite, text, text, finite, finite, st.none() | finite, st.integers(0, 9))
markers = st.builds(Marker, finite, text, text)


@given(estimates | states | health | stats | markers)
def test_every_item_survives_the_wire_exactly(item: Item) -> None:
    line = codec.dumps(item)
    assert b"\n" not in line
    back = codec.loads(line)
    assert back == item
    assert type(back) is type(item)


def test_everything_the_runtime_publishes_has_a_wire_form() -> None:
    assert set(typing.get_args(Item)) == set(codec.RECORDS.values())


def test_a_record_names_its_schema_and_type_and_writes_absent_as_null() -> None:
    state = AffectState(t=1.5, reason="no face in view")
    record = json.loads(codec.dumps(state))
    assert record["schema"] == 1
    assert record["record"] == "state"
    assert record["valence"] is None
    assert record["reason"] == "no face in view"


def test_probability_zero_is_null_inside_the_expression() -> None:
    expression = (0.0, *[-math.inf] * (len(EXPRESSIONS) - 1))
    line = codec.dumps(AffectState(t=0.0, expression=expression))
    assert json.loads(line)["expression"] == [0.0, *[None] * 7]
    back = codec.loads(line)
    assert isinstance(back, AffectState)
    assert back.expression == expression


def test_a_clue_that_is_not_a_number_is_null() -> None:
    line = codec.dumps(AffectState(t=0.0, clues=(Clue("eda", "SCL", math.nan),)))
    assert json.loads(line)["clues"][0]["value"] is None
    back = codec.loads(line)
    assert isinstance(back, AffectState)
    assert math.isnan(back.clues[0].value)


def test_numpy_numbers_are_written_as_numbers() -> None:
    line = codec.dumps(Marker(t=float(np.float64(2.0)), text="go"))
    assert codec.loads(line) == Marker(2.0, "go")
    measure = Measure(np.float32(0.5), np.float32(0.25))  # type: ignore[arg-type]
    assert codec.loads(codec.dumps(AffectState(t=0.0, valence=measure))) == AffectState(
        t=0.0, valence=Measure(0.5, 0.25)
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_not_finite_is_refused_by_name(value: float) -> None:
    with pytest.raises(DataError, match=r"health\.t is"):
        codec.encode(HealthEvent(value, "eda", "sensor", NodeState.LOST))


def test_positive_infinity_is_no_log_probability() -> None:
    with pytest.raises(DataError, match="expression"):
        codec.encode(AffectState(t=0.0, expression=(math.inf,) * 8))


def test_foreign_objects_have_no_wire_form() -> None:
    with pytest.raises(DataError, match="int has no wire form"):
        codec.encode(3)  # type: ignore[arg-type]


def _record(**changes: Any) -> dict[str, Any]:
    estimate = AffectEstimate("eda", "eda", 1.0, 0.9, arousal=Measure(0.1, 0.2), va_source="mapped")
    return {**codec.encode(estimate), **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "schema 2"),
        ({"record": "mood"}, "unknown record 'mood'"),
        ({"mood": 1}, "unknown field 'mood'"),
        ({"modality": "smell"}, "modality should be one of"),
        ({"t": "now"}, "estimate.t should be a finite number"),
        ({"t": True}, "estimate.t should be a finite number"),
        ({"t": None}, "estimate.t should be a finite number"),
        ({"arousal": {"mean": 0.1}}, r"arousal lacks the field 'sd'"),
        ({"arousal": {"mean": 0.1, "sd": -1.0}}, "sd ≥ 0"),
        ({"arousal": 0.1}, "arousal should be an object"),
        ({"indices": {"stress": 1}}, "indices should be a list"),
        ({"indices": [["stress"]]}, "indices should have 2 entries"),
        ({"sample": 1.0}, "sample should be int"),
        ({"simulated": 1}, "simulated should be bool"),
        ({"reason": None}, "reason should be str"),
        ({"expression": [0.0]}, "8 log-probabilities"),
        ({"arousal": None, "reason": ""}, "must say why"),
        ({"va_source": "guessed"}, "va_source should be one of"),
    ],
)
def test_a_wrong_record_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        codec.decode(_record(**changes))


def test_a_missing_field_with_a_default_takes_it_and_one_without_is_named() -> None:
    record = _record()
    del record["clues"]
    back = codec.decode(record)
    assert isinstance(back, AffectEstimate)
    assert back.clues == ()
    del record["quality"]
    with pytest.raises(DataError, match="lacks the field 'quality'"):
        codec.decode(record)


@pytest.mark.parametrize("line", [b"", b"{", b'{"schema":1', b"\xff", b"[]", b"3", b"null"])
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(DataError):
        codec.loads(line)


def test_nan_in_a_line_is_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        codec.loads(b'{"schema":1,"record":"marker","t":NaN,"text":"x","source":"y"}')


def test_text_that_is_not_unicode_is_replaced_instead_of_stopping_the_sink() -> None:
    assert codec.loads(codec.dumps(Marker(0.0, "a\udcffb"))) == Marker(0.0, "a?b")
