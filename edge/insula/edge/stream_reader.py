"""The reading side of a stream; import it from ``insula.edge.stream``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge import clock
from insula.edge.errors import RingError
from insula.edge.ring import Records, Ring
from insula.edge.ring_memory import keep_freed
from insula.edge.stream_layout import info_from, item_shape
from insula.edge.stream_times import groups, rebuild
from insula.edge.types import Chunk, StreamInfo, VideoFrame

MISSING: Final = 0.05
"""Share of a window's span that may be missing before ``StreamReader.latest`` refuses it."""
_RETRIES: Final = 4


class StreamReader:
    """A private cursor on a stream, for one thread.

    A new reader starts with the oldest sample still in the ring. Everything returned is a private copy
    that was checked after copying: the writer cannot have touched it.
    """

    info: StreamInfo
    overruns: int
    """Samples (or frames) that were overwritten before this reader took them with ``read_new``."""

    def __init__(self, ring: Ring, info: StreamInfo) -> None:
        self.info = info
        self.overruns = 0
        if info.is_video:
            keep_freed()
        self._ring: Ring | None = ring
        self._items = ring.items(np.dtype(info.dtype), item_shape(info))
        self._looked = 0
        self._span = 16
        self._ages = np.zeros(1)
        stop = ring.core.chead()
        self._chunk, records = ring.records(0, stop)
        oldest = max(0, ring.core.fenced_reserve() - ring.geometry.cap)
        self._next = max(oldest, int(records["first"][0]) if len(records) else ring.core.head())

    @classmethod
    def attach(cls, path: Path) -> StreamReader:
        """Attach read-only to a ring file of another process; raises ``RingError`` if that is impossible."""
        ring = Ring.attach(path)
        return cls(ring, info_from(ring.geometry.meta, str(path)))

    @property
    def _live(self) -> Ring:
        if self._ring is None:
            raise RingError(f"{self.info.name}: this reader is closed")
        return self._ring

    @property
    def ended(self) -> bool:
        """Whether the writer has ended the stream."""
        return self._live.ended

    @property
    def pushed(self) -> int:
        """Samples (or frames) committed so far."""
        return self._live.core.head()

    def read_new(self, *, data: bool = True) -> list[Chunk]:
        """Every sample not seen yet, in order, as one chunk per gap-free run (often exactly one).

        A step longer than 1.5 nominal periods is a gap; so is a jump in ``Chunk.first``, when samples
        were overwritten (``overruns``) or torn by a killed writer (counted there too). Frames of a video
        stream come one a chunk, ``data`` ``(1, height, width, 3)``. With ``data=False`` only numbers and
        times are read, of overwritten samples too: ``Chunk.data`` is ``(n, 0)``.
        """
        ring = self._live
        if ring.peek[0] == self._chunk:
            return []
        stop = ring.core.chead()
        if stop == self._chunk + 1 and (chunk := self._one(ring, data)) is not None:
            return [chunk]
        start, records = ring.records(self._chunk, stop)
        while start >= stop:  # the writer lapped the records meanwhile
            stop = ring.core.chead()
            start, records = ring.records(start, stop)
        end = int(records["first"][-1] + records["n"][-1])
        records = records[~np.isnan(records["step"])]
        if self.info.is_video:
            parts = [records[i : i + 1] for i in range(len(records))]
        else:
            parts = groups(records, self.info.sfreq)
        chunks = [chunk for part in parts if (chunk := self._take(part, data)) is not None]
        self.overruns += end - self._next - sum(map(len, chunks))
        self._chunk, self._next = stop, end
        return chunks

    def _one(self, ring: Ring, wanted: bool) -> Chunk | None:
        """Take the one new chunk, if it follows on what was read: the usual case, made short."""
        first, n, t, step = ring.record(self._chunk)
        if first != self._next or math.isnan(step):
            return None
        data = ring.taken(self._items, first, n) if wanted else np.empty((n, 0))
        if not ring.core.intact(self._chunk, first):
            return None
        if len(self._ages) != n:
            self._ages = np.arange(1.0 - n, 1.0)
        self._chunk += 1
        self._next = first + n
        return Chunk(data, t + step * self._ages, first)

    def _take(self, records: Records, with_data: bool) -> Chunk | None:
        """Copy what is unseen and intact of contiguous records."""
        ring = self._live
        cap = ring.geometry.cap
        begin, end = int(records["first"][0]), int(records["first"][-1] + records["n"][-1])
        if not with_data:
            first = max(begin, self._next)
            return Chunk(np.empty((end - first, 0)), rebuild(records, first), first) if first < end else None
        for margin in (0, cap // 16, cap // 4, cap // 2):  # a reader that lags runs away from the writer
            first = max(begin, self._next, ring.core.fenced_reserve() - cap + margin)
            if first < end and (data := ring.copy(self._items, first, end - first)) is not None:
                return Chunk(data, rebuild(records, first), first)
        return None

    def latest(
        self, seconds: float, *, max_age_s: float | None = None, now: float | None = None
    ) -> Chunk | None:
        """Newest ``seconds`` of samples as a private copy, ``None`` if there are fewer or they are too old.

        Of a regular stream always ``round(seconds · sfreq)`` samples; ``None`` too when more than 5 % of
        their span is missing (a gap). Of an irregular one all whose stamp is less than ``seconds`` older
        than the newest. ``max_age_s`` compares the newest stamp with ``now`` (default: the clock).
        """
        if self.info.is_video:
            raise RingError(f"{self.info.name} carries frames: take latest_frame")
        regular = self.info.sfreq > 0
        n = max(1, round(seconds * self.info.sfreq)) if regular else 0
        for _ in range(_RETRIES):
            records = self._newest(n, seconds)
            if not len(records):
                return None
            end = int(records["first"][-1] + records["n"][-1])
            first = end - n if regular else int(records["first"][0])
            if first < int(records["first"][0]):
                return None
            times = rebuild(records, first)
            if _too_old(float(times[-1]), max_age_s, now):
                return None
            if not regular:
                skip = int(np.searchsorted(times, times[-1] - seconds, "right"))
                first, times = first + skip, times[skip:]
            elif times[-1] - times[0] > seconds * (1 + MISSING):
                return None
            data = self._live.copy(self._items, first, len(times))
            if data is not None:
                return Chunk(data, times, first)
        return None

    def _newest(self, n: int, seconds: float) -> Records:
        """Newest contiguous records that hold ``n`` samples (``n=0``: ``seconds``), or what there is."""
        ring = self._live
        self._looked = stop = ring.core.chead()
        while True:
            span = self._span
            start, records = ring.records(max(0, stop - span), stop)
            torn = np.flatnonzero(np.isnan(records["step"]))
            if len(torn):
                records = records[torn[-1] + 1 :]
            if not len(records) or len(torn) or start > stop - span or span >= ring.geometry.ccap:
                return records
            held = int(records["first"][-1] + records["n"][-1] - records["first"][0])
            reach = float(records["t"][-1] - records["t"][0])
            if held >= n if n else reach > seconds:
                return records
            self._span *= 4

    def latest_frame(self, *, max_age_s: float | None = None, now: float | None = None) -> VideoFrame | None:
        """Newest frame (copied, validated), ``None`` if there is none or it is too old."""
        for _ in range(_RETRIES):
            records = self._newest(1, 0.0)
            if not len(records) or _too_old(float(records["t"][-1]), max_age_s, now):
                return None
            if (frame := self._frame(records[-1:])) is not None:
                return frame
        return None

    def frame(self, index: int) -> VideoFrame | None:
        """Frame number ``index`` if it is still in the ring."""
        ring = self._live
        _, records = ring.records(0, ring.core.chead())
        found = records[(records["first"] == index) & ~np.isnan(records["step"])]
        return self._frame(found) if len(found) else None

    def _frame(self, record: Records) -> VideoFrame | None:
        if not self.info.is_video:
            raise RingError(f"{self.info.name} carries samples, not frames")
        index = int(record["first"][0])
        image = self._live.copy(self._items, index, 1)
        if image is None:
            return None
        return VideoFrame(image[0].astype(np.uint8, copy=False), float(record["t"][0]), index)

    def wait(self, timeout_s: float, *, beyond: int | None = None) -> bool:
        """Block until there is something unseen (true), the time is up or the stream has ended (false).

        Unseen is what came after the last ``read_new``, ``latest`` or ``latest_frame``; with ``beyond``
        what came after that many samples were ``pushed``.
        """
        ring = self._live
        if beyond is not None:
            return ring.wait(lambda: ring.core.head() > beyond, timeout_s)
        seen = max(self._chunk, self._looked)
        return ring.wait(lambda: ring.core.chead() > seen, timeout_s)

    def close(self) -> None:
        """Detach; may be called again."""
        self._ring = None
        self._items = np.empty(0)


def _too_old(newest: float, max_age_s: float | None, now: float | None) -> bool:
    return max_age_s is not None and (clock.now() if now is None else now) - newest > max_age_s
