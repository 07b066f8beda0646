"""Where the eyes look, from MediaPipe's iris landmarks and the head's rotation.

Weak perspective: seen from the camera, the middle of the iris lies :data:`IRIS_RADIUS_MM` · (g_x, g_y) off
the eyeball's centre, with g the direction of sight; that centre lies :data:`EYE_DEPTH_MM` behind the middle
of the eye's corners, along the head's own direction. The iris, as wide in nearly everybody, is the ruler.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

IRIS_MM: Final = 11.7
"""Diameter of the iris (the horizontal visible iris of adults varies by half a millimetre)."""

IRIS_RADIUS_MM: Final = 10.0
"""From the eyeball's centre of rotation to the plane of the iris."""

EYE_DEPTH_MM: Final = 4.7
"""From the plane of the corners back to that centre: regression of the iris's offset on head rotation and
eyeLook blendshapes over 388 FER faces (its other coefficient: eyeLook 1 is 36°)."""

IRIS_RISE_MM: Final = 1.6
"""A level gaze's iris above the line of the corners: mean of seven GRID speakers, looking into the camera."""

_EYES: Final = (("eyeBlinkRight", 468, (33, 133)), ("eyeBlinkLeft", 473, (263, 362)))
"""The eye's blendshape, the first of its five iris landmarks (middle, then a ring of four), its corners."""

_SHUT: Final = 0.5
_SMALLEST_PX: Final = 5.0
"""Diameter of the iris below which half a pixel of error, 7°, is not worth a number."""

_ASIDE_DEG: Final = 45.0


def gaze(
    points: npt.NDArray[np.float32], shapes: Mapping[str, float], pose: tuple[float, float, float]
) -> tuple[float, float] | None:
    """Yaw and pitch of the line of sight in degrees, (0, 0) into the camera; signs as :func:`head_pose`.

    ``points`` (478, 2) in pixels, ``shapes`` blendshapes by name, ``pose`` yaw, pitch, roll of the head in °.
    ``None``, not measured: both eyes shut, the irises too small, or the head turned by more than 45°.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in pose)
    if abs(pose[0]) > _ASIDE_DEG:
        return None
    forward = np.array([math.sin(yaw) * math.cos(pitch), math.sin(pitch)])
    up = np.array([math.sin(roll), -math.cos(roll)])
    seen = []
    for blink, iris, corners in _EYES:
        ring = points[iris + 1 : iris + 5].astype(np.float64)
        width = float(max(np.linalg.norm(ring[0] - ring[2]), np.linalg.norm(ring[1] - ring[3])))
        if shapes[blink] > _SHUT or width < _SMALLEST_PX:
            continue
        offset_mm = (points[iris] - points[list(corners)].mean(axis=0)) * (IRIS_MM / width)
        seen.append((offset_mm - IRIS_RISE_MM * up + EYE_DEPTH_MM * forward) / IRIS_RADIUS_MM)
    if not seen:
        return None
    x, y = np.clip(np.mean(seen, axis=0), -1, 1).tolist()
    return math.degrees(math.atan2(x, math.sqrt(max(1 - x * x - y * y, 1e-6)))), math.degrees(math.asin(y))
