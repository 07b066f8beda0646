"""From raw chunks to tokens measured against the person's own rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eeg import quality
from insula.models.eeg.bands import BandSet
from insula.models.eeg.baseline import Baseline, RestGatherer
from insula.models.eeg.tokens import Token, TokenStream

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: length of a window, time between windows, clean rest that makes a baseline."""

    window_s: float
    hop_s: float
    baseline_s: float


@dataclass(frozen=True, slots=True)
class Tracked:
    """A token with its distance from rest.

    ``z`` is ``(n_channels, n_bands)`` or ``None`` before the baseline, ``usable`` says which electrodes may
    be used (good enough now, and known from the baseline), ``left_s`` how much clean rest is still needed.
    """

    token: Token
    z: Floats | None
    usable: npt.NDArray[np.bool_]
    left_s: float


class TokenTracker:
    """Tokens against rest: gathers a baseline first, unless one is given."""

    def __init__(
        self,
        sfreq: float,
        ch_names: Sequence[str],
        bands: BandSet,
        timing: Timing,
        *,
        baseline: Baseline | None = None,
        line_hz: Sequence[float] = (50.0, 60.0),
    ) -> None:
        self.stream = TokenStream(
            sfreq, ch_names, bands, window_s=timing.window_s, hop_s=timing.hop_s, line_hz=line_hz
        )
        self.baseline = baseline
        self._gatherer = RestGatherer(
            tuple(ch_names), seconds=timing.baseline_s, window_s=timing.window_s, hop_s=timing.hop_s
        )

    def push(self, samples: npt.NDArray[np.generic]) -> list[Tracked]:
        """Take ``(n, n_channels)`` samples in µV; return what became complete."""
        return [self._track(token) for token in self.stream.push(samples)]

    def settle(self, least_s: float) -> None:
        """Make a baseline of what was gathered so far, if it is ``least_s`` seconds or more."""
        if self.baseline is None and self._gatherer.gathered_s >= least_s:
            self.baseline = self._gatherer.finish()

    def gap(self) -> None:
        """Samples are missing: filters and window start anew, the baseline stays."""
        self.stream.reset()

    def _track(self, token: Token) -> Tracked:
        usable = quality.usable(token.marks)
        if self.baseline is None:
            # The window that completes the baseline is part of it and is not judged by it.
            self.baseline = self._gatherer.add(token)
            return Tracked(token, None, usable, self._gatherer.left_s)
        return Tracked(token, self.baseline.z(token.entropy), usable & self.baseline.known, 0.0)
