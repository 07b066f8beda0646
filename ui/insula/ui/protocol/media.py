"""How long a stimulus lasts by itself."""

from __future__ import annotations

from pathlib import Path

from insula.edge.errors import DataError
from insula.ui.protocol.page import MediaKind


def length_s(path: Path, kind: MediaKind) -> float:
    """Return the length of a sound or video in s; raises ``DataError`` when it cannot be read."""
    if kind == "sound":
        import soundfile

        try:
            return float(soundfile.info(str(path)).duration)
        except soundfile.SoundFileError as error:
            raise DataError(f"{path.name} cannot be read as sound: {error}") from error
    import cv2

    video = cv2.VideoCapture(str(path))
    frames, fps = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
    video.release()
    if not (frames > 0 and fps > 0):
        raise DataError(
            f"{path.name} cannot be read as a video, or does not say how long it is: give seconds"
        )
    return float(frames / fps)
