"""Refuses an ONNX file whose weights lie in other files.

ONNX Runtime resolves such references from the working directory even when a model is given as bytes
(1.31, seen), so that a file beside the user's shell could change a model whose own hash is right.
The hash in the manifest is worth something only if the file is the whole model. ONNX files are protocol
buffers; the few message types on the way to a tensor are walked here, because the onnx package is
for training only. Field numbers: onnx.proto, IR version 3 and newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from insula.edge.errors import EngineError

_EXTERNAL: Final = 1
_DATA_LOCATION: Final = 14
_EXTERNAL_DATA: Final = 13
_OP_TYPE: Final = 4
_COMPILED: Final = b"EPContext"
"""ONNX Runtime's node for a part compiled for one device, which may name a file of its own."""
_PARTS: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Message type → its fields that may lead to a tensor → their types."""


def refuse_external_data(model: bytes) -> None:
    """Raise ``EngineError`` when a tensor of ``model`` refers to another file, or it is no ONNX file."""
    try:
        found = _refers_outside(memoryview(model), "model")
    except (IndexError, ValueError, RecursionError) as error:
        raise EngineError("this is not an ONNX file, or it is damaged") from error
    if found:
        raise EngineError(
            "the model keeps weights or compiled parts in other files, which its hash does not cover; "
            "save it as one file (onnx.save without save_as_external_data)"
        )


def _refers_outside(message: memoryview, kind: str) -> bool:
    if kind == "node" and any(
        field == _OP_TYPE and isinstance(value, memoryview) and value.tobytes() == _COMPILED
        for field, value in _fields(message)
    ):
        return True
    if kind == "tensor":
        return any(
            field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value == _EXTERNAL)
            for field, value in _fields(message)
        )
    parts = _PARTS[kind]
    return any(
        isinstance(value, memoryview) and _refers_outside(value, parts[field])
        for field, value in _fields(message)
        if field in parts
    )


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: an integer, or the bytes of a text, an array or a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield field, value
        elif wire in (1, 2, 5):
            size, at = (8, at) if wire == 1 else (4, at) if wire == 5 else _varint(message, at)
            if at + size > len(message):
                raise ValueError("cut off")
            yield field, message[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {wire}")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("number too long")
