"""Stimuli that move or sound: video by its own times on the session's clock, sound to the loudspeaker."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock
from insula.edge.errors import DataError


class Video:
    """A video without its sound, played in real time from the first frame that is asked for."""

    def __init__(self, path: str, clock: Clock) -> None:
        """Open the file; raises ``DataError``."""
        import cv2

        self._cv2 = cv2
        self._file = cv2.VideoCapture(path)
        self._fps = float(self._file.get(cv2.CAP_PROP_FPS))
        if not self._file.isOpened() or not self._fps > 0:
            raise DataError(f"{path} cannot be read as a video")
        self._clock = clock
        self._begun: float | None = None
        self._held: float | None = None
        self._next = 0

    def frame(self) -> npt.NDArray[np.uint8] | None:
        """Return the frame that is due, ``(height, width, 3)`` RGB; ``None`` while the last one stands."""
        now = self._clock()
        if self._held is not None:
            return None
        if self._begun is None:
            self._begun = now
        due = int((now - self._begun) * self._fps)
        if due < self._next:
            return None
        while self._next < due and self._file.grab():  # late: these frames are never seen
            self._next += 1
        self._next += 1
        there, image = self._file.read()
        return self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB) if there else None  # type: ignore[return-value]

    def hold(self, held: bool) -> None:
        """Stand still, or go on where it stood."""
        now = self._clock()
        if held and self._held is None:
            self._held = now
        elif not held and self._held is not None:
            if self._begun is not None:
                self._begun += now - self._held
            self._held = None

    def close(self) -> None:
        """Let go of the file."""
        self._file.release()


class Sound:
    """A sound file on the system's loudspeaker."""

    def __init__(self, path: str) -> None:
        """Begin to play; raises ``DataError`` in words."""
        try:
            import sounddevice
            import soundfile

            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except (OSError, RuntimeError) as error:  # PortAudio missing, or no sound file
            raise DataError(f"{path} cannot be played: {error}") from error
        self._samples, self._at, self._held = samples, 0, False
        try:
            self._stream: Any = sounddevice.OutputStream(rate, channels=samples.shape[1], callback=self._fill)
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise DataError(f"there is no loudspeaker: {error}") from error

    def hold(self, held: bool) -> None:
        """Be silent, or go on where it was."""
        self._held = held

    def close(self) -> None:
        """Stop."""
        self._stream.close()

    def _fill(self, out: npt.NDArray[np.float32], frames: int, *_: object) -> None:
        piece = self._samples[self._at : self._at + (0 if self._held else frames)]
        out[: len(piece)] = piece
        out[len(piece) :] = 0.0
        self._at += len(piece)
