"""Video files as a camera: paced in real time, or as fast as they are read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost
from insula.edge.types import Block, StreamInfo
from insula.sensors.media import VideoTrack, need_file, video_frames, video_track
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.player import Player, Timeline
from insula.sensors.probe import Found


def probe() -> list[Found]:
    """Needs a path."""
    return [Found("a video file", why_not="needs a path: path = '…'")]


def _frames(path: Path, track: VideoTrack, start: float, loop: bool) -> Timeline:
    """The file's frames as a timeline from ``start`` on."""
    while True:
        t = -1.0
        for t, image in video_frames(path):
            due = start + t
            yield due, Block(0, image, np.array([due]))
        if not loop or t < 0:
            return
        start += max(track.duration_s, t + 1.0 / (track.fps or 25.0))


def describe(name: str, path: Path, track: VideoTrack) -> StreamInfo:
    """The stream ``name`` that a video file's frames make."""
    return StreamInfo(
        name=name,
        type="Video",
        sfreq=track.fps,
        ch_names=("RGB",),
        units=("uint8",),
        dtype="uint8",
        shape=(track.height, track.width, 3),
        sensor_id=f"file:{path.name}",
    )


class VideoFile:
    """Frames of a video file with the times the file gives them."""

    plays_back = True

    def __init__(
        self,
        *,
        path: str,
        realtime: bool = True,
        loop: bool = False,
        epoch: float = -1.0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Play ``path``.

        ``realtime=False`` delivers as fast as the reader takes (the times still run as in the file);
        ``loop`` starts again at the end. The file's time 0 is ``epoch`` s on LSL's clock; negative: the
        moment it is opened. An audio file of the same epoch stays in step.
        """
        self._path = path
        self._pace = Pace(clock, sleep, realtime)
        self._loop = loop
        self._epoch = epoch
        self._player: Player | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Read the file's header."""
        self.close()
        path = need_file(self._path)
        track = video_track(path)
        start = self._pace.clock() if self._epoch < 0 else self._epoch
        self._player = Player(_frames(path, track, start, self._loop), self._pace, self._path)
        return (describe("video_file", path, track),)

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The next frame, when it is due."""
        if self._player is None:
            raise SensorLost("video_file is closed")
        return self._player.read(timeout_s)

    def close(self) -> None:
        """Close the file."""
        if self._player is not None:
            self._player.close()
            self._player = None
