"""The speech-expression networks; here the one over statistics: a description of a stretch, seen twice.

The same voice means different things in different people, so the description enters standardised by the
average speaker and once more relative to a running baseline of the person's *earlier* speech, which also
cancels microphone and room. With nothing heard yet the two are equal; how much was heard is an input of
its own. One hidden layer follows. Torch is needed for training only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import torch
from torch import Tensor, nn

from insula.models.speech.classes import CLASSES, LANGUAGE_TAGS
from insula.models.speech.frame_net import FrameNet
from insula.models.speech.functionals import LEVEL, N_FUNCTIONALS

_SHRINK: Final = 3.0
"""Stretches of average speech that a person's mean starts from (twice as many for the deviation)."""
_USUAL_VARIANCE: Final = 0.64  # of one person, where that of all people is 1
_HALF_HEARD: Final = 5.0
_CLIP: Final = 4.0


class SpeechNet(nn.Module):
    """Description (b, 895) and baseline → log-probabilities (b, 9) and the standardised description (b, 895).

    The baseline is ``count`` (b, 1) of the person's earlier stretches, ``total`` and ``squares`` (b, 895),
    sums of their standardised descriptions and of the squares. ``language`` (b, 4) is one-hot.
    """

    mean: Tensor
    scale: Tensor
    gain_free: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, *, hidden: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.hidden = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(2 * N_FUNCTIONALS + 1, hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.out = nn.Linear(hidden + len(LANGUAGE_TAGS), len(CLASSES))
        gain_free = torch.ones(N_FUNCTIONALS)
        gain_free[LEVEL] = 0.0
        self.register_buffer("gain_free", gain_free)

    def standardise(self, description: Tensor) -> Tensor:
        """Relative to the average speaker."""
        return ((description - self.mean) / self.scale).clamp(-6.0, 6.0)

    def view(self, standard: Tensor, count: Tensor, total: Tensor, squares: Tensor) -> Tensor:
        """What the hidden layer reads: (b, 1791)."""
        mean = total / (count + _SHRINK)
        spread = (squares - total * total / count.clamp_min(1.0)).clamp_min(0.0)
        variance = (spread + 2 * _SHRINK * _USUAL_VARIANCE) / (count + 2 * _SHRINK)
        relative = ((standard - mean) / torch.sqrt(variance)).clamp(-_CLIP, _CLIP)
        known = self.gain_free + (1.0 - self.gain_free) * (count > 0).to(standard.dtype)
        own = standard.clamp(-_CLIP, _CLIP) * self.gain_free
        return torch.cat([own, relative * known, count / (count + _HALF_HEARD)], 1)

    def logits(self, view: Tensor, language: Tensor) -> Tensor:
        """Uncalibrated class logits (b, 9)."""
        return self.out(torch.cat([self.hidden(view), language], 1))


class Ensemble(nn.Module):
    """Networks trained from different seeds on the same people, as one: the mean of their logits."""

    def __init__(self, members: Sequence[SpeechNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def _first(self) -> SpeechNet:
        return cast(SpeechNet, self.members[0])

    def standardise(self, description: Tensor) -> Tensor:
        """Relative to the average speaker, who is the same for all members."""
        return self._first.standardise(description)

    def view(self, standard: Tensor, count: Tensor, total: Tensor, squares: Tensor) -> Tensor:
        """What every member reads."""
        return self._first.view(standard, count, total, squares)

    def logits(self, view: Tensor, language: Tensor) -> Tensor:
        """Uncalibrated class logits (b, 9)."""
        return torch.stack([cast(SpeechNet, net).logits(view, language) for net in self.members]).mean(dim=0)


class Pool(nn.Module):
    """Statistics and, where there is such a network, frames: the mean of their log-probabilities."""

    temperature: Tensor

    def __init__(self, statistics: Ensemble, frames: FrameNet | None, temperature: float = 1.0) -> None:
        super().__init__()
        self.statistics = statistics
        self.frames = frames
        self.register_buffer("temperature", torch.tensor(temperature))

    def forward(
        self,
        description: Tensor,
        count: Tensor,
        total: Tensor,
        squares: Tensor,
        language: Tensor,
        tracks: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Calibrated log-probabilities and the standardised description (to be added to the baseline)."""
        standard = self.statistics.standardise(description)
        logits = self.statistics.logits(self.statistics.view(standard, count, total, squares), language)
        if self.frames is not None and tracks is not None and mask is not None:
            view = self.frames.view(tracks, mask, count, total)
            logits = pooled(logits, self.frames.logits(view, mask, count, language))
        return torch.log_softmax(logits / self.temperature, dim=1), standard


def pooled(one: Tensor, two: Tensor) -> Tensor:
    """Mean of the log-probabilities of two networks' logits (b, 9)."""
    return (torch.log_softmax(one, dim=1) + torch.log_softmax(two, dim=1)) / 2
