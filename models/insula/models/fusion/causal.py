"""A learned causal fusion, after LFAN (leader and follower attention over dilated causal convolutions).

Research code: ``docs/validity-fusion.md`` holds what it reached against the rules, which the product uses. It
is told what is missing (a validity mask) and trained on damaged input: 25 % whole, 37.5 % single steps
missing, 37.5 % one stream missing, with the undamaged pass as its own teacher (needs torch).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from insula.edge.types import AffectEstimate

Floats = npt.NDArray[np.float32]

WIDTH: Final = 24
HEADS: Final = 2
DILATIONS: Final = (1, 2, 4, 8, 16)
AXES: Final = ("valence", "arousal")
PER_AXIS: Final = 3
"""Value, deviation, valid: what the net sees of a stream, for each axis."""

_CLEAN, _STEPS_LOST = 0.25, 0.625
_RATES = (0.1, 0.3, 0.5)
_DISTIL, _JOINT = 0.5, 0.1


class CausalFusion(nn.Module):
    """Streams ``(n, steps, streams, features)`` → axes ``(n, steps, axes)`` in −1…1 and the joint state."""

    def __init__(self, n_streams: int, n_features: int, n_axes: int) -> None:
        super().__init__()
        self.towers = nn.ModuleList(_Tower(n_features) for _ in range(n_streams))
        self.query = nn.Linear(WIDTH, WIDTH)
        self.keys = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(n_streams))
        self.values = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(n_streams))
        self.out = nn.Linear(2 * WIDTH, n_axes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The first stream leads; what the others add is attended to where they are valid."""
        n, steps = x.shape[:2]
        states = [tower(x[:, :, i]) for i, tower in enumerate(self.towers)]
        query = self.query(states[0]).view(n, steps, 1, HEADS, -1)
        keys = torch.stack([k(s) for k, s in zip(self.keys, states, strict=True)], 2)
        values = torch.stack([v(s) for v, s in zip(self.values, states, strict=True)], 2)
        score = (query * keys.view(n, steps, len(states), HEADS, -1)).sum(-1) / (WIDTH / HEADS) ** 0.5
        valid = x[..., PER_AXIS - 1 :: PER_AXIS].amax(-1, keepdim=True)
        share = torch.softmax(score - 6.0 * (1.0 - valid), dim=2)
        heard = (share.unsqueeze(-1) * values.view(n, steps, len(states), HEADS, -1)).sum(2).flatten(2)
        joint = torch.cat([states[0], heard], -1)
        return torch.tanh(self.out(joint)), joint


class _Tower(nn.Module):
    def __init__(self, n_features: int) -> None:
        super().__init__()
        widths = [n_features, *[WIDTH] * len(DILATIONS)]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, WIDTH, 3, dilation=d) for a, d in zip(widths[:-1], DILATIONS, strict=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.transpose(1, 2)
        for i, (layer, dilation) in enumerate(zip(self.layers, DILATIONS, strict=True)):
            new = functional.gelu(layer(functional.pad(h, (2 * dilation, 0))))
            h = new if i == 0 else h + new
        return h.transpose(1, 2)


@dataclass(frozen=True, slots=True)
class Course:
    """One recording on a grid: ``x`` (steps, streams, features), ``y`` (steps, axes), NaN without a label."""

    x: Floats
    y: Floats


def grid(
    estimates: Sequence[AffectEstimate],
    arrivals: npt.NDArray[np.float64],
    times: npt.NDArray[np.float64],
    streams: Sequence[str],
    axes: Sequence[str] = AXES,
) -> Floats:
    """What the net sees at each of ``times``: each stream's newest estimate of that step, by its arrival."""
    step = times[1] - times[0]
    out = np.zeros((len(times), len(streams), PER_AXIS * len(axes)), np.float32)
    for estimate in sorted(estimates, key=lambda e: float(arrivals[e.sample])):
        row = int(np.ceil((arrivals[estimate.sample] - times[0]) / step - 1e-9))
        if not 0 <= row < len(times) or estimate.modality not in streams:
            continue
        column = streams.index(estimate.modality)
        for k, axis in enumerate(axes):
            value = getattr(estimate, axis)
            if value is not None:
                out[row, column, PER_AXIS * k : PER_AXIS * (k + 1)] = (value.mean, value.sd, 1.0)
    return out


def fit(
    courses: Sequence[Course], *, seed: int, steps: int = 500, crop: int = 120, batch: int = 24
) -> CausalFusion:
    """Train on crops of ``crop`` steps, so that nothing of the session's clock is seen."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    usable = [c for c in courses if len(c.x) > crop]
    _, streams, features = usable[0].x.shape
    net = CausalFusion(streams, features, usable[0].y.shape[1]).train()
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(steps):
        whole, target = _crops(usable, crop, batch, rng)
        damaged = _damage(whole, rng)
        kept = torch.isfinite(target)
        truth = torch.nan_to_num(target)
        teacher, joint = net(whole)
        pupil, seen = net(damaged)
        loss = ((teacher - truth)[kept] ** 2).mean() + ((pupil - truth)[kept] ** 2).mean()
        loss = loss + _DISTIL * ((pupil - teacher.detach()) ** 2).mean()
        loss = loss + _JOINT * (1 - functional.cosine_similarity(seen, joint.detach(), dim=-1)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
    trained: CausalFusion = net.eval()
    return trained


def predict(net: CausalFusion, x: Floats) -> npt.NDArray[np.float64]:
    """Each axis at each step ``(steps, axes)`` of one recording."""
    with torch.no_grad():
        out, _ = net(torch.from_numpy(x[None]))
    return np.asarray(out[0].numpy(), np.float64)


def size(net: CausalFusion) -> int:
    """Number of parameters."""
    return sum(p.numel() for p in net.parameters())


def _crops(
    courses: Sequence[Course], crop: int, batch: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = [], []
    for k in rng.integers(len(courses), size=batch):
        start = int(rng.integers(len(courses[k].x) - crop))
        x.append(courses[k].x[start : start + crop])
        y.append(courses[k].y[start : start + crop])
    return torch.from_numpy(np.stack(x)), torch.from_numpy(np.stack(y))


def _damage(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    n, steps, streams, _ = x.shape
    kept = np.ones((n, steps, streams, 1), np.float32)
    for i, kind in enumerate(rng.random(n)):
        if kind < _CLEAN:
            continue
        if kind < _STEPS_LOST:
            kept[i] = rng.random((steps, streams, 1)) >= rng.choice(_RATES)
        else:
            kept[i, :, rng.integers(streams)] = 0
    return x * torch.from_numpy(kept)
