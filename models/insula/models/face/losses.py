"""What training minimises: votes by class-balanced cross-entropy, blendshapes by squared error (torch)."""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor


def balanced_weights(targets: Tensor, power: float) -> Tensor:
    """A weight a picture, mean 1: the expected weight of its classes under its votes (n, 8).

    ``power``: exponent of the inverse class frequency.
    """
    share = targets.mean(0)
    weights = targets @ (share.max() / share) ** power
    return weights / weights.mean()


def vote_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy against the vote distribution, weighted by picture."""
    return -(weights * (targets * nnf.log_softmax(logits, 1)).sum(1)).mean()


def shape_loss(predicted: Tensor, shapes: Tensor, spread: Tensor) -> Tensor:
    """Mean squared error in standard deviations, over the pictures whose face MediaPipe found."""
    found = torch.isfinite(shapes[:, 0])
    return ((predicted[found] - shapes[found]) / spread).square().mean()
