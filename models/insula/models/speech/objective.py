"""What training aims at: equal shares for classes and corpora, labels that are not taken for certain."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from insula.models.speech.dataset import SpeechSet

SMOOTHING: Final = 0.1


def balance(learn: SpeechSet) -> npt.NDArray[np.float32]:
    """Weight of every row: classes within a corpus, and corpora, half-way to equal shares."""
    weights = np.ones(len(learn.label))
    for corpus in np.unique(learn.corpus):
        rows = learn.corpus == corpus
        for label in np.unique(learn.label[rows]):
            some = rows & (learn.label == label)
            weights[some] = some.sum() ** -0.5
        weights[rows] *= rows.sum() ** -0.5 / weights[rows].mean()
    return np.asarray(weights / weights.mean(), np.float32)


def mixed_loss(logits: Tensor, labels: Tensor, weights: Tensor, partner: Tensor, share: float) -> Tensor:
    """Cross-entropy of rows mixed by ``share`` with their ``partner`` rows (Zhang et al. 2018, mixup)."""
    loss = torch.zeros(())
    for part, rows in ((share, slice(None)), (1.0 - share, partner)):
        each = nn.functional.cross_entropy(logits, labels[rows], reduction="none", label_smoothing=SMOOTHING)
        loss = loss + part * (each * weights[rows]).mean()
    return loss
