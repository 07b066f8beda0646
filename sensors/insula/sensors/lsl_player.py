"""A recording made live: its samples leave an LSL outlet at their own rate and come in through an inlet.

The outlet stands where a headset's own LSL program would; everything behind it is what a real stream
takes: liblsl, the loopback network, :class:`~insula.sensors.lsl_inlet.LslInlet`, re-timing.
"""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge import lsl_network
from insula.edge.clock import now
from insula.edge.errors import SensorLost
from insula.edge.types import Block, StreamInfo
from insula.sensors import packed
from insula.sensors.lsl_inlet import LslInlet, load_pylsl
from insula.sensors.probe import Found

_CHUNK_S: Final = 0.05
_BUFFER_S: Final = 10


def probe() -> list[Found]:
    """Needs a file: see the options."""
    return [Found("recording through LSL", why_not="name a packed file and an array in a configuration")]


class LslPlayer:
    """Plays one packed array through LSL at its own rate, from its start at every opening."""

    plays_back = True

    def __init__(self, *, path: str, array: str, loop: bool = False) -> None:
        """``path`` is an npz pack, ``array`` a recording's key in it; ``loop`` starts over at its end."""
        self._path = path
        self._array = array
        self._loop = loop
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._inlet: LslInlet | None = None

    def open(self) -> tuple[StreamInfo, ...]:
        """Start the outlet and find it as any other stream."""
        self.close()
        info, data = packed.read(self._path, self._array)
        lsl = load_pylsl()
        source_id = f"{info.sensor_id}:{uuid.uuid4().hex[:8]}"  # one of its own: another session may play too
        outlet = _outlet(lsl, info, source_id)
        inlet = LslInlet(name=info.name, source_id=source_id)
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._play, args=(outlet, info.sfreq, data), name=f"player {info.name}", daemon=True
        )
        self._thread.start()
        try:
            (found,) = inlet.open()
        except Exception:
            self.close()
            raise
        self._inlet = inlet
        return (dataclasses.replace(found, sensor_id=info.sensor_id),)

    def _play(self, outlet: Any, sfreq: float, data: npt.NDArray[np.float32]) -> None:
        """Push what is due, twenty times a second, until stopped or through; then the outlet goes."""
        started, sent, begun = now(), 0, False
        while not self._stop.wait(_CHUNK_S):
            if not begun and not outlet.have_consumers():
                started = now()  # the recording starts when somebody listens: no sample is lost
                continue
            begun = True
            due = int((now() - started) * sfreq)
            if not self._loop:
                due = min(due, len(data))
            if due > sent:
                rows = np.take(data, np.arange(sent, due) % len(data), axis=0)
                outlet.push_chunk(rows, started + due / sfreq)
                sent = due
            if not self._loop and sent == len(data):
                return

    def read(self, timeout_s: float) -> Sequence[Block]:
        """What the inlet received."""
        if self._inlet is None:
            raise SensorLost("the player is closed")
        return self._inlet.read(timeout_s)

    def close(self) -> None:
        """Close the inlet, stop the player."""
        if self._inlet is not None:
            self._inlet.close()  # before its outlet goes, or liblsl complains of a broken connection
            self._inlet = None
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None


def _outlet(lsl: Any, info: StreamInfo, source_id: str) -> Any:
    described = lsl.StreamInfo(info.name, info.type, info.n_channels, info.sfreq, lsl.cf_float32, source_id)
    described.desc().append_child("acquisition").append_child_value("manufacturer", info.manufacturer)
    channels = described.desc().append_child("channels")
    for label, unit in zip(info.ch_names, info.units, strict=True):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", info.type)
    with lsl_network.confined():
        return lsl.StreamOutlet(described, max_buffered=_BUFFER_S)
