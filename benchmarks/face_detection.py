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
from dataclasses import replace
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
PER_CELL = 80


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


def placed(gray: Gray, face: Box, was: float, side: float) -> tuple[Gray, Box]:
    """The frame shrunk or grown so that a side of ``was`` becomes ``side``, in the middle of 640 × 480."""
    factor = side / was
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = np.full((480, 640), int(np.median(gray)), np.uint8)
    part = small[:480, :640]
    top, left = (480 - part.shape[0]) // 2, (640 - part.shape[1]) // 2
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas, face.scaled(factor, left, top)


def where(face: Box, yaw_deg: float) -> Box:
    """Where a turned head shows its face: halfway between the head's middle and the face's on its surface."""
    return replace(face, x=face.x + 0.28 * face.side * np.sin(np.radians(yaw_deg)))


def mirrored(gray: Gray) -> Gray:
    return np.ascontiguousarray(gray[:, ::-1])


def follow(
    clip: Path, peak: int, side: int, change: str
) -> tuple[list[tuple[float, bool, bool]], int, float]:
    """(yaw, followed, carried) a frame, the numbers the face was given, and ms a frame."""
    frames = grays_of(clip)
    if change == "mirrored":
        frames = [mirrored(frame) for frame in frames]
    found = CascadeDetector().scan(frames[0])
    tracker, rows, numbers, spent = Tracker(CascadeDetector()), [], set(), []
    for n, yaw in enumerate(course(7.0, peak, 1.0)):
        back_and_forth = n % (2 * len(frames) - 2)
        frame = frames[min(back_and_forth, 2 * len(frames) - 2 - back_and_forth)]
        view, truth = placed(turned(frame, found[0], yaw), where(found[0], yaw), found[0].side, side)
        view = (view * 0.12).astype(np.uint8) if change == "dark" else view
        began = time.process_time()
        tracks = tracker.update(view, n / FPS)
        spent.append(1000 * (time.process_time() - began))
        hits = [track for track in tracks if track.box.overlap(truth) > 0.3]
        numbers |= {track.number for track in hits}
        rows.append((yaw, bool(hits), any(track.box.carried for track in hits)))
    return rows[2:], len(numbers), float(np.mean(spent))


def turning(clips: list[Path]) -> None:
    """Share of frames followed, whether one number was kept, by peak angle, size and light."""
    for peak in (30, 45, 60):
        for side, change in ((120, ""), (60, ""), (42, ""), (120, "dark"), (120, "mirrored")):
            found = [follow(clip, peak, side, change) for clip in clips]
            rows = np.array([row for rows, _, _ in found for row in rows])
            aside = rows[np.abs(rows[:, 0]) > 0.9 * peak]
            spent = np.mean([ms for _, _, ms in found])
            print(
                f"turn to ±{peak}°, face {side:>3} px {change:<8} followed {rows[:, 1].mean():.3f}, "
                f"at the peak {aside[:, 1].mean():.3f} (carried {aside[:, 2].mean():.2f}), one number in "
                f"{sum(n == 1 for _, n, _ in found)} of {len(clips)}, {spent:.1f} ms",
                flush=True,
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
                overlaps = [box.overlap(truth) for box in detector.scan(frame) or detector.scan(frame)]
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
