"""What a session says in ROS 2's words: topics, message types and fields, without ROS.

REP-155 (ROS4HRI) gives every face a namespace: ``/humans/faces/tracked`` lists them,
``/humans/faces/<id>/roi`` says where each is and ``/humans/faces/<id>/expression`` what the judged one shows.
``/insula/expression`` is the fused state in the same type, ``/insula/state`` all of it as JSON
(docs/outputs.md), ``/insula/explanation`` why it is so in a sentence, ``/diagnostics`` how every part is and
why a modality is not measured.

*Not measured* is NaN for valence and arousal, an empty expression, confidence 0, and a diagnostic. An
expression is the most probable of the eight classes with its calibrated probability as ``confidence``;
contempt has no name in ``hri_msgs/Expression``, so it is an empty expression with confidence 0, never the
runner-up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent, NodeState
from insula.edge.protocols import Item
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Face
from insula.edge.wire import Records, to_json

LABELS: Final = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprised",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "scared",
    "contempt": "",
}
"""Our classes in the words of ``hri_msgs/msg/Expression``."""

OK, WARN, ERROR, STALE = b"\x00", b"\x01", b"\x02", b"\x03"
_LEVEL: Final = {
    NodeState.STARTING: OK,
    NodeState.RUNNING: OK,
    NodeState.STALLED: WARN,
    NodeState.LOST: ERROR,
    NodeState.FAILED: ERROR,
    NodeState.STOPPED: STALE,
}

TRACKED: Final = "/humans/faces/tracked"
_EXPRESSION: Final = "hri_msgs/msg/Expression"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``fields`` as nested dicts, ``None`` to give the topic up. ``kept`` for late joiners."""

    topic: str
    type: str
    fields: Mapping[str, Any] | None
    kept: bool = False


class Translator:
    """Follows a session and puts its items into messages.

    ``frames`` has width and height in pixels of each video stream. ``offset_s`` is ROS time minus LSL's
    clock: stamps are capture times.
    """

    def __init__(self, frames: Mapping[str, tuple[int, int]]) -> None:
        self.offset_s = 0.0
        self._frames = frames
        self._faces: dict[str, str] = {}  # id → frame of reference
        self._status: dict[str, dict[str, Any]] = {}
        self._records = Records()

    def messages(self, item: Item) -> list[Message]:
        """What an item says."""
        if isinstance(item, AffectState):
            numbered = self._records.of(item)
            assert numbered is not None
            text = to_json(numbered[1]).decode()
            header = self._header(item.t, "")
            return [
                Message("/insula/state", "std_msgs/msg/String", {"data": text}, kept=True),
                Message("/insula/expression", _EXPRESSION, expression(item, header)),
            ]
        if isinstance(item, AffectEstimate):
            what = f"insula: {item.modality} estimates"
            told = (OK, "measured") if item.measured else (WARN, f"not measured: {item.reason}")
            self._status[what] = _status(what, *told, item.stream)
            return self._face_messages(item) if item.modality == "face" else []
        if isinstance(item, Explanation):
            return [Message("/insula/explanation", "std_msgs/msg/String", {"data": item.english}, kept=True)]
        if isinstance(item, HealthEvent):
            what = f"insula: {item.kind} {item.node}"
            text = f"{item.state}: {item.reason}" if item.reason else str(item.state)
            self._status[what] = _status(what, _LEVEL[item.state], text, item.node)
            return [self.diagnostics(item.t)]
        return []

    def diagnostics(self, t: float) -> Message:
        """How every part is, at time ``t`` (s)."""
        fields = {"header": self._header(t, ""), "status": list(self._status.values())}
        return Message("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray", fields)

    def _face_messages(self, estimate: AffectEstimate) -> list[Message]:
        header = self._header(estimate.t, estimate.stream)
        ids = [f"f{face.track}" for face in estimate.faces]
        found = [Message(TRACKED, "hri_msgs/msg/IdsList", {"header": header, "ids": ids}, kept=True)]
        size = self._frames.get(estimate.stream)
        for name, face in zip(ids, estimate.faces, strict=True):
            if size is not None:
                type_ = "hri_msgs/msg/NormalizedRegionOfInterest2D"
                found.append(Message(f"/humans/faces/{name}/roi", type_, roi(face, size, header)))
        if ids:  # the first face is the judged one; of the others no expression is known
            topic = f"/humans/faces/{ids[0]}/expression"
            found.append(Message(topic, _EXPRESSION, expression(estimate, header)))
        said = {m.topic: m.type for m in found if m.topic != TRACKED}
        found += [Message(topic, type_, None) for topic, type_ in self._faces.items() if topic not in said]
        self._faces = said
        return found

    def _header(self, t: float, frame_id: str) -> dict[str, Any]:
        nanoseconds = round((t + self.offset_s) * 1e9)
        sec, nanosec = divmod(max(0, nanoseconds), 1_000_000_000)
        return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": frame_id}


def expression(item: AffectState | AffectEstimate, header: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ``hri_msgs/msg/Expression``."""
    label, confidence = "", 0.0
    if item.expression is not None:
        top = max(range(len(EXPRESSIONS)), key=item.expression.__getitem__)
        label = LABELS[EXPRESSIONS[top]]
        confidence = math.exp(item.expression[top]) if label else 0.0
    return {
        "header": header,
        "expression": label,
        "valence": math.nan if item.valence is None else _within(item.valence.mean, -1.0),
        "arousal": math.nan if item.arousal is None else _within(item.arousal.mean, -1.0),
        "confidence": _within(confidence, 0.0),
    }


def roi(face: Face, size: tuple[int, int], header: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ``hri_msgs/msg/NormalizedRegionOfInterest2D`` in a frame of ``size`` (w, h) pixels."""
    x, y, width, height = face.box
    left, right = (_within(value / size[0], 0.0) for value in (x, x + width))
    top, bottom = (_within(value / size[1], 0.0) for value in (y, y + height))
    corners = {"xmin": left, "ymin": top, "xmax": right, "ymax": bottom}
    return {"header": header, **corners, "c": _within(face.score, 0.0)}


def _within(value: float, least: float) -> float:
    return min(1.0, max(least, value))


def _status(name: str, level: bytes, message: str, hardware: str) -> dict[str, Any]:
    return {"level": level, "name": name, "message": message, "hardware_id": hardware, "values": []}
