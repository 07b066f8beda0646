"""What flows through Insula as JSON and back: the wire form of JSON lines, feed and dashboard.

Every record is one object with ``"schema"`` (the version of this form), ``"record"`` (which type) and
the fields of the dataclass under their own names; what is not measured is ``null`` with its
``reason``. NaN and infinity do not exist in JSON: the probability 0 (log −∞) inside ``expression`` and
a clue's value that is not a number are written as ``null`` as well, anything else that is not finite
is refused.

Decoding is strict: a wrong type, a missing field without default or a field this version does not know
raises ``DataError`` that names it. Adding a field with a default keeps the schema number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from insula.edge.codec_forms import Nulls, Wrong, record_form
from insula.edge.errors import DataError
from insula.edge.explanation import Explanation
from insula.edge.health import HealthEvent, StreamStats
from insula.edge.protocols import Item
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.types import AffectEstimate, AffectState, Clue, Marker
from insula.edge.untrusted import parse_json

SCHEMA: Final = 1
"""Version of the wire form."""

RECORDS: Final[dict[str, type[Item]]] = {
    "state": AffectState,
    "estimate": AffectEstimate,
    "marker": Marker,
    "health": HealthEvent,
    "stream": StreamStats,
    "step": StepEvent,
    "answer": Answer,
    "rating": Rating,
    "explanation": Explanation,
}
"""The value of ``"record"`` and the type it stands for."""

# What null means where a plain number is expected: the one value JSON cannot spell there.
_NULL_MEANS: Final[Nulls] = {
    (AffectState, "expression"): -math.inf,
    (AffectEstimate, "expression"): -math.inf,
    (Clue, "value"): math.nan,
}


def encode(item: Item) -> dict[str, Any]:
    """``item`` as a JSON-ready dict; raises ``DataError`` when it holds what JSON cannot carry."""
    name = _NAME_OF.get(type(item))
    if name is None:
        raise DataError(f"{type(item).__name__} has no wire form; known are {', '.join(RECORDS)}")
    try:
        body: dict[str, Any] = _FORMS[name].write(item)
    except Wrong as error:
        raise DataError(str(error.within(name))) from None
    return {"schema": SCHEMA, "record": name, **body}


def decode(record: Mapping[str, Any]) -> Item:
    """The item a record stands for; raises ``DataError`` that names the field that is wrong."""
    if not isinstance(record, Mapping):
        raise DataError(f"a record is a JSON object, not {type(record).__name__}")
    body = dict(record)
    schema, name = body.pop("schema", None), body.pop("record", None)
    if schema != SCHEMA:
        raise DataError(f"record of schema {schema!r}; this version of Insula reads schema {SCHEMA}")
    if not isinstance(name, str) or name not in RECORDS:
        raise DataError(f"unknown record {name!r}; known are {', '.join(RECORDS)}")
    try:
        item: Item = _FORMS[name].read(body)
    except Wrong as error:
        raise DataError(str(error.within(name))) from None
    return item


def dumps(item: Item) -> bytes:
    """``item`` as one line of UTF-8 JSON without the line end."""
    text = json.dumps(encode(item), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # a marker typed as undecodable bytes must not stop a sink


def loads(line: bytes | str) -> Item:
    """The item of one line; raises ``DataError`` when it is not valid JSON or not a valid record."""
    try:
        return decode(parse_json(line))
    except ValueError as error:
        raise DataError(f"not a JSON record: {error}") from error


_FORMS: Final = {name: record_form(cls, _NULL_MEANS) for name, cls in RECORDS.items()}
_NAME_OF: Final = {cls: name for name, cls in RECORDS.items()}
