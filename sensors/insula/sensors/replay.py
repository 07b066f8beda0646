"""Recordings as live sensors: XDF, CSV, Empatica E4 folders, and everything MNE reads (EDF, FIF …)."""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.types import Block, StreamInfo
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.player import Player, Timeline
from insula.sensors.probe import Found
from insula.sensors.recording import Track, selected
from insula.sensors.recording_csv import read_csv
from insula.sensors.recording_e4 import is_e4, read_e4
from insula.sensors.recording_mne import read_mne
from insula.sensors.recording_xdf import read_xdf

_BLOCK_S: Final = 0.04


def probe() -> list[Found]:
    """Needs a path."""
    return [Found("a recording (XDF, EDF, FIF, CSV, E4 folder)", why_not="needs a path: path = '…'")]


def load(path: str, kind: str = "") -> list[Track]:
    """Every stream of a recording; raises ``SensorUnavailable`` with what is wrong with the file."""
    place = Path(path).expanduser()
    if place.is_dir():
        if not is_e4(place):
            raise SensorUnavailable(f"the folder {path} is not an Empatica E4 recording: it has no EDA.csv …")
        return read_e4(place)
    if not place.is_file():
        raise SensorUnavailable(f"there is no recording {path!r}: check the path")
    if place.suffix.lower() in (".xdf", ".xdfz"):
        return read_xdf(place)
    return read_csv(place, kind) if place.suffix.lower() == ".csv" else read_mne(place)


def _track_line(number: int, track: Track, start: float) -> Timeline:
    """One track's blocks, each due with its last sample."""
    last = 0
    while last < len(track.times):
        first = last
        last = int(np.searchsorted(track.times, track.times[first] + _BLOCK_S, side="right"))
        times = start + track.times[first:last]
        yield float(times[-1]), Block(number, track.data[first:last], times)


def _together(tracks: list[Track], start: float, loop: bool) -> Timeline:
    """All tracks as one timeline, again and again if asked for."""
    steps = [1.0 / t.info.sfreq if t.info.sfreq else _BLOCK_S for t in tracks]
    period = max(float(t.times[-1]) + step for t, step in zip(tracks, steps, strict=True))
    while True:
        lines = [_track_line(number, track, start) for number, track in enumerate(tracks)]
        yield from heapq.merge(*lines, key=lambda item: item[0])
        if not loop:
            return
        start += period


class Replay:
    """Plays a recording with the times it gives; each of its streams is one stream."""

    plays_back = True

    def __init__(
        self,
        *,
        path: str,
        streams: list[str] | None = None,
        type: str = "",
        realtime: bool = True,
        loop: bool = False,
        epoch: float = -1.0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Play the file or E4 folder ``path``.

        ``streams`` keeps only those of these names or types; ``type`` names the content of a CSV whose
        unit does not say it. ``realtime=False`` delivers as fast as the reader takes (the times still run
        as in the file); ``loop`` starts again at the end. The recording's time 0 is ``epoch`` s on LSL's
        clock; negative: the moment it is opened.
        """
        self._path = path
        self._streams = list(streams or ())
        self._type = type
        self._pace = Pace(clock, sleep, realtime)
        self._loop = loop
        self._epoch = epoch
        self._player: Player | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Read the whole recording."""
        self.close()
        tracks = selected(load(self._path, self._type), self._streams, self._path)
        start = self._pace.clock() if self._epoch < 0 else self._epoch
        self._player = Player(_together(tracks, start, self._loop), self._pace, self._path)
        return tuple(t.info for t in tracks)

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The next block, when it is due."""
        if self._player is None:
            raise SensorLost("replay is closed")
        return self._player.read(timeout_s)

    def close(self) -> None:
        """Forget the recording."""
        if self._player is not None:
            self._player.close()
            self._player = None
