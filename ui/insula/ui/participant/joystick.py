"""A joystick through Linux's joystick interface: eight bytes an event, no library needed."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

from insula.edge.errors import SensorUnavailable

_EVENT: Final = struct.Struct("<IhBB")  # time in ms, value, type, number (linux/joystick.h)
_AXIS: Final = 0x02
_FULL: Final = 32767


class Joystick:
    """The stick's first two axes. ``x`` to the right and ``y`` up, each in [−1, 1]."""

    def __init__(self, path: Path) -> None:
        """Open the device; raises ``SensorUnavailable`` with what to do."""
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise SensorUnavailable(
                f"no joystick at {path} ({error.strerror}): on Linux they are /dev/input/js0, js1 …; "
                "elsewhere use the mouse"
            ) from error
        self._at = [0.0, 0.0]
        self.lost = False

    def poll(self) -> tuple[float, float]:
        """Return where the stick is now; after it was unplugged ``lost`` is true."""
        while not self.lost:
            try:
                data = os.read(self._file, _EVENT.size * 64)
            except BlockingIOError:
                break
            except OSError:
                self.lost = True
                break
            for k in range(0, len(data) - _EVENT.size + 1, _EVENT.size):
                _, value, kind, number = _EVENT.unpack_from(data, k)
                if kind & _AXIS and number < 2:
                    self._at[number] = max(-1.0, value / _FULL)
            if len(data) < _EVENT.size * 64:
                break
        return self._at[0], -self._at[1]  # pulled towards oneself is positive there

    def close(self) -> None:
        """Let go of the device."""
        os.close(self._file)
