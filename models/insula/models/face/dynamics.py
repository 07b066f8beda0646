"""The expression over the last second: a causal head on sixteen embeddings (needs torch).

Even and odd frames predict and update each other as in lifting (after IFDD, here on embeddings): what the
update leaves is the slow context ``a``, what the prediction misses is the movement ``d``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from insula.edge.types import EXPRESSIONS

FRAMES: Final = 16
_WIDTH: Final = 64
_KEEP: Final = 0.1
"""Weight of the term that keeps ``a`` the low-pass part: its mean near that of all frames."""

Floats = npt.NDArray[np.float32]


class DynamicsHead(nn.Module):
    """Embeddings (n, 16, width), oldest first, and the newest frame's logits (n, 8) → logits (n, 8)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(nn.LayerNorm(width), nn.Dropout(0.5), nn.Linear(width, _WIDTH))
        self.update = nn.Sequential(nn.Linear(_WIDTH, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _WIDTH))
        self.predict = nn.Sequential(nn.Linear(_WIDTH, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _WIDTH))
        self.classify = nn.Sequential(
            nn.Linear(2 * _WIDTH + len(EXPRESSIONS), _WIDTH),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(_WIDTH, len(EXPRESSIONS)),
        )
        for parameter in self.classify[-1].parameters():
            nn.init.zeros_(parameter)  # it starts as the memoryless net

    def forward(self, embeddings: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and how far the slow part is from the plain mean (a scalar for the loss)."""
        z = self.reduce(embeddings)
        even, odd = z[:, 0::2], z[:, 1::2]
        slow = even + self.update(odd)
        movement = odd - self.predict(slow)
        parts = torch.cat([slow.mean(1), movement.mean(1), logits], dim=1)
        return logits + self.classify(parts), nnf.smooth_l1_loss(slow.mean(1), z.mean(1))


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of films: ``embeddings`` (films, frames, width), ``logits`` (films, frames, 8), ``truth``."""

    embeddings: Floats
    logits: Floats
    truth: npt.NDArray[np.int64]


def fit(data: Windows, epochs: int, seed: int) -> DynamicsHead:
    """Train on every frame of every film with the frames before it; before a film comes its first frame."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    embeddings, logits, truth = (torch.from_numpy(x) for x in (data.embeddings, data.logits, data.truth))
    head = DynamicsHead(embeddings.shape[2])
    films, frames = truth.shape
    total, batch = films * frames, 512
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=epochs * (total // batch))
    for _ in range(epochs):
        order = torch.randperm(total, generator=generator)
        for rows in order[: total // batch * batch].split(batch):
            which, when = rows // frames, rows % frames
            found, apart = head(_windows(embeddings, which, when), logits[which, when])
            loss = nnf.cross_entropy(found, truth[which, when], label_smoothing=0.1) + _KEEP * apart
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    head.eval()
    return head


@torch.inference_mode()
def judge(head: DynamicsHead, data: Windows) -> npt.NDArray[np.float64]:
    """Logits (films, frames, 8) of the head at every frame."""
    embeddings, logits = torch.from_numpy(data.embeddings), torch.from_numpy(data.logits)
    films, frames = data.truth.shape
    found = [
        head(_windows(embeddings, torch.full((frames,), k), torch.arange(frames)), logits[k])[0]
        for k in range(films)
    ]
    return np.asarray(torch.stack(found).numpy(), np.float64)


def _windows(embeddings: Tensor, which: Tensor, when: Tensor) -> Tensor:
    """The sixteen embeddings up to each frame (n, 16, width)."""
    back = torch.arange(FRAMES - 1, -1, -1)
    return embeddings[which[:, None], (when[:, None] - back).clamp_min(0)]
