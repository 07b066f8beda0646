"""The records that leave this machine's memory: one form for ZeroMQ, WebSocket, MQTT, OSC and ROS 2.

A record is that of ``insula.edge.codec`` (JSON lines) with up to three fields more, so that a receiver
needs nothing else: ``seq`` counts the records of a topic, hence a gap is a loss; ``probabilities`` are the
expression by name; ``absent`` says for every value that is ``null`` why it was not measured. The landmarks
of a face are its shape, personal and twenty times the size of the rest: they never leave.
``insula/edge/schema.json`` describes all of it (JSON Schema), docs/outputs.md in words.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from insula.edge import codec
from insula.edge.clock import Clock, now
from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent, StreamStats
from insula.edge.protocols import Item
from insula.edge.reports import StepEvent
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Marker

VALUES: Final = ("valence", "arousal", "expression")
"""What a state or an estimate may hold, beside its indices."""

EVENTS: Final = ("marker", "step")
"""Topics of what happened once; all others tell how things are."""

EXTRAS: Final = ("seq", "probabilities", "absent")
"""Fields of a record that JSON lines do not have."""


def topic(item: Item) -> str | None:
    """Where a record is published, ``None`` for what is not.

    Answers to questionnaires and ratings belong into the session's files, not on a wire.
    """
    match item:
        case AffectState():
            return "state"
        case AffectEstimate():
            return f"estimate/{item.modality}"
        case Marker():
            return "marker"
        case StepEvent():
            return "step"
        case HealthEvent():
            return f"health/{item.node}"
        case Explanation():
            return "explanation"
        case StreamStats():
            return f"stream/{item.stream}"
        case _:
            return None


def record(item: Item, seq: int) -> dict[str, Any]:
    """``item`` as a JSON-ready dict; raises ``DataError`` when it holds what JSON cannot carry."""
    found = codec.encode(without_landmarks(item))
    found["seq"] = seq
    if isinstance(item, AffectState | AffectEstimate):
        found["probabilities"] = probabilities(item)
        found["absent"] = absent(item)
    return found


def read(found: Mapping[str, Any]) -> Item:
    """The item of a record; raises ``DataError`` that names the field that is wrong."""
    return codec.decode({key: value for key, value in found.items() if key not in EXTRAS})


def without_landmarks(item: Item) -> Item:
    """``item`` without the points of its faces."""
    if isinstance(item, AffectEstimate) and any(face.landmarks for face in item.faces):
        return replace(item, faces=tuple(replace(face, landmarks=()) for face in item.faces))
    return item


def probabilities(item: AffectState | AffectEstimate) -> dict[str, float] | None:
    """The expression's probabilities by name, ``None`` when it was not measured."""
    if item.expression is None:
        return None
    return {name: math.exp(logp) for name, logp in zip(EXPRESSIONS, item.expression, strict=True)}


def absent(item: AffectState | AffectEstimate) -> dict[str, str]:
    """Every value that was not measured, with the reason."""
    missing = [name for name in VALUES if getattr(item, name) is None]
    return {name: _why(item, name) for name in missing}


def _why(item: AffectState | AffectEstimate, name: str) -> str:
    if not item.measured and item.reason:
        return item.reason
    if isinstance(item, AffectEstimate):
        return f"{item.modality} does not speak of {name}"
    told = [
        f"{c.modality}: " + (f"does not speak of {name}" if c.measured else c.reason or "not measured")
        for c in item.contributions
    ]
    return "; ".join(told) or f"nothing speaks of {name}"


class Records:
    """The numbered records of one output, and the newest of every topic for who joins late.

    What happened once (``EVENTS``) is not said again.
    """

    def __init__(self, clock: Clock = now) -> None:
        self.newest: dict[str, dict[str, Any]] = {}
        self._next: Counter[str] = Counter()
        self._said: dict[str, float] = {}
        self._clock = clock

    def of(self, item: Item) -> tuple[str, dict[str, Any]] | None:
        """Topic and record of the next item, ``None`` for what is not published."""
        where = topic(item)
        if where is None:
            return None
        found = record(item, self._next[where])
        self._next[where] += 1
        if where not in EVENTS:
            self.newest[where] = found
            self._said[where] = self._clock()
        return where, found

    def quiet(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Topics and newest records of which nothing was said for so long: to be said again now."""
        t = self._clock()
        found = [(where, self.newest[where]) for where, said in self._said.items() if said <= t - seconds]
        self._said.update(dict.fromkeys([where for where, _ in found], t))
        return found


def to_json(found: Mapping[str, Any]) -> bytes:
    """A record as one line of JSON in UTF-8; what a marker holds that is no text becomes "?"."""
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
