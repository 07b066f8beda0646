"""The ROS 2 output: what it says, checked against the message definitions, and that it needs ROS for it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from insula.edge.errors import SinkError
from insula.edge.health import HealthEvent, NodeState
from insula.edge.sinks.contract import STREAMS, items
from insula.edge.sinks.ros2 import Ros2Sink
from insula.edge.sinks.ros2_messages import ERROR, LABELS, OK, WARN, Message, Translator
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Face, Measure

# The fields of ros4hri/hri_msgs 2.x.
HRI = {
    "hri_msgs/msg/Expression": (
        "std_msgs/Header header\nstring expression\nfloat32 valence\nfloat32 arousal\nfloat32 confidence"
    ),
    "hri_msgs/msg/IdsList": "std_msgs/Header header\nstring[] ids",
    "hri_msgs/msg/NormalizedRegionOfInterest2D": (
        "std_msgs/Header header\nfloat32 xmin\nfloat32 ymin\nfloat32 xmax\nfloat32 ymax\nfloat32 c"
    ),
}
HALF = Measure(0.5, 0.25)
FACES = (Face((10.0, 20.0, 30.0, 40.0), 0.9, 4), Face((-5.0, 0.0, 20.0, 200.0), 0.5, 2))


def showing(name: str, p: float = 0.65) -> tuple[float, ...]:
    rest = math.log((1 - p) / (len(EXPRESSIONS) - 1))
    return tuple(math.log(p) if name == known else rest for known in EXPRESSIONS)


def face(t: float = 10.0, **options: Any) -> AffectEstimate:
    measured = {"valence": HALF, "arousal": HALF, "expression": showing("fear"), "va_source": "mapped"}
    return AffectEstimate("face", "camera", t, 1.0, **{"faces": FACES, **measured, **options})


@pytest.fixture
def translator() -> Translator:
    return Translator({"camera": (100, 100)})


def by_topic(messages: list[Message]) -> dict[str, Any]:
    return {message.topic: message.fields for message in messages}


def test_messages_have_the_fields_of_their_types(translator: Translator) -> None:
    typesys = pytest.importorskip("rosbags.typesys")
    store = typesys.get_typestore(typesys.Stores.ROS2_JAZZY)
    for name, text in HRI.items():
        store.register(typesys.get_types_from_msg(text, name))

    def filled(type_: str, fields: Any) -> Any:
        kinds = dict(store.fielddefs[type_][1])
        assert fields.keys() == kinds.keys(), type_
        return store.types[type_](**{f: value(kinds[f], fields[f]) for f in kinds})

    def value(kind: Any, given: Any) -> Any:
        node, detail = kind
        if node.name == "NAME":
            return filled(detail, given)
        if node.name == "BASE":
            return given[0] if isinstance(given, bytes) else given
        return [value(detail[0], one) for one in given]

    said = [m for item in [*items(), face()] for m in translator.messages(item)]
    for message in said:
        assert message.fields is not None
        raw = store.serialize_cdr(filled(message.type, message.fields), message.type)
        back = store.deserialize_cdr(raw, message.type)
        if message.type == "hri_msgs/msg/Expression":
            assert np.float32(back.valence) == pytest.approx(message.fields["valence"], nan_ok=True)
    assert {message.type for message in said} == {
        *HRI,
        "std_msgs/msg/String",
        "diagnostic_msgs/msg/DiagnosticArray",
    }


def test_the_judged_face_has_an_expression_and_every_face_a_place(translator: Translator) -> None:
    said = by_topic(translator.messages(face()))
    assert said["/humans/faces/tracked"]["ids"] == ["f4", "f2"]
    shown = said["/humans/faces/f4/expression"]
    assert (shown["expression"], shown["valence"], shown["arousal"]) == ("scared", 0.5, 0.5)
    assert shown["confidence"] == pytest.approx(0.65)
    assert "/humans/faces/f2/expression" not in said
    place = said["/humans/faces/f2/roi"]
    assert [place[k] for k in ("xmin", "ymin", "xmax", "ymax", "c")] == [0.0, 0.0, 0.15, 1.0, 0.5]


def test_stamps_are_capture_times_on_ros_clock(translator: Translator) -> None:
    translator.offset_s = 1_700_000_000.0
    header = by_topic(translator.messages(face(t=12.25)))["/humans/faces/f4/roi"]["header"]
    assert header["stamp"]["sec"] == 1_700_000_012
    assert header["stamp"]["nanosec"] == pytest.approx(250_000_000, abs=1000)  # what a double can tell
    assert header["frame_id"] == "camera"


def test_a_face_that_left_has_no_topics_any_more(translator: Translator) -> None:
    translator.messages(face())
    said = by_topic(translator.messages(face(faces=FACES[:1])))
    assert said["/humans/faces/tracked"]["ids"] == ["f4"]
    assert said["/humans/faces/f2/roi"] is None
    gone = AffectEstimate("face", "camera", 11.0, 0.0, reason="no face in the frame")
    said = by_topic(translator.messages(gone))
    assert said["/humans/faces/tracked"]["ids"] == []
    assert said["/humans/faces/f4/expression"] is said["/humans/faces/f4/roi"] is None


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_class_has_its_word_and_contempt_none(translator: Translator, name: str) -> None:
    state = AffectState(1.0, expression=showing(name, 0.4))
    shown = by_topic(translator.messages(state))["/insula/expression"]
    assert shown["expression"] == LABELS[name]
    assert shown["confidence"] == (0.0 if name == "contempt" else pytest.approx(0.4))


def test_not_measured_is_nan_empty_and_diagnosed(translator: Translator) -> None:
    blurred = AffectEstimate("face", "camera", 11.0, 0.0, reason="too blurred", faces=FACES)
    shown = by_topic(translator.messages(blurred))["/humans/faces/f4/expression"]
    assert (shown["expression"], shown["confidence"]) == ("", 0.0)
    assert math.isnan(shown["valence"])
    assert math.isnan(shown["arousal"])
    (status,) = translator.diagnostics(12.0).fields["status"]  # type: ignore[index]
    assert (status["level"], status["message"]) == (WARN, "not measured: too blurred")


def test_the_whole_state_goes_as_json(translator: Translator) -> None:
    for seq in range(2):
        said = by_topic(translator.messages(AffectState(1.0, reason="asleep")))
        record = json.loads(said["/insula/state"]["data"])
        assert (record["seq"], record["absent"]["valence"]) == (seq, "asleep")


def test_diagnostics_follow_every_part(translator: Translator) -> None:
    translator.messages(HealthEvent(1.0, "camera", "sensor", NodeState.RUNNING))
    (said,) = translator.messages(HealthEvent(2.0, "camera", "sensor", NodeState.LOST, "unplugged"))
    (status,) = said.fields["status"]  # type: ignore[index]
    assert (status["name"], status["level"], status["message"]) == (
        "insula: sensor camera",
        ERROR,
        "lost: unplugged",
    )
    (said,) = translator.messages(HealthEvent(3.0, "camera", "sensor", NodeState.RUNNING))
    assert said.fields["status"][0]["level"] == OK  # type: ignore[index]


def test_without_ros_it_says_what_to_do() -> None:
    try:
        import rclpy  # noqa: F401
    except ImportError:
        with pytest.raises(SinkError, match=r"source /opt/ros/<distribution>/setup.bash"):
            Ros2Sink().open({})
    else:
        pytest.skip("there is a ROS 2 here")


def test_the_node_opens_and_closes_what_it_should() -> None:
    """With a stand-in for rclpy: it shows our code, not ROS."""
    check = Path(__file__).parent / "parts" / "ros_node_check.py"
    done = subprocess.run(
        [sys.executable, str(check)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_with_ros_it_keeps_the_contract() -> None:
    pytest.importorskip("rclpy", reason="no ROS 2 distribution is installed")
    pytest.importorskip("hri_msgs", reason="hri_msgs is not installed")
    from insula.edge.sinks.contract import check_sink

    check_sink(lambda: Ros2Sink(node=f"insula_test_{len(STREAMS)}"))
