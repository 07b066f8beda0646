"""MediaPipe's FaceLandmarker, where its bundle is on this machine: landmarks, blendshapes, head pose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import ModelError
from insula.models.face.detect import Box

_CENTRE = (0.502, 0.556)
_EXTENT = (0.834, 0.931)
"""Where the landmarks' bounding box lies in a FER picture, in picture sides (medians over 226 pictures)."""


_PROFILE_DEG: Final = 45.0


@dataclass(frozen=True, slots=True)
class LandmarkedFace:
    """One face: ``points`` (478, 2) in pixels, ``blendshapes`` (52,) 0…1, ``pose`` yaw, pitch, roll in °."""

    points: npt.NDArray[np.float32]
    blendshapes: npt.NDArray[np.float32]
    pose: tuple[float, float, float]

    @property
    def box(self) -> Box:
        """The square that frames this face as the training pictures are framed."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        width, height = (high - low).tolist()
        side = (width / _EXTENT[0] + height / _EXTENT[1]) / 2
        x, y = ((low + high) / 2).tolist()
        profile = abs(self.pose[0]) > _PROFILE_DEG
        return Box(x - side * _CENTRE[0], y - side * _CENTRE[1], side, 1.0, profile, sure=True)


class Landmarker:
    """FaceLandmarker in video mode for up to ``faces`` faces; raises ``ModelError`` when it cannot load."""

    def __init__(self, bundle: Path, faces: int = 4) -> None:
        # Imported here: it takes 0.6 s and pulls matplotlib, which a machine without the bundle is spared.
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=bundle.read_bytes()),
            running_mode=vision.RunningMode.VIDEO,
            num_faces=faces,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        try:
            self._net: Any = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{bundle} is damaged ({error}); fetch it again: insula models pull") from error
        self._mediapipe = mediapipe
        self._last_ms = -1
        self.names: tuple[str, ...] = ()

    def find(self, image: npt.NDArray[np.uint8], t: float) -> list[LandmarkedFace]:
        """Every face in an RGB frame (height, width, 3) taken at ``t`` s; times must grow."""
        self._last_ms = max(self._last_ms + 1, round(t * 1000))
        picture = self._mediapipe.Image(self._mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image))
        result = self._net.detect_for_video(picture, self._last_ms)
        size = np.array([image.shape[1], image.shape[0]], np.float32)
        faces = []
        for points, shapes, matrix in zip(
            result.face_landmarks,
            result.face_blendshapes,
            result.facial_transformation_matrixes,
            strict=True,
        ):
            self.names = tuple(shape.category_name for shape in shapes)
            place = np.array([[p.x, p.y] for p in points], np.float32) * size
            values = np.array([shape.score for shape in shapes], np.float32)
            faces.append(LandmarkedFace(place, values, head_pose(np.asarray(matrix))))
        return faces

    def close(self) -> None:
        """Release the model."""
        self._net.close()


def head_pose(matrix: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a rotation matrix (3, 3) or (4, 4), as Tait–Bryan angles Y, X, Z.

    Positive yaw turns to the image's right, positive pitch down, positive roll clockwise in the image.
    """
    r = np.asarray(matrix, np.float64)[:3, :3]
    yaw = np.degrees(np.arctan2(r[0, 2], r[2, 2]))
    pitch = np.degrees(np.arcsin(np.clip(-r[1, 2], -1, 1)))
    roll = np.degrees(np.arctan2(r[1, 0], r[1, 1]))
    return float(yaw), float(pitch), float(roll)
