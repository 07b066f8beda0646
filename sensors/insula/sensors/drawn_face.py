"""A drawn face whose mouth, brows and eyes follow valence and arousal.

The skin is shaded softly so that face detectors trained on photographs accept it; everything that
never moves is painted once, so that a frame costs little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge.types import Drawn

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # RGB

WIDTH: Final = 640
HEIGHT: Final = 480
_X: Final = 320.0
_Y: Final = 250.0
_SHIFT: Final = 4  # drawing in sixteenths of a pixel keeps slow movements smooth
_SKIN: Final = (214, 172, 146)
_HAIR: Final = (58, 40, 30)
_LIP: Final = (168, 84, 82)
_INSIDE: Final = (70, 22, 26)
_TEETH: Final = (236, 230, 222)


@dataclass(frozen=True, slots=True)
class Look:
    """What the face does, each 0 = neutral.

    ``smile`` −1 (corners down) … 1, ``jaw`` 0 … 1 open, ``brow`` −1 (lowered) … 1 (raised), ``frown``
    0 … 1 (inner ends drawn together), ``lids`` −1 (shut) … 1 (wide).
    """

    smile: float = 0.0
    jaw: float = 0.0
    brow: float = 0.0
    frown: float = 0.0
    lids: float = 0.0


def look(valence: float, arousal: float, lids: float) -> Look:
    """The look of a state; ``lids`` −1 … 0 closes the eyes for a blink."""
    wide = 0.7 * max(arousal, 0.0) - 0.35 * max(-arousal, 0.0)
    return Look(
        smile=valence,
        jaw=max(0.0, arousal) * (0.8 if valence > 0 else 0.45),
        brow=0.8 * arousal if valence > 0 else -0.7 * max(0.0, arousal) * -valence,
        frown=max(0.0, -valence) * max(0.0, 0.4 + 0.6 * arousal),
        lids=min(wide, wide + (1.0 + wide) * lids),
    )


def _points(xy: list[tuple[float, float]]) -> npt.NDArray[np.int32]:
    return np.round(np.array(xy) * (1 << _SHIFT)).astype(np.int32)[None]


def _curve(
    start: tuple[float, float], top: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """A quadratic Bézier curve as 15 points; ``top`` is the control point."""
    t = np.linspace(0.0, 1.0, 15)[:, None]
    line = (1 - t) ** 2 * np.array(start) + 2 * t * (1 - t) * np.array(top) + t**2 * np.array(end)
    return [(float(x), float(y)) for x, y in line]


def _fill(image: Image, xy: list[tuple[float, float]], colour: Colour) -> None:
    cv2.fillPoly(image, [_points(xy)], colour, cv2.LINE_AA, _SHIFT)


def _line(image: Image, xy: list[tuple[float, float]], colour: Colour, width: int) -> None:
    cv2.polylines(image, [_points(xy)], False, colour, width, cv2.LINE_AA, _SHIFT)


def _blend(
    image: Image, centre: tuple[float, float], size: tuple[float, float], by: float, blur: float
) -> None:
    """Lighten (``by`` > 0) or darken an ellipse softly, by up to ``by`` grey levels."""
    mask = np.zeros(image.shape[:2], np.float32)
    box = (round(centre[0]), round(centre[1])), (round(size[0]), round(size[1]))
    cv2.ellipse(mask, box[0], box[1], 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), blur)[:, :, None]
    image[:] = np.clip(image + by * soft, 0, 255).astype(np.uint8)


def paint_still() -> Image:
    """Everything that does not move: room, hair, head, nose and the word SIMULATED."""
    rows = np.linspace(150, 105, HEIGHT, dtype=np.float32)[:, None, None]
    image = np.broadcast_to(rows * np.array([0.86, 0.95, 1.0]), (HEIGHT, WIDTH, 3)).astype(
        np.uint8, order="C"
    )
    cv2.ellipse(image, (320, 520), (190, 110), 0, 0, 360, (62, 78, 108), -1, cv2.LINE_AA)
    cv2.ellipse(image, (320, 215), (128, 150), 0, 0, 360, _HAIR, -1, cv2.LINE_AA)
    cv2.rectangle(image, (275, 340), (365, 430), (186, 144, 120), -1)
    for side in (-1, 1):
        cv2.ellipse(image, (320 + side * 108, 255), (14, 30), 0, 0, 360, (196, 150, 126), -1, cv2.LINE_AA)
    cv2.ellipse(image, (320, 250), (106, 138), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(image, (320, 130), (100, 52), 0, 180, 360, _HAIR, -1, cv2.LINE_AA)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 2.0), np.uint8)
    _blend(image, (320, 160), (70, 26), 16, 14)
    for side in (-1, 1):
        _blend(image, (320 + side * 46, 226), (32, 15), -38, 9)
        _blend(image, (320 + side * 58, 285), (26, 20), 16, 12)
        _blend(image, (320 + side * 100, 275), (14, 90), -36, 13)
        _blend(image, (320 + side * 15, 297), (5, 4), -75, 3)
        _blend(image, (320 + side * 14, 255), (4, 34), -16, 5)
    _blend(image, (320, 262), (7, 40), 18, 5)
    _blend(image, (320, 303), (22, 5), -30, 5)
    _blend(image, (320, 362), (40, 8), -22, 8)
    _blend(image, (320, 395), (60, 14), -40, 9)
    cv2.putText(image, "SIMULATED", (12, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
    return image


def _eye(image: Image, side: int, state: Look) -> None:
    x, y = _X + side * 46.0, _Y - 22.0
    opening = 12.0 * (1.0 + state.lids) if state.lids < 0 else 12.0 + 6.0 * state.lids
    left, right = (x - 24.0, y), (x + 24.0, y)
    upper = _curve(left, (x, y - 1.7 * opening), right)
    lower = _curve(right, (x, y + 0.9 * opening), left)
    if opening > 1.5:
        _fill(image, upper + lower, (232, 228, 224))
        centre = (round((x) * 16), round((y - 0.25 * opening) * 16))
        radius = min(9.5, 0.95 * opening)
        cv2.circle(image, centre, round(radius * 16), (84, 58, 40), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(image, centre, round(0.5 * radius * 16), (14, 10, 10), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(image, (centre[0] + 48, centre[1] - 48), 24, (250, 250, 250), -1, cv2.LINE_AA, _SHIFT)
    _line(image, upper, (46, 30, 26), 3)
    _line(image, lower, (150, 106, 92), 1)


def _brow(image: Image, side: int, state: Look) -> None:
    lift = 9.0 * state.brow
    inner = (_X + side * (20.0 - 6.0 * state.frown), _Y - 50.0 - lift + 12.0 * state.frown)
    middle = (_X + side * 48.0, _Y - 66.0 - lift)
    outer = (_X + side * 78.0, _Y - 48.0 - 0.6 * lift)
    _line(image, _curve(inner, middle, outer), (66, 46, 36), 8)


def _mouth(image: Image, state: Look) -> None:
    half = 42.0 + 14.0 * state.smile
    y = _Y + 88.0
    corner = y - 18.0 * state.smile
    left, right = (_X - half, corner), (_X + half, corner)
    drop = 34.0 * state.jaw
    bend = 12.0 * state.smile
    top, bottom = y - 6.0 + bend, y + 6.0 + bend + drop
    _fill(image, _curve(left, (_X, top - 10.0), right) + _curve(right, (_X, bottom + 16.0), left), _LIP)
    inner_top = _curve(left, (_X, top + 4.0), right)
    if state.jaw > 0.08:
        _fill(image, inner_top + _curve(right, (_X, bottom), left), _INSIDE)
        teeth = top + 4.0 + min(14.0, 0.55 * (bottom - top))
        inset = [(0.8 * (x - _X) + _X, at + 1.0) for x, at in inner_top]
        _fill(image, inset + _curve(inset[-1], (_X, teeth), inset[0]), _TEETH)
    else:
        _line(image, inner_top, (110, 48, 50), 2)
    for side in (-1, 1):  # the fold that comes with a smile
        if state.smile > 0.25:
            fold = _curve(
                (_X + side * 34.0, _Y + 42.0), (_X + side * 62.0, _Y + 56.0), (_X + side * 62.0, corner)
            )
            _line(image, fold, (186, 142, 120), 2)


def draw(still: Image, state: Look) -> Drawn:
    """The face in this state on top of ``still``: ``(480, 640, 3)`` uint8 RGB."""

    def into(out: Image) -> None:
        np.copyto(out, still)
        for side in (-1, 1):
            _eye(out, side, state)
            _brow(out, side, state)
        _mouth(out, state)

    return Drawn(still.shape, into)
