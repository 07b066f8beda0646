"""How good a stretch of sound is, 0…1, and when it cannot be judged at all."""

from __future__ import annotations

from typing import Final

import numpy as np

from insula.models.speech.features import FloatArray

SILENT_DB: Final = -75.0
"""Below this level (dB re full scale) even a quiet room is not: the microphone is off or muted."""
CLIPPED_AT: Final = 0.985
MOST_CLIPPED: Final = 0.02
"""Share of samples at the rail beyond which the spectrum is that of the clipping."""
_BAD_SNR_DB, _GOOD_SNR_DB = 0.0, 20.0


def snr_db(level_db: FloatArray, noise_db: float | None = None) -> float:
    """Speech above noise in dB: 90th percentile of the levels (n,) over ``noise_db``.

    Without a measured noise level the 5th percentile stands for it: pauses between words, so an
    underestimate in gapless speech.
    """
    loud, quiet = np.percentile(level_db, (90, 5))
    return float(loud - (quiet if noise_db is None else noise_db))


def clipped_share(samples: FloatArray) -> float:
    """Share of samples (n,) at full scale, 0…1."""
    return float(np.mean(np.abs(samples) >= CLIPPED_AT)) if len(samples) else 0.0


def quality(snr: float, clipped: float) -> float:
    """0…1: from 0 dB to 20 dB signal-to-noise ratio, less the more samples are clipped (2 % → 0)."""
    clean = (snr - _BAD_SNR_DB) / (_GOOD_SNR_DB - _BAD_SNR_DB)
    return float(np.clip(clean, 0.0, 1.0) * np.clip(1.0 - clipped / MOST_CLIPPED, 0.0, 1.0))


def fault(samples: FloatArray, level_db: FloatArray) -> str:
    """Why this sound cannot be judged, "" when it can."""
    if not len(samples) or not len(level_db) or float(np.max(level_db)) < SILENT_DB:
        return "no signal: the sound is silent"
    if (share := clipped_share(samples)) > MOST_CLIPPED:
        return f"clipped: {share:.0%} of the samples are at full scale; lower the microphone's gain"
    return ""
