"""The bytes of XDF 1.0: chunks, variable-length integers, sample records, XML headers.

A file is the magic ``XDF:`` followed by chunks ``[NumLengthBytes][Length][Tag][Content]``, all
little-endian; the length counts tag and content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"XDF:"

BOUNDARY_UUID: Final = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
"""What a reader looks for to find its way back after damage."""

NUMPY_OF: Final[dict[str, np.dtype[Any]]] = {
    "float32": np.dtype("<f4"),
    "double64": np.dtype("<f8"),
    "int8": np.dtype("<i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
}
"""XDF's numeric channel formats as numpy types; the seventh format is ``string``."""


class Tag(IntEnum):
    """What a chunk holds."""

    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    BOUNDARY = 5
    STREAM_FOOTER = 6


TAGS_WITH_STREAM: Final = frozenset({Tag.STREAM_HEADER, Tag.SAMPLES, Tag.CLOCK_OFFSET, Tag.STREAM_FOOTER})
"""Chunks whose content starts with the stream's number (uint32)."""

XML_TAGS: Final = frozenset({Tag.FILE_HEADER, Tag.STREAM_HEADER, Tag.STREAM_FOOTER})
"""Chunks whose content is an XML document."""


def varlen(number: int) -> bytes:
    """A variable-length integer: one byte that says how many follow (1, 4 or 8), then the number."""
    if number < 1 << 8:
        return struct.pack("<BB", 1, number)
    if number < 1 << 32:
        return struct.pack("<BI", 4, number)
    return struct.pack("<BQ", 8, number)


def chunk(tag: int, content: bytes, stream: int | None = None) -> bytes:
    """One chunk, ready to be written."""
    head = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream))
    return varlen(len(head) + len(content)) + head + content


def boundary() -> bytes:
    """A boundary chunk."""
    return chunk(Tag.BOUNDARY, BOUNDARY_UUID)


def clock_offset(stream: int, time_s: float, offset_s: float) -> bytes:
    """A clock-offset chunk: at ``time_s`` the stream's clock plus ``offset_s`` was the recorder's clock."""
    return chunk(Tag.CLOCK_OFFSET, struct.pack("<dd", time_s, offset_s), stream)


def numeric_samples(
    stream: int, times: npt.NDArray[np.float64], data: npt.NDArray[np.generic], step_s: float = 0.0
) -> bytes:
    """A samples chunk of ``data`` ``(n, n_channels)`` in one of XDF's numeric formats.

    Every sample carries its time, except where a reader's own rule (previous time + ``step_s``) gives
    all the times of the chunk to the last bit; then only the first is stored.
    """
    count, width = data.shape
    deduced = step_s > 0.0 and count > 1 and bool(np.all(times[1:] == times[:-1] + step_s))
    value = ("v", data.dtype.newbyteorder("<"), (width,))
    stamped = np.empty(1 if deduced else count, np.dtype([("n", "u1"), ("t", "<f8"), value]))
    stamped["n"], stamped["t"], stamped["v"] = 8, times[: len(stamped)], data[: len(stamped)]
    body = stamped.tobytes()
    if deduced:
        bare = np.zeros(count - 1, np.dtype([("n", "u1"), value]))
        bare["v"] = data[1:]
        body += bare.tobytes()
    return chunk(Tag.SAMPLES, varlen(count) + body, stream)


def string_samples(stream: int, times: Sequence[float], rows: Sequence[Sequence[str]]) -> bytes:
    """A samples chunk of strings, one row of ``n_channels`` texts a sample."""
    parts = [varlen(len(rows))]
    for time_s, row in zip(times, rows, strict=True):
        parts.append(struct.pack("<Bd", 8, time_s))
        for text in row:
            encoded = text.encode("utf-8", "replace")
            parts += (varlen(len(encoded)), encoded)
    return chunk(Tag.SAMPLES, b"".join(parts), stream)


Node = tuple[str, "str | Sequence[Node]"]
"""An XML element without attributes, as XDF uses it: its name, and its text or its children."""


def xml(children: Iterable[Node]) -> bytes:
    """The ``<info>`` document of a header or footer."""
    root = ElementTree.Element("info")
    _append(root, children)
    return ElementTree.tostring(root, encoding="unicode").encode("utf-8")


def _append(parent: ElementTree.Element, children: Iterable[Node]) -> None:
    for name, content in children:
        element = ElementTree.SubElement(parent, name)
        if isinstance(content, str):
            element.text = legal_text(content)
        else:
            _append(element, content)


def legal_text(text: str) -> str:
    """``text`` with the characters XML 1.0 cannot hold replaced: one of them makes a file unreadable."""
    return "".join(c if _is_legal(ord(c)) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_legal(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
