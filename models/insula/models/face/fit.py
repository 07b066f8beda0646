"""Fit one expression net to one training set, from a seed (needs torch)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from insula.edge.errors import DataError
from insula.models.face import augment
from insula.models.face.losses import balanced_weights, shape_loss, vote_loss
from insula.models.face.net import FaceNet
from insula.models.face.optimise import NetOptimiser
from insula.models.face.sets import TrainingSet, mirror_columns

Report = Callable[[float, str], None]
"""Told after every batch how much is done (0…1), and after an epoch a line of text (else "")."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained and how.

    ``sides``: (share of the epochs, input side in pixels) in order; small pictures first cost less and
    teach the coarse shapes. ``balance``: exponent of the inverse class frequency in a picture's weight.
    ``average``: decay per step of the weights' running average, which is what ships.
    """

    widths: tuple[int, ...] = (64, 128, 256)
    depths: tuple[int, ...] = (1, 2, 2)
    epochs: int = 28
    batch: int = 128
    rate: float = 4e-3
    sides: tuple[tuple[float, int], ...] = ((0.5, 32), (0.25, 40), (0.25, 48))
    auxiliary: float = 0.25
    balance: float = 0.25
    average: float = 0.995


def fit_net(data: TrainingSet, recipe: Recipe, seed: int, report: Report) -> FaceNet:
    """Train a :class:`FaceNet`; returns the averaged weights in evaluation mode.

    The trunk computes in bfloat16, twice as fast on processors that have it in hardware; weights, heads,
    losses and averages stay fp32. Bit-equal weights need the same kind of processor. Raises ``DataError``
    when there are fewer pictures than one batch.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = FaceNet(recipe.widths, recipe.depths).to(memory_format=torch.channels_last)
    average: FaceNet = copy.deepcopy(net)
    average.eval()
    optimiser = NetOptimiser(net)
    batches = _Batches(data, recipe, generator)
    total = recipe.epochs * len(batches)
    step = 0
    for epoch in range(recipe.epochs):
        losses = []
        for pictures, targets, weights, shapes in batches(_side(recipe, epoch)):
            with torch.autocast("cpu", torch.bfloat16):
                embedding = net.embed(pictures)
            logits, predicted = net.heads(embedding.float())
            loss = vote_loss(logits, targets, weights)
            loss = loss + recipe.auxiliary * shape_loss(predicted, shapes, batches.spread)
            loss.backward()
            optimiser.step(recipe.rate * _one_cycle(step / total))
            step += 1
            _blend(average, net, min(recipe.average, step / (step + 10)))
            losses.append(loss.item())
            report(step / total, "")
        accuracy = tune_accuracy(average, data)
        done = f"epoch {epoch + 1}/{recipe.epochs}"
        report(step / total, f"{done}: loss {np.mean(losses):.3f}, tune accuracy {accuracy:.3f}")
    return average


def predict(net: FaceNet, pictures: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], ...]:
    """Logits (n, 8), blendshapes (n, 52) and embeddings of pictures (n, 48, 48)."""
    x = torch.from_numpy(pictures)[:, None].float()
    with torch.inference_mode():
        parts = [
            net(augment.standardise(part).contiguous(memory_format=torch.channels_last))
            for part in x.split(256)
        ]
    return tuple(torch.cat(column).numpy() for column in zip(*parts, strict=True))


def predict_both_ways(net: FaceNet, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Logits (n, 8), the mean of each picture and its mirror image, as the product runs the net."""
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    return np.asarray((predict(net, pictures)[0] + predict(net, mirrored)[0]) / 2)


def tune_accuracy(net: FaceNet, data: TrainingSet) -> float:
    """Share of right classes on the tune part, among pictures with a majority."""
    logits = predict(net, data.pictures[data.tune])[0]
    counted = data.votes[data.tune][:, :8].max(1) > 5
    right = logits.argmax(1) == data.votes[data.tune][:, :8].argmax(1)
    return float(right[counted].mean())


class _Batches:
    """Shuffled, augmented batches of the training part."""

    def __init__(self, data: TrainingSet, recipe: Recipe, generator: torch.Generator) -> None:
        rows = data.train
        if len(rows) < recipe.batch:
            raise DataError(
                f"{len(rows)} pictures are left to train on, fewer than a batch of {recipe.batch}"
            )
        self._pictures = torch.from_numpy(data.pictures[rows])
        self._targets = torch.from_numpy(data.targets[rows])
        shapes = data.blendshapes[rows]
        spread = np.maximum(np.nanstd(shapes, axis=0), 0.05)
        self._shapes = torch.from_numpy(shapes)
        self.spread = torch.from_numpy(spread)
        self._mirror = torch.from_numpy(mirror_columns(data.names))
        self._weights = balanced_weights(self._targets, recipe.balance)
        self._batch = recipe.batch
        self._generator = generator

    def __len__(self) -> int:
        return len(self._pictures) // self._batch

    def __call__(self, side: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        order = torch.randperm(len(self._pictures), generator=self._generator)
        for rows in order[: len(self) * self._batch].split(self._batch):
            x, shapes = augment.flip(
                self._pictures[rows][:, None].float(), self._shapes[rows], self._mirror, self._generator
            )
            x = augment.degrade(augment.warp(x, side, self._generator), self._generator)
            x = augment.cut_out(augment.standardise(x), self._generator)
            x = x.contiguous(memory_format=torch.channels_last)
            yield x, self._targets[rows], self._weights[rows], shapes


@torch.no_grad()
def _blend(average: FaceNet, net: FaceNet, keep: float) -> None:
    """Move the running average of the weights, and of batch norm's statistics, towards ``net``."""
    for mean, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - keep)


def _side(recipe: Recipe, epoch: int) -> int:
    """Input side of an epoch."""
    done = 0.0
    for share, side in recipe.sides:
        done += share
        if epoch + 1 <= round(done * recipe.epochs):
            return side
    return recipe.sides[-1][1]


def _one_cycle(done: float) -> float:
    """Learning-rate factor: linear rise over the first 15 %, then half a cosine to zero."""
    rise = 0.15
    if done < rise:
        return done / rise
    return 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))
