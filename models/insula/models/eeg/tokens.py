"""Band-entropy tokens of a running window, with a mark for every electrode.

A token is one number per electrode and band: the differential entropy ``½·log2(2πe·σ²)`` of the band-passed
signal over the last seconds. The filters never restart between windows (starting each window from zero state
would bias theta by −0.06 bit), and past blocks are kept as sums, so that memory does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eeg import quality
from insula.models.eeg.bands import BandSet, differential_entropy
from insula.models.eeg.frontend import Filtered, FrontEnd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Token:
    """One window: ``end`` = samples taken in since the start or the last gap when the window closed.

    ``entropy`` is ``(n_channels, n_bands)`` in bits (of µV²), ``marks`` one word a channel.
    """

    end: int
    entropy: Floats
    marks: tuple[quality.Mark, ...]


class TokenStream:
    """Turns chunks of raw samples in µV into tokens, one every ``hop_s`` over the last ``window_s``."""

    def __init__(
        self,
        sfreq: float,
        ch_names: Sequence[str],
        bands: BandSet,
        *,
        window_s: float,
        hop_s: float,
        line_hz: Sequence[float] = (50.0, 60.0),
    ) -> None:
        self.ch_names = tuple(ch_names)
        self.n_hop = round(sfreq * hop_s)
        self.n_blocks = round(window_s / hop_s)
        self._n_bands = len(bands.names)
        self._front = FrontEnd(sfreq, len(self.ch_names), bands, line_hz=line_hz)
        self._forehead = quality.forehead(self.ch_names)
        self.reset()

    def reset(self) -> None:
        """Start anew, as after a gap: the first token comes one window later."""
        self._front.reset()
        self._blocks: deque[tuple[Floats, Floats]] = deque(maxlen=self.n_blocks)
        self._last = np.full((len(self.ch_names), 1), np.nan)
        self._repeated = np.zeros((len(self.ch_names), 1), bool)
        self._open()
        self.end = 0

    @property
    def pending(self) -> int:
        """Samples taken in that are not yet part of a token."""
        return self._filled

    def _open(self) -> None:
        self._sums = np.zeros((self._n_bands + 7, len(self.ch_names)))
        self._peak = np.zeros(len(self.ch_names))
        self._filled = 0

    def push(self, samples: npt.NDArray[np.generic]) -> list[Token]:
        """Take ``(n, n_channels)`` raw samples in µV; return the tokens that became complete, in order."""
        if not len(samples):
            return []
        raw, missing = _without_gaps(np.ascontiguousarray(samples.T, np.float64), self._last)
        repeats = np.diff(raw, axis=1, prepend=self._last) == 0
        stuck = repeats & np.concatenate([self._repeated, repeats[:, :-1]], axis=1)
        self._last, self._repeated = raw[:, -1:], repeats[:, -1:]
        filtered = self._front.process(raw)
        tokens, start = [], 0
        while start < raw.shape[1]:
            part = slice(start, start + self.n_hop - self._filled)
            self._add(raw[:, part], missing[:, part], stuck[:, part], filtered.part(part))
            start = part.stop
            if self._filled == self.n_hop:
                self._blocks.append((self._sums, self._peak))
                self.end += self.n_hop
                self._open()
                if len(self._blocks) == self.n_blocks:
                    tokens.append(self._token())
        return tokens

    def _add(
        self, raw: Floats, missing: npt.NDArray[np.bool_], stuck: npt.NDArray[np.bool_], filtered: Filtered
    ) -> None:
        k = self._n_bands
        self._sums[:k] += np.einsum("bct,bct->bc", filtered.bands, filtered.bands)
        self._sums[k] += raw.sum(axis=1)
        for row, signal in enumerate((raw, filtered.broadband, filtered.line), start=k + 1):
            self._sums[row] += np.einsum("ct,ct->c", signal, signal)
        self._sums[k + 4] += stuck.sum(axis=1)
        self._sums[k + 5] += (stuck & (np.abs(raw) > quality.RAIL_UV)).sum(axis=1)
        self._sums[k + 6] += missing.sum(axis=1)
        np.maximum(self._peak, np.abs(filtered.broadband).max(axis=1), out=self._peak)
        self._filled += raw.shape[1]

    def _token(self) -> Token:
        k = self._n_bands
        total: Floats = np.sum([block[0] for block in self._blocks], axis=0)
        mean = total / (self.n_hop * self.n_blocks)
        variance = mean[:k]
        stats = quality.SignalStats(
            raw_sd=np.sqrt(np.maximum(mean[k + 1] - mean[k] ** 2, 0)),
            sd=np.sqrt(mean[k + 2]),
            line_rms=np.sqrt(mean[k + 3]),
            gamma_rms=np.sqrt(variance[-1]),
            peak=np.max([block[1] for block in self._blocks], axis=0),
            stuck=mean[k + 4],
            railed=mean[k + 5],
            missing=mean[k + 6],
        )
        return Token(self.end, differential_entropy(variance.T), quality.marks(stats, self._forehead))


def _without_gaps(raw: Floats, last: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Hold the last finite value over missing samples, so that one NaN cannot stay in a filter for ever."""
    missing = ~np.isfinite(raw)
    if not missing.any():
        return raw, missing
    held = np.concatenate([np.where(np.isfinite(last), last, 0.0), raw], axis=1)
    bad = np.concatenate([np.zeros_like(last, bool), missing], axis=1)
    source = np.maximum.accumulate(np.where(bad, 0, np.arange(held.shape[1])), axis=1)
    return np.take_along_axis(held, source, axis=1)[:, 1:], missing
