"""A drawn face for the rehearsal: plainly a drawing, nobody's likeness (Qt-free)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from insula.ui.dashboard.series import FloatArray

Image = npt.NDArray[np.uint8]
Ink = tuple[int, int, int]

_Y, _X = np.mgrid[0:480, 0:640].astype(np.float64)
_SHADE = np.array([58.0, 70.0, 84.0]) - _Y[..., None] / 480 * 26 + _X[..., None] / 640 * 10
_ROOM: Image = _SHADE.astype(np.uint8)
HAIR, SKIN, NECK, SHIRT, LIP = (70, 52, 44), (226, 182, 150), (206, 160, 130), (62, 92, 120), (168, 82, 84)


def _paint(image: Image, box: tuple[slice, slice], cover: FloatArray, ink: Ink) -> None:
    part = image[box].astype(np.float64)
    image[box] = part + cover[..., None] * (np.array(ink) - part)


def _ellipse(image: Image, cx: float, cy: float, rx: float, ry: float, ink: Ink) -> None:
    """Paint an ellipse with a soft edge, touching its bounding box only."""
    rows = slice(max(0, int(cy - ry)), min(480, math.ceil(cy + ry)))
    box = (rows, slice(max(0, int(cx - rx)), min(640, math.ceil(cx + rx))))
    inside = 1.0 - np.hypot((_X[box] - cx) / rx, (_Y[box] - cy) / ry)
    _paint(image, box, np.clip(inside * min(rx, ry) / 1.5, 0.0, 1.0), ink)


def _stroke(image: Image, cx: float, half: float, y0: float, bend: float, thick: float, ink: Ink) -> None:
    """Paint a stroke that bends down by ``bend`` px in its middle."""
    box = (slice(int(y0) - 24, int(y0) + 24), slice(int(cx - half), int(cx + half)))
    course = y0 + bend * (1.0 - ((_X[box] - cx) / half) ** 2)
    _paint(image, box, np.clip(thick - np.abs(_Y[box] - course), 0.0, 1.0), ink)


def draw_face(t: float, valence: float, arousal: float, *, away: bool) -> Image:
    """Return a frame ``(480, 640, 3)`` uint8; ``away`` leaves the room empty."""
    image = _ROOM.copy()
    if away:
        return image
    x, y = 320 + 6 * math.sin(t / 1.9), 228 + 4 * math.sin(t / 2.7)
    _ellipse(image, 320, 520, 190, 170, SHIRT)
    _ellipse(image, x, y + 118, 42, 60, NECK)
    _ellipse(image, x, y - 30, 98, 112, HAIR)
    _ellipse(image, x, y, 84, 112, SKIN)
    lid = 8.0 + 4.0 * arousal
    for side in (-1, 1):
        _ellipse(image, x + 34 * side, y - 22, 17, lid, (250, 250, 248))
        _ellipse(image, x + 34 * side, y - 22, 6.5, min(6.5, lid), (48, 62, 78))
        _stroke(image, x + 34 * side, 21, y - 42 - 7 * arousal, -5 - 4 * valence, 3.2, HAIR)
    _ellipse(image, x, y + 16, 9, 16, (212, 164, 132))
    _stroke(image, x, 34, y + 52 - 7 * valence, 17 * valence, 3.6 + 3 * max(arousal, 0.0), LIP)
    return image
