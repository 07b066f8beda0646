"""Writes XDF 1.0 so that a crash at any instant leaves a file every reader opens.

Readers stumble over a file that ends inside a chunk: pyxdf raises when a tag or a clock offset is cut,
and returns a wrong last sample when values are. Hence chunks go into the file in whole blocks, see
``insula.edge.xdf.blocks``; ``insula.edge.xdf.repair`` gets back most of the block a crash cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.privacy.crypt import Sealer
from insula.edge.xdf import layout
from insula.edge.xdf.blocks import BlockFile
from insula.edge.xdf.header import Tally, Track, XdfStream
from insula.edge.xdf.layout import Node, Tag

BOUNDARY_S: Final = 10.0
"""Seconds between boundary chunks, as the specification recommends."""


class XdfWriter:
    """One growing XDF file.

    ``path`` must not exist: a recording is never overwritten. ``info`` adds elements to the file header.
    With ``sync`` a block counts once the disk has it (a power cut loses what a crash would); without,
    once the operating system has it. One thread uses a writer.

    ``flush``, ``wait`` and ``close`` raise ``SinkError`` in words when the disk is full or gone; the file
    then ends behind the last complete block, and ``close`` still tries to add the footers. ``sealer``
    encrypts the file.
    """

    def __init__(
        self,
        path: Path,
        info: Sequence[Node] = (),
        *,
        sync: bool = True,
        sealer: Sealer | None = None,
        clock: Clock = now,
    ) -> None:
        self._clock = clock
        self._tracks: dict[int, Track] = {}
        self._pending: list[bytes] = []
        self._boundary_due = clock() + BOUNDARY_S
        self._blocks = BlockFile(path, layout.MAGIC, sync=sync, sealer=sealer)
        header: list[Node] = [
            ("version", "1.0"),
            ("datetime", datetime.now(UTC).isoformat()),
            ("created_at", repr(clock())),
            *info,
        ]
        self._pending.append(layout.chunk(Tag.FILE_HEADER, layout.xml(header)))

    @property
    def size_bytes(self) -> int:
        """Bytes that are safe in the file."""
        return self._blocks.size

    def add_stream(self, stream: XdfStream) -> int:
        """Announce a stream, at any time; returns its number in the file."""
        if stream.format != "string" and stream.format not in layout.NUMPY_OF:
            raise SinkError(f"{stream.name}: XDF has no channel format {stream.format!r}")
        number = len(self._tracks) + 1
        self._tracks[number] = Track(stream)
        self._pending.append(layout.chunk(Tag.STREAM_HEADER, stream.header(self._clock()), number))
        return number

    def samples(self, number: int, times: npt.NDArray[np.float64], data: npt.NDArray[np.generic]) -> None:
        """Append ``data`` ``(n, n_channels)`` taken at ``times`` ``(n,)`` s to a numeric stream."""
        track = self._tracks[number]
        if data.shape != (len(times), len(track.stream.ch_names)):
            raise SinkError(f"{track.stream.name}: samples of shape {data.shape} for {len(times)} times")
        if not len(times):  # readers choke on a samples chunk without samples
            return
        step_s = 1.0 / track.stream.sfreq if track.stream.sfreq > 0 else 0.0
        values = data.astype(layout.NUMPY_OF[track.stream.format], copy=False)
        self._pending.append(layout.numeric_samples(number, times, values, step_s))
        track.tally = track.tally.plus(times)

    def strings(self, number: int, times: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
        """Append rows of ``n_channels`` texts to a string stream."""
        if not rows:
            return
        self._pending.append(layout.string_samples(number, times, rows))
        track = self._tracks[number]
        track.tally = track.tally.plus(times)

    def clock_offset(self, number: int, time_s: float, offset_s: float) -> None:
        """Note that at ``time_s`` the stream's clock was ``offset_s`` seconds behind the recorder's."""
        self._pending.append(layout.clock_offset(number, time_s, offset_s))
        self._tracks[number].offsets.append((time_s, offset_s))

    def note(self, number: int, name: str, value: str) -> None:
        """Add an element to the stream's footer; a later value replaces an earlier one."""
        self._tracks[number].notes[name] = value

    def written(self, number: int) -> Tally:
        """What of a stream is safe in the file."""
        return self._tracks[number].safe or Tally()

    def flush(self) -> None:
        """Hand everything so far to the disk; with ``sync`` it is safe a moment later, see ``wait``."""
        if not self._pending:
            return
        # Last in its block only: readers that skip an unfinished block continue behind a boundary.
        if self._clock() >= self._boundary_due:
            self._pending.append(layout.boundary())
            self._boundary_due = self._clock() + BOUNDARY_S
        block = b"".join(self._pending)
        self._pending.clear()
        written = [(track, track.tally, len(track.offsets)) for track in self._tracks.values()]

        def done() -> None:
            for track, tally, offsets in written:
                track.safe, track.safe_offsets = tally, offsets

        self._blocks.append(block, done)

    def wait(self) -> None:
        """Return when everything flushed is safe."""
        self._blocks.wait()

    def close(self) -> None:
        """Flush, write the footers and close; safe to call again."""
        try:
            self.flush()
        finally:
            self._blocks.close(self._footers)

    def _footers(self) -> bytes:
        return b"".join(
            layout.chunk(Tag.STREAM_FOOTER, track.footer(), number)
            for number, track in self._tracks.items()
            if track.safe is not None
        )
