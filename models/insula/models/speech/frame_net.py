"""The network over frames: how a stretch of speech moves, where ``net.py`` sees its statistics.

Strided convolutions over time, residual blocks with depthwise convolutions (Sandler et al. 2018), attentive
statistics pooling (Okabe, Koshinaka and Shinoda 2018). Spectrum and pitch enter relative to the person's own
mean and spread, which the running baseline of descriptions holds already. Torch is needed for training only.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from insula.models.speech.classes import CLASSES, LANGUAGE_TAGS
from insula.models.speech.features import N_MEL
from insula.models.speech.functionals import PITCH, SPECTRUM, SPREAD
from insula.models.speech.tracks import N_TRACKS, PITCH_TRACK

STRIDE: Final = 4
"""Frames that become one step of the network."""
_WIDTH = 128
_ATTENTION = 48
_SHRINK = 3.0
_HALF_HEARD = 5.0
_CLIP = 4.0
_LEAST_SPREAD = 0.3
_PER_OCTAVE = 2.0
_UNHEARD = -30.0


class FrameNet(nn.Module):
    """Tracks (b, n, 115) with a mask (b, n) of what was heard, and the person's baseline → logits (b, 9).

    ``count`` (b, 1) and ``total`` (b, 895) are those of ``SpeechNet``, as are ``mean`` and ``scale`` (895,).
    ``n`` is a multiple of 4.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.stem = nn.Sequential(
            nn.Conv1d(N_TRACKS, _WIDTH, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(_WIDTH),
            nn.SiLU(),
            nn.Conv1d(_WIDTH, _WIDTH, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(_WIDTH),
            nn.SiLU(),
        )
        self.blocks = nn.ModuleList([_block() for _ in range(3)])
        self.norm = nn.BatchNorm1d(_WIDTH)
        self.attention = nn.Sequential(
            nn.Conv1d(_WIDTH, _ATTENTION, 1), nn.Tanh(), nn.Conv1d(_ATTENTION, _WIDTH, 1)
        )
        self.dropout = nn.Dropout(0.4)
        self.out = nn.Linear(2 * _WIDTH + 1 + len(LANGUAGE_TAGS), len(CLASSES))

    def view(self, tracks: Tensor, mask: Tensor, count: Tensor, total: Tensor) -> Tensor:
        """The tracks relative to the person, (b, 115, n)."""
        person = self.mean + self.scale * (total / (count + _SHRINK))
        spread = person[:, None, SPREAD].clamp_min(_LEAST_SPREAD)
        mel = ((tracks[:, :, :N_MEL] - person[:, None, SPECTRUM]) / spread).clamp(-_CLIP, _CLIP)
        voiced = tracks[:, :, PITCH_TRACK + 1]
        pitch = (tracks[:, :, PITCH_TRACK] - person[:, None, PITCH]) * _PER_OCTAVE * voiced
        pitch = pitch.clamp(-_CLIP, _CLIP)[:, :, None]
        salience, rest = tracks[:, :, N_MEL:PITCH_TRACK], tracks[:, :, PITCH_TRACK + 1 :]
        return (torch.cat([mel, salience, pitch, rest], 2) * mask[:, :, None]).transpose(1, 2)

    def logits(self, view: Tensor, mask: Tensor, count: Tensor, language: Tensor) -> Tensor:
        """Uncalibrated class logits (b, 9) of ``view``."""
        heard = mask[:, None, ::STRIDE]
        steps = self.stem(view)
        for block in self.blocks:
            steps = steps + block(steps * heard)
        steps = nn.functional.silu(self.norm(steps))
        share = torch.softmax((self.attention(steps) + (1.0 - heard) * _UNHEARD).float(), 2)
        steps = steps.float()
        mean = (share * steps).sum(2)
        spread = ((share * steps * steps).sum(2) - mean * mean).clamp_min(1e-4).sqrt()
        pooled = self.dropout(torch.cat([mean, spread], 1))
        return self.out(torch.cat([pooled, count / (count + _HALF_HEARD), language], 1).float())


def _block() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(_WIDTH, _WIDTH, 7, padding=3, groups=_WIDTH, bias=False),
        nn.BatchNorm1d(_WIDTH),
        nn.Conv1d(_WIDTH, 2 * _WIDTH, 1),
        nn.SiLU(),
        nn.Conv1d(2 * _WIDTH, _WIDTH, 1),
    )
