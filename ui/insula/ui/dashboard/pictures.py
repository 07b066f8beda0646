"""The pictures recorded beside a session, found by time (Qt-free)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from insula.edge.types import VideoFrame
from insula.sensors.probe import library
from insula.ui.dashboard.series import FloatArray

AHEAD = 12
"""So many pictures ahead it is quicker to go on reading than to look up the place."""

STILL_S = 1.0
"""A picture older than this does not show the moment looked at."""


class Pictures:
    """One camera's file. ``times`` ``(n,)`` in s and ``frames`` ``(n,)``: what picture k shows; −1 is black.

    Every picture of the file stands alone, so any of them can be looked up. Raises
    ``SensorUnavailable`` without PyAV and ``OSError`` when the file cannot be read.
    """

    def __init__(self, path: Path, stream: str, times: FloatArray, frames: np.ndarray[Any, Any]) -> None:
        av = library("av", "install it to see the pictures: pip install 'insula[media]'")
        self.stream, self.times, self.frames = stream, times, frames
        self._container: Any = av.open(str(path))
        self._video = self._container.streams.video[0]
        self._decoder: Any = None
        self._at = -1
        self._shown: VideoFrame | None = None

    def index(self, t: float) -> int | None:
        """Return the frame number of the picture shown at ``t`` (s), ``None`` when there was none."""
        k = self._number(t)
        return None if k is None else int(self.frames[k])

    def at(self, t: float) -> VideoFrame | None:
        """Return the picture of the moment ``t`` (s), ``None`` where the camera gave none."""
        k = self._number(t)
        if k is None:
            return None
        if k != self._at or self._shown is None:
            self._shown = self._read(k)
        return self._shown

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    # -- inside --------------------------------------------------------------------------------------

    def _number(self, t: float) -> int | None:
        k = int(np.searchsorted(self.times, t, "right")) - 1
        if k < 0 or t - self.times[k] > STILL_S or self.frames[k] < 0:
            return None
        return k

    def _read(self, k: int) -> VideoFrame | None:
        wanted_s = float(self.times[k] - self.times[0])
        if self._decoder is None or not self._at < k <= self._at + AHEAD:
            self._container.seek(int(wanted_s / float(self._video.time_base)), stream=self._video)
            self._decoder = self._container.decode(self._video)
        for picture in self._decoder:
            if picture.time is not None and picture.time >= wanted_s - 0.0015:  # the file counts in ms
                self._at = k
                image = np.ascontiguousarray(picture.to_ndarray(format="rgb24"))
                return VideoFrame(image, float(self.times[k]), int(self.frames[k]))
        self._decoder = None  # cut off before this picture
        return None
