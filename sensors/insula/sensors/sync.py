"""How far a camera and a microphone are apart: measured with something that flashes and clicks at once.

Hold a source whose flash and click come together (a clapperboard, two stones under a lamp, a phone that
plays a flash-and-click film) in front of both for about half a minute, at uneven intervals. A flash is
seen in the first bright frame; it happened between that frame and the one before, so the middle of the two
is taken, and the error of a single event (up to half a frame) averages out over many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.edge.protocols import Sensor

FEWEST: Final = 8
_APART_S: Final = 0.4  # two events are at least this far apart
_TOGETHER_S: Final = 0.3  # a flash and its click are not further apart
_FLASH: Final = 12.0  # grey levels that a flash must add to the mean of the picture
_CLICK: Final = 8.0  # how far a click must stand out from the usual level
_READ_S: Final = 0.005

Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offset:
    """Camera time minus microphone time of one instant, in s, from ``events`` events.

    ``error_s`` is the standard error of ``mean_s``. A positive mean is taken off the camera's times
    (``latency_s``), a negative one off the microphone's.
    """

    mean_s: float
    error_s: float
    events: int


def flash_times(brightness: npt.ArrayLike, times: Times) -> Times:
    """When the mean brightness ``(n,)`` of frames at ``times`` (s) jumped up: between the two frames."""
    steps = np.diff(np.asarray(brightness, dtype=np.float64))
    jumps = np.flatnonzero(steps > max(_FLASH, 0.5 * steps.max(initial=0.0)))
    return _apart((times[jumps] + times[jumps + 1]) / 2)


def click_times(sound: npt.ArrayLike, times: Times) -> Times:
    """When the sound ``(n,)`` at ``times`` (s) first stood out from its usual level."""
    level = np.abs(np.asarray(sound, dtype=np.float64))
    if not len(level):
        return np.empty(0)
    usual = float(np.sqrt(np.median(level**2)))
    loud = max(_CLICK * usual, 0.3 * float(level.max()))
    return _apart(times[level >= loud]) if loud > 0 else np.empty(0)


def _apart(times: Times) -> Times:
    """The first of each group of times that are close together."""
    kept: list[float] = []
    last = -math.inf
    for t in times.tolist():
        if t - last > _APART_S:
            kept.append(t)
        last = t
    return np.array(kept)


def offset(flashes: Times, clicks: Times) -> Offset:
    """Compare each flash with the click next to it; raises ``DataError`` when too few belong together."""
    pairs = []
    if len(clicks):
        nearest = clicks[np.abs(flashes[:, None] - clicks).argmin(axis=1)]
        pairs = [d for d in (flashes - nearest).tolist() if abs(d) < _TOGETHER_S]
    if len(pairs) < FEWEST:
        raise DataError(
            f"{len(flashes)} flashes and {len(clicks)} clicks gave {len(pairs)} pairs, {FEWEST} are needed: "
            "go nearer to camera and microphone, in less light and noise"
        )
    middle = np.median(pairs)
    spread = 1.4826 * np.median(np.abs(np.array(pairs) - middle))
    kept = np.array([d for d in pairs if abs(d - middle) <= max(4 * spread, 0.005)])
    return Offset(float(kept.mean()), float(kept.std(ddof=1) / math.sqrt(len(kept))), len(kept))


def measure(camera: Sensor, microphone: Sensor, seconds: float) -> Offset:
    """Watch and listen for ``seconds``; opens both sensors and closes them again."""
    seen: list[tuple[float, float]] = []
    heard: list[tuple[Times, npt.NDArray[np.generic]]] = []
    try:
        camera.open()
        microphone.open()
        while not heard or heard[-1][0][-1] - heard[0][0][0] < seconds:
            seen += [
                (b.times[0], b.data[::8, ::8].mean()) for b in camera.read(_READ_S) if b.times is not None
            ]
            heard += [(b.times, b.data[:, 0]) for b in microphone.read(_READ_S) if b.times is not None]
    finally:
        camera.close()
        microphone.close()
    table = np.array(seen).reshape(-1, 2)
    flashes = flash_times(table[:, 1], table[:, 0])
    sound = np.concatenate([data for _, data in heard])
    return offset(flashes, click_times(sound, np.concatenate([times for times, _ in heard])))
