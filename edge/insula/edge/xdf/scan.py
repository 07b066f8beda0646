"""Finds the chunks of an XDF file that may be damaged.

A chunk's length field is not believed when its content says otherwise, and after a damaged stretch the
scan goes on at the next place where a chunk fits: readers skip to the next boundary, up to ten seconds
on.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from insula.edge.xdf.layout import BOUNDARY_UUID, TAGS_WITH_STREAM, XML_TAGS, Tag
from insula.edge.xdf.samples import Format, Samples, completed, is_xml, read_varlen, walk

_KNOWN: Final = frozenset(int(tag) for tag in Tag)
_CANDIDATE: Final = re.compile(rb"(?:\x01[\x06-\xff]|\x04.{4}|\x08.{8})[\x01-\x06]\x00", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk: bytes ``start:end`` of the file, its content ``content:end`` behind tag and stream number.

    ``note`` says what was wrong with it, "" for nothing. ``samples`` are those of a samples chunk whose
    stream is known.
    """

    tag: int
    stream: int | None
    start: int
    content: int
    end: int
    note: str = ""
    samples: Samples | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes ``start:end`` in which no chunk could be found."""

    start: int
    end: int


class Scanner:
    """Goes through ``data``, the whole file. ``formats`` fills with the streams as their headers appear."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.formats: dict[int, Format] = {}

    def chunks(self) -> Iterator[Found | Lost]:
        """Every chunk and every damaged stretch, in the order of the file."""
        at = 4
        while at < len(self._data):
            found = self._chunk(at)
            if found is None:
                behind = self._next(at + 1)
                yield Lost(at, behind)
                at = behind
                continue
            if found.tag == Tag.STREAM_HEADER and found.stream is not None:
                self._learn(found.stream, bytes(self._data[found.content : found.end]))
            yield found
            at = found.end

    def _learn(self, stream: int, header: bytes) -> None:
        try:
            form = Format.parse(completed(header)[0])
        except ValueError:  # its samples cannot be read; whoever uses the scan says so
            return
        self.formats.setdefault(stream, form)

    def _next(self, at: int) -> int:
        """Where the next flawless chunk starts, or the end of the data."""
        for match in _CANDIDATE.finditer(self._data, at):
            found = self._chunk(match.start())
            if found is not None and found.tag in _KNOWN and (not found.note or _proven(found)):
                return found.start
        return len(self._data)

    def _chunk(self, at: int) -> Found | None:
        if self._data[at] != 0:
            return self._chunk_with(self._data, at, 0)
        # The first byte of an unfinished block of ours is still 0; what follows may be complete.
        for first in (4, 1, 8):
            head = bytes([first]) + bytes(self._data[at + 1 : at + 15])
            found = self._chunk_with(memoryview(head), 0, at)
            if found is not None:
                return replace(found, note="unfinished block of a recording that was cut off")
        return None

    def _chunk_with(self, head: memoryview, at: int, shift: int) -> Found | None:
        """The chunk whose head is at ``at`` of ``head``; ``shift`` leads from there to the file."""
        try:
            length, behind = read_varlen(head, at)
            (tag,) = struct.unpack_from("<H", head, behind)
            content = behind + 2
            stream = None
            if tag in TAGS_WITH_STREAM:
                (stream,) = struct.unpack_from("<I", head, content)
                content += 4
        except (ValueError, struct.error):
            return None
        return self._sized(Found(tag, stream, at + shift, content + shift, behind + shift + length))

    def _sized(self, chunk: Found) -> Found | None:
        """The chunk with the end its content proves, or ``None`` if it proves nothing."""
        if chunk.tag == Tag.BOUNDARY:
            end = chunk.content + len(BOUNDARY_UUID)
            return _ending(chunk, end) if self._data[chunk.content : end] == BOUNDARY_UUID else None
        if chunk.tag == Tag.CLOCK_OFFSET:
            end = chunk.content + 16
            known = chunk.stream in self.formats or chunk.end == end
            return _ending(chunk, end) if known and end <= len(self._data) else None
        if chunk.tag == Tag.SAMPLES and chunk.stream in self.formats:
            return self._samples(chunk, self.formats[chunk.stream])
        if chunk.tag in XML_TAGS:
            return self._xml(chunk)
        fits = chunk.content <= chunk.end and (chunk.end == len(self._data) or self._head_at(chunk.end))
        return chunk if fits else None

    def _head_at(self, at: int) -> bool:
        return at < len(self._data) and _CANDIDATE.match(self._data, at) is not None

    def _samples(self, chunk: Found, form: Format) -> Found | None:
        try:
            samples = walk(self._data, chunk.content, form)
        except ValueError:
            return None
        if samples.complete:
            return _ending(chunk, samples.end, samples)
        if not samples.count and samples.end < len(self._data):
            return None
        if self._head_at(chunk.end):
            return replace(chunk, note="damaged in the middle", samples=samples)
        return replace(chunk, end=samples.end, note="cut off", samples=samples)

    def _xml(self, chunk: Found) -> Found | None:
        if chunk.content >= len(self._data) or self._data[chunk.content] != ord("<"):
            return None
        if chunk.content < chunk.end <= len(self._data) and _is_xml(self._data[chunk.content : chunk.end]):
            return chunk
        closing = re.compile(rb"</info>").search(self._data, chunk.content)
        if closing is None or not _is_xml(self._data[chunk.content : closing.end()]):
            return None
        return _ending(chunk, closing.end())


def _proven(chunk: Found) -> bool:
    """Whether the content alone shows that this is a chunk: all its samples are there."""
    return chunk.samples is not None and chunk.samples.complete and chunk.samples.count > 0


def _is_xml(text: memoryview) -> bool:
    return is_xml(bytes(text).decode("utf-8", "replace"))


def _ending(chunk: Found, end: int, samples: Samples | None = None) -> Found:
    note = "" if end == chunk.end else "wrong length"
    return replace(chunk, end=end, note=note, samples=samples)
