"""Opening PortAudio's input streams: by name, at the wanted rate or the device's own, after a re-plug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.sensors.probe import library

_REMEDY: Final = "pip install sounddevice; its library on Debian: apt install libportaudio2"
_BLOCK_S: Final = 0.02
_OLDEST_S: Final = 0.1
_running: set[int] = set()

Arrived = Callable[[npt.NDArray[np.float32], float, bool], None]
"""Takes a block ``(n, channels)``, to be copied, how many s ago its last sample was recorded, and whether
sound was lost before it; runs on PortAudio's thread."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A running input stream: its device's name and the rate in Hz it really has."""

    name: str
    rate: int
    stream: Any

    def close(self) -> None:
        """Stop; never fails, not even when the device is gone."""
        _running.discard(id(self.stream))
        self.stream.close(ignore_errors=True)


def inputs() -> list[tuple[int, str]]:
    """Index and name of every device that records."""
    sd = library("sounddevice", _REMEDY)
    return [(i, d["name"]) for i, d in enumerate(sd.query_devices()) if d["max_input_channels"] > 0]


def start(device: str, rate: int, channels: int, arrived: Arrived, ended: Callable[[], None]) -> Capture:
    """Record from ``device`` ("" = default) in blocks of 20 ms, at ``rate`` Hz where it can.

    PortAudio lists the devices once; what was plugged in later is only found after it is started anew,
    which is done here if the first attempt fails and nobody of ours is recording.
    """
    sd = library("sounddevice", _REMEDY)
    try:
        return _start(sd, device, rate, channels, arrived, ended)
    except SensorUnavailable:
        if _running:
            raise
    sd._terminate()
    sd._initialize()
    return _start(sd, device, rate, channels, arrived, ended)


def _start(
    sd: Any, device: str, rate: int, channels: int, arrived: Arrived, ended: Callable[[], None]
) -> Capture:
    index = _choose(device)
    try:
        described = sd.query_devices(index, "input")
        rate = _possible_rate(sd, index, rate, channels, int(described["default_samplerate"]))
        stream = sd.InputStream(
            device=index,
            samplerate=rate,
            channels=channels,
            dtype="float32",
            blocksize=round(rate * _BLOCK_S),
            latency="low",
            callback=lambda data, frames, timing, status: arrived(
                data, _age(timing, frames / rate), bool(status.input_overflow)
            ),
            finished_callback=ended,
        )
    except (sd.PortAudioError, ValueError) as error:  # ValueError: there is no default device
        raise _unavailable(device, error) from error
    try:
        stream.start()
    except sd.PortAudioError as error:
        stream.close(ignore_errors=True)
        raise _unavailable(device, error) from error
    _running.add(id(stream))
    return Capture(str(described["name"]), rate, stream)


def _age(timing: Any, block_s: float) -> float:
    """How long ago a block's last sample was recorded, in s, by the sound system; 0 where it does not say.

    A sound server hands blocks over from a buffer whose filling jumps by several ms and stays there: the
    moment of the hand-over alone would be off by as much. PulseAudio says 0.4 s for the first moments of a
    recording, until it has measured: what is longer than its buffers of low latency is not believed.
    """
    age_s: float = timing.currentTime - timing.inputBufferAdcTime - block_s
    return age_s if timing.inputBufferAdcTime > 0 and 0 < age_s < _OLDEST_S else 0.0


def _possible_rate(sd: Any, index: int | None, wanted: int, channels: int, own: int) -> int:
    """``wanted`` unless the device (or the layer above it) cannot convert to it."""
    try:
        sd.check_input_settings(device=index, channels=channels, dtype="float32", samplerate=wanted)
    except sd.PortAudioError:
        return own
    return wanted


def _choose(device: str) -> int | None:
    if not device:
        return None
    known = inputs()
    for index, name in known:
        if device in (str(index), name):
            return index
    for index, name in known:
        if device.lower() in name.lower():
            return index
    names = ", ".join(name for _, name in known) or "none at all"
    raise SensorUnavailable(f"there is no microphone {device!r}: there is {names}")


def _unavailable(device: str, error: Exception) -> SensorUnavailable:
    return SensorUnavailable(
        f"microphone {device or '(default)'} cannot be opened: {error}; see 'insula devices'"
    )
