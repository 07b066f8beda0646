"""How far a face picture can be trusted: size, light, sharpness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.models.face.crop import fit

_SIDE: Final = (16.0, 64.0)
_LIGHT: Final = (8.0, 45.0)
_GLARE: Final = (250.0, 215.0)
_CONTRAST: Final = (2.5, 20.0)
_SHARPNESS: Final = (0.0003, 0.02)
"""Ramps (worthless, fully good): side in pixels, mean gray level and its standard deviation, sharpness.

Blurring FER pictures by a Gaussian of 1.5 pixels takes their median sharpness from 0.036 to 0.001."""


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """``value`` 0…1, the least of its parts; ``reason`` says why nothing can be measured, "" otherwise.

    ``light`` is the mean gray level 0…255, ``sharpness`` the share of the contrast that a 3 × 3 Laplacian
    leaves (variance of the Laplacian over variance of the picture, a common blur measure).
    """

    value: float
    light: float
    sharpness: float
    reason: str = ""


def picture_quality(picture: npt.NDArray[np.uint8]) -> PictureQuality:
    """Judge a gray face picture (height, width) before it is resized."""
    side = float(min(picture.shape)) if picture.ndim == 2 and picture.size else 0.0
    if side < _SIDE[0]:
        return PictureQuality(0.0, 0.0, 0.0, f"face too small: {side:.0f} pixels")
    light, contrast = float(picture.mean()), float(picture.std())
    if light < _LIGHT[0]:
        return PictureQuality(0.0, light, 0.0, f"too dark: mean gray level {light:.0f} of 255")
    if light > _GLARE[0]:
        return PictureQuality(0.0, light, 0.0, f"too bright: mean gray level {light:.0f} of 255")
    if contrast < _CONTRAST[0]:
        return PictureQuality(0.0, light, 0.0, f"no contrast: standard deviation {contrast:.1f} gray levels")
    small = fit(picture)
    sharpness = float(cv2.Laplacian(small, cv2.CV_32F).var() / small.var() / 20)
    parts = (
        _ramp(side, _SIDE),
        _ramp(light, _LIGHT),
        _ramp(light, _GLARE),
        _ramp(contrast, _CONTRAST),
        _ramp(sharpness, _SHARPNESS),
    )
    return PictureQuality(min(parts), light, sharpness)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """0 at the first end, 1 at the second, straight between; either end may be the larger."""
    return min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)
