"""Reads the content of samples chunks, whole or cut off, without trusting what their headers promise."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from insula.edge.xdf import layout


@dataclass(frozen=True, slots=True)
class Format:
    """What the samples of a stream look like: XDF's channel format, channels, nominal rate in Hz."""

    name: str
    format: str
    channels: int
    sfreq: float

    @property
    def step_s(self) -> float:
        """Seconds a reader adds to the previous time for a sample that carries none."""
        return 1.0 / self.sfreq if self.sfreq > 0 else 0.0

    @property
    def value_bytes(self) -> int:
        """Bytes of one numeric sample's values."""
        return self.channels * layout.NUMPY_OF[self.format].itemsize

    @classmethod
    def parse(cls, header: bytes) -> Format:
        """Read a stream header's XML; raises ``ValueError`` when it does not describe samples."""
        texts = {child.tag: child.text or "" for child in parse_info(header)}
        form, channels = texts.get("channel_format", ""), int(texts.get("channel_count", "0"))
        if channels < 1 or (form != "string" and form not in layout.NUMPY_OF):
            raise ValueError(f"its header announces {channels} channels of format {form!r}")
        sfreq = float(texts.get("nominal_srate", ""))
        if not 0 <= sfreq < math.inf:
            raise ValueError(f"its header announces a rate of {sfreq} Hz")
        return cls(texts.get("name", ""), form, channels, sfreq)


def parse_info(text: bytes) -> ElementTree.Element:
    """The ``<info>`` document of a header or footer; raises ``ValueError`` when it is not XML."""
    try:
        return ElementTree.fromstring(text.decode("utf-8", "replace"))
    except ElementTree.ParseError as error:
        raise ValueError(f"its header is not XML: {error}") from error


def is_xml(text: str | bytes) -> bool:
    """Whether a text is well-formed XML."""
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return False
    return True


def completed(header: bytes) -> tuple[bytes, str]:
    """A stream header with the name and rate readers insist on, and what had to be added ("" = nothing)."""
    root = parse_info(header)
    added = []
    for tag, default, usable in (("name", "unnamed", _is_name), ("nominal_srate", "0", _is_rate)):
        element = root.find(tag)
        if element is None:
            element = ElementTree.SubElement(root, tag)
        if not usable(element.text or ""):
            element.text = default
            added.append(f"{tag} = {default}")
    if not added:
        return header, ""
    return ElementTree.tostring(root, encoding="utf-8"), f"its header lacked {' and '.join(added)}"


def _is_name(text: str) -> bool:
    return bool(text)


def _is_rate(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples found in a chunk's content: their number, where they end, and whether all promised are there.

    ``stamps`` are their times in s, NaN where the file leaves a time to be deduced.
    """

    count: int
    start: int
    end: int
    complete: bool
    stamps: npt.NDArray[np.float64]

    def times(self, last: float, step_s: float) -> npt.NDArray[np.float64]:
        """The times with deduced ones filled in as readers do, ``last`` being the time before."""
        times = self.stamps.copy()
        for i in np.flatnonzero(np.isnan(times)):
            times[i] = (times[i - 1] if i else last) + step_s
        return times


def read_varlen(data: Sequence[int] | memoryview, at: int) -> tuple[int, int]:
    """A variable-length integer and the position behind it; raises ``ValueError`` if there is none."""
    size = data[at] if at < len(data) else 0
    raw = bytes(data[at + 1 : at + 1 + size])
    if size not in (1, 4, 8) or len(raw) < size:
        raise ValueError("no variable-length integer here")
    return int.from_bytes(raw, "little"), at + 1 + size


def walk(data: memoryview, at: int, form: Format) -> Samples:
    """Follow the samples of a content that starts at ``at``; raises ``ValueError`` if it has no count.

    It ends early, with ``complete`` false, at the end of ``data`` or where no sample can be.
    """
    promised, start = read_varlen(data, at)
    if form.format == "string":
        return _walk_each(data, start, promised, form)
    return _uniform(data, start, promised, form) or _walk_each(data, start, promised, form)


def _uniform(data: memoryview, start: int, promised: int, form: Format) -> Samples | None:
    """The two usual shapes at once: every sample stamped, or only the first."""
    stamped = np.dtype([("n", "u1"), ("t", "<f8"), ("v", f"V{form.value_bytes}")])
    bare = np.dtype([("n", "u1"), ("v", f"V{form.value_bytes}")])
    end = start + promised * stamped.itemsize
    if promised and end <= len(data):
        records = np.frombuffer(data[start:end], stamped)
        if (records["n"] == 8).all():
            return Samples(promised, start, end, True, records["t"].astype(np.float64))
    second = start + stamped.itemsize
    end = second + (promised - 1) * bare.itemsize
    if promised > 1 and end <= len(data) and data[start] == 8:
        if (np.frombuffer(data[second:end], bare)["n"] != 0).any():
            return None
        stamps = np.full(promised, np.nan)
        stamps[0] = struct.unpack_from("<d", data, start + 1)[0]
        return Samples(promised, start, end, True, stamps)
    return None


def _walk_each(data: memoryview, start: int, promised: int, form: Format) -> Samples:
    stamps: list[float] = []
    at = start
    try:
        while len(stamps) < promised:
            stamp, at_values = _stamp(data, at)
            at = _behind_values(data, at_values, form)
            stamps.append(stamp)
    except ValueError:
        return Samples(len(stamps), start, at, False, np.array(stamps))
    return Samples(len(stamps), start, at, True, np.array(stamps))


def _stamp(data: memoryview, at: int) -> tuple[float, int]:
    size = data[at] if at < len(data) else 1
    if size == 0:
        return float("nan"), at + 1
    if size != 8 or at + 9 > len(data):
        raise ValueError("no time stamp here")
    return struct.unpack_from("<d", data, at + 1)[0], at + 9


def _behind_values(data: memoryview, at: int, form: Format) -> int:
    if form.format != "string":
        at += form.value_bytes
    else:
        for _ in range(form.channels):
            size, at = read_varlen(data, at)
            at += size
    if at > len(data):
        raise ValueError("cut off")
    return at
