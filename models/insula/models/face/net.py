"""The expression network: a small residual net on 48 × 48 gray faces (training side; needs torch).

Two heads share the trunk: eight expression logits, and MediaPipe's 52 blendshapes as an auxiliary task. The
second teaches the trunk facial geometry from many more bits a picture than ten votes give, and yields
action units where the MediaPipe bundle is absent.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

N_EXPRESSIONS = 8
N_BLENDSHAPES = 52


class SqueezeExcite(nn.Module):
    """Channel attention from the global average (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 8, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // 8, channels, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel of ``x`` (n, channels, h, w)."""
        return x * self.gate(x)


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut (He et al. 2016), with optional channel attention.

    Dense 3 × 3 convolutions are chosen over depthwise ones because on a CPU they reach 3–4 times the
    arithmetic rate: at equal training time the dense net saw more pictures.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, attention: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.attention = SqueezeExcite(outputs) if attention else nn.Identity()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            pool = nn.AvgPool2d(stride, ceil_mode=True) if stride != 1 else nn.Identity()
            self.shortcut = nn.Sequential(
                pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
            )
        nn.init.zeros_(self.body[4].weight)  # each block starts as its shortcut: stable at a high rate

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) → (n, outputs, h / stride, w / stride)."""
        return torch.relu_(self.attention(self.body(x)) + self.shortcut(x))


class FaceNet(nn.Module):
    """``widths`` and ``depths``: channels and blocks at 1/2, 1/4 and 1/8 of the input's resolution."""

    def __init__(self, widths: Sequence[int] = (48, 96, 192), depths: Sequence[int] = (1, 2, 2)) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)
        )
        blocks: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for position in range(depth):
                stride = 2 if stage and not position else 1
                blocks.append(ResidualBlock(inputs, width, stride, attention=stage > 0))
                inputs = width
        self.trunk = nn.Sequential(*blocks)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(0.2)
        self.expression = nn.Linear(inputs, N_EXPRESSIONS)
        self.blendshapes = nn.Linear(inputs, N_BLENDSHAPES)

    def embed(self, x: Tensor) -> Tensor:
        """Standardised faces (n, 1, 48, 48) → embeddings (n, last width)."""
        embedding: Tensor = self.pool(self.trunk(self.stem(x)))
        return embedding

    def heads(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings → expression logits (n, 8), blendshapes (n, 52) in 0…1 units."""
        return self.expression(self.dropout(embedding)), self.blendshapes(embedding)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Standardised faces (n, 1, 48, 48) → logits (n, 8), blendshapes (n, 52), embeddings."""
        embedding = self.embed(x)
        return *self.heads(embedding), embedding
