"""The streaming front end: high-pass, line notch and band filters that keep their state between chunks.

A file filtered in one call and the same file fed chunk by chunk give the same numbers, so models are trained
on exactly what they meet live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from insula.models.eeg.bands import BandSet

Floats = npt.NDArray[np.float64]

HIGH_PASS_HZ = 0.5
NOTCH_Q = 25.0
MOST_MAPPED = 64
"""Longest chunk filtered as one matrix product; beyond it, recursion is cheaper."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """Filtered µV: ``broadband`` and ``line`` ``(n_channels, n)``, ``bands`` ``(n_bands, n_channels, n)``.

    ``line`` is what the notch took away.
    """

    broadband: Floats
    line: Floats
    bands: Floats

    def part(self, samples: slice) -> Filtered:
        """Some of the samples, as views."""
        return Filtered(self.broadband[:, samples], self.line[:, samples], self.bands[:, :, samples])


class FrontEnd:
    """Filters of ``n_channels`` at ``sfreq`` Hz; ``line_hz`` are the mains frequencies to remove.

    Mains above the Nyquist frequency are left out. Raises ``ValueError`` when a band does not fit ``sfreq``.
    """

    def __init__(
        self, sfreq: float, n_channels: int, bands: BandSet, *, line_hz: Sequence[float] = (50.0, 60.0)
    ) -> None:
        high_pass = np.asarray(signal.butter(2, HIGH_PASS_HZ, "highpass", fs=sfreq, output="sos"), np.float64)
        notches = [
            np.asarray(signal.tf2sos(*signal.iirnotch(hz, NOTCH_Q, fs=sfreq)), np.float64)
            for hz in line_hz
            if hz < 0.49 * sfreq
        ]
        self._chain = [high_pass, *notches]
        self._bands = bands.sections(sfreq)
        self._n_channels = n_channels
        self._n_states = 2 * sum(len(sos) for sos in (*self._chain, *self._bands))
        self._maps: dict[int, Floats] = {}
        self.reset()

    def reset(self) -> None:
        """Forget the past, as after a gap."""
        self._fresh = True
        self._state = np.zeros((self._n_states, self._n_channels))

    def process(self, samples: Floats) -> Filtered:
        """Filter ``(n_channels, n)`` finite samples in µV."""
        if self._fresh:
            # Starts as if the first sample had always been there: an electrode offset is no step.
            edge = signal.sosfilt_zi(self._chain[0])
            self._state[:2] = edge.T @ samples[None, :, 0]
            self._fresh = False
        if samples.shape[1] > MOST_MAPPED:
            filtered, self._state = self._filter(samples, self._state)
            return filtered
        return self._map(samples)

    def _filter(self, samples: Floats, state: Floats) -> tuple[Filtered, Floats]:
        after = np.empty_like(state)
        row = 0

        def run(sos: Floats, x: Floats) -> Floats:
            nonlocal row
            rows = slice(row, row + 2 * len(sos))
            row = rows.stop
            n = x.shape[0]
            zi = state[rows].reshape(len(sos), 2, n).transpose(0, 2, 1)
            out, zf = signal.sosfilt(sos, x, zi=zi)
            after[rows] = zf.transpose(0, 2, 1).reshape(-1, n)
            return np.asarray(out, np.float64)

        high = run(self._chain[0], samples)
        broadband = high
        for notch in self._chain[1:]:
            broadband = run(notch, broadband)
        bands = np.stack([run(sos, broadband) for sos in self._bands])
        return Filtered(broadband, high - broadband, bands), after

    def _map(self, samples: Floats) -> Filtered:
        """All filters of a short chunk as one matrix product: calling each costs more than its arithmetic."""
        n = samples.shape[1]
        out = self._matrix(n) @ np.concatenate([samples.T, self._state])
        self._state = out[-self._n_states :]
        parts = out[: -self._n_states].reshape(len(self._bands) + 2, n, -1).transpose(0, 2, 1)
        return Filtered(parts[0], parts[1], parts[2:])

    def _matrix(self, n: int) -> Floats:
        """What ``n`` samples and the state become: found by filtering unit samples and unit states."""
        if n not in self._maps:
            units = np.eye(n + self._n_states)
            filtered, after = self._filter(units[:, :n], units[:, n:].T)
            signals = np.concatenate([filtered.broadband[None], filtered.line[None], filtered.bands])
            self._maps[n] = np.concatenate([signals.transpose(0, 2, 1).reshape(-1, len(units)), after])
        return self._maps[n]
