"""Simulated EEG: 1/f background with alpha and beta rhythms that follow the script, and blinks.

Alpha falls and beta rises with arousal (the usual direction of engagement), alpha is strongest at the
back of the head, and valence tilts frontal alpha between the sides (less alpha over the left for
positive valence: Davidson, Brain Cogn. 20, 1992). It is a test signal of plausible size, rhythm and
correlation between channels; it says nothing about a brain.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.errors import ConfigError
from insula.edge.types import Block, StreamInfo
from insula.sensors.generated import Generated, by_slot
from insula.sensors.pacing import Pace, Sleep
from insula.sensors.probe import Found
from insula.sensors.script import Script, dice

# headset: rate in Hz, block in samples, and per channel (frontal, posterior, side −1 left … +1 right)
_HEADSETS: Final = {
    "cyton": (
        250.0,
        10,
        {
            "Fp1": (1.0, 0.1, -1),
            "Fp2": (1.0, 0.1, 1),
            "C3": (0.3, 0.45, -1),
            "C4": (0.3, 0.45, 1),
            "P7": (0.1, 0.8, -1),
            "P8": (0.1, 0.8, 1),
            "O1": (0.0, 1.0, -1),
            "O2": (0.0, 1.0, 1),
        },
    ),
    "muse": (
        256.0,
        12,
        {
            "TP9": (0.05, 0.7, -1),
            "AF7": (0.9, 0.15, -1),
            "AF8": (0.9, 0.15, 1),
            "TP10": (0.05, 0.7, 1),
        },
    ),
}
_SHARED: Final = 0.5  # part of the variance that neighbouring channels have in common
_BLINKS_PER_S: Final = 0.25
_BLINK_S: Final = 0.35
_BLINK_UV: Final = 110.0


def probe() -> list[Found]:
    """Always there."""
    return [
        Found("simulated person: EEG, 8 channels 250 Hz", {"headset": "cyton"}),
        Found("simulated person: EEG, 4 channels 256 Hz", {"headset": "muse"}),
    ]


class Brain:
    """EEG in µV as a pure function of the sample number.

    Slots of one second are the sum of two random two-second pieces of the wanted spectrum, faded into
    each other with sine windows (sin² + cos² = 1 keeps the power even).
    """

    def __init__(self, seed: int, headset: str) -> None:
        self.sfreq, self.block, channels = _HEADSETS[headset]
        self.ch_names = tuple(channels)
        self._front, self._back, self._side = np.array(list(channels.values())).T
        self._seed = seed
        self._script = Script(seed)
        self._second = int(self.sfreq)
        self._alpha_hz = dice(seed, 10).uniform(9.3, 10.7)
        self._window = np.sin(np.pi * (np.arange(2 * self._second) + 0.5) / (2 * self._second))[:, None]
        self._piece = lru_cache(8)(self._two_seconds)
        self._slot = lru_cache(8)(self._one_second)

    def _amplitudes(self, t: float) -> npt.NDArray[np.float64]:
        """Amplitude spectrum ``(n_freqs, n_channels)`` in µV/√Hz at script time ``t``."""
        valence, arousal = self._script.truth(t)
        hz = np.fft.rfftfreq(2 * self._second, 1 / self.sfreq)[:, None]
        background = 14.0 / np.maximum(hz, 1.0) ** 2 * (1 - np.exp(-((hz / 0.7) ** 4))) + 0.03
        alpha = np.exp(-0.5 * ((hz - self._alpha_hz) / 0.9) ** 2)
        alpha_power = alpha * (1.5 + 22.0 * self._back) * np.exp(-1.1 * arousal)
        tilt = np.exp(0.5 * valence * self._side * self._front)
        beta = np.exp(-0.5 * ((hz - 20.0) / 3.5) ** 2)
        beta_power = beta * (0.25 + 0.45 * self._front) * np.exp(1.1 * arousal)
        return np.asarray(np.sqrt(background + alpha_power * tilt + beta_power))

    def _two_seconds(self, number: int) -> npt.NDArray[np.float64]:
        """Piece ``number``: two windowed seconds centred on script second ``number + 1``."""
        rng = dice(self._seed, 11, number)
        shape = self._amplitudes(number + 1.0)
        own = rng.normal(size=(*shape.shape, 2)) @ np.array([1, 1j])
        common = rng.normal(size=(len(shape), 1, 2)) @ np.array([1, 1j])
        mixed = np.sqrt(1 - _SHARED) * own + np.sqrt(_SHARED) * common
        # A bin of width 1/T with density S holds S/T of power: half of it in each of the two quadratures.
        scale = len(self._window) / 2 * np.sqrt(1.0 / 2.0)
        return np.fft.irfft(mixed * shape * scale, axis=0) * self._window

    def _blinks(self, second: int) -> npt.NDArray[np.float64]:
        """Blinks of this second, ``(n, 1)`` µV at a frontal electrode; a blink ends within its second."""
        rng = dice(self._seed, 12, second)
        out = np.zeros((self._second, 1))
        if rng.uniform() < _BLINKS_PER_S:
            width = int(_BLINK_S * self.sfreq)
            start = rng.integers(0, self._second - width)
            out[start : start + width, 0] = _BLINK_UV * rng.uniform(0.7, 1.3) * np.hanning(width)
        return out

    def _one_second(self, second: int) -> npt.NDArray[np.float32]:
        n = self._second
        rhythms = self._piece(second - 1)[n:] + self._piece(second)[:n]
        return np.asarray(rhythms + self._blinks(second) * self._front, dtype=np.float32)

    def __call__(self, first: int, n: int) -> npt.NDArray[np.float32]:
        """Samples ``first … first+n−1`` as ``(n, n_channels)`` µV."""
        return by_slot(self._slot, self._second, first, n)


class SimulatedEeg:
    """EEG in microvolts at the rate and with the electrodes of a common headset."""

    def __init__(
        self,
        *,
        headset: str = "cyton",
        seed: int = 0,
        epoch: float = 0.0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Choose headset and person.

        ``headset`` is "cyton" (8 channels, 250 Hz) or "muse" (4 channels, 256 Hz); ``seed`` chooses the
        person; script time 0 is ``epoch`` s on LSL's clock (the same for all sensors).
        """
        if headset not in _HEADSETS:
            raise ConfigError(f"simulated_eeg: headset is one of {', '.join(_HEADSETS)}, not {headset!r}")
        brain = Brain(seed, headset)
        info = StreamInfo(
            name="simulated_eeg",
            type="EEG",
            sfreq=brain.sfreq,
            ch_names=brain.ch_names,
            units=("microvolts",) * len(brain.ch_names),
            sensor_id=f"simulated_eeg_{headset}_{seed}",
            manufacturer="Insula (simulated)",
            simulated=True,
            limits=(-187_500.0, 187_500.0),
        )
        self._source = Generated(info, brain, block=brain.block, epoch=epoch, pace=Pace(clock, sleep))

    def open(self) -> tuple[StreamInfo, ...]:
        """Start at the present moment of the script."""
        return self._source.open()

    def read(self, timeout_s: float) -> Sequence[Block]:
        """The samples that fell due."""
        return self._source.read(timeout_s)

    def close(self) -> None:
        """Stop."""
        self._source.close()
