"""The pictures of a recorded session, frame by frame, at the times that the recording gives them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.sinks.video import BLANK, milliseconds, video_file
from insula.edge.types import VideoFrame
from insula.sensors.media import need_file
from insula.sensors.probe import library
from insula.sensors.recording import Track

_REMEDY: Final = "install PyAV (pip install 'insula[media]')"
_STILL_S: Final = 1.0
"""A frame older than this does not show the moment."""
_AHEAD: Final = 30
"""Pictures up to which reading on is quicker than looking up."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The pictures of one file: times ``(n,)`` in s, frame numbers ``(n,)``, the file's own times in ms."""

    file: Path
    times: npt.NDArray[np.float64]
    frames: npt.NDArray[np.int64]
    stamps: tuple[int, ...]


class RecordedVideo:
    """One camera's pictures over all takes, by the rows of its ``NAME.video`` stream."""

    def __init__(self, track: Track, files: Sequence[Path]) -> None:
        """``files``: the takes' picture files, in order; raises ``SensorUnavailable`` when one is missing."""
        starts = np.flatnonzero(track.data[:, 0] == 0)
        self.stream = _camera(track)
        edges = [*starts.tolist(), len(track.times)]
        if len(starts) != len(files):
            raise SensorUnavailable(
                f"{track.info.name}: {len(starts)} recordings of pictures, {len(files)} files"
            )
        self._parts = [
            _part(need_file(str(file)), track.times[a:b], track.data[a:b, 1].astype(np.int64))
            for file, a, b in zip(files, edges[:-1], edges[1:], strict=True)
        ]
        self._open: _Reader | None = None

    @classmethod
    def beside(cls, track: Track, xdfs: Sequence[Path]) -> RecordedVideo:
        """The pictures beside the takes ``xdfs``; raises ``SensorUnavailable`` when they are missing."""
        files = [file for xdf in xdfs if (file := video_file(xdf, _camera(track))).is_file()]
        return cls(track, files)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3; raises ``SensorUnavailable`` for a file without a picture."""
        for frame in self.frames():
            height, width, _ = frame.image.shape
            return height, width, 3
        raise SensorUnavailable("there is no picture in the recording")

    def frames(self) -> Iterator[VideoFrame]:
        """Every frame in order; black ones stand for nothing and are left out."""
        for part in self._parts:
            reader = _Reader(part)
            try:
                for k, image in reader.read_on():
                    if part.frames[k] != BLANK:
                        yield VideoFrame(image, float(part.times[k]), int(part.frames[k]))
            finally:
                reader.close()

    def at(self, t: float) -> VideoFrame | None:
        """The frame that was the newest at ``t`` (s); ``None`` when there was none (shutter, pause, end)."""
        part = next((p for p in reversed(self._parts) if p.times[0] <= t), None)
        if part is None:
            return None
        k = int(np.searchsorted(part.times, t, "right")) - 1
        if part.frames[k] == BLANK or t - part.times[k] > _STILL_S:
            return None
        if self._open is None or self._open.part is not part:
            self.close()
            self._open = _Reader(part)
        image = self._open.picture(k)
        return None if image is None else VideoFrame(image, float(part.times[k]), int(part.frames[k]))

    def close(self) -> None:
        """Close the file that is looked at; may be called again."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _camera(track: Track) -> str:
    return track.info.name.removesuffix(".video")


def _part(file: Path, times: npt.NDArray[np.float64], frames: npt.NDArray[np.int64]) -> _Part:
    stamps: list[int] = []
    for t in times.tolist():
        stamps.append(milliseconds(t, float(times[0]), stamps[-1] if stamps else -1))
    return _Part(file, times, frames, tuple(stamps))


class _Reader:
    """A place in one file."""

    def __init__(self, part: _Part) -> None:
        self.part = part
        self._container: Any = None
        self._decoded: Iterator[tuple[int, npt.NDArray[np.uint8]]] = iter(())
        self._next = 0
        self._reopen()

    def _reopen(self) -> None:
        self.close()
        av = library("av", _REMEDY)
        try:
            self._container = av.open(str(self.part.file))
        except (OSError, ValueError) as error:
            raise SensorUnavailable(f"{self.part.file.name} cannot be read: {error}") from error
        self._decoded, self._next = self._pictures(), 0

    def _pictures(self) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        number = {stamp: k for k, stamp in enumerate(self.part.stamps)}
        with contextlib.suppress(OSError, ValueError):  # a file that was cut ends where it ends
            for frame in self._container.decode(video=0):
                stamp = round(1000 * float(frame.pts * frame.time_base))
                if stamp in number:
                    image = frame.to_ndarray(format="rgb24")
                    yield number[stamp], np.ascontiguousarray(image)  # FFmpeg pads the rows

    def read_on(self) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """Number and picture from here to the end."""
        return self._decoded

    def picture(self, k: int) -> npt.NDArray[np.uint8] | None:
        """The picture number ``k``, ``None`` when the file ends before it."""
        if not self._next <= k < self._next + _AHEAD:
            try:
                stream = self._container.streams.video[0]
                at = round(self.part.stamps[k] / 1000 / float(stream.time_base))
                self._container.seek(at, stream=stream)
                self._decoded = self._pictures()
            except OSError:  # a file that was cut has no index
                self._reopen()
        for number, image in self._decoded:
            if number >= k:
                self._next = number + 1
                return image if number == k else None
        self._reopen()
        return None

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
            self._container = None
