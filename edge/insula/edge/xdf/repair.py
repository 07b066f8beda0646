"""Mends XDF files, ours and others': cut-off and damaged chunks, lying lengths, missing footers.

The damaged file is never changed: what can be saved goes into a new file, which appears in one step.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from insula.edge.errors import DataError
from insula.edge.xdf import layout
from insula.edge.xdf.header import Tally
from insula.edge.xdf.layout import MAGIC, XML_TAGS, Node, Tag
from insula.edge.xdf.samples import Format, completed, is_xml
from insula.edge.xdf.scan import Found, Lost, Scanner

_TAIL_NOTE: Final = "repaired by insula"


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair found and did. ``target`` is ``None`` when nothing was wrong and nothing was written.

    ``streams`` maps each stream's number and name to its samples in the mended file; ``lost_bytes`` are
    those in which nothing could be recognised.
    """

    source: Path
    target: Path | None
    streams: dict[tuple[int, str], int]
    problems: tuple[str, ...]
    lost_bytes: int


@dataclass(slots=True)
class _Stream:
    """What is known of a stream while its chunks are collected."""

    number: int
    form: Format
    header: bytes
    tally: Tally = field(default_factory=Tally)
    footer: bytes | None = None

    def made_footer(self) -> bytes:
        info: list[Node] = [("writer", _TAIL_NOTE)]
        if self.tally.count:
            info.append(("first_timestamp", repr(self.tally.first)))
            info.append(("last_timestamp", repr(self.tally.last)))
        info.append(("sample_count", str(self.tally.count)))
        return layout.xml(info)


def repair(source: Path, target: Path | None = None) -> Report:
    """Mend ``source`` into ``target`` (default: ``NAME.repaired.xdf`` beside it), which must not exist.

    Raises ``DataError`` when the file is no XDF file, holds no readable stream, or cannot be read or
    written.
    """
    target = target or source.with_name(f"{source.stem}.repaired.xdf")
    try:
        with source.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise DataError(f"{source} is no XDF file: it does not start with 'XDF:'")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                return _Repair(source, data).run(target)
    except OSError as error:
        raise DataError(f"{source} cannot be repaired: {error.strerror}") from error


class _Repair:
    """One pass over a file's chunks, then one over the mended file."""

    def __init__(self, source: Path, data: memoryview) -> None:
        self._source = source
        self._data = data
        self._scanner = Scanner(data)
        self._streams: dict[int, _Stream] = {}
        self._file_header: bytes | None = None
        self._body: list[Found] = []
        self._problems: list[str] = []
        self._lost = 0

    def run(self, target: Path) -> Report:
        for found in self._scanner.chunks():
            self._take(found)
        if not self._streams:
            raise DataError(
                f"{self._source} holds no readable stream: {'; '.join(self._problems) or 'empty'}"
            )
        if self._file_header is None:
            self._problems.append("the file header is missing")
        for stream in self._streams.values():
            if stream.footer is None:
                self._problems.append(f"{_name(stream)} has no footer")
        streams = {(s.number, s.form.name): s.tally.count for s in self._streams.values()}
        if self._problems:
            self._write(target)
        return Report(
            self._source, target if self._problems else None, streams, tuple(self._problems), self._lost
        )

    def _take(self, found: Found | Lost) -> None:
        if isinstance(found, Lost):
            self._lost += found.end - found.start
            self._problems.append(f"{found.end - found.start} unreadable bytes at {found.start}")
            return
        content = bytes(self._data[found.content : found.end]) if found.tag != Tag.SAMPLES else b""
        if found.tag in XML_TAGS and not is_xml(content):  # a strict reader fails on its bytes
            content = content.decode("utf-8", "replace").encode()
            self._problems.append(f"{_kind(found.tag)} at {found.start}: invalid characters, replaced")
        if found.note:
            self._problems.append(f"{_kind(found.tag)} at {found.start}: {found.note}")
        if found.tag == Tag.FILE_HEADER:
            self._file_header = self._file_header or content
        elif found.tag == Tag.STREAM_HEADER and found.stream is not None:
            self._meet(found.stream, content)
        elif found.stream is None:
            self._body.append(found)
        elif found.stream not in self._streams:
            self._problems.append(
                f"{_kind(found.tag)} at {found.start}: of the unknown stream {found.stream}"
            )
        else:
            self._add(found, self._streams[found.stream], content)

    def _meet(self, number: int, header: bytes) -> None:
        if number in self._streams:
            self._problems.append(f"stream {number} has a second header, which is left out")
            return
        try:
            header, lacked = completed(header)
            self._streams[number] = _Stream(number, Format.parse(header), header)
            if lacked:
                self._problems.append(f"stream {number}: {lacked}")
        except ValueError as error:
            self._problems.append(f"stream {number} is left out: {error}")

    def _add(self, found: Found, stream: _Stream, content: bytes) -> None:
        if found.tag == Tag.STREAM_FOOTER:
            stream.footer = content
            return
        if found.samples is not None:
            if not found.samples.count:
                return
            stream.tally = stream.tally.plus(found.samples.times(stream.tally.last, stream.form.step_s))
        self._body.append(found)

    def _write(self, target: Path) -> None:
        if target.exists():
            raise DataError(f"{target} exists already; choose another name for the repaired file")
        draft = target.with_name(target.name + ".part")
        header = self._file_header or layout.xml([("version", "1.0")])
        with draft.open("wb") as file:
            file.write(MAGIC + layout.chunk(Tag.FILE_HEADER, header))
            for stream in self._streams.values():
                file.write(layout.chunk(Tag.STREAM_HEADER, stream.header, stream.number))
            for found in self._body:
                file.write(layout.chunk(found.tag, self._content(found), found.stream))
                if found.tag not in list(Tag):  # it is believed only where a chunk of a known kind follows
                    file.write(layout.boundary())
            for stream in self._streams.values():
                footer = stream.footer or stream.made_footer()
                file.write(layout.chunk(Tag.STREAM_FOOTER, footer, stream.number))
        draft.replace(target)

    def _content(self, found: Found) -> bytes:
        if found.samples is None:
            return bytes(self._data[found.content : found.end])
        samples = found.samples
        return layout.varlen(samples.count) + bytes(self._data[samples.start : samples.end])


def _name(stream: _Stream) -> str:
    return f"stream {stream.number} ({stream.form.name})"


def _kind(tag: int) -> str:
    try:
        return Tag(tag).name.lower().replace("_", " ")
    except ValueError:
        return f"chunk of the unknown kind {tag}"


def summary(report: Report) -> Sequence[str]:
    """The report in words, a line a fact."""
    if report.target is None:
        return (f"{report.source.name} is in order; nothing was written",)
    saved = [f"saved {count} samples of stream {n} ({name})" for (n, name), count in report.streams.items()]
    return (*report.problems, *saved, f"the mended recording is {report.target}")
