"""Streams on top of the ring: stamped samples or frames, written once, read by anyone.

One ``StreamWriter`` per stream (owned by the reader loop), any number of ``StreamReader`` in any
thread or process. Time stamps are s on LSL's clock; those of frames and of a block's last sample come
back exactly, the others to within 1 µs.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError, RingError
from insula.edge.ring import Ring
from insula.edge.ring_file import file_name
from insula.edge.stream_layout import FRAME_SLOTS, geometry, item_shape
from insula.edge.stream_reader import StreamReader
from insula.edge.stream_times import GAP_STEPS, regular_step, runs
from insula.edge.types import Drawn, StreamInfo

__all__ = ["FRAME_SLOTS", "StreamReader", "StreamWriter"]

_F64: Final = np.dtype(np.float64)


class StreamWriter:
    """Creates the ring of one stream and pushes stamped blocks into it.

    ``path`` is the ring's file, ``None`` for private memory. ``newest`` is the last time stamp pushed (by
    this writer or the one it took over from), ``-inf`` before the first: a block must start after it.
    """

    info: StreamInfo

    def __init__(self, info: StreamInfo, *, directory: Path | None = None, seconds: float = 60.0) -> None:
        """Make room for ``seconds`` of samples (16384 of an irregular stream, 32 frames of video).

        ``directory=None``: private memory of this process. Else a ring file in it that any process of
        this user can attach; a file left by a dead writer of the same stream is taken over, and what was
        torn appears to readers as a gap. Raises ``RingError`` when another writer is alive, when there is
        no space, or when no safe ring exists on this machine (``insula.edge.ring.core`` says why).
        """
        self.info = info
        path = directory / file_name(info.name) if directory is not None else None
        self._ring: Ring | None = Ring.create(geometry(info, seconds), path)
        self.path = self._ring.path
        chunks = self._ring.core.chead()
        before = self._ring.records(max(0, chunks - 1), chunks)[1]["t"]
        self.newest = float(before[-1]) if len(before) else -math.inf
        self._dtype, self._video = np.dtype(info.dtype), info.is_video
        self._shape = item_shape(info)
        self._items = self._ring.items(self._dtype, self._shape)
        self._gap_s = GAP_STEPS / info.sfreq if info.sfreq else math.inf

    @property
    def _live(self) -> Ring:
        if self._ring is None:
            raise RingError(f"{self.info.name}: this writer is closed")
        return self._ring

    def push(self, data: npt.NDArray[np.generic] | Drawn, times: npt.NDArray[np.float64]) -> None:
        """Append samples ``(n, n_channels)`` with ``(n,)`` times, or one frame (h, w, 3) with one time.

        Times rise strictly, within the block and from block to block. A block that breaks this, or whose
        shape or type does not fit the stream, raises ``DataError`` and leaves the stream as it was: the
        caller counts it and goes on. A frame yet to be drawn is drawn straight into its place in the ring;
        no reader takes it for whole before that is done, and what the drawing raises comes through.
        """
        shape = self._shape if self._video else (len(times), *self._shape)
        if isinstance(data, Drawn):
            self._check_fit((1, *data.shape), np.dtype(np.uint8), times)
            if not self._video or self._dtype != np.uint8:
                raise DataError(f"{self.info.name}: a picture came, {self.info.dtype} was announced")
            self._live.draw(self._items, data.into, float(times[0]))
        elif not (
            data.shape == shape
            and data.dtype is self._dtype
            and times.dtype is _F64
            and self._live.core.push(data, times, self._gap_s, self.newest)
        ):
            self._push_checked(data[np.newaxis] if self._video else data, times)
        if len(times):
            self.newest = float(times[-1])

    def _push_checked(self, block: npt.NDArray[np.generic], times: npt.NDArray[np.float64]) -> None:
        """Say what is wrong with a block, or push it in as many chunks as its times need."""
        ring, cap = self._live, self._live.geometry.cap
        self._check_fit(block.shape, block.dtype, times)
        if not len(times):
            return
        for start, stop, step in self._runs(times):
            for a in range(start, stop, cap):
                b = min(a + cap, stop)
                ring.write(self._items, block[a:b], float(times[b - 1]), step)

    def _check_fit(
        self, came: tuple[int, ...], dtype: np.dtype[np.generic], times: npt.NDArray[np.float64]
    ) -> None:
        name, wanted = self.info.name, (len(times), *self._shape)
        if came != wanted:
            raise DataError(f"{name}: a block of shape {came} came, {wanted} was announced")
        if dtype != self._dtype and not np.can_cast(dtype, self._dtype, "same_kind"):
            raise DataError(f"{name}: {dtype} came, {self.info.dtype} was announced")
        if len(times) and not (times[0] > self.newest and math.isfinite(times[-1])):
            raise DataError(f"{name}: time stamps do not rise: {times[0]} after {self.newest}")

    def _runs(self, times: npt.NDArray[np.float64]) -> list[tuple[int, int, float]]:
        step = regular_step(times, self.info.sfreq)
        if step is not None:
            return [(0, len(times), step)]
        rises = np.diff(times)
        if not (rises > 0).all():
            where = int(np.argmin(rises))
            raise DataError(
                f"{self.info.name}: time stamps do not rise: {times[where + 1]} after {times[where]}"
            )
        return runs(times, self.info.sfreq)

    def reader(self) -> StreamReader:
        """Return a new reader of this stream in this process."""
        return StreamReader(self._live, self.info)

    def end(self) -> None:
        """Mark the stream as ended, wake waiters (readers see ``ended``)."""
        self._live.end()

    def close(self) -> None:
        """End the stream, release the ring and remove its file; may be called again."""
        if self._ring is not None:
            self._ring.end()
            self._ring.close()
            self._ring = None
            self._items = np.empty(0)
