"""The phrase being spoken: its frames, what came just before it, and the stretches it is cut into."""

from __future__ import annotations

from typing import Final

from insula.models.speech.features import Frames, join
from insula.models.speech.functionals import MIN_FRAMES, WINDOW_FRAMES

_BEFORE: Final = 10  # frames: the voice detector opens up to 0.1 s late


class Phrase:
    """Collects frames while someone speaks.

    The window to judge is the last 4 s of the phrase. Stretches for the person's baseline do not overlap:
    every full 4 s, and the rest when the phrase ends.
    """

    def __init__(self) -> None:
        self._frames: Frames | None = None
        self._before: Frames | None = None
        self._unlearned = 0

    def __len__(self) -> int:
        return 0 if self._frames is None else len(self._frames)

    def push(self, frames: Frames, *, speaking: bool) -> Frames | None:
        """Take new frames; returns a stretch of 4 s when one is complete."""
        if not speaking:
            self._before = _newest(join([self._before, frames]) if self._before else frames, _BEFORE)
            return None
        if self._frames is None:
            self._frames = join([self._before, frames]) if self._before else frames
            self._unlearned = len(self._frames)
            self._before = None
        else:
            self._frames = _newest(join([self._frames, frames]), WINDOW_FRAMES)
            self._unlearned += len(frames)
        if self._unlearned < WINDOW_FRAMES:
            return None
        self._unlearned = 0
        return self.window()

    def window(self) -> Frames:
        """The last 4 s of the phrase, or all of it; raises ``ValueError`` when there is none."""
        if self._frames is None:
            raise ValueError("nobody is speaking")
        return _newest(self._frames, WINDOW_FRAMES)

    def finish(self) -> Frames | None:
        """End the phrase; returns its frames since the last stretch if they are enough to describe."""
        rest = None
        if self._frames is not None and self._unlearned >= MIN_FRAMES:
            rest = _newest(self._frames, self._unlearned)
        self.clear()
        return rest

    def clear(self) -> None:
        """Drop the phrase."""
        self._frames, self._before, self._unlearned = None, None, 0


def _newest(frames: Frames, n: int) -> Frames:
    return frames.cut(max(0, len(frames) - n), len(frames))
