"""A recording as what the offline driver takes: streams with their blocks in the order of time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge.errors import DataError, SensorUnavailable
from insula.edge.session import SessionFolder
from insula.edge.sinks.video import VIDEO_FILE
from insula.edge.types import Block, Marker, Modality, StreamInfo
from insula.sensors import audio_file, replay
from insula.sensors.media import need_file, video_frames, video_track
from insula.sensors.recording import Track, selected
from insula.sensors.recording_video import RecordedVideo
from insula.sensors.recording_xdf import read_xdf
from insula.sensors.video_file import describe

VIDEO: Final = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})
AUDIO: Final = frozenset({".wav", ".flac", ".ogg", ".opus", ".aiff", ".aif", ".mp3"})
SIGNALS: Final = frozenset({".xdf", ".xdfz", ".edf", ".bdf", ".gdf", ".fif", ".vhdr", ".set", ".cnt", ".csv"})
"""What :func:`open_recording` reads, by the end of the name."""

BLOCK_S: Final = 0.02
NO_PICTURES: Final = "pictures are not recorded"
NO_SOUND: Final = "sound was not recorded"
_OURS: Final = "insula."


def quiet_readers() -> None:
    """Keep pyxdf's remarks on clock segments off the terminal: nothing here depends on them."""
    logging.getLogger("pyxdf").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream and a way to go through its blocks from the start; every block carries its times."""

    info: StreamInfo
    blocks: Callable[[], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class Recording:
    """What is in a file or folder. ``begin`` and ``end`` (s) are on the time line of its blocks.

    ``absent`` says of a modality why the recording cannot speak of it.
    """

    path: Path
    feeds: tuple[Feed, ...]
    markers: tuple[Marker, ...]
    begin: float
    end: float
    absent: dict[Modality, str] = field(default_factory=dict)


def open_recording(path: Path) -> Recording:
    """A session folder, E4 folder, video, sound or signal file; raises ``InsulaError`` in words."""
    if (path / "session.json").is_file():
        return recorded_tracks(path, session_tracks(path), ours=True)
    suffix = path.suffix.lower()
    if suffix in VIDEO:
        return _video(path)
    if suffix in AUDIO:
        sound = _sound(path)
        return Recording(path, (sound,), (), 0.0, _last(sound))
    if suffix in (".xdf", ".xdfz") and path.is_file():
        try:
            tracks = read_xdf(path, dejitter=False)
        except SensorUnavailable as error:
            raise DataError(f"{error}; insula repair may mend it") from error
        if is_ours(tracks):
            return recorded_tracks(path, tracks)
    return recorded_tracks(path, replay.load(str(path)))  # stamps of other programs need straightening


def takes_of(folder: Path) -> list[Path]:
    """The XDF files of a session; raises ``DataError`` when there is none."""
    files, _ = SessionFolder.open(folder)
    takes = [take.xdf for take in files.takes() if take.xdf.is_file()]
    if not takes:
        raise DataError(f"{folder} holds no recording ({files.xdf.name}): there is nothing to compute from")
    return takes


def recorded_files(path: Path) -> list[Path]:
    """What a recording's estimates come from: of a session its takes and pictures, else the path itself."""
    if not (path / "session.json").is_file():
        return [path]
    return [*takes_of(path), *sorted(path.glob("session*.mkv"))]


def session_tracks(folder: Path) -> list[Track]:
    """Every stream of a session's takes, stamped as it was written; raises ``DataError``."""
    return read_xdf(*takes_of(folder), dejitter=False)


def session_video(folder: Path, tracks: list[Track]) -> list[RecordedVideo]:
    """The pictures of a session's cameras; raises ``SensorUnavailable`` when their files are missing."""
    takes = takes_of(folder)
    return [RecordedVideo.beside(track, takes) for track in tracks if track.info.type == VIDEO_FILE]


def is_ours(tracks: list[Track]) -> bool:
    """Whether Insula recorded them."""
    return any(track.info.name.startswith(_OURS) for track in tracks)


def recorded_tracks(path: Path, tracks: list[Track], offset: float = 0.0, *, ours: bool = False) -> Recording:
    """The streams of a signal file, moved by ``offset`` s; what Insula itself had said is left out.

    ``ours``: Insula recorded it, even where it holds none of its words.
    """
    sensors: list[Track] = []
    markers: list[Marker] = []
    for track in tracks:
        if track.info.name.startswith(_OURS) and track.info.name != "insula.markers":
            continue
        if track.info.type == "Markers":
            markers += _markers(track, offset)
        elif track.info.type != "Text":
            sensors.append(replace(track, times=track.times + offset))
    if not sensors:
        raise DataError(f"{path.name} holds no signal")
    named = selected(sensors, [], str(path))
    kinds = {track.info.type for track in named}
    absent: dict[Modality, str] = {"face": NO_PICTURES} if "Video" in kinds else {}
    seen: tuple[Feed, ...] = ()
    if VIDEO_FILE in kinds:
        try:
            seen = _pictures(path, named)
            del absent["face"]
        except SensorUnavailable as error:
            absent["face"] = str(error)
    if (ours or is_ours(tracks)) and "Audio" not in kinds:
        absent["voice"] = NO_SOUND
    sampled = tuple(
        Feed(track.info, _blocks_of(track)) for track in named if track.info.type not in ("Video", VIDEO_FILE)
    )
    return Recording(
        path,
        (*sampled, *seen),
        tuple(sorted(markers, key=lambda marker: marker.t)),
        min(float(track.times[0]) for track in named),
        max(float(track.times[-1]) for track in named),
        absent,
    )


def _pictures(path: Path, tracks: list[Track]) -> tuple[Feed, ...]:
    """The cameras whose pictures were recorded; ``tracks`` are on the recording's time line."""
    infos = {track.info.name: track.info for track in tracks if track.info.type == "Video"}
    feeds = []
    for video in session_video(path, tracks):
        told = infos[video.stream]
        info = replace(told, ch_names=("RGB",), units=("uint8",), dtype="uint8", shape=video.shape)

        def blocks(video: RecordedVideo = video) -> Iterator[Block]:
            for frame in video.frames():
                yield Block(0, frame.image, np.array([frame.t]))

        feeds.append(Feed(info, blocks))
    return tuple(feeds)


def _blocks_of(track: Track) -> Callable[[], Iterator[Block]]:
    def blocks() -> Iterator[Block]:
        last = 0
        while last < len(track.times):
            first = last
            last = int(np.searchsorted(track.times, track.times[first] + BLOCK_S, side="right"))
            yield Block(0, np.ascontiguousarray(track.data[first:last]), track.times[first:last])

    return blocks


def _markers(track: Track, offset: float) -> Iterable[Marker]:
    for t, row in zip(track.times, track.data, strict=True):
        texts = [x.decode("utf-8", "replace") if isinstance(x, bytes) else f"{x:g}" for x in row.tolist()]
        yield Marker(float(t) + offset, " ".join(texts), track.info.name)


def _video(path: Path) -> Recording:
    file = need_file(str(path))
    track = video_track(file)
    info = describe("video", file, track)

    def blocks() -> Iterator[Block]:
        for t, image in video_frames(file):
            yield Block(0, image, np.array([t]))

    feeds = [Feed(info, blocks)]
    absent: dict[Modality, str] = {}
    try:
        feeds.append(_sound(file))
    except SensorUnavailable as error:
        absent["voice"] = str(error)
    return Recording(path, tuple(feeds), (), 0.0, max(track.duration_s, *map(_last, feeds[1:]), 0.0), absent)


def _sound(path: Path) -> Feed:
    sound = audio_file.load(need_file(str(path)))
    times = sound.start_s + np.arange(len(sound.samples)) / sound.rate
    info = StreamInfo(
        name="sound",
        type="Audio",
        sfreq=float(sound.rate),
        ch_names=("mono",),
        units=("full scale",),
        sensor_id=f"file:{path.name}",
    )
    return Feed(info, _blocks_of(Track(info, sound.samples[:, np.newaxis], times)))


def _last(feed: Feed) -> float:
    newest = 0.0
    for block in feed.blocks():
        assert block.times is not None
        newest = float(block.times[-1])
    return newest
