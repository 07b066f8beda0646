"""The person's own rest: what every later token is measured against.

``z = (token − rest mean) / rest sd``. The mean is per electrode and band; the standard deviation is pooled
over the electrodes of a band, so that one restless electrode cannot blow up or shrink its own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models.eeg import quality
from insula.models.eeg.tokens import Token

Floats = npt.NDArray[np.float64]

LEAST_USABLE = 0.5
"""Share of a cap's electrodes that must be usable for a window to count at all."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Rest of one person: ``mean`` ``(n_channels, n_bands)`` and ``sd`` ``(n_bands,)`` in bits; its length.

    An electrode that was not usable for half of the rest has ``nan`` means: it has no baseline.
    """

    ch_names: tuple[str, ...]
    mean: Floats
    sd: Floats
    seconds: float

    def table(self) -> dict[str, Any]:
        """Plain JSON values; an electrode without baseline has ``None`` means."""
        means = [[float(v) if np.isfinite(v) else None for v in row] for row in self.mean.tolist()]
        names = list(self.ch_names)
        return {"ch_names": names, "mean": means, "sd": self.sd.tolist(), "seconds": self.seconds}

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Baseline:
        """The inverse of :meth:`table`; raises ``DataError``."""
        try:
            mean = np.array(table["mean"], np.float64)  # None becomes NaN
            names = tuple(str(name) for name in table["ch_names"])
            if mean.ndim != 2 or len(names) != len(mean):
                raise ValueError(f"{len(names)} names for means of shape {mean.shape}")
            return cls(names, mean, np.array(table["sd"], np.float64), float(table["seconds"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the profile's EEG rest is malformed ({error!r})") from error

    def z(self, entropy: Floats) -> Floats:
        """Distance from rest in standard deviations, ``(n_channels, n_bands)``; ``nan`` without baseline."""
        return (entropy - self.mean) / self.sd

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which electrodes have a baseline, ``(n_channels,)``."""
        return np.asarray(np.isfinite(self.mean).all(axis=1))


class RestGatherer:
    """Collects ``seconds`` of clean rest from tokens that come every ``hop_s``.

    A window in which too few electrodes are usable does not count, so a bad start only takes longer.
    """

    def __init__(self, ch_names: tuple[str, ...], *, seconds: float, window_s: float, hop_s: float) -> None:
        self._ch_names = ch_names
        self._seconds, self._window_s, self._hop_s = seconds, window_s, hop_s
        self._entropy: list[Floats] = []
        self._usable: list[npt.NDArray[np.bool_]] = []

    @property
    def gathered_s(self) -> float:
        """Seconds of clean signal so far."""
        return self._window_s + self._hop_s * (len(self._entropy) - 1) if self._entropy else 0.0

    @property
    def left_s(self) -> float:
        """Seconds of clean signal still needed."""
        return max(0.0, self._seconds - self.gathered_s)

    def add(self, token: Token) -> Baseline | None:
        """Take a token; return the baseline once enough rest is together."""
        usable = quality.usable(token.marks)
        if usable.mean() < LEAST_USABLE:
            return None
        self._entropy.append(token.entropy)
        self._usable.append(usable)
        return self.finish() if self.left_s <= 1e-9 else None

    def finish(self) -> Baseline:
        """The baseline of what was gathered so far."""
        usable = np.array(self._usable)
        values = np.where(usable[..., None], np.array(self._entropy), np.nan)
        known = usable.mean(axis=0) >= LEAST_USABLE
        mean = np.full(values.shape[1:], np.nan)
        mean[known] = np.nanmean(values[:, known], axis=0)
        spread = np.nanvar(values[:, known], axis=0).mean(axis=0)
        return Baseline(self._ch_names, mean, np.sqrt(np.maximum(spread, 1e-6)), self.gathered_s)
