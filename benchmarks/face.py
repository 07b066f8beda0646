"""Milliseconds a face and a frame: ``python benchmarks/face.py [CLIP]`` (CPU time of the process).

CLIP is any video with a face, e.g. a GRID clip of the shared data; without one only the network is timed.
Beside ours: MediaPipe's FaceLandmarker where its bundle is installed (``insula models pull``).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge.types import StreamInfo, VideoFrame
from insula.models.face import bundle
from insula.models.face.detect import CascadeDetector
from insula.models.face.estimator import FaceEstimator
from insula.models.face.landmarker import Landmarker
from insula.models.face.model import ExpressionNet
from insula.models.face.track import Tracker

Image = npt.NDArray[np.uint8]


def timed(name: str, calls: list[Callable[[], object]]) -> None:
    spent = []
    for call in calls:
        began = time.process_time()
        call()
        spent.append(1000 * (time.process_time() - began))
    p50, p95 = np.percentile(spent, [50, 95])
    print(f"{name:<44} mean {np.mean(spent):6.2f}  p50 {p50:6.2f}  p95 {p95:6.2f} ms  (n {len(spent)})")


def frames_of(clip: Path) -> list[Image]:
    video = cv2.VideoCapture(str(clip))
    frames = []
    while (got := video.read())[0]:
        frames.append(np.asarray(cv2.cvtColor(got[1], cv2.COLOR_BGR2RGB), np.uint8))
    video.release()
    return frames


def main() -> None:
    cv2.setNumThreads(1)
    net = ExpressionNet()
    face = np.random.default_rng(0).integers(0, 255, (140, 140), np.uint8)
    for _ in range(20):
        net.read(face)
    timed("expression net, one face (resize to V/A)", [lambda: net.read(face)] * 300)
    if len(sys.argv) < 2:
        return
    frames = frames_of(Path(sys.argv[1]))
    grays = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8) for frame in frames]
    detector = CascadeDetector()
    tracker = Tracker(detector)
    timed("cascades, full scan", [lambda gray=gray: detector.scan(gray) for gray in grays])
    timed(
        "cascades, tracked at 25 fps",
        [lambda gray=gray, n=n: tracker.update(gray, n / 25) for n, gray in enumerate(grays)],
    )
    estimator = FaceEstimator()
    estimator.start(StreamInfo("clip", "Video", 25.0, ("RGB",), ("uint8",), "uint8", frames[0].shape))
    timed(
        "estimator, frame to estimate",
        [lambda f=f, n=n: estimator.judge(VideoFrame(f, n / 25, n)) for n, f in enumerate(frames)],
    )
    if bundle.present():
        landmarker = Landmarker(bundle.path())
        timed(
            "MediaPipe FaceLandmarker, 52 blendshapes",
            [lambda f=f, n=n: landmarker.find(f, n / 25) for n, f in enumerate(frames)],
        )


if __name__ == "__main__":
    main()
