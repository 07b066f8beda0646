"""Made-up films of a face from still pictures: what a camera adds, and now and then another expression.

There is no open video set with expression labels. So a still is shaken, lit, blurred and covered over time,
and fades into a picture of another class as a change of expression. Simulated: faces do not fade into others,
and what really moves between two expressions is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.models.face.crop import SIZE

LENGTH: Final = 48
RATE_HZ: Final = 15.0
"""Frames, and how fast the face estimator judges them: 3.2 s."""

_CHANGES: Final = 0.6
"""Share of films in which the expression changes, between a third and two thirds of the way."""

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Film:
    """``frames`` (48, 48, 48) uint8; ``truth`` (48,) the class shown; ``change``: frame of change, or −1."""

    frames: Pictures
    truth: npt.NDArray[np.int64]
    change: int


def film(pictures: Pictures, classes: npt.NDArray[np.int64], rng: np.random.Generator) -> Film:
    """One film from pictures (n, 48, 48) of known ``classes`` (n,); at least two classes."""
    first = int(rng.integers(len(pictures)))
    stills = pictures[first].astype(np.float32)[None].repeat(LENGTH, axis=0)
    truth, change = np.full(LENGTH, classes[first]), -1
    if rng.random() < _CHANGES:
        second = int(rng.choice(np.flatnonzero(classes != classes[first])))
        change, fade = int(rng.integers(LENGTH // 3, 2 * LENGTH // 3)), int(rng.integers(2, 7))
        share = np.clip((np.arange(LENGTH) - change) / fade + 0.5, 0, 1)[:, None, None]
        stills = (1 - share) * stills + share * pictures[second]
        truth[change:] = classes[second]
    if rng.random() < 0.5:
        stills = stills[:, :, ::-1]
    return Film(_filmed(stills.astype(np.float32), rng), truth, change)


def _filmed(stills: npt.NDArray[np.float32], rng: np.random.Generator) -> Pictures:
    """What a camera and a tracker make of it: shaking, light, noise, spells of blur and of a covered face."""
    n = len(stills)
    shift, turn = _walk(rng, (n, 2), 1.5), _walk(rng, (n,), 3.0)
    zoom, light = np.exp(_walk(rng, (n,), 0.04)), np.exp(_walk(rng, (n,), 0.25))
    noise, blur = rng.uniform(2, 12), _spells(rng, n, 0.02, 6)
    covered, eyes = _spells(rng, n, 0.015, 5), _spells(rng, n, 0.02, 2)
    place = rng.integers(4, 28, 2)
    frames = np.empty_like(stills)
    for k, still in enumerate(stills):
        matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), float(turn[k]), float(zoom[k]))
        matrix[:, 2] += shift[k]
        view = cv2.warpAffine(still, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
        if eyes[k]:
            view[14:22, 6:42] = view[22:24, 6:42].mean()
        if covered[k]:
            view[place[0] : place[0] + 17, place[1] : place[1] + 17] = 110
        if blur[k]:
            view = cv2.GaussianBlur(view, (0, 0), 1.6)
        frames[k] = view * light[k]
    return np.clip(frames + rng.normal(0, noise, frames.shape), 0, 255).astype(np.uint8)


def _walk(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> npt.NDArray[np.float64]:
    """A random walk that is drawn back to 0, with standard deviation ``spread``."""
    steps = rng.normal(0, spread * np.sqrt(1 - 0.85**2), shape)
    course = np.empty(shape)
    course[0] = rng.normal(0, spread, shape[1:])
    for k in range(1, len(course)):
        course[k] = 0.85 * course[k - 1] + steps[k]
    return course


def _spells(rng: np.random.Generator, n: int, begins: float, mean_length: float) -> npt.NDArray[np.bool_]:
    """Frames in spells that begin with probability ``begins`` a frame and last ``mean_length`` on average."""
    found = np.zeros(n, np.bool_)
    for start in np.flatnonzero(rng.random(n) < begins):
        found[start : start + 1 + rng.poisson(mean_length - 1)] = True
    return found
