"""Cameras through OpenCV: local ones by index, network ones (MJPEG over HTTP, RTSP) by URL."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.types import Block, Drawn, StreamInfo
from insula.sensors import csi as jetson
from insula.sensors.grabber import Grabbed, Image, NewestFrame
from insula.sensors.probe import Found, library

_REMEDY: Final = "install OpenCV (pip install opencv-contrib-python)"
_NETWORK_MS: Final = 2000
_FIRST_FRAME_S: Final = 5.0  # local cameras need seconds to set their exposure
_SILENCE_S: Final = 0.8  # loss is to be seen within 1 s
_STOP_S: Final = 0.5


def _opencv() -> Any:
    """OpenCV, told to be quiet: what it prints when a camera does not open, our errors say."""
    cv2 = library("cv2", _REMEDY)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def probe() -> list[Found]:
    """Local cameras that open; network cameras need a URL."""
    try:
        cv2 = _opencv()
    except SensorUnavailable as error:
        return [Found("camera", why_not=str(error))]
    if sys.platform == "linux":
        indices = sorted(int(p.name[5:]) for p in Path("/dev").glob("video*") if p.name[5:].isdigit())
    else:
        indices = list(range(3))
    found = []
    for index in indices:
        capture = cv2.VideoCapture(index)
        if capture.isOpened():
            found.append(Found(f"camera {index}", {"index": index}))
        capture.release()
    if not found:
        found.append(
            Found("camera", why_not="no local camera opens: plug one in, or give the url of a network camera")
        )
    return found


def _rgb(bgr: Image) -> Drawn:
    """OpenCV's picture in our order of colours."""
    cv2 = library("cv2", _REMEDY)

    def into(out: Image) -> None:
        cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=out)

    return Drawn(bgr.shape, into)


def _without_password(url: str) -> str:
    """The URL as it may be shown and recorded."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Camera:
    """Live frames, always the newest."""

    def __init__(
        self,
        *,
        index: int = 0,
        url: str = "",
        csi: bool = False,
        width: int = 640,
        height: int = 480,
        fps: float = 30.0,
        latency_s: float = 0.0,
        clock: Clock = now,
    ) -> None:
        """Use the network camera at ``url`` if given, else the local camera number ``index``.

        ``csi`` takes that number for a CSI camera of an NVIDIA Jetson (needs an OpenCV with GStreamer).
        ``width``, ``height`` and ``fps`` are asked of a local camera (it may give others; what it gives is
        what the stream says); for a URL ``fps`` is only the nominal rate written into the stream.
        ``latency_s`` is the constant delay between light and the end of the read; it is taken off the times.
        """
        self._index = index
        self._url = url
        self._name = _without_password(url) if url else f"camera {index}"
        self._csi = csi
        self._size = (width, height)
        self._fps = fps
        self._latency_s = latency_s
        self._clock = clock
        self._newest: NewestFrame | None = None
        self._first: Grabbed | None = None
        self._seen = 0.0

    @property
    def dropped(self) -> int:
        """Frames that came while the reader was busy and were replaced by newer ones."""
        return self._newest.dropped if self._newest else 0

    def _capture(self, cv2: Any) -> Any:
        if self._url:
            options = {
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: _NETWORK_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC: _NETWORK_MS,
                cv2.CAP_PROP_N_THREADS: 1,  # H.264 on two threads comes a frame later: 70 instead of 37 ms
            }
            return cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, [n for pair in options.items() for n in pair])
        if self._csi:
            if not jetson.has_gstreamer(cv2.getBuildInformation()):
                raise SensorUnavailable(
                    "this OpenCV has no GStreamer, which a CSI camera needs: use the one of JetPack"
                )
            return cv2.VideoCapture(jetson.pipeline(self._index, *self._size, self._fps), cv2.CAP_GSTREAMER)
        capture = cv2.VideoCapture(self._index)
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        capture.set(cv2.CAP_PROP_FPS, self._fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    def open(self) -> tuple[StreamInfo, ...]:
        """Connect and wait for the first frame, whose size is the stream's."""
        self.close()
        cv2 = _opencv()
        capture = self._capture(cv2)
        if not capture.isOpened():
            capture.release()
            where = "check the address and that the camera is on" if self._url else "see 'insula devices'"
            raise SensorUnavailable(f"{self._name} cannot be opened: {where}")

        def grab() -> Image | None:
            got, image = capture.read()
            return image if got else None

        self._newest = NewestFrame(grab, capture.release, self._clock)
        self._first = self._newest.take(_FIRST_FRAME_S)
        if self._first is None:
            self.close()
            raise SensorUnavailable(f"{self._name} opened but gives no picture: another program may use it")
        self._seen = self._clock()
        return (self._info(self._first.image.shape),)

    def _info(self, shape: tuple[int, ...]) -> StreamInfo:
        return StreamInfo(
            name="camera",
            type="Video",
            sfreq=self._fps,
            ch_names=("RGB",),
            units=("uint8",),
            dtype="uint8",
            shape=shape,
            sensor_id=self._name.replace(" ", ":"),
            latency_s=self._latency_s,
        )

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The newest frame, stamped right after it was read."""
        if self._newest is None:
            raise SensorLost(f"{self._name} is closed")
        frame = self._first or self._newest.take(min(timeout_s, _SILENCE_S))
        self._first = None
        if frame is None:
            silent_s = self._clock() - self._seen
            if self._newest.ended:
                raise SensorLost(f"{self._name} has gone: {self._newest.error or 'no more pictures come'}")
            if silent_s > _SILENCE_S:
                raise SensorLost(f"{self._name} has sent no picture for {silent_s:.1f} s")
            return ()
        self._seen = self._clock()
        return (Block(0, _rgb(frame.image), np.array([frame.t - self._latency_s])),)

    def close(self) -> None:
        """Release the camera."""
        if self._newest is not None:
            self._newest.stop(_STOP_S)
        self._newest = None
        self._first = None
