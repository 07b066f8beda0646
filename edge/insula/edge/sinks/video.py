"""Pictures beside the recording: each camera as Motion JPEG in Matroska, with a stream of its frames' times.

Motion JPEG because every picture stands alone: no frame waits for another (constant latency), any frame can
be looked up, and a file that ends anywhere plays up to there. Matroska's clusters are closed and handed to
the operating system every 0.3 s. ``NAME.video`` in the XDF file says which frame of the stream each picture
is and when it was taken; the file's own times are rounded to 1 ms and are for players.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.errors import SinkError
from insula.edge.privacy.crypt import SealedFile, Sealer
from insula.edge.protocols import Item
from insula.edge.sinks.xdf_taps import Samples
from insula.edge.stream import StreamReader
from insula.edge.types import VideoFrame
from insula.edge.xdf.header import XdfStream

VIDEO_FILE: Final = "VideoFile"
"""The type of the stream that says which frames a file of pictures shows."""

BLANK: Final = -1
"""The frame number of a black picture: the shutter closed or the camera was gone."""

_QUALITY: Final = 4
"""JPEG quantiser: 2 is best, 31 worst."""
_PAUSE_S: Final = 1.0
_CLUSTER_MS: Final = 300


def video_file(xdf: Path, stream: str) -> Path:
    """Where the pictures of ``stream`` lie beside the recording ``xdf``."""
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in stream)
    return xdf.with_name(f"{xdf.stem}-{plain}.mkv")


def milliseconds(t: float, first: float, last: int) -> int:
    """A picture's time in its file: whole ms since the first one, later than the one before."""
    return max(last + 1, round(1000 * (t - first)))


class FrameTimes:
    """The stream ``NAME.video``: one row a picture of the file, for the recorder to take.

    Rows are put by the thread that writes pictures and pulled by the recorder's.
    """

    def __init__(self, reader: StreamReader, file: str) -> None:
        info = reader.info
        self._reader = reader
        self._rows: deque[tuple[float, int, int]] = deque()
        self.stream = XdfStream(
            name=f"{info.name}.video",
            type=VIDEO_FILE,
            sfreq=0.0,
            ch_names=("picture", "frame"),
            units=("picture number in the file", "frame number in the stream"),
            format="int64",
            source_id=info.sensor_id,
            manufacturer=info.manufacturer,
            simulated=info.simulated,
            can_drop_samples=True,
            extra=(
                ("file", file),
                ("codec", "Motion JPEG in Matroska"),
                ("blank", f"frame {BLANK}: black, nothing came"),
            ),
        )

    def put(self, t: float, picture: int, frame: int) -> None:
        """Add a row for the picture number ``picture`` of the file, taken at ``t`` (s)."""
        self._rows.append((t, picture, frame))

    def pull(self) -> Samples | None:
        """The rows since the last call."""
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        if not rows:
            return None
        return np.array([t for t, _, _ in rows]), np.array([row[1:] for row in rows], np.int64)

    def offset(self) -> tuple[float, float] | None:
        """Recorder and camera share one clock; the camera's own stream says so."""
        return None

    def lost(self) -> int:
        """Frames that were overwritten before they could be written."""
        return self._reader.overruns


class VideoRecorder:
    """Sink that writes the pictures of every camera beside the recording ``xdf``.

    ``frame_times`` are the streams for the XDF recorder, by name. What a camera's sensor holds back (the
    shutter) never gets here; a pause begins with a black picture, so that no player holds a face still.
    Frames taken more than ``before_s`` before the opening are left out.
    """

    def __init__(
        self,
        xdf: Path,
        *,
        before_s: float = 60.0,
        sealer: Callable[[], Sealer | None] = lambda: None,
        clock: Clock = now,
    ) -> None:
        self._xdf = xdf
        self._before_s = before_s
        self._sealer = sealer
        self._clock = clock
        self._files: list[_File] = []
        self.frame_times: dict[str, FrameTimes] = {}

    def open(self, streams: Mapping[str, StreamReader]) -> None:
        """Create a file for each camera; raises ``SinkError`` in words."""
        since = self._clock() - self._before_s
        for name, reader in streams.items():
            if reader.info.is_video:
                path = video_file(self._xdf, name)
                times = FrameTimes(reader, path.name)
                self._files.append(_File(path, reader, times, since, self._sealer()))
                self.frame_times[f"{name}.video"] = times

    def put(self, item: Item) -> None:
        """States and markers go elsewhere."""

    def poll(self) -> None:
        """Write what is new."""
        for file in self._files:
            file.drain(self._clock())

    def close(self) -> None:
        """Write the rest and finish the files; safe to call again."""
        files, self._files = self._files, []
        with contextlib.ExitStack() as stack:  # one file's full disk must not leave another open
            for file in files:
                stack.callback(file.close)
            for file in files:
                file.drain(self._clock())


class _File:
    """One camera's pictures."""

    def __init__(
        self, path: Path, reader: StreamReader, times: FrameTimes, since: float, sealer: Sealer | None
    ) -> None:
        self._path = path
        self._reader = reader
        self._times = times
        self._since = since
        self._pictures = 0
        self._first_t: float | None = None
        self._last_ms = -1
        self._blank_after: float | None = None
        height, width = reader.info.shape[:2]
        self._black: npt.NDArray[np.uint8] = np.zeros((height, width, 3), np.uint8)
        with self._in_words():
            av = _library()
            if path.exists():
                raise SinkError(f"{path} exists already; choose another name")
            target: Any = str(path) if sealer is None else SealedFile(path, sealer)
            self._sealed = None if sealer is None else target
            options = {"cluster_time_limit": str(_CLUSTER_MS), "flush_packets": "1"}
            self._container: Any = av.open(target, "w", format="matroska", options=options)
            self._stream: Any = self._container.add_stream("mjpeg", rate=round(reader.info.sfreq) or 30)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuvj420p"
            codec = self._stream.codec_context
            codec.time_base = Fraction(1, 1000)
            codec.qmin = codec.qmax = _QUALITY
            codec.thread_count = 1  # several would hold frames back

    def drain(self, t: float) -> None:
        """Write every frame that came, and a black one at ``t`` (s) when none has come for a while."""
        for frame in self._frames():
            if frame.t < self._since:
                continue
            self._write(frame.image, frame.t, frame.index)
            self._blank_after = frame.t + _PAUSE_S
        if self._blank_after is not None and t > self._blank_after:
            self._write(self._black, self._blank_after, BLANK)
            self._blank_after = None

    def _frames(self) -> Iterator[VideoFrame]:
        for chunk in self._reader.read_new():
            for i, t in enumerate(chunk.times):
                yield VideoFrame(chunk.data[i].astype(np.uint8, copy=False), float(t), chunk.first + i)

    def _write(self, image: npt.NDArray[np.uint8], t: float, number: int) -> None:
        if self._first_t is None:
            self._first_t = t
        frame = _library().VideoFrame.from_ndarray(image, format="rgb24")
        self._last_ms = frame.pts = milliseconds(t, self._first_t, self._last_ms)
        frame.time_base = Fraction(1, 1000)
        with self._in_words():
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        self._times.put(t, self._pictures, number)
        self._pictures += 1

    def close(self) -> None:
        """Finish the file."""
        with self._in_words():
            try:
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
            finally:
                self._container.close()
                if self._sealed is not None:
                    self._sealed.close()

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # PyAV's errors derive from it
            raise SinkError(f"{self._path} cannot be written: {error.strerror or error}") from error


def _library() -> Any:
    try:
        import av
    except ImportError as error:
        raise SinkError("recording video needs PyAV: pip install 'insula[media]'") from error
    return av
