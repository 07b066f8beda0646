"""Sound files, and the sound track of video files, as a microphone: 16 kHz, mono."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from math import gcd
from pathlib import Path
from typing import Final

import numpy as np
from scipy.signal import resample_poly

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.types import Block, StreamInfo
from insula.sensors.media import Sound, audio_track, need_file
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.player import Player, Timeline
from insula.sensors.probe import Found, library

SFREQ_HZ: Final = 16000
BLOCK: Final = 320
_SOUND: Final = frozenset({".wav", ".flac", ".ogg", ".opus", ".aiff", ".aif", ".mp3"})


def probe() -> list[Found]:
    """Needs a path."""
    return [Found("a sound or video file", why_not="needs a path: path = '…'")]


def _sound_file(path: Path) -> Sound:
    """The whole of a sound file, mixed to one channel."""
    soundfile = library("soundfile", "install it (pip install soundfile)")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise SensorUnavailable(f"{path.name} cannot be read as a sound file: {error}") from error
    if len(samples) == 0:
        raise SensorUnavailable(f"{path.name} holds no sound")
    return Sound(samples.mean(axis=1), int(rate), 0.0, len(samples) / rate)


def load(path: Path) -> Sound:
    """A sound file, or the sound track of a video file, at 16 kHz."""
    sound = _sound_file(path) if path.suffix.lower() in _SOUND else audio_track(path)
    if sound.rate == SFREQ_HZ:
        return sound
    shared = gcd(sound.rate, SFREQ_HZ)
    samples = resample_poly(sound.samples, SFREQ_HZ // shared, sound.rate // shared)
    return replace(sound, samples=np.asarray(samples, dtype=np.float32), rate=SFREQ_HZ)


def _blocks(sound: Sound, epoch: float, loop: bool) -> Timeline:
    """Blocks of 20 ms as a timeline; each is due with its last sample. A last, shorter block is kept."""
    while True:
        for first in range(0, len(sound.samples), BLOCK):
            part = sound.samples[first : first + BLOCK, None]
            times = epoch + sound.start_s + np.arange(first, first + len(part)) / SFREQ_HZ
            yield float(times[-1]), Block(0, part, times)
        if not loop:
            return
        epoch += sound.duration_s


class AudioFile:
    """The sound of a WAV, FLAC, OGG … or video file."""

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
        """Play ``path``, mixed to one channel and resampled to 16 kHz.

        ``realtime=False`` delivers as fast as the reader takes (the times still run as in the file);
        ``loop`` starts again at the end. The file's time 0 is ``epoch`` s on LSL's clock; negative: the
        moment it is opened. A video file of the same epoch stays in step.
        """
        self._path = path
        self._pace = Pace(clock, sleep, realtime)
        self._loop = loop
        self._epoch = epoch
        self._player: Player | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Read the whole file."""
        self.close()
        path = need_file(self._path)
        epoch = self._pace.clock() if self._epoch < 0 else self._epoch
        self._player = Player(_blocks(load(path), epoch, self._loop), self._pace, self._path)
        return (
            StreamInfo(
                name="audio_file",
                type="Audio",
                sfreq=float(SFREQ_HZ),
                ch_names=("mono",),
                units=("full scale",),
                sensor_id=f"file:{path.name}",
            ),
        )

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The next 20 ms, when they are due."""
        if self._player is None:
            raise SensorLost("audio_file is closed")
        return self._player.read(timeout_s)

    def close(self) -> None:
        """Forget the sound."""
        if self._player is not None:
            self._player.close()
            self._player = None
