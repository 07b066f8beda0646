"""Keeps the newest frame of a live camera whose library can only be asked by blocking.

OpenCV's ``read`` has no time-out for local cameras, and network streams buffer whatever is not read at
once (2.8 s behind after 6 s was measured), so one thread reads continuously and older frames are dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock
from insula.sensors.frame_times import FrameTimes

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Grabbed:
    """One frame as the camera gave it, and its time: right after it was read, less the jitter of that."""

    image: Image
    t: float


class NewestFrame:
    """Runs ``grab`` in a thread and hands out the newest frame; counts those nobody took."""

    def __init__(self, grab: Callable[[], Image | None], release: Callable[[], None], clock: Clock) -> None:
        """``grab`` blocks for the next frame, ``None`` at the end; ``release`` then frees the camera."""
        self._grab = grab
        self._release = release
        self._clock = clock
        self._news = threading.Condition()
        self._frame: Grabbed | None = None
        self._ended = False
        self._stop = False
        self._times = FrameTimes()
        self.dropped = 0
        self.error = ""
        self._thread = threading.Thread(target=self._run, name="insula-camera-grab", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop:
                image = self._grab()
                if image is None:
                    break
                t = self._times.stamp(self._clock())
                with self._news:
                    self.dropped += self._frame is not None
                    self._frame = Grabbed(image, t)
                    self._news.notify_all()
        except Exception as error:  # a thread's top: the reader reports it
            self.error = str(error)
        finally:
            self._release()
            with self._news:
                self._ended = True
                self._news.notify_all()

    def take(self, timeout_s: float) -> Grabbed | None:
        """The newest frame not taken yet, ``None`` when there is none within ``timeout_s``."""
        with self._news:
            self._news.wait_for(lambda: self._frame is not None or self._ended, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    @property
    def ended(self) -> bool:
        """Whether the camera has stopped for good and its last frame was taken."""
        with self._news:
            return self._ended and self._frame is None

    def stop(self, timeout_s: float) -> None:
        """Ask the thread to end and wait a little; a thread stuck in the library frees the camera later."""
        self._stop = True
        self._thread.join(timeout_s)
