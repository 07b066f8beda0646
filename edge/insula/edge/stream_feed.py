"""What goes into one stream: stamped, put in order, counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge.arrivals import Arrivals
from insula.edge.health import StreamStats
from insula.edge.retime import Retimer
from insula.edge.stream import StreamWriter
from insula.edge.types import Block, Drawn, StreamInfo

_SHORTEST_GAP_S = 0.02
_RATE_OVER_S = 0.5
_CLOSEST_S = 2e-9  # the ring keeps nanoseconds


class StreamFeed:
    """Stamps and counts what goes into one stream."""

    def __init__(self, info: StreamInfo, sensor: str, directory: Path | None, t: float) -> None:
        """Make the stream of ``sensor`` at time ``t`` (s); raises ``RingError``."""
        self.writer = StreamWriter(info, directory=directory)
        self._sensor = sensor
        self._retimer = Retimer(info.sfreq)
        self._last = -np.inf
        self._samples = self._gaps = self._nans = self._refused = self._rails = 0
        self._arrivals = Arrivals(info.sfreq, t) if info.sfreq and not info.is_video else None
        self._rate_hz = 0.0
        self._window = (t, 0)
        self._resumed = False

    def resume(self) -> None:
        """The sensor came back after a loss: its next sample follows a gap."""
        self._retimer = Retimer(self.writer.info.sfreq)
        self._resumed = True
        if self._arrivals is not None:
            self._arrivals.interrupted()

    def push(self, block: Block, t: float) -> None:
        """Stamp a block that was read at ``t`` (s) and push it; raises ``DataError`` when it does not fit.

        Samples whose time does not lie after all earlier ones are refused and counted.
        """
        info, data = self.writer.info, block.content
        n = 1 if isinstance(data, Drawn) or info.is_video else len(data)
        if self._arrivals is not None:
            self._arrivals.arrived(n, t)
        if block.times is not None:
            times = block.times
            self._retimer = block.retimer or self._retimer
        else:
            times = np.array([t]) if info.is_video else self._retimer.stamp(n, t)
        offered = len(times)
        highest = np.maximum.accumulate(np.concatenate(([self._last], times)))
        keep = times - highest[:-1] >= _CLOSEST_S
        if not keep.all():
            times = times[keep]
            data = data if isinstance(data, Drawn) or info.is_video else data[keep]
        self._refused += offered - len(times)
        if not len(times):
            return
        self._count_gap(times)
        self.writer.push(data, times)
        self._samples += len(times)
        self._last = float(times[-1])
        if not isinstance(data, Drawn):
            self._judge(data)

    def _judge(self, data: npt.NDArray[np.generic]) -> None:
        limits = self.writer.info.limits
        if data.dtype.kind == "f":
            self._nans += int(np.count_nonzero(~np.isfinite(data).all(axis=1)))
        if limits is not None:
            low, high = limits
            self._rails += int(
                np.count_nonzero((np.less_equal(data, low) | np.greater_equal(data, high)).any(axis=1))
            )

    def _count_gap(self, times: npt.NDArray[np.float64]) -> None:
        sfreq = self.writer.info.sfreq
        if not sfreq:
            return
        steps = np.diff(np.concatenate(([self._last], times))) if np.isfinite(self._last) else np.diff(times)
        limit = 1.5 / sfreq if not self.writer.info.is_video else 2.5 / sfreq
        self._gaps += max(int(np.count_nonzero(steps > max(limit, _SHORTEST_GAP_S))), int(self._resumed))
        self._resumed = False

    def stats(self, t: float) -> StreamStats:
        """How the stream is doing at ``t`` (s)."""
        info = self.writer.info
        began, before = self._window
        if t - began >= _RATE_OVER_S:
            self._rate_hz = (self._samples - before) / (t - began)
            self._window = (t, self._samples)
        return StreamStats(
            t=t,
            stream=info.name,
            sensor=self._sensor,
            rate_hz=self._rate_hz,
            nominal_hz=info.sfreq,
            age_s=t - self._last if self._samples else None,
            samples=self._samples,
            gaps=self._gaps,
            nans=self._nans,
            backwards=self._refused,
            jitter_s=self._retimer.jitter_s,
            drift_ppm=self._retimer.drift_ppm,
            simulated=info.simulated,
            rails=self._rails,
            bursts=self._arrivals.bursts if self._arrivals else 0,
            rate_off=self._arrivals.rate_off if self._arrivals else None,
        )
