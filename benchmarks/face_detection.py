"""How faces are found and followed without MediaPipe's bundle (times: CPU time of the process).

``python benchmarks/face_detection.py CLIP… --pack DIR``

CLIP…: videos of one talking face each, e.g. the GRID clips of the shared data. Their heads are turned by a
*simulation* (``insula.models.face.testing``). DIR: the folder with ``fer_valid.npz`` and
``fer_blend_valid.npz``; recall on still faces by the head rotation that MediaPipe measured, pasted into
frames of smooth noise.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from insula.models.face.crop import fit
from insula.models.face.detect import Box, CascadeDetector, Gray
from insula.models.face.landmarker import head_pose
from insula.models.face.testing import turned
from insula.models.face.track import Tracker

FPS = 25.0
YAW_BINS = ((0, 15), (15, 30), (30, 45), (45, 90))
SIDES = (40, 64, 120)
PER_CELL = 100


def grays_of(clip: Path) -> list[Gray]:
    video = cv2.VideoCapture(str(clip))
    frames = []
    while (got := video.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2GRAY), np.uint8))
    video.release()
    return frames


def course(seconds: float, peak_deg: float, hold_s: float) -> list[float]:
    """Yaw a frame: frontal for a second, turn aside within 0.8 s, stay, back, the other way, back."""
    knots = [(0, 0), (1, 0), (1.8, 1), (1.8 + hold_s, 1), (2.6 + hold_s, 0), (3.1 + hold_s, 0)]
    knots += [(3.9 + hold_s, -1), (3.9 + 2 * hold_s, -1), (4.7 + 2 * hold_s, 0), (99, 0)]
    times = np.arange(round(seconds * FPS)) / FPS
    return list(np.interp(times, [k[0] for k in knots], [k[1] * peak_deg for k in knots]))


def placed(gray: Gray, face: Box, side: float) -> tuple[Gray, Box]:
    """The frame shrunk or grown so that the face has ``side``, in the middle of 640 × 480."""
    factor = side / face.side
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = np.full((480, 640), int(np.median(gray)), np.uint8)
    part = small[:480, :640]
    top, left = (480 - part.shape[0]) // 2, (640 - part.shape[1]) // 2
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas, face.scaled(factor, left, top)


def turning(clips: list[Path]) -> None:
    """Share of frames followed, one number kept, by peak angle, size and light."""
    cases = {
        f"turn to ±{peak}°, face {side} px{', ' + name if name else ''}": (peak, side, change)
        for peak in (30, 45, 60)
        for side, name, change in (
            (120, "", None),
            (60, "", None),
            (42, "", None),
            (120, "dark", lambda g: (g * 0.12).astype(np.uint8)),
            (120, "mirrored", lambda g: np.ascontiguousarray(g[:, ::-1])),
        )
    }
    for name, (peak, side, change) in cases.items():
        shown, aside, carried, numbers, spent = [], [], 0, [], []
        for clip in clips:
            frames = grays_of(clip)
            found = CascadeDetector().scan(frames[0])
            if not found:
                continue
            tracker, seen = Tracker(CascadeDetector()), set()
            for n, yaw in enumerate(course(7.0, peak, 1.0)):
                back_and_forth = n % (2 * len(frames) - 2)
                frame = frames[min(back_and_forth, 2 * len(frames) - 2 - back_and_forth)]
                view, truth = placed(turned(frame, found[0], yaw), found[0], side)
                view = change(view) if change else view
                began = time.process_time()
                tracks = tracker.update(view, n / FPS)
                spent.append(1000 * (time.process_time() - began))
                if n < 2:
                    continue
                hits = [t for t in tracks if name.endswith("mirrored") or t.box.overlap(truth) > 0.3]
                shown.append(bool(hits))
                if abs(yaw) > 0.9 * peak:
                    aside.append(bool(hits))
                carried += any(t.box.carried for t in hits)
                seen |= {t.number for t in hits}
            numbers.append(len(seen))
        print(
            f"{name:<40} followed {np.mean(shown):.3f}, at the peak {np.mean(aside):.3f}, carried "
            f"{carried / len(shown):.2f}, numbers a clip {np.mean(numbers):.2f}, {np.mean(spent):.1f} ms"
        )


def noise(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A frame (480, 640) of noise over four octaves and a half."""
    parts = [
        s**0.5
        * cv2.resize(rng.normal(size=(480 // s + 2, 640 // s + 2)), (640, 480), interpolation=cv2.INTER_CUBIC)
        for s in (3, 9, 27, 81)
    ]
    total = np.sum(parts, axis=0)
    return np.clip(128 + total / total.std() * rng.uniform(15, 45), 0, 255).astype(np.float32)


def pasted(
    picture: Gray, side: int, ground: npt.NDArray[np.float32], rng: np.random.Generator
) -> tuple[Gray, Box]:
    """A face picture with soft edges somewhere in the frame."""
    x, y = int(rng.integers(0, 640 - side)), int(rng.integers(0, 480 - side))
    grown = fit(picture, side).astype(np.float32)
    line = np.minimum(np.arange(side), np.arange(side)[::-1]) / side
    soft = np.clip(np.minimum(line[:, None], line[None]) / 0.04, 0, 1)
    frame = ground.copy()
    frame[y : y + side, x : x + side] = soft * grown + (1 - soft) * frame[y : y + side, x : x + side]
    return np.clip(frame, 0, 255).astype(np.uint8), Box(x, y, side, 1.0)


def still(folder: Path) -> None:
    """Recall by yaw and side, false alarms a frame."""
    with np.load(folder / "fer_valid.npz") as file:
        pictures = file["images"]
    with np.load(folder / "fer_blend_valid.npz") as file:
        rotations = file["rotation"].astype(np.float64).reshape(-1, 3, 3)
    known = np.isfinite(rotations[:, 0, 0])
    yaw = np.array([abs(head_pose(r)[0]) if ok else np.nan for r, ok in zip(rotations, known, strict=True)])
    rng = np.random.default_rng(0)
    grounds = [noise(rng) for _ in range(12)]
    detector = CascadeDetector()
    for side in SIDES:
        cells, alarms, frames = [], 0, 0
        for low, high in YAW_BINS:
            rows = rng.permutation(np.flatnonzero((yaw >= low) & (yaw < high)))[:PER_CELL]
            hits = []
            for row in rows:
                frame, truth = pasted(pictures[row], side, grounds[rng.integers(12)], rng)
                overlaps = [box.overlap(truth) for box in detector.scan(frame)]
                hits.append(max(overlaps, default=0.0) > 0.35)
                alarms += sum(o < 0.1 for o in overlaps)
                frames += 1
            cells.append(f"{low}–{high}° {np.mean(hits):.2f} (n {len(rows)})")
        print(f"still faces of {side} px: {', '.join(cells)}; false alarms {alarms / frames:.3f} a frame")


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--pack", type=Path)
    given = parser.parse_args()
    if given.clips:
        turning(given.clips)
    if given.pack:
        still(given.pack)


if __name__ == "__main__":
    main()
