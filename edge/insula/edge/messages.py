"""Messages (bytes) from one writer to any number of readers, over the same ring: the dashboard's feed.

Every message is one chunk. A reader that falls behind loses the oldest and knows how many.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from insula.edge import clock
from insula.edge.errors import DataError, RingError
from insula.edge.ring import Ring
from insula.edge.ring_layout import Geometry

_META = b'{"messages": 1}'
_BYTE = np.dtype(np.uint8)


class MessageWriter:
    """Owns the ring of a feed: a file any process of this user can attach, or private memory (``None``)."""

    def __init__(self, path: Path | None, capacity_bytes: int = 4 * 2**20) -> None:
        """Room for ``capacity_bytes`` of messages; raises ``RingError`` as ``StreamWriter`` does."""
        ccap = 1 << max(4, (capacity_bytes // 64).bit_length())
        self._ring: Ring | None = Ring.create(Geometry(1, capacity_bytes, 0, ccap, _META), path)
        self._items = self._ring.items(_BYTE, ())
        self.path = self._ring.path

    def put(self, message: bytes) -> None:
        """Append one message; ``DataError`` if it is larger than the ring."""
        if self._ring is None:
            raise RingError("this message writer is closed")
        if len(message) > self._ring.geometry.cap:
            raise DataError(f"a message of {len(message)} bytes is larger than its ring")
        self._ring.write(self._items, np.frombuffer(message, np.uint8), clock.now(), 0.0)

    def reader(self) -> MessageReader:
        """Return a new reader in this process."""
        if self._ring is None:
            raise RingError("this message writer is closed")
        return MessageReader(self._ring)

    def close(self) -> None:
        """End the feed and remove its file; may be called again."""
        if self._ring is not None:
            self._ring.end()
            self._ring.close()
            self._ring = None
            self._items = np.empty(0, np.uint8)


@contextlib.contextmanager
def _undamaged() -> Iterator[None]:
    """The counters are another process's: what they lead to need not be there."""
    try:
        yield
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise RingError("the message feed is damaged: its counters contradict each other") from error


class MessageReader:
    """A private cursor on a feed, starting with the oldest message still there."""

    overruns: int
    """Messages that were overwritten before this reader took them."""

    def __init__(self, ring: Ring) -> None:
        self.overruns = 0
        self._ring: Ring | None = ring
        self._items = ring.items(_BYTE, ())
        with _undamaged():
            self._chunk, records = ring.records(0, ring.core.chead())
            oldest = ring.core.fenced_reserve() - ring.geometry.cap
            self._chunk += int((records["first"].astype(np.int64) < oldest).sum())

    @classmethod
    def attach(cls, path: Path) -> MessageReader:
        """Attach read-only to the feed of another process; raises ``RingError`` if that is impossible."""
        ring = Ring.attach(path)
        if ring.geometry.meta != _META:
            raise RingError(f"{path} is no message feed")
        return cls(ring)

    @property
    def _live(self) -> Ring:
        if self._ring is None:
            raise RingError("this message reader is closed")
        return self._ring

    @property
    def ended(self) -> bool:
        """Whether the writer has ended the feed."""
        return self._live.ended

    def read_new(self) -> list[bytes]:
        """Every message not seen yet, in order; raises ``RingError`` when the writer damaged the ring."""
        ring = self._live
        with _undamaged():
            return self._read(ring, ring.core.chead())

    def _read(self, ring: Ring, stop: int) -> list[bytes]:
        start, records = ring.records(self._chunk, stop)
        self.overruns += start - self._chunk
        self._chunk = max(start, stop)
        messages: list[bytes] = []
        for record in records[~np.isnan(records["step"])]:
            data = ring.copy(self._items, int(record["first"]), int(record["n"]))
            if data is None:
                self.overruns += 1
            else:
                messages.append(data.tobytes())
        return messages

    def wait(self, timeout_s: float) -> bool:
        """Block until there is a new message (true), the time is up or the feed has ended (false)."""
        ring = self._live
        return ring.wait(lambda: ring.core.chead() > self._chunk, timeout_s)

    def close(self) -> None:
        """Detach; may be called again."""
        self._ring = None
        self._items = np.empty(0, np.uint8)
