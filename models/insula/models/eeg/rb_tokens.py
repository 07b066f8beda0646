"""RBTransformer's inputs: windows of a trial as band entropies per electrode.

Two ways. *Published*: each 4 s window is normalised and filtered from zero state, and the entropy of the
trial's rest (1 s pieces averaged as waveforms, which cancels most of its activity) is subtracted.
*Running*: one filter runs through rest and trial, as live, and the mean entropy of the rest is subtracted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from insula.models.eeg.bands import BandSet, differential_entropy
from insula.models.eeg.rbtransformer import Variant
from insula.models.eeg.sets.trial import Trial
from insula.models.eeg.tokens import TokenStream

Floats = npt.NDArray[np.float64]

WINDOW_S = 4.0
STRIDE_S = 117 / 128
_HOP_S = 0.25
_REST_WINDOW_S = 1.0


def published(trial: Trial, variant: Variant) -> tuple[Floats, Floats]:
    """Tokens ``(n, n_channels, n_bands)`` in bits as published, and the windows' start times in s."""
    rate = trial.sfreq
    n_window, n_stride = round(WINDOW_S * rate), round(STRIDE_S * rate)
    starts = np.arange(0, trial.signal.shape[1] - n_window + 1, n_stride)
    clips = [trial.signal[:, s : s + n_window].astype(np.float64) for s in starts]
    tokens = np.array([_entropy(_normalised(clip, variant), variant.bands, rate) for clip in clips])
    if trial.rest is not None:
        n_piece = round(_REST_WINDOW_S * rate)
        n_pieces = trial.rest.shape[1] // n_piece
        pieces = trial.rest[:, : n_pieces * n_piece].reshape(len(trial.rest), n_pieces, n_piece)
        mean = pieces.astype(np.float64).mean(axis=1)
        tokens = tokens - _entropy(_normalised(mean, variant), variant.bands, rate)
    return tokens, starts / rate


def running(trial: Trial, bands: BandSet) -> tuple[Floats, Floats]:
    """Tokens of a running filter less the mean of the trial's rest, and the windows' start times in s.

    A window starts every fourth hop (1 s).
    """
    stream = TokenStream(trial.sfreq, trial.ch_names, bands, window_s=WINDOW_S, hop_s=_HOP_S, line_hz=())
    before = 0.0
    if trial.rest is not None:
        brief = TokenStream(
            trial.sfreq, trial.ch_names, bands, window_s=_REST_WINDOW_S, hop_s=_HOP_S, line_hz=()
        )
        before = np.mean([token.entropy for token in brief.push(trial.rest.T)], axis=0)
    found = stream.push(trial.signal.T)[::4]
    return (
        np.array([token.entropy for token in found]) - before,
        np.array([token.end / trial.sfreq - WINDOW_S for token in found]),
    )


def _normalised(clip: Floats, variant: Variant) -> Floats:
    axis = 1 if variant.per_channel else None
    spread = clip.std(axis=axis, keepdims=True)
    return np.asarray((clip - clip.mean(axis=axis, keepdims=True)) / np.maximum(spread, 1e-9), np.float64)


def _entropy(clip: Floats, bands: BandSet, rate: float) -> Floats:
    filtered = [signal.sosfilt(sos, clip, axis=1) for sos in bands.sections(rate)]
    return differential_entropy(np.stack([band.var(axis=1) for band in filtered], axis=1))
