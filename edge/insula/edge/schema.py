"""The JSON Schema of everything Insula publishes, derived from the types themselves.

    python -m insula.edge.schema

writes ``schema.json`` beside this file and the tables of docs/outputs.md; a test compares them.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from insula.edge.codec import RECORDS, SCHEMA
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Clue

FILE: Final = Path(__file__).with_name("schema.json")
DOCS: Final = Path(__file__).parents[3] / "docs" / "outputs.md"
BEGIN: Final = "<!-- from insula.edge.schema -->"
END: Final = "<!-- end -->"

PUBLISHED: Final = ("state", "estimate", "marker", "step", "health", "stream", "explanation")
"""The records that outputs send; JSON lines know more kinds."""

MEANING: Final = {
    "schema": f"version of this form: {SCHEMA}. Fields may be added; a change that breaks a reader raises it",
    "record": "which kind of record this is",
    "seq": "number of the record within its topic, from 0: a gap is a loss, a repetition is said again",
    "t": "time on LSL's clock in s; of an estimate: capture time of the newest sample it rests on",
    "valence": "−1…1 with its standard deviation; null: not measured",
    "arousal": "−1…1 with its standard deviation; null: not measured",
    "expression": f"natural-log probabilities of {', '.join(EXPRESSIONS)}; null inside: probability 0",
    "probabilities": "the expression as probabilities by name; null: not measured",
    "absent": "why a value is null: its name → the reason",
    "indices": "pairs of a name (stress, workload, …) and its value 0…1 with standard deviation",
    "contributions": "how each modality entered: weight 0…1, age in s, quality 0…1, or the reason why not",
    "reason": "why nothing was measured, or why a part is not well; empty otherwise",
    "age_newest_s": "age of the newest estimate in it, s",
    "age_oldest_s": "age of the oldest estimate in it, s",
    "va_source": "native: from a head trained on valence/arousal; mapped: derived from expression or index",
    "simulated": "true when no sensor was involved: show it wherever the value is shown",
    "clues": "what it rests on: stream, feature, value, unit, z-score against the person's own baseline",
    "disagreement": "distance of face and voice in standard deviations; above 2 they contradict each other",
    "candidates": "expressions that cannot be excluded (9 times in 10 the one shown is among them)",
    "leading": "the modality that moved the state most",
    "weight": "its weight in the state, 0…1",
    "template": "the posed prototype: action units shown and those lacking; explains, never decides",
    "sureness": "sure, fairly sure, unsure or unknown",
    "against": "what speaks against taking the state at its word",
    "english": "the explanation as one sentence",
    "german": "the same in German",
    "modality": "which sense speaks",
    "stream": "the stream it rests on or tells of",
    "quality": "signal quality 0…1",
    "faces": "every face in the frame, the judged one first: box x, y, width, height in pixels, track number",
    "sample": "running number of the newest sample or frame used, −1: none",
    "model": "name and hash of the model",
    "text": "the marker's text",
    "source": "who set the marker",
    "index": "number of the step, from 0",
    "name": "the step's name",
    "kind": "which kind of part or step",
    "change": "what happened to the step",
    "planned": "when the schedule wanted it, s; null: it names no time",
    "by": "who caused it",
    "condition": "the experimental condition",
    "trial": "round of the innermost loop, from 1; 0: no loop",
    "node": "the part's name",
    "state": "how the part is",
    "sensor": "the sensor behind the stream",
    "rate_hz": "measured rate over the last seconds",
    "nominal_hz": "rate the device promises",
    "age_s": "age of the newest sample at t, s",
    "samples": "samples or frames since the start",
    "gaps": "missing stretches since the start",
    "nans": "samples with a value that is not finite",
    "backwards": "samples refused because their time did not advance",
    "jitter_s": "how unevenly blocks arrive around the device's clock, s; null: not measured yet",
    "drift_ppm": "the device's clock against ours, parts per million; null: not measured yet",
    "rails": "samples at the end of the sensor's range since the start",
    "bursts": "blocks with 0.25 s more of signal than time had passed, since the start",
    "rate_off": "relative difference from the nominal rate, over 10 s or more; null: not measured yet",
}
"""Every field in words."""

Schema = dict[str, Any]


def build() -> Schema:
    """The JSON Schema (2020-12) of one record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:insula:records:{SCHEMA}",
        "title": "What Insula publishes",
        "description": "A record as JSON (WebSocket, MQTT) or msgpack (ZeroMQ). Not measured is null.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in PUBLISHED],
        "$defs": {name: _record(name, RECORDS[name]) for name in PUBLISHED},
    }


def _record(name: str, cls: type) -> Schema:
    described = _object(cls)
    head: Schema = {"schema": {"const": SCHEMA}, "record": {"const": name}}
    head["seq"] = {"type": "integer", "minimum": 0}
    if cls in (AffectState, AffectEstimate):
        share = {"type": "number", "minimum": 0, "maximum": 1}
        by_name = {"type": "object", "properties": dict.fromkeys(EXPRESSIONS, share)}
        head["probabilities"] = _or_null(by_name | {"required": list(EXPRESSIONS)})
        head["absent"] = {"type": "object", "additionalProperties": {"type": "string"}}
    properties = head | described["properties"]
    for field, value in properties.items():
        properties[field] = value | {"description": MEANING.get(field, "")}
    # An open object: a field more in a later version is no error to a reader of this one.
    return {"type": "object", "properties": properties, "required": list(properties)}


def _object(cls: type) -> Schema:
    hints = typing.get_type_hints(cls)
    fields = {f.name: _of(hints[f.name], (cls, f.name)) for f in dataclasses.fields(cls)}
    return {"type": "object", "properties": fields, "required": list(fields)}


def _of(hint: Any, where: tuple[type, str]) -> Schema:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (arg for arg in args if arg is not types.NoneType)
        return _or_null(_of(inner, where))
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple and args[-1] is Ellipsis:
        items = _of(args[0], where)
        return {"type": "array", "items": _or_null(items) if where[1] == "expression" else items}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of(arg, where) for arg in args], "minItems": len(args)}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [str(member) for member in hint]}
    plain = {float: "number", int: "integer", bool: "boolean", str: "string"}[hint]
    # A clue's value that is no number is null in JSON.
    return _or_null({"type": plain}) if where == (Clue, "value") else {"type": plain}


def _or_null(schema: Schema) -> Schema:
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"enum": [*schema["enum"], None]}


def tables(schema: Mapping[str, Any]) -> str:
    """The records in words, as Markdown tables."""
    parts = []
    for name, record in schema["$defs"].items():
        parts += [f"### `{name}`", "", "| field | type | meaning |", "|---|---|---|"]
        parts += [
            f"| `{field}` | {_spell(value)} | {value['description']} |"
            for field, value in record["properties"].items()
        ]
        parts.append("")
    return "\n".join(parts)


def _spell(value: Mapping[str, Any]) -> str:
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return " or ".join(f"`{json.dumps(option)}`" for option in value["enum"])
    kinds: Iterable[str] = [value["type"]] if isinstance(value["type"], str) else value["type"]
    inside = ", ".join(value.get("properties", ()))
    return " or ".join(kinds) + (f" ({inside})" if 0 < len(inside) < 60 else "")


def text() -> str:
    """The file's content."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def documented(page: str) -> str:
    """``page`` with its tables as they must be."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables(build())}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
    if DOCS.exists():
        DOCS.write_text(documented(DOCS.read_text("utf-8")), "utf-8")
