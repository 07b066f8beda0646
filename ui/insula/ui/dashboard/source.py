"""Where the dashboard's data come from: the rings and the feed of a running session (Qt-free)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from insula.edge import codec
from insula.edge.errors import DataError, RingError
from insula.edge.messages import MessageReader
from insula.edge.stream import StreamReader
from insula.edge.types import VideoFrame
from insula.edge.untrusted import parse_json
from insula.ui.dashboard.control import Command, Outbox, parse_session
from insula.ui.dashboard.presenter import Presenter
from insula.ui.dashboard.view import VideoView

FEED = "feed.ring"
RESCAN_S = 0.5
"""How often the folder is looked through for rings that are new or were made anew."""


class Source(Protocol):
    """Feeds a presenter and takes commands, unless it can only watch."""

    takes_commands: bool

    def poll(self, presenter: Presenter) -> None:
        """Hand everything that is new to the presenter."""

    def frame(self, video: VideoView) -> VideoFrame | None:
        """Return the frame a view asks for, ``None`` when it is gone."""

    def send(self, command: Command) -> None:
        """Pass a command to the engine; raises ``RingError`` when there is no way to it."""

    def close(self) -> None:
        """Let go of everything."""


class FeedSource:
    """Reads the runtime folder of one session; the engine does not notice whether it is there."""

    takes_commands = True

    def __init__(self, directory: Path) -> None:
        """Attach to the session in ``directory``; raises ``DataError`` when there is none."""
        if not (directory / FEED).exists():
            raise DataError(
                f"no running session in {directory}: start one with 'insula demo' or 'insula run'"
            )
        self._directory = directory
        self._feed: MessageReader | None = None
        self._readers: dict[Path, StreamReader] = {}
        self._made: dict[Path, int] = {}
        self._outbox: Outbox | None = None
        self._scanned = -RESCAN_S
        self.refused = 0
        """Feed messages this version could not read."""

    def poll(self, presenter: Presenter) -> None:
        """Hand over new streams, records and samples."""
        now = presenter.clock()
        if now - self._scanned >= RESCAN_S:
            self._scanned = now
            self._scan(presenter)
        self._read_feed(presenter)
        for reader in self._readers.values():
            self._read_stream(presenter, reader)

    def frame(self, video: VideoView) -> VideoFrame | None:
        """Return the frame asked for, the newest when none is named."""
        reader = next((r for r in self._readers.values() if r.info.name == video.stream), None)
        if reader is None:
            return None
        return reader.latest_frame() if video.index is None else reader.frame(video.index)

    def send(self, command: Command) -> None:
        """Write a command into this dashboard's control ring, made with the first one."""
        if self._outbox is None:
            self._outbox = Outbox(self._directory)
        self._outbox.send(command)

    def close(self) -> None:
        """Detach."""
        for reader in (*self._readers.values(), self._feed, self._outbox):
            if reader is not None:
                reader.close()
        self._readers, self._feed, self._outbox = {}, None, None

    # -- inside --------------------------------------------------------------------------------------

    def _scan(self, presenter: Presenter) -> None:
        for path in sorted(self._directory.glob("*.ring")):
            if path.name.startswith("control-"):
                continue
            try:
                made = path.stat().st_ino
                if self._made.get(path) == made:
                    continue
                self._attach(presenter, path)
                self._made[path] = made
            except (RingError, OSError):
                continue  # being made or just gone: the next scan sees

    def _attach(self, presenter: Presenter, path: Path) -> None:
        if path.name == FEED:
            self._feed = MessageReader.attach(path)
            return
        reader = StreamReader.attach(path)
        if path in self._readers:
            self._readers[path].close()
        self._readers[path] = reader
        presenter.add_stream(reader.info)

    def _read_feed(self, presenter: Presenter) -> None:
        if self._feed is None:
            return
        for message in self._feed.read_new():
            try:
                body = parse_json(message)
                session = isinstance(body, dict) and body.get("record") == "session"
                presenter.take(parse_session(body) if session else codec.decode(body))
            except (DataError, ValueError):
                self.refused += 1
        if self._feed.ended:
            presenter.end()

    def _read_stream(self, presenter: Presenter, reader: StreamReader) -> None:
        """Hand over what came; of frames only their times: the pictures are fetched when they are shown."""
        last = None
        for chunk in reader.read_new(data=not reader.info.is_video):
            if not reader.info.is_video:
                presenter.take_chunk(reader.info.name, chunk)
            last = float(chunk.times[-1])
        presenter.stream_seen(reader.info.name, reader.pushed, last)
