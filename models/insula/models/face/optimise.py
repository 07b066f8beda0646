"""Muon: momentum whose matrix-shaped updates are orthogonalised (K. Jordan et al. 2024).

For small convolution nets it reaches a given loss in about two thirds of the epochs of SGD, which on a CPU
without an accelerator is the whole budget. Vectors (biases, batch norm) and the two heads go to AdamW.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Quintic Newton–Schulz iteration, from the method's authors: pulls every singular value to about one."""


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrix to ``matrix`` (rows, columns), approximately."""
    a, b, c = _COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    tall = len(x) > x.shape[1]
    x = x.T if tall else x
    # Every step multiplies x by a polynomial of its Gram matrix, so the whole iteration runs on that smaller
    # matrix and touches x once: 2.5 times cheaper than the textbook loop on these shapes.
    gram = x @ x.T
    total = eye = torch.eye(len(x), dtype=x.dtype)
    for _ in range(steps):
        factor = a * eye + b * gram + c * gram @ gram
        total = factor @ total
        gram = factor @ gram @ factor
    x = total @ x
    return x.T if tall else x


class Muon:
    """Optimiser for convolution weights. The step's size is matched to AdamW's, so both share a ``rate``.

    Matching: an orthogonal (rows, columns) update has entries of root mean square 1/√max(rows, columns),
    AdamW's about 0.2 (Liu et al. 2025, "Muon is scalable").
    """

    def __init__(self, weights: Iterable[Tensor], momentum: float = 0.95, decay: float = 0.05) -> None:
        self._weights = list(weights)
        self._momentum = momentum
        self._decay = decay
        self._velocity = [torch.zeros_like(w) for w in self._weights]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Apply one update at learning rate ``rate`` from the weights' gradients."""
        for weight, velocity in zip(self._weights, self._velocity, strict=True):
            if weight.grad is None:
                continue
            velocity.lerp_(weight.grad, 1 - self._momentum)
            push = weight.grad.lerp(velocity, self._momentum).reshape(len(weight), -1)
            gain = 0.2 * max(push.shape) ** 0.5
            update = orthogonalised(push).reshape(weight.shape)
            weight.mul_(1 - self._decay * rate).add_(update, alpha=-gain * rate)


class NetOptimiser:
    """Muon for the trunk's convolutions, AdamW for everything else, at one learning rate."""

    def __init__(self, net: nn.Module) -> None:
        matrices = [p for name, p in net.named_parameters() if p.ndim == 4 and not name.startswith("stem")]
        chosen = {id(p) for p in matrices}
        others = [p for p in net.parameters() if id(p) not in chosen]
        decayed = [{"params": [p for p in others if p.ndim > 1], "weight_decay": 0.05}]
        plain = [{"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0}]
        self._muon = Muon(matrices)
        self._adam = torch.optim.AdamW(decayed + plain, betas=(0.9, 0.98))
        self._net = net

    def step(self, rate: float) -> None:
        """Apply one update at learning rate ``rate`` and clear the gradients."""
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._muon.step(rate)
        self._adam.step()
        self._net.zero_grad()
