"""From camera frames to face estimates: find, follow, judge quality, read the expression, name the clues."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import DataError
from insula.edge.stream import StreamReader
from insula.edge.types import EXPRESSIONS, AffectEstimate, Clue, Face, Modality, StreamInfo, VideoFrame
from insula.models.face import bundle
from insula.models.face.blendshapes import PersonBaseline, action_units, clues, support
from insula.models.face.crop import cut
from insula.models.face.detect import CascadeDetector, Gray
from insula.models.face.eyes import EyeWatch, closure
from insula.models.face.gaze import gaze
from insula.models.face.landmarker import LandmarkedFace, Landmarker
from insula.models.face.model import ExpressionNet, Reading
from insula.models.face.quality import picture_quality
from insula.models.face.track import Track, Tracker
from insula.models.face.va_head import VaHead
from insula.models.va import mapped_measures

_ASIDE_TRUST: Final = 0.5
"""Quality factor of a face seen from the side or carried through a turn: training pictures are frontal."""

_DARK_FRAME: Final = 4.0


class FaceEstimator:
    """An ``Estimator`` of valence/arousal (mapped) and expression from a video stream.

    Of several faces the one followed longest counts as the person; all are listed, the person first.
    ``baseline`` learns the person's resting face between ``begin()`` and ``end()``; after that clues carry
    z-scores. MediaPipe's FaceLandmarker takes over detection and action units when its bundle is present.
    Valence and arousal are ``native`` where ``va_file`` names a head of the user's own, else ``mapped``.
    """

    modality: Modality = "face"

    def __init__(self, *, period_s: float = 1 / 15, va_file: str = "", engines: Loader = on_cpu) -> None:
        """``va_file``: the manifest that ``insula train face-va`` wrote; ``engines`` loads the nets."""
        self.period_s = period_s
        self._va_file = va_file
        self.baseline = PersonBaseline()
        self._engines = engines
        self._resting = self._guided = False
        self._info: StreamInfo | None = None
        self._landmarker: Landmarker | None = None
        self._person: int | None = None
        self._last_frame = -1

    def accepts(self, info: StreamInfo) -> str:
        """Video streams of colour frames fit."""
        if info.type != "Video" or len(info.shape) != 3 or info.shape[2] != 3:
            return f"{info.name} is {info.type} {info.shape}, not colour video (height, width, 3)"
        return ""

    def start(self, info: StreamInfo) -> None:
        """Load the net, the cascades and, when its bundle is here, MediaPipe; raises ``ModelError``."""
        self._info = info
        self._net = ExpressionNet(self._engines)
        file = Path(self._va_file).expanduser()
        self._va = VaHead(file, self._net, self._engines) if self._va_file else None
        self._tracker = Tracker(CascadeDetector())
        self._landmarker = Landmarker(bundle.path()) if bundle.present() else None
        self._eyes = EyeWatch()
        self._person, self._last_frame = None, -1

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Judge the newest frame; ``None`` while there is no frame that was not judged before."""
        frame = reader.latest_frame()
        if frame is None or frame.index == self._last_frame:
            return None
        self._last_frame = frame.index
        return self.judge(frame)

    def judge(self, frame: VideoFrame) -> AffectEstimate:
        """Judge one frame; frames come in the order of their times."""
        gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)
        tracks, landmarked = self._look(frame, gray)
        person = self._choose(tracks)
        tracks = sorted(tracks, key=lambda track: track is not person)
        faces = tuple(_face(track, landmarked.get(track.number)) for track in tracks)
        if person is None:
            dark = gray.mean() < _DARK_FRAME
            return self._absent(frame, "too dark to see a face" if dark else "no face in the frame")
        crop = cut(gray, person.box.x, person.box.y, person.box.side)
        quality = picture_quality(crop)
        if quality.reason:
            return self._absent(frame, quality.reason, faces)
        reading = self._net.read(crop)
        if self._va is None:
            valence, arousal = mapped_measures(reading.probabilities, self._net.va)
        else:
            valence, arousal = self._va.measures(reading.inputs)
        return AffectEstimate(
            modality="face",
            stream=self._stream,
            t=frame.t,
            quality=quality.value * (_ASIDE_TRUST if person.box.profile or person.box.carried else 1.0),
            valence=valence,
            arousal=arousal,
            expression=tuple(reading.log_probabilities.tolist()),
            va_source="mapped" if self._va is None else "native",
            clues=(
                *self._carried(frame.t, person),
                *self._clues(frame.t, reading, landmarked.get(person.number)),
            ),
            faces=faces,
            sample=frame.index,
            model=self._model,
            simulated=self._simulated,
        )

    def learn(self, resting: bool) -> None:
        """The face is at rest from now on, or no longer is."""
        self._resting = resting

    def learned(self) -> dict[str, Any] | None:
        """The resting face's action units."""
        table = self.baseline.table()
        return None if table is None else {"units": table}

    def adopt(self, rest: Mapping[str, Any]) -> None:
        """Measure against a resting face learned earlier; raises ``DataError``."""
        try:
            self.baseline.adopt(rest["units"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the profile's resting face is malformed ({error!r})") from error

    def close(self) -> None:
        """Release the models."""
        if self._info is not None:
            self._net.close()
            if self._va is not None:
                self._va.close()
            self._info = None
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def _look(self, frame: VideoFrame, gray: Gray) -> tuple[list[Track], dict[int, LandmarkedFace]]:
        """Followed faces, and the landmarks of those that MediaPipe sees (it misses small ones)."""
        seen = self._landmarker.find(frame.image, frame.t) if self._landmarker is not None else []
        if not seen:
            return self._tracker.update(gray, frame.t), {}
        tracks = self._tracker.match([face.box for face in seen], gray, frame.t)
        nearest = {
            track.number: max(seen, key=lambda face, box=track.box: box.overlap(face.box))  # type: ignore[misc]
            for track in tracks
        }
        return tracks, nearest

    def _choose(self, tracks: list[Track]) -> Track | None:
        """The person: the same as before while visible, else the face followed longest."""
        same = next((track for track in tracks if track.number == self._person), None)
        chosen = same or min(tracks, key=lambda track: (track.since, -track.box.side), default=None)
        self._person = chosen.number if chosen is not None else self._person
        return chosen

    def _clues(self, t: float, reading: Reading, landmarked: LandmarkedFace | None) -> tuple[Clue, ...]:
        """Action units (MediaPipe's where it sees the face, else the net's), their meaning, head and eyes."""
        units, extra = reading.units, []
        if landmarked is not None and self._landmarker is not None:
            shapes, names = landmarked.blendshapes.tolist(), self._landmarker.names
            units = action_units(shapes, names)
            self._eyes.see(closure(shapes, names), t)
            head = zip(("head yaw", "head pitch", "head roll"), landmarked.pose, strict=True)
            sight = gaze(landmarked.points, dict(zip(names, shapes, strict=True)), landmarked.pose)
            eyes = zip(("gaze yaw", "gaze pitch"), sight or (), strict=False)
            extra += [Clue(self._stream, name, value, "°") for name, value in (*head, *eyes)]
        self._follow_rest()
        self.baseline.see(units)
        top = EXPRESSIONS[int(reading.log_probabilities.argmax())]
        values = (
            (f"AU support for {top}", support(top, units, self.baseline), "0…1"),
            ("PERCLOS", self._eyes.perclos, "0…1"),
            ("blink rate", self._eyes.blinks_per_minute, "1/min"),
        )
        extra += [Clue(self._stream, name, value, unit) for name, value, unit in values if value is not None]
        return (*clues(self._stream, units, self.baseline), *extra)

    def _carried(self, t: float, person: Track) -> tuple[Clue, ...]:
        """For how long no detector has seen the face, while its points carry it."""
        if not person.box.carried:
            return ()
        return (Clue(self._stream, "face carried by its points", t - person.found, "s"),)

    def _follow_rest(self) -> None:
        """Begin or end the guided rest, on the estimator's own thread."""
        if self._resting and not self._guided:
            self.baseline.begin()
        elif self._guided and not self._resting:
            self.baseline.end()
        self._guided = self._resting

    def _absent(self, frame: VideoFrame, reason: str, faces: tuple[Face, ...] = ()) -> AffectEstimate:
        return AffectEstimate(
            modality="face",
            stream=self._stream,
            t=frame.t,
            quality=0.0,
            reason=reason,
            faces=faces,
            sample=frame.index,
            model=self._model,
            simulated=self._simulated,
        )

    @property
    def _model(self) -> str:
        head = "" if self._va is None else f" + {self._va.manifest.id}"
        return self._net.manifest.id + head

    @property
    def _stream(self) -> str:
        return self._info.name if self._info is not None else ""

    @property
    def _simulated(self) -> bool:
        return self._info is not None and self._info.simulated


def _face(track: Track, landmarked: LandmarkedFace | None) -> Face:
    box = track.box
    points: tuple[tuple[float, float], ...] = ()
    if landmarked is not None:
        points = tuple((float(x), float(y)) for x, y in landmarked.points.tolist())
    return Face((box.x, box.y, box.side, box.side), box.score, track.number, points)
