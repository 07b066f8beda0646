"""Simulated electrodermal activity: a tonic level and skin conductance responses that follow arousal.

Shape and size of the responses after Boucsein, *Electrodermal Activity* (2nd ed. 2012), and the
biexponential response of Benedek & Kaernbach (J. Neurosci. Methods 190, 2010): rise constant 0.7 s,
decay constant 2 s, onset 1.5 s after its cause, 0.02 … 0.4 responses a second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.types import Block, StreamInfo
from insula.sensors.generated import Generated
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.probe import Found
from insula.sensors.script import Script, dice

SFREQ_HZ = 32.0
_BLOCK = 8
_RISE_S, _DECAY_S, _LATENCY_S = 0.7, 2.0, 1.5
_MEMORY_S = 20  # a response of 1 µS is below 0.1 nS after that
_PEAK_S = np.log(_DECAY_S / _RISE_S) * _RISE_S * _DECAY_S / (_DECAY_S - _RISE_S)
_PEAK = np.exp(-_PEAK_S / _DECAY_S) - np.exp(-_PEAK_S / _RISE_S)
_LAG_S = np.arange(0.0, 40.0, 0.5)
_LAG_WEIGHT = np.exp(-_LAG_S / 8.0) / np.exp(-_LAG_S / 8.0).sum()
_NOISE_US = 0.003


def probe() -> list[Found]:
    """Always there."""
    return [Found("simulated person: EDA (32 Hz)")]


def response(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A skin conductance response of height 1, ``t`` s after its onset."""
    after = np.maximum(t, 0.0)
    return np.asarray((np.exp(-after / _DECAY_S) - np.exp(-after / _RISE_S)) / _PEAK)


class Sweat:
    """Skin conductance in µS as a pure function of the sample number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._script = Script(seed)
        rng = dice(seed, 1)
        self._level = rng.uniform(2.0, 5.0)
        self._drift = rng.uniform(0, 2 * np.pi)
        self._responses = lru_cache(64)(self._responses_of_second)
        self._tonic = lru_cache(64)(self._tonic_at_second)

    def _responses_of_second(self, second: int) -> tuple[tuple[float, float], ...]:
        """Onset (s) and amplitude (µS) of the responses caused in this second of the script."""
        rng = dice(self._seed, 2, second)
        arousal = self._script.truth(second + 0.5)[1]
        rate = 0.02 + 0.38 * max(0.0, (arousal + 1.0) / 2.0) ** 2
        count = rng.poisson(rate)
        onsets = second + rng.uniform(0, 1, count) + _LATENCY_S
        heights = (0.15 + 0.25 * (arousal + 1.0) / 2.0) * rng.lognormal(0.0, 0.4, count)
        return tuple(zip(onsets.tolist(), heights.tolist(), strict=True))

    def _tonic_at_second(self, second: int) -> float:
        """Tonic level in µS: the person's own, a slow drift, and arousal with a lag of 8 s."""
        arousal = float(_LAG_WEIGHT @ self._script.values(second - _LAG_S)[:, 1])
        drift = 0.15 * np.sin(2 * np.pi * second / 240.0 + self._drift)
        return float(self._level * (1.0 + 0.25 * arousal) + drift)

    def __call__(self, first: int, n: int) -> npt.NDArray[np.float32]:
        """Samples ``first … first+n−1`` as ``(n, 1)`` µS."""
        t = np.arange(first, first + n) / SFREQ_HZ
        seconds = range(int(np.floor(t[0])), int(np.floor(t[-1])) + 2)
        value = np.interp(t, list(seconds), [self._tonic(s) for s in seconds])
        for second in range(seconds.start - _MEMORY_S, seconds.stop):
            for onset, height in self._responses(second):
                value += height * response(t - onset)
        for second in seconds[:-1]:
            noise = dice(self._seed, 3, second).normal(0.0, _NOISE_US, int(SFREQ_HZ))
            inside = np.floor(t) == second
            value[inside] += noise[np.round((t[inside] - second) * SFREQ_HZ).astype(int)]
        return value.astype(np.float32)[:, None]


class SimulatedEda:
    """Skin conductance at 32 Hz in microsiemens."""

    def __init__(
        self, *, seed: int = 0, epoch: float = 0.0, clock: Clock = now, sleep: Sleep = time.sleep
    ) -> None:
        """``seed`` chooses the person; script time 0 is ``epoch`` (s on LSL's clock) for all sensors."""
        info = StreamInfo(
            name="simulated_eda",
            type="EDA",
            sfreq=SFREQ_HZ,
            ch_names=("EDA",),
            units=("microsiemens",),
            sensor_id=f"simulated_eda_{seed}",
            manufacturer="Insula (simulated)",
            simulated=True,
            limits=(0.0, 100.0),
        )
        self._source = Generated(info, Sweat(seed), block=_BLOCK, epoch=epoch, pace=Pace(clock, sleep))

    def open(self) -> tuple[StreamInfo, ...]:
        """Start at the present moment of the script."""
        return self._source.open()

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The samples that fell due."""
        return self._source.read(timeout_s)

    def close(self) -> None:
        """Stop."""
        self._source.close()
