"""Microphones through PortAudio (sounddevice): 16 kHz."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.retime import Retimer
from insula.edge.types import Block, StreamInfo
from insula.sensors import portaudio
from insula.sensors.probe import Found
from insula.sensors.resample import Resampler

SFREQ_HZ: Final = 16000
_FIRST_S: Final = 3.0  # a sleeping sound server needs up to 1.6 s for the first block
_SILENCE_S: Final = 0.7  # callbacks come every 20 ms
_BOUND: Final = 250  # blocks (5 s) that may wait for the reader
_FULL_SCALE: Final = 0.999  # the largest 16-bit sample is 0.99997, and filters take a little off
_ENDED: Final = None

Waiting = queue.SimpleQueue[tuple[npt.NDArray[np.float32], float] | None]


def probe() -> list[Found]:
    """Every recording device."""
    try:
        found = [Found(f"microphone: {name}", {"device": name}) for _, name in portaudio.inputs()]
    except SensorUnavailable as error:
        return [Found("microphone", why_not=str(error))]
    return found or [Found("microphone", why_not="PortAudio finds no recording device: plug one in")]


class Microphone:
    """Sound as it comes, in blocks of 20 ms."""

    def __init__(
        self,
        *,
        device: str = "",
        channels: list[str] | None = None,
        latency_s: float = 0.0,
        clock: Clock = now,
    ) -> None:
        """Record from ``device``.

        ``device`` is (part of) a name that ``insula devices`` shows, or its number; "" is the system's
        default. ``channels`` names its first channels in order; some microphones give what the loudspeaker
        plays as one of them. ``latency_s`` is the constant delay between the sound and its time; it is taken
        off the times.
        """
        self._device = device
        self._channels = tuple(channels or ["mono"])
        self._latency_s = latency_s
        self._clock = clock
        self._capture: portaudio.Capture | None = None
        self._resamplers: list[Resampler] = []
        self._blocks: Waiting = queue.SimpleQueue()
        self._retimer = Retimer(SFREQ_HZ)
        self._opened = 0.0
        self._seen: float | None = None
        self.overflows = 0
        """Times PortAudio or the reader came too late and sound was lost."""

    def _arrived(self, data: npt.NDArray[np.float32], age_s: float, lost: bool) -> None:
        """In PortAudio's callback: stamp, copy, hand over, return."""
        stamp = self._clock() - age_s
        self.overflows += lost
        if self._blocks.qsize() < _BOUND:
            self._blocks.put((data.copy(), stamp))
        else:
            self.overflows += 1

    def open(self) -> tuple[StreamInfo, ...]:
        """Start recording."""
        self.close()
        blocks: Waiting = queue.SimpleQueue()
        self._blocks = blocks
        capture = portaudio.start(
            self._device, SFREQ_HZ, len(self._channels), self._arrived, lambda: blocks.put(_ENDED)
        )
        self._capture = capture
        resampled = self._channels if capture.rate != SFREQ_HZ else ()
        self._resamplers = [Resampler(capture.rate, SFREQ_HZ) for _ in resampled]
        self._retimer = Retimer(SFREQ_HZ)
        self._opened = self._clock()
        self._seen = None
        return (
            StreamInfo(
                name="microphone",
                type="Audio",
                sfreq=float(SFREQ_HZ),
                ch_names=self._channels,
                units=("full scale",) * len(self._channels),
                sensor_id=f"microphone:{capture.name}",
                limits=(-_FULL_SCALE, _FULL_SCALE),
                latency_s=self._latency_s,
            ),
        )

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The next 20 ms."""
        if self._capture is None:
            raise SensorLost("the microphone is closed")
        try:
            item = self._blocks.get(timeout=min(timeout_s, _SILENCE_S))
        except queue.Empty:
            self._check_silence()
            return ()
        if item is _ENDED:
            raise SensorLost("the microphone has stopped: unplugged, or the sound server ended")
        data, stamp = item
        self._seen = stamp
        stamp -= self._latency_s
        if self._resamplers:
            data = np.column_stack([r(data[:, i]) for i, r in enumerate(self._resamplers)])
            stamp -= self._resamplers[0].delay_s
        return (Block(0, data, self._retimer.stamp(len(data), stamp), self._retimer),)

    def _check_silence(self) -> None:
        waited = self._clock() - (self._opened if self._seen is None else self._seen)
        if waited > (_FIRST_S if self._seen is None else _SILENCE_S):
            raise SensorLost(f"the microphone has delivered no block for {waited:.1f} s")

    def close(self) -> None:
        """Stop recording."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()
