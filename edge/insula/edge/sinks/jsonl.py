"""JSON lines: every state, estimate, marker and health event as one line, to a file or to stdout."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Mapping
from pathlib import Path

from insula.edge import codec
from insula.edge.errors import SinkError
from insula.edge.privacy.crypt import Sealer, sealed_name
from insula.edge.protocols import Item
from insula.edge.stream import StreamReader
from insula.edge.wire import without_landmarks


class JsonlSink:
    """Sink that writes lines of ``insula.edge.codec`` to ``path`` (must not exist), or to stdout for "-".

    Lines reach the operating system at every poll. When the disk is full the file ends with a complete
    line, and the sink raises ``SinkError``. The landmarks of a face are its shape, personal and twenty
    times the size of everything else in an estimate: they are left out unless ``landmarks`` is set.
    ``sealer`` encrypts the file.
    """

    def __init__(self, *, path: str = "-", landmarks: bool = False, sealer: Sealer | None = None) -> None:
        self.path = path
        self._landmarks = landmarks
        self._sealer = sealer
        self._out: _File | _Stdout | None = None
        self._lines: list[bytes] = []

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Create the file; the streams' samples are not written here."""
        self._out = _Stdout() if self.path == "-" else _File(Path(self.path), self._sealer)

    def put(self, item: Item) -> None:
        """Add one line."""
        if self._out is None:
            raise SinkError(f"{self.path} is not open")
        self._lines.append(codec.dumps(item if self._landmarks else without_landmarks(item)) + b"\n")

    def poll(self) -> None:
        """Write the lines so far."""
        lines, self._lines = self._lines, []
        if self._out is not None and lines:
            self._out.write(b"".join(lines))

    def close(self) -> None:
        """Write the rest; close the file, but not stdout. Safe to call again."""
        try:
            self.poll()
        finally:
            out, self._out = self._out, None
            if out is not None:
                out.close()


class _File:
    """A new file that ends with a complete line even when the disk is full."""

    def __init__(self, path: Path, sealer: Sealer | None) -> None:
        if sealer is not None:
            path = sealed_name(path)
        if path.exists():
            raise SinkError(f"{path} exists already; choose another name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._raw = io.FileIO(path, "x")
        except OSError as error:
            raise SinkError(f"{path} cannot be created: {error.strerror}") from error
        self._path = path
        self._sealer = sealer
        self._size = 0
        self._broken = False
        if sealer is not None:
            self._append(sealer.start)

    def write(self, lines: bytes) -> None:
        self._append(lines if self._sealer is None else self._sealer.seal(lines))

    def close(self) -> None:
        try:
            if self._sealer is not None and not self._broken:
                self._append(self._sealer.seal(b"", last=True))
        finally:
            self._raw.close()

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._raw.write(view) :]
        except OSError as error:
            self._broken = True  # nothing can be read behind a missing piece of a sealed file
            with contextlib.suppress(OSError):  # the drive may be gone altogether
                self._raw.truncate(self._size)
            raise SinkError(f"{self._path} cannot be written: {error.strerror}; it ends here") from error
        self._size += len(data)


class _Stdout:
    """The program's standard output, which stays open."""

    def write(self, lines: bytes) -> None:
        try:
            sys.stdout.buffer.write(lines)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise SinkError(f"stdout cannot be written: {error.strerror}; is its reader gone?") from error

    def close(self) -> None:
        """Nothing of ours to close."""
