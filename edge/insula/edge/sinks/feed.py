"""The dashboard's feed: every item as a message in a ring that other processes of this user can attach."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path

from insula.edge import codec
from insula.edge.errors import RingError, SinkError
from insula.edge.messages import MessageWriter
from insula.edge.protocols import Item
from insula.edge.stream import StreamReader


class FeedSink:
    """Sink that puts records of ``insula.edge.codec`` into the message ring at ``path``.

    Readers use ``MessageReader.attach(path)`` and ``codec.loads``. A slow or killed reader costs the
    session nothing; it loses the oldest records and knows how many.
    """

    def __init__(self, *, path: str) -> None:
        self.path = path
        self._ring: MessageWriter | None = None
        self._said: deque[bytes] = deque()

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Create the ring; the streams have rings of their own."""
        try:
            self._ring = MessageWriter(Path(self.path))
        except RingError as error:
            raise SinkError(f"the dashboard feed cannot be opened: {error}") from error

    def put(self, item: Item) -> None:
        """Publish one record."""
        if self._ring is None:
            raise SinkError("the dashboard feed is not open")
        self._ring.put(codec.dumps(item))

    def say(self, message: bytes) -> None:
        """Pass on a message of the program that runs the session; may be called from any thread."""
        self._said.append(message)  # the ring has one writer: this sink's thread

    def poll(self) -> None:
        """Write what was said; records are never buffered here."""
        while self._ring is not None and self._said:
            self._ring.put(self._said.popleft())

    def close(self) -> None:
        """End the feed and remove its ring; safe to call again."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None
