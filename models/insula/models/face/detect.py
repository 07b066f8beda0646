"""Finding faces with the cascades that ship inside OpenCV: no download, no network.

A full scan runs on a small gray picture and is repeated seldom; a face once found is looked for again only
around its last place, which costs a fraction of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge.errors import ModelError

Gray = npt.NDArray[np.uint8]

SMALLEST: Final = 1 / 14
"""Smallest face looked for, as a share of the frame's height: 34 pixels of 480."""

_SCAN_FACE: Final = 21
"""Side in pixels to which the smallest face is shrunk for a scan; the cascade's own window is 20."""

_NEAR_FACE: Final = 48
_NEAR_MARGIN: Final = 0.5
_NEAR_RANGE: Final = (0.55, 1.75)
"""Sizes looked for near a known face. A cascade answers over half an octave either way; a range that cuts one
side of that off biases the box, and the bias feeds on itself from frame to frame."""

_DARK: Final = 70.0


@dataclass(frozen=True, slots=True)
class Box:
    """A square around a face: corner ``x``, ``y`` and ``side`` in pixels; ``score`` in 0…1.

    ``profile``: only the profile cascade saw it. ``sure``: a detector without false alarms worth the name.
    ``carried``: no detector saw it in this frame, its points were followed here from the frame before.
    """

    x: float
    y: float
    side: float
    score: float
    profile: bool = False
    sure: bool = False
    carried: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle in pixels."""
        return self.x + self.side / 2, self.y + self.side / 2

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0…1."""
        width = min(self.x + self.side, other.x + other.side) - max(self.x, other.x)
        height = min(self.y + self.side, other.y + other.side) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.side**2 + other.side**2 - shared)

    def scaled(self, factor: float, dx: float = 0.0, dy: float = 0.0) -> Box:
        """The box in another picture: coordinates times ``factor``, then moved."""
        return replace(self, x=self.x * factor + dx, y=self.y * factor + dy, side=self.side * factor)


class CascadeDetector:
    """Frontal faces first; profiles where no frontal face is seen.

    Near a known face they are looked for to both sides, in a scan to one side and in the next to the other:
    that cascade costs more than the frontal one.

    Raises ``ModelError`` when OpenCV comes without its cascade files (as 5.0 does).
    """

    def __init__(self) -> None:
        self._frontal = _load("haarcascade_frontalface_alt2.xml")
        self._profile = _load("haarcascade_profileface.xml")
        self._mirrored = True

    def scan(self, gray: Gray) -> list[Box]:
        """Every face in a gray frame (height, width) of at least :data:`SMALLEST`, largest first.

        Where none looks ahead, two scans in a row find the profiles to both sides.
        """
        smallest = gray.shape[0] * SMALLEST
        factor = min(1.0, _SCAN_FACE / smallest)
        small = _lit(_resized(gray, factor))
        floor = max(20, round(smallest * factor))
        found = self._run(self._frontal, small, floor, small.shape[0], 1.15, 2)
        if not found:
            self._mirrored = not self._mirrored
            found = self._profiles(small, floor, small.shape[0], 1.15, mirrored=self._mirrored)
        return sorted((box.scaled(1 / factor) for box in found), key=lambda box: -box.side)

    def find_near(self, gray: Gray, last: Box) -> Box | None:
        """The face that was at ``last`` a frame ago, ``None`` when it is not near there any more."""
        margin = last.side * _NEAR_MARGIN
        left, top = int(max(last.x - margin, 0)), int(max(last.y - margin, 0))
        right, bottom = int(last.x + last.side + margin), int(last.y + last.side + margin)
        window = gray[top:bottom, left:right]
        if min(window.shape) < 20:
            return None
        factor = _NEAR_FACE / last.side
        small = _lit(_resized(window, factor))
        smallest, largest = (int(_NEAR_FACE * side) for side in _NEAR_RANGE)
        found = self._run(self._frontal, small, smallest, largest, 1.1, 2)
        if not found:
            sides = (self._profiles(small, smallest, largest, 1.1, mirrored=way) for way in (False, True))
            found = [box for side in sides for box in side]
        if not found:
            return None
        here = last.scaled(factor, -left * factor, -top * factor)
        best = max(found, key=lambda box: box.overlap(here))
        return best.scaled(1 / factor, left, top) if best.overlap(here) > 0.2 else None

    def _profiles(self, gray: Gray, smallest: int, largest: int, step: float, *, mirrored: bool) -> list[Box]:
        """Profiles to the left; those to the right are the same in the mirrored picture."""
        view = np.ascontiguousarray(gray[:, ::-1]) if mirrored else gray
        found = self._run(self._profile, view, smallest, largest, step, 2)
        if mirrored:
            found = [replace(box, x=gray.shape[1] - box.x - box.side) for box in found]
        return [replace(box, profile=True) for box in found]

    @staticmethod
    def _run(
        cascade: cv2.CascadeClassifier, gray: Gray, smallest: int, largest: int, step: float, votes: int
    ) -> list[Box]:
        """Run one cascade; the score grows with the number of neighbouring windows that agree."""
        rectangles, agreeing = cascade.detectMultiScale2(
            gray, step, votes, 0, (smallest, smallest), (largest, largest)
        )
        return [
            Box(float(x), float(y), float(max(w, h)), n / (n + votes))
            for (x, y, w, h), n in zip(rectangles, np.asarray(agreeing).ravel().tolist(), strict=True)
        ]


def _load(name: str) -> cv2.CascadeClassifier:
    path = Path(cv2.__file__).parent / "data" / name
    cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
    if cascade is None or cascade.empty():
        raise ModelError(f"OpenCV {cv2.__version__} has no {name}; install opencv-contrib-python>=4.10,<5")
    return cascade


def _resized(gray: Gray, factor: float) -> Gray:
    size = max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, size, interpolation=way), np.uint8)


def _lit(gray: Gray) -> Gray:
    """Spread the gray levels of a dark picture: the cascades miss faces of a few levels' contrast."""
    return np.asarray(cv2.equalizeHist(gray), np.uint8) if gray.mean() < _DARK else gray
