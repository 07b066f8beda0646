"""Trains the network over frames: random stretches of the clips, masked, mixed, shifted in frequency."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from insula.models.speech.classes import LANGUAGE_TAGS
from insula.models.speech.dataset import SpeechSet
from insula.models.speech.features import N_MEL
from insula.models.speech.frame_net import FrameNet
from insula.models.speech.functionals import WINDOW_FRAMES
from insula.models.speech.objective import balance, mixed_loss
from insula.models.speech.sessions import random_histories
from insula.models.speech.tracks import N_TRACKS, PITCH_TRACK

LEAST_STEPS: Final = 400
EPOCHS: Final = 8
SHARE_LANGUAGE_UNTOLD: Final = 0.3

_BATCH = 32
_RATE = 1.5e-3
_DECAY = 0.05
_MIXUP = 0.2
_WARM_UP = 0.15
_STEEPEST = 5.0
_LENGTHS = (120, 160, 200, 240, 300)
_SHIFT = 2  # mel bands: throats of other lengths
_BANDS = 8
_GAP = 20  # frames
_ALONE = 0.95  # share from which the partner is not heard

Ints = npt.NDArray[np.int64]


class FrameBatches:
    """Stretches of clips as tensors, with the person's history."""

    def __init__(self, clips: npt.NDArray[np.object_], language: Ints) -> None:
        self._clips = clips
        self._language = np.eye(len(LANGUAGE_TAGS), dtype=np.float32)[language]

    def language(self, rows: Ints) -> Tensor:
        """One-hot tags (b, 4)."""
        return torch.from_numpy(self._language[rows])

    def stretch(self, rows: Ints, length: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
        """Tracks (b, length, 115) and mask (b, length): from anywhere, without rng from the start."""
        tracks = np.zeros((len(rows), length, N_TRACKS), np.float32)
        mask = np.zeros((len(rows), length), np.float32)
        for place, row in enumerate(rows):
            clip = self._clips[row]
            start = int(rng.integers(max(1, len(clip) - length + 1))) if rng is not None else 0
            stop = min(start + length, len(clip))
            tracks[place, : stop - start] = clip.tracks(start, stop)
            mask[place, : stop - start] = 1.0
        return torch.from_numpy(tracks), torch.from_numpy(mask)


def _optimiser(
    net: FrameNet, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW that lets no bias decay, and its one cycle."""
    heavy = [p for p in net.parameters() if p.ndim > 1]
    light = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": heavy, "weight_decay": _DECAY}, {"params": light, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, _RATE)
    return adam, torch.optim.lr_scheduler.OneCycleLR(adam, _RATE, total_steps=steps, pct_start=_WARM_UP)


def disguised(view: Tensor, rng: np.random.Generator) -> Tensor:
    """The view (b, 115, n) shifted by up to two bands, with bands and moments masked (Park et al. 2019)."""
    shift = int(rng.integers(-_SHIFT, _SHIFT + 1))
    view = torch.cat([torch.roll(view[:, :N_MEL], shift, 1), view[:, N_MEL:]], 1)
    for first, last, axis, widest in (
        (0, N_MEL, 1, _BANDS),
        (N_MEL, PITCH_TRACK, 1, _BANDS),
        (0, view.shape[2], 2, _GAP),
    ):
        width = rng.integers(0, widest + 1, len(view))
        start = rng.integers(first, last - width)
        place = np.arange(view.shape[axis])
        kept = (place < start[:, None]) | (place >= (start + width)[:, None])
        view = view * torch.from_numpy(kept.astype(np.float32)).unsqueeze(3 - axis)
    return view


def fit_frames(learn: SpeechSet, seed: int, steps: int = 0) -> FrameNet:
    """One training run with fixed length; every pass the histories are drawn afresh."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    clean = learn.description[learn.copy == 0]
    net = FrameNet(torch.from_numpy(clean.mean(axis=0)), torch.from_numpy(clean.std(axis=0) + 1e-6))
    standard = ((torch.from_numpy(learn.description) - net.mean) / net.scale).clamp(-6.0, 6.0).numpy()
    labels, weights = torch.from_numpy(learn.label), torch.from_numpy(balance(learn))
    per_pass = max(1, len(labels) // _BATCH)
    steps = steps or max(LEAST_STEPS, EPOCHS * per_pass)
    adam, schedule = _optimiser(net, steps)
    for step in range(steps):
        place = step % per_pass
        if place == 0:
            order = rng.permutation(len(labels))
            count, total, _ = random_histories(standard, list(learn.person), learn.label, rng)
            told = np.where(rng.random(len(labels)) < SHARE_LANGUAGE_UNTOLD, 0, learn.language)
            batches = FrameBatches(learn.frames, told)
        rows = order[place * _BATCH : (place + 1) * _BATCH]
        tracks, mask = batches.stretch(rows, int(rng.choice(_LENGTHS)), rng)
        heard, language = torch.from_numpy(count[rows]), batches.language(rows)
        view = disguised(net.view(tracks, mask, heard, torch.from_numpy(total[rows])), rng)
        share, two = float(rng.beta(_MIXUP, _MIXUP)), torch.from_numpy(rng.permutation(len(rows)))
        share = max(share, 1.0 - share)
        with torch.autocast("cpu", torch.bfloat16):  # nearly twice as fast, and as good
            logits = net.logits(
                share * view + (1.0 - share) * view[two],
                torch.maximum(mask, mask[two]) if share < _ALONE else mask,
                share * heard + (1.0 - share) * heard[two],
                share * language + (1.0 - share) * language[two],
            )
        adam.zero_grad()
        mixed_loss(logits, labels[rows], weights[rows], two, share).backward()
        nn.utils.clip_grad_norm_(net.parameters(), _STEEPEST)
        adam.step()
        schedule.step()
    net.eval()
    return net


@torch.no_grad()
def frame_logits(net: FrameNet, batches: FrameBatches, rows: Ints, count: Tensor, total: Tensor) -> Tensor:
    """Logits (n, 9) of the first 4 s of the clips ``rows``, whose histories are ``count`` and ``total``."""
    net.eval()
    out = []
    for start in range(0, len(rows), _BATCH):
        part = slice(start, start + _BATCH)
        tracks, mask = batches.stretch(rows[part], WINDOW_FRAMES, None)
        view = net.view(tracks, mask, count[part], total[part])
        out.append(net.logits(view, mask, count[part], batches.language(rows[part])))
    return torch.cat(out)
