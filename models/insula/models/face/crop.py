"""From a gray picture of a face to the network's input."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

SIZE: Final = 48
"""Side of the network's input in pixels."""

_MIN_SPREAD: Final = 12.0
"""Smallest standard deviation, in gray levels, that is stretched to one: below it noise would be."""


def fit(picture: npt.NDArray[np.uint8], size: int = SIZE) -> npt.NDArray[np.uint8]:
    """Resize a gray picture (h, w) to (size, size); shrinking averages areas, so that nothing aliases."""
    if picture.shape == (size, size):
        return picture
    shrink = min(picture.shape) > size
    resized = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def cut(gray: npt.NDArray[np.uint8], x: float, y: float, side: float) -> npt.NDArray[np.uint8]:
    """The square with corner ``x``, ``y`` of a frame (h, w); what lies outside repeats the frame's edge."""
    left, top, length = round(x), round(y), max(1, round(side))
    height, width = gray.shape
    if 0 <= left <= width - length and 0 <= top <= height - length:
        return np.ascontiguousarray(gray[top : top + length, left : left + length])
    rows = np.clip(np.arange(top, top + length), 0, height - 1)
    columns = np.clip(np.arange(left, left + length), 0, width - 1)
    return np.ascontiguousarray(gray[np.ix_(rows, columns)])


def standardise(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Pictures (n, size, size) → (n, 1, size, size), each with mean 0 and standard deviation 1.

    Standardising each picture by itself takes out exposure and contrast, so a dark room and a bright one
    look alike to the network.
    """
    x = pictures.astype(np.float32)
    x -= x.mean(axis=(1, 2), keepdims=True)
    x /= np.maximum(x.std(axis=(1, 2), keepdims=True), _MIN_SPREAD)
    return x[:, None]
