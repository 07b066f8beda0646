"""Labelled windows of one recording: the stretches that follow a marker named like a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.stream_times import GAP_STEPS
from insula.edge.types import Marker, StreamInfo
from insula.models.eeg.bands import WORKLOAD
from insula.models.eeg.estimator import electrodes_of
from insula.models.eeg.personal import TIMING
from insula.models.eeg.tracker import TokenTracker
from insula.models.eeg.workload import Z_LIMIT

Floats = npt.NDArray[np.float64]
Piece = tuple[npt.NDArray[np.generic], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one condition from ``begin`` to ``end`` (s); ``label`` 0 or 1."""

    name: str
    label: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Rows:
    """``tokens`` (n, electrodes, bands) against the rest at the start, ``label`` and ``block`` (n,)."""

    tokens: Floats
    label: npt.NDArray[np.int64]
    block: npt.NDArray[np.str_]


def blocks(markers: Sequence[Marker], classes: tuple[str, str], end: float, called: str) -> list[Block]:
    """From each marker that names a class to the next marker, or to ``end`` (s)."""
    found: list[Block] = []
    edges = [marker.t for marker in markers[1:]] + [end]
    for marker, until in zip(markers, edges, strict=True):
        if marker.text in classes:
            number = len(found) + 1
            found.append(Block(f"{called} #{number}", classes.index(marker.text), marker.t, until))
    return found


def rows(pieces: Iterable[Piece], info: StreamInfo, spans: Sequence[Block]) -> Rows:
    """Windows that lie wholly in a block, with all electrodes usable, after a minute of clean rest.

    ``pieces`` are samples ``(n, n_channels)`` and times ``(n,)`` in order, ``info`` their stream.
    """
    columns, names, scale = electrodes_of(info)
    tracker = TokenTracker(info.sfreq, names, WORKLOAD, TIMING)
    hop = tracker.stream.n_hop
    tokens: list[Floats] = []
    of: list[Block] = []
    before = -np.inf
    for data, times in pieces:
        for i in range(0, len(times), hop):
            part = times[i : i + hop]
            if part[0] - before > GAP_STEPS / info.sfreq and np.isfinite(before):
                tracker.gap()
            before = float(part[-1])
            for tracked in tracker.push(np.asarray(data[i : i + hop])[:, columns].astype(np.float64) * scale):
                t = before - tracker.stream.pending / info.sfreq
                inside = [b for b in spans if b.begin <= t - TIMING.window_s and t <= b.end]
                if inside and tracked.z is not None and tracked.usable.all():
                    tokens.append(np.clip(tracked.z, -Z_LIMIT, Z_LIMIT))
                    of.append(inside[0])
    shape = (len(tokens), len(names), len(WORKLOAD.names))
    return Rows(
        np.array(tokens).reshape(shape),
        np.array([b.label for b in of], np.int64),
        np.array([b.name for b in of], np.str_),
    )
