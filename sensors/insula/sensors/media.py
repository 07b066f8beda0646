"""Video and audio tracks of media files, through PyAV (FFmpeg's libraries).

Times of both tracks count from the container's start, so that picture and sound stay together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.types import Drawn
from insula.sensors.probe import library

_REMEDY = "install PyAV (pip install 'insula[media]')"


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """Width and height in pixels, nominal frames a second, duration in s (0 when the file does not say)."""

    width: int
    height: int
    fps: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono samples ``(n,)``, full scale ±1, at ``rate`` Hz; they begin at ``start_s`` of ``duration_s``."""

    samples: npt.NDArray[np.float32]
    rate: int
    start_s: float
    duration_s: float


def need_file(path: str) -> Path:
    """The path of a file that exists; raises ``SensorUnavailable``."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise SensorUnavailable(f"there is no file {path!r}: check the path")
    return file


class _Track:
    """One track of an open container; a context manager that closes it."""

    def __init__(self, path: Path, kind: str) -> None:
        av = library("av", _REMEDY)
        try:
            self.container: Any = av.open(str(path))
        except (OSError, ValueError) as error:  # PyAV's errors derive from these
            raise SensorUnavailable(f"{path.name} cannot be read as a media file: {error}") from error
        tracks = getattr(self.container.streams, kind)
        if not tracks:
            self.container.close()
            raise SensorUnavailable(f"{path.name} has no {kind} track")
        self.track: Any = tracks[0]
        self.name = path.name
        self.start = Fraction(self.container.start_time or 0, av.time_base)

    def frames(self) -> Iterator[tuple[float, Any]]:
        """Decoded frames with their time in s since the container's start; damaged packets leave a gap."""
        av = library("av", _REMEDY)
        expected = 0.0
        for packet in self.container.demux(self.track):
            try:
                decoded = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in decoded:
                if frame.pts is not None:
                    expected = float(frame.pts * frame.time_base - self.start)
                yield expected, frame
                rate = getattr(frame, "sample_rate", 0)
                expected += frame.samples / rate if rate else float(1 / (self.track.average_rate or 25))

    def __enter__(self) -> _Track:
        return self

    def __exit__(self, *exception: object) -> None:
        self.container.close()


def video_track(path: Path) -> VideoTrack:
    """What the first video track is; raises ``SensorUnavailable`` when there is none."""
    with _Track(path, "video") as open_track:
        track = open_track.track
        return VideoTrack(
            width=int(track.width),
            height=int(track.height),
            fps=float(track.average_rate or 0.0),
            duration_s=float((open_track.container.duration or 0) / 1e6),
        )


def video_frames(path: Path) -> Iterator[tuple[float, Drawn]]:
    """Frames of the first video track: time in s, picture."""
    with _Track(path, "video") as track:
        for t, frame in track.frames():
            yield t, Drawn((frame.height, frame.width, 3), partial(_draw, frame))


def _draw(frame: Any, out: npt.NDArray[np.uint8]) -> None:
    plane = frame.reformat(format="rgb24").planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # FFmpeg pads them
    np.copyto(out, rows[: len(out), : out[0].size].reshape(out.shape))


def audio_track(path: Path) -> Sound:
    """The whole first audio track, mixed to one channel."""
    av = library("av", _REMEDY)
    with _Track(path, "audio") as track:
        rate = int(track.track.rate)
        mono = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        start: float | None = None
        parts: list[npt.NDArray[np.float32]] = []
        for t, frame in track.frames():
            start = t if start is None else start
            parts.extend(piece.to_ndarray()[0] for piece in mono.resample(frame))
        parts.extend(piece.to_ndarray()[0] for piece in mono.resample(None))
        if start is None or not parts:
            raise SensorUnavailable(f"the audio track of {track.name} is empty")
        samples = np.concatenate(parts)
        duration = float((track.container.duration or 0) / 1e6)
    return Sound(samples, rate, start, max(duration, start + len(samples) / rate))
