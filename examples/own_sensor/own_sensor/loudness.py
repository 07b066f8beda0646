"""An estimator: how loud it is, as an index of its own, with an honest spread."""

from __future__ import annotations

import numpy as np

from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Clue, Measure, Modality, StreamInfo

WINDOW_S = 0.5
FULL = 32768.0
SILENCE_DB = -70.0


class Loudness:
    """Estimator of the index ``loudness``: 0 is silence (−70 dB), 1 is full scale."""

    modality: Modality = "voice"

    def __init__(self, *, period_s: float = 0.25) -> None:
        self.period_s = period_s

    def accepts(self, info: StreamInfo) -> str:
        """Return "" when the stream fits, else the reason why not."""
        return "" if info.type == "Audio" else f"{info.name} is {info.type}, not Audio"

    def start(self, info: StreamInfo) -> None:
        """Load what is needed for this stream; here: nothing."""
        self._info = info

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Judge the newest half second; ``None`` while there is none yet."""
        window = reader.latest(WINDOW_S)
        if window is None:
            return None
        parts = np.split(window.data[:, 0].astype(np.float64) / FULL, 10)
        level_db = [20 * np.log10(max(np.sqrt(np.mean(part**2)), 1e-9)) for part in parts]
        mean_db = float(np.mean(level_db))
        silent = mean_db < SILENCE_DB
        index = (("loudness", Measure(1 - mean_db / SILENCE_DB, float(np.std(level_db)) / -SILENCE_DB)),)
        return AffectEstimate(
            modality="voice",
            stream=self._info.name,
            t=float(window.times[-1]),
            quality=0.0 if silent else 1.0,
            indices=() if silent else index,
            reason="silence" if silent else "",
            clues=(Clue(self._info.name, "level", mean_db, "dB"),),
            sample=window.first + len(window) - 1,
            model="own_sensor loudness",
        )

    def close(self) -> None:
        """Nothing to release."""
