"""RBTransformer: attention over electrodes, one band-entropy token each (needs torch).

After "A Brain Wave Encodes a Thousand Tokens" (2025): the band entropies of an electrode are projected to
``dim``, a learned identity of the electrode is added, pre-norm transformer blocks let electrodes attend to
each other, and the mean over electrodes is classified. There is no time axis: one window is one sample.

Two things are ours. A bad electrode is *masked*: it gets no attention and no share in the mean, by an
additive bias that is an input, so that shapes stay static. And the identities can be *carried* to another cap
by scalp position, so that one training serves many montages.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from insula.models.eeg import montage
from insula.models.eeg.bands import RB_FORK, RB_PAPER, BandSet

CARRY_SIGMA_M = 0.04
"""Kernel width over the scalp when identities are carried to another cap, as in a co-author's code."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; ``deep_head`` is a four-layer classifier instead of one linear map."""

    dim: int
    depth: int
    heads: int
    head_dim: int
    feed_forward: int
    dropout: float = 0.1
    deep_head: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of constants: bands, how a clip is normalised before filtering, and the network's sizes.

    ``per_channel``: every channel to mean 0 and sd 1 (the paper), else the clip as a whole, which keeps the
    relative amplitude of electrodes (a co-author's public code).
    """

    bands: BandSet
    per_channel: bool
    shape: Shape


PAPER = Variant(RB_PAPER, True, Shape(128, 4, 6, 32, 128))
FORK = Variant(RB_FORK, False, Shape(128, 4, 6, 32, 128, deep_head=True))
SMALL = Shape(64, 2, 4, 16, 64)


class _Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        inner = shape.heads * shape.head_dim
        self.heads, self.head_dim = shape.heads, shape.head_dim
        self.norm = nn.LayerNorm(shape.dim)
        self.qkv = nn.Linear(shape.dim, 3 * inner, bias=False)
        self.out = nn.Sequential(nn.Linear(inner, shape.dim), nn.Dropout(shape.dropout))

    def forward(self, x: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        batch, electrodes, _ = x.shape
        q, k, v = (
            part.reshape(batch, electrodes, self.heads, self.head_dim).transpose(1, 2)
            for part in self.qkv(self.norm(x)).chunk(3, dim=-1)
        )
        score = q @ k.transpose(-1, -2) / self.head_dim**0.5
        weight = torch.softmax(score + bias[:, None, None, :], dim=-1)
        mixed = (weight @ v).transpose(1, 2).reshape(batch, electrodes, self.heads * self.head_dim)
        return self.out(mixed), weight


class _Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = _Attention(shape)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(shape.dim),
            nn.Linear(shape.dim, shape.feed_forward),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.feed_forward, shape.dim),
            nn.Dropout(shape.dropout),
        )

    def forward(self, x: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        mixed, weight = self.attention(x, bias)
        x = x + mixed
        return x + self.feed_forward(x), weight


class RBTransformer(nn.Module):
    """``tokens`` (n, electrodes, bands) and ``bias`` (n, electrodes) → logits and the last attention.

    ``bias`` is 0 for a good electrode and ``montage.MASKED`` for a bad one. The attention is the mean over
    heads, (n, electrodes, electrodes), rows sum to 1: *model attention*, not connectivity of the brain.
    """

    def __init__(self, ch_names: Sequence[str], n_bands: int, n_classes: int, shape: Shape) -> None:
        super().__init__()
        self.ch_names, self.n_bands, self.n_classes, self.shape = tuple(ch_names), n_bands, n_classes, shape
        self.embed = nn.Linear(n_bands, shape.dim)
        self.identity = nn.Parameter(0.02 * torch.randn(1, len(self.ch_names), shape.dim))
        self.dropout = nn.Dropout(shape.dropout)
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.depth))
        self.norm = nn.LayerNorm(shape.dim)
        self.head = _deep_head(shape, n_classes) if shape.deep_head else nn.Linear(shape.dim, n_classes)

    def forward(self, tokens: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, classes) and mean attention of the last block (n, electrodes, electrodes)."""
        x = self.dropout(self.embed(tokens) + self.identity)
        weight = torch.zeros(())
        for block in self.blocks:
            x, weight = block(x, bias)
        share = torch.softmax(bias, dim=-1).unsqueeze(-1)  # even over good electrodes, 0 for masked ones
        return self.head(self.norm((x * share).sum(dim=1))), weight.mean(dim=1)


def _deep_head(shape: Shape, n_classes: int) -> nn.Module:
    sizes = (shape.dim, 2 * shape.dim, 2 * shape.dim, shape.dim)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.GELU(), nn.Dropout(shape.dropout)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_classes))


def carried(net: RBTransformer, ch_names: Sequence[str]) -> RBTransformer:
    """The same network for another cap: each electrode's identity is the mean of its scalp neighbours'."""
    weights = montage.transfer(net.ch_names, ch_names, sigma_m=CARRY_SIGMA_M)
    other = RBTransformer(ch_names, net.n_bands, net.n_classes, net.shape)
    state = {key: value for key, value in net.state_dict().items() if key != "identity"}
    table = torch.as_tensor(weights, dtype=torch.float32) @ net.identity.detach()[0]
    other.load_state_dict({**state, "identity": table[None]})
    other.eval()
    return other


def export(net: RBTransformer, path: Path) -> None:
    """Write static ONNX for this cap: ``tokens``, ``bias`` → ``logits``, ``attention``; batch 1, opset 17."""
    n = len(net.ch_names)
    with warnings.catch_warnings():
        # The old exporter is meant: it writes opset 17, which every onnxruntime of interest reads.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net.eval(),
            (torch.zeros(1, n, net.n_bands), torch.zeros(1, n)),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["tokens", "bias"],
            output_names=["logits", "attention"],
        )


def bias_of(usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """The ``bias`` input (…, electrodes) of usable electrodes; raises ``ValueError`` when there is none."""
    if not usable.any(axis=-1).all():
        raise ValueError("at least one electrode must be usable")
    return np.where(usable, 0.0, montage.MASKED).astype(np.float32)
