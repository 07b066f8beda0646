"""Changes the sampling rate of sound that comes in blocks, without seams between them."""

from __future__ import annotations

from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin

_ZEROS: Final = 10  # zero crossings of the sinc on each side: 60 dB with a Kaiser window of 5
_KAISER: Final = 5.0

Samples = npt.NDArray[np.float32]


class Resampler:
    """A polyphase filter that remembers where it stopped; its output lags by ``delay_s``."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        """Both rates in Hz; they differ."""
        shared = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // shared, rate_in // shared
        widest = max(self._up, self._down)
        filt = self._up * firwin(2 * _ZEROS * widest + 1, 1.0 / widest, window=("kaiser", _KAISER))
        taps = -(-len(filt) // self._up)
        padded = np.concatenate([filt, np.zeros(taps * self._up - len(filt))])
        self._phases = padded.reshape(taps, self._up).T.astype(np.float32)  # (up, taps), newest first
        self._history = np.zeros(taps - 1, np.float32)
        self._start = 0  # position of the next output, in 1/up input samples after the history
        self.delay_s = _ZEROS * widest / (self._up * rate_in)

    def __call__(self, samples: Samples) -> Samples:
        """Resample the next ``(n,)`` samples; the number returned varies by one."""
        signal = np.concatenate([self._history, samples])
        taps = self._phases.shape[1]
        places = np.arange(self._start, len(samples) * self._up, self._down)
        newest, phase = places // self._up, places % self._up
        windows = np.lib.stride_tricks.sliding_window_view(signal, taps)[newest, ::-1]
        self._start += len(places) * self._down - len(samples) * self._up
        self._history = signal[len(signal) - (taps - 1) :]
        return np.asarray(np.einsum("nt,nt->n", windows, self._phases[phase]), dtype=np.float32)
