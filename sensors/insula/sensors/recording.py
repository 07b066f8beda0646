"""A recording in memory: the tracks that the file readers return and the replay plays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import SensorUnavailable
from insula.edge.types import StreamInfo

MOST_HZ: Final = 1e6
"""The highest sampling rate a file is believed to have: a rate sizes the memory of a stream."""


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of a recording: ``data`` ``(n, n_channels)`` and ``times`` ``(n,)`` in s from its start."""

    info: StreamInfo
    data: npt.NDArray[np.generic]
    times: npt.NDArray[np.float64]


def regular(n: int, sfreq: float, start_s: float = 0.0) -> npt.NDArray[np.float64]:
    """Times of ``n`` samples at ``sfreq`` Hz."""
    return start_s + np.arange(n, dtype=np.float64) / sfreq


def selected(tracks: list[Track], streams: list[str], path: str) -> list[Track]:
    """The tracks whose name or type is in ``streams``, all if empty; ``SensorUnavailable`` if none is.

    Tracks of one name (a Muse sends four) get their type appended, and a number if that is not enough.
    """
    kept = [t for t in tracks if not streams or t.info.name in streams or t.info.type in streams]
    if not kept:
        there = ", ".join(f"{t.info.name} ({t.info.type})" for t in tracks) or "none with samples"
        raise SensorUnavailable(f"{path} has no stream {', '.join(streams)}: it has {there}")
    names = [t.info.name for t in kept]
    full = [t.info.name if names.count(t.info.name) == 1 else f"{t.info.name}-{t.info.type}" for t in kept]
    unique = [n if full.count(n) == 1 else f"{n}-{i + 1}" for i, n in enumerate(full)]
    return [replace(t, info=replace(t.info, name=n)) for t, n in zip(kept, unique, strict=True)]
