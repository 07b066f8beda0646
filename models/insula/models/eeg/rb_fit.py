"""Fits an RBTransformer (needs torch): AdamW, cosine rate, label smoothing, electrodes masked at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from insula.models.eeg.montage import MASKED
from insula.models.eeg.rbtransformer import RBTransformer, Shape

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Passes over the data and the optimiser's constants; ``mask`` is the chance of hiding an electrode.

    The paper trains 300 passes without masking.
    """

    epochs: int
    batch: int = 256
    rate: float = 1e-3
    last_rate: float = 1e-6
    weight_decay: float = 1e-3
    smoothing: float = 0.12
    mask: float = 0.0


def fit(
    ch_names: tuple[str, ...],
    tokens: Floats,
    label: Ints,
    weight: Floats,
    *,
    n_classes: int,
    shape: Shape,
    schedule: Schedule,
    seed: int,
) -> RBTransformer:
    """A network trained on rows ``tokens`` (n, electrodes, bands) with ``label`` and row ``weight`` (n,)."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = RBTransformer(ch_names, tokens.shape[2], n_classes, shape).train()
    x = torch.as_tensor(tokens, dtype=torch.float32)
    y, w = torch.as_tensor(label), torch.as_tensor(weight, dtype=torch.float32)
    optimiser = torch.optim.AdamW(net.parameters(), schedule.rate, weight_decay=schedule.weight_decay)
    n_batches = -(-len(x) // schedule.batch)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimiser, schedule.epochs * n_batches, eta_min=schedule.last_rate
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=schedule.smoothing, reduction="none")
    for _ in range(schedule.epochs):
        for rows in torch.randperm(len(x)).split(schedule.batch):
            bias = MASKED * (torch.rand(len(rows), x.shape[1]) < schedule.mask)
            logits, _attention = net(x[rows], bias)
            loss = (w[rows] * loss_of(logits, y[rows])).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
    trained: RBTransformer = net.eval()
    return trained


def logits_of(net: RBTransformer, tokens: Floats, usable: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Logits (n, classes) of rows; ``usable`` (electrodes,) masks electrodes out."""
    bias = torch.zeros(len(tokens), tokens.shape[1])
    if usable is not None:
        bias[:, torch.as_tensor(~usable)] = MASKED
    with torch.no_grad():
        out, _attention = net(torch.as_tensor(tokens, dtype=torch.float32), bias)
    return np.asarray(out.numpy(), np.float64)
