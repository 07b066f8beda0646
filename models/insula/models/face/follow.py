"""Carrying a face from one frame to the next by its points, for the moments in which no detector sees it.

Median flow (Kalal, Mikolajczyk and Matas 2010): a grid of points is followed by pyramidal Lucas–Kanade there
and back again; points that do not return to their start are dropped, the median of the rest moves and scales
the box. A head that turns aside keeps its points long after the cascades have lost it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from insula.models.face.crop import cut, fit
from insula.models.face.detect import Box, Gray

_FACE: Final = 64
"""Side in pixels to which the face is brought: the cost is then the same for near and far faces."""

_MARGIN: Final = 0.35
_GRID: Final = 9
_LOOK: Final = 24
_RETURN: Final = 1.0
"""Largest distance in pixels of 64 a face between a point and where it comes back to."""

_ENOUGH: Final = 0.4
"""Share of the points that must return."""

_STEP_LIKENESS: Final = 0.75
_LOOK_LIKENESS: Final = 0.65
"""Least correlation with the frame before, and with the face when a detector last saw it. Heads turned to 60°
keep 0.86 or more of the latter (simulated; 0.6 at 75°); half covered by something else it falls below 0.6."""

_INSIDE: Final = 0.75
"""Share of the box that must lie within the frame."""


def look(gray: Gray, box: Box) -> Gray:
    """The face as it looks now: (24, 24)."""
    return fit(cut(gray, box.x, box.y, box.side), _LOOK)


def carry(before: Gray, now: Gray, box: Box, seen: Gray) -> Box | None:
    """Where the face that was at ``box`` in ``before`` is in ``now``; ``None`` when that cannot be told.

    ``seen`` is its :func:`look` when a detector last saw it. Both frames have the same shape (h, w).
    """
    if before.shape != now.shape:
        return None
    margin = box.side * _MARGIN
    window = box.x - margin, box.y - margin, box.side + 2 * margin
    side = round(_FACE * (1 + 2 * _MARGIN))
    old, new = (fit(cut(frame, *window), side) for frame in (before, now))
    moved = _median_flow(old, new)
    if moved is None:
        return None
    dx, dy, growth = moved
    scale = box.side / _FACE
    grown = box.side * growth
    shift = (box.side - grown) / 2
    found = replace(box, x=box.x + dx * scale + shift, y=box.y + dy * scale + shift, side=grown, carried=True)
    after = look(now, found)
    alike = likeness(look(before, box), after) > _STEP_LIKENESS and likeness(seen, after) > _LOOK_LIKENESS
    return found if alike and _inside(found, now) else None


def likeness(a: Gray, b: Gray) -> float:
    """Correlation −1…1 of two pictures of one shape; 0 when either is of one tone."""
    x, y = (picture.astype(np.float64) - picture.mean() for picture in (a, b))
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0


def _median_flow(old: Gray, new: Gray) -> tuple[float, float, float] | None:
    """Median shift (x, y) in pixels and growth of the points on the face in the middle of ``old``."""
    edge = (old.shape[0] - _FACE) / 2
    line = np.linspace(edge + 0.1 * _FACE, edge + 0.9 * _FACE, _GRID, dtype=np.float32)
    start = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 1, 2)
    there = _follow(old, new, start)
    back = _follow(new, old, there)
    kept = np.linalg.norm(back - start, axis=-1).ravel() < _RETURN
    if kept.mean() < _ENOUGH:
        return None
    a, b = start[kept, 0], there[kept, 0]
    dx, dy = np.median(b - a, axis=0).tolist()
    # Every second pair is enough for the median of the distances' ratios.
    half = len(a) // 2
    was = np.linalg.norm(a[:half] - a[half : 2 * half], axis=1)
    now = np.linalg.norm(b[:half] - b[half : 2 * half], axis=1)
    return dx, dy, float(np.median(now / was))


def _follow(old: Gray, new: Gray, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        old, new, points, np.empty_like(points), winSize=(13, 13), maxLevel=2
    )
    return np.where(status[:, :, None] == 1, found, np.float32(np.inf))


def _inside(box: Box, frame: Gray) -> bool:
    height, width = frame.shape
    wide = min(box.x + box.side, width) - max(box.x, 0)
    high = min(box.y + box.side, height) - max(box.y, 0)
    return bool(max(wide, 0) * max(high, 0) >= _INSIDE * box.side**2)
