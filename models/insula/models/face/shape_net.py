"""Expression from MediaPipe's blendshapes and the head's rotation: it errs elsewhere than the image net.

Training side; needs torch.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from insula.models.face.losses import balanced_weights, vote_loss
from insula.models.face.net import N_BLENDSHAPES, N_EXPRESSIONS
from insula.models.face.sets import TrainingSet, mirror_columns

_EPOCHS: Final = 40
_BATCH: Final = 256
_RATE: Final = 5e-3
_LEAST_SPREAD: Final = 0.02
"""Blendshapes that hardly move are noise: they are not blown up further than this."""


N_SHAPES: Final = N_BLENDSHAPES + 9

_TURNED: Final = (1.0, -1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0)
"""Signs of a rotation matrix's nine numbers in the mirror, where left and right change places."""


class ShapeNet(nn.Module):
    """Blendshapes and rotation (n, 61) → expression logits (n, 8), the mean of the face and its mirror image.

    The rotation enters because blendshapes lean with it: a lowered head lowers the brows.
    """

    mean: Tensor
    spread: Tensor
    mirror: Tensor
    signs: Tensor

    def __init__(self, mean: Tensor, spread: Tensor, names: tuple[str, ...]) -> None:
        """``mean`` and ``spread`` (61,) of the training faces; ``names`` (52) of the blendshapes."""
        super().__init__()
        mirror = torch.cat([torch.from_numpy(mirror_columns(names)), torch.arange(N_BLENDSHAPES, N_SHAPES)])
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.register_buffer("mirror", mirror)
        self.register_buffer("signs", torch.tensor([1.0] * N_BLENDSHAPES + list(_TURNED)))
        self.layers = nn.Sequential(
            nn.Linear(N_SHAPES, 128),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(64, N_EXPRESSIONS),
        )

    def mirrored(self, shapes: Tensor) -> Tensor:
        """The same faces in a mirror."""
        return shapes[:, self.mirror] * self.signs

    def one_way(self, shapes: Tensor) -> Tensor:
        """Logits of the faces as they are."""
        logits: Tensor = self.layers((shapes - self.mean) / self.spread)
        return logits

    def forward(self, shapes: Tensor) -> Tensor:
        """Logits of the faces, both ways round."""
        return (self.one_way(shapes) + self.one_way(self.mirrored(shapes))) / 2


def fit_shape_net(data: TrainingSet, balance: float, seed: int) -> ShapeNet:
    """Train on the pictures of ``data.train`` in which MediaPipe found a face; seconds."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    rows = data.train[np.isfinite(data.blendshapes[data.train, 0])]
    shapes, targets = torch.from_numpy(data.shapes[rows]), torch.from_numpy(data.targets[rows])
    weights = balanced_weights(targets, balance)
    net = ShapeNet(shapes.mean(0), shapes.std(0).clamp_min(_LEAST_SPREAD), data.names)
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=0.01)
    steps = _EPOCHS * (len(rows) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=max(steps, 1))
    for _ in range(_EPOCHS):
        order = torch.randperm(len(rows), generator=generator)
        for batch in order[: len(rows) // _BATCH * _BATCH].split(_BATCH):
            turned = torch.rand((len(batch), 1), generator=generator) < 0.5
            x = torch.where(turned, net.mirrored(shapes[batch]), shapes[batch])
            vote_loss(net.one_way(x), targets[batch], weights[batch]).backward()
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
    net.eval()
    return net


@torch.inference_mode()
def shape_logits(net: ShapeNet, shapes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logits (n, 8) of blendshapes and rotation (n, 61); NaN where no face was found."""
    return np.asarray(net(torch.from_numpy(shapes)).numpy())
