"""The device's own voice: when it speaks, and what its loudspeaker plays."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.stream import StreamReader
from insula.edge.types import StreamInfo
from insula.models.speech.echo import BLOCK as ECHO_BLOCK
from insula.models.speech.echo import EchoCanceller
from insula.models.speech.features import SFREQ_HZ, FloatArray

LONGEST_STEP_S: Final = 0.02
"""Between two samples; anything longer is a gap."""
_LEAD_S = 0.02  # a stream of its own may be stamped a block later than the sound left the loudspeaker
_PATIENCE_S = 0.15  # how long the microphone waits for it
_KEPT_S = 2.0

Times = npt.NDArray[np.float64]


class Speaking:
    """When the device itself speaks, as the program says that makes it speak.

    ``tell`` may be called from any thread, and of moments to come; ``at`` is asked of ever later moments.
    It counts as speaking until ``tail_s`` after the end: loudspeaker and room go on sounding.
    """

    def __init__(self, tail_s: float) -> None:
        self._tail_s = tail_s
        self._told: deque[tuple[float, bool]] = deque()
        self._now = False
        self._until = -math.inf

    def tell(self, speaks: bool, t: float) -> None:
        """It begins or ends to speak at time ``t`` (s)."""
        self._told.append((t, speaks))

    def at(self, t: float) -> bool:
        """Whether it speaks at time ``t`` (s)."""
        while self._told and self._told[0][0] <= t:
            since, speaks = self._told.popleft()
            if self._now and not speaks:
                self._until = since + self._tail_s
            self._now = speaks
        return self._now or t < self._until


class Loudspeaker:
    """What the loudspeaker plays: a channel of the microphone's own stream, or a stream of its own.

    ``lost`` says why it could not be subtracted from what came since ``listen``, "" when it was.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lost = ""
        self._reader: StreamReader | None = None
        self._times: Times = np.zeros(0)
        self._played: FloatArray = np.zeros(0, np.float32)
        self._canceller = EchoCanceller()

    def join(self, beside: StreamReader) -> bool:
        """Take the reader of the stream called so, if it is sound of one channel at 16 kHz."""
        info = beside.info
        fits = info.type == "Audio" and info.n_channels == 1 and info.sfreq == SFREQ_HZ
        if self._reader is not None or info.name != self.name or not fits:
            return False
        self._reader = beside
        return True

    def found(self, info: StreamInfo) -> bool:
        """Whether there is a stream or a channel of the microphone's stream ``info`` that is called so."""
        return self._reader is not None or self.name in info.ch_names

    def listen(self) -> None:
        """Begin anew to say what was lost; take what came on the stream of its own."""
        self.lost = ""
        if self._reader is None:
            return
        for chunk in self._reader.read_new():
            self._times = np.concatenate([self._times, chunk.times])
            self._played = np.concatenate([self._played, chunk.data[:, 0].astype(np.float32)])
        first = int(np.searchsorted(self._times, self._times[-1] - _KEPT_S)) if len(self._times) else 0
        self._times, self._played = self._times[first:], self._played[first:]

    def due(self, t: float, newest_t: float) -> bool:
        """Whether sound of time ``t`` need not wait, the microphone having arrived at ``newest_t``."""
        if self._reader is None or newest_t - t > _PATIENCE_S:
            return True
        return len(self._times) > 0 and float(self._times[-1]) >= t + _LEAD_S

    def played(self, times: Times) -> FloatArray | None:
        """What it plays at ``times`` (n,) on a stream of its own; ``None`` when that is not known."""
        at = times + _LEAD_S
        low, high = np.searchsorted(self._times, (at[0], at[-1]))
        if not low or high == len(self._times):
            return None
        near = slice(int(low) - 1, int(high) + 1)
        if np.diff(self._times[near]).max() > LONGEST_STEP_S:
            return None
        return np.asarray(np.interp(at, self._times[near], self._played[near]), np.float32)

    def subtract(self, microphone: FloatArray, played: FloatArray | None) -> FloatArray:
        """The microphone's samples (n · 256,) without the loudspeaker's, or as they are while it is lost."""
        if played is None:
            self.lost = f"{self.name} delivers nothing for this moment"
        elif not np.isfinite(played).all():
            self.lost = f"{self.name} holds values that are not numbers"
        else:
            pairs = zip(microphone.reshape(-1, ECHO_BLOCK), played.reshape(-1, ECHO_BLOCK), strict=True)
            return np.concatenate([self._canceller.push(*pair) for pair in pairs])
        self._canceller.pause()
        return microphone

    def pause(self) -> None:
        """The microphone's stream has a gap."""
        self._canceller.pause()

    def close(self) -> None:
        """Detach from the stream."""
        if self._reader is not None:
            self._reader.close()


class Intake:
    """Cuts a microphone's samples into blocks of fixed place, without the loudspeaker's sound where known.

    The size of the pieces that come must not matter to what is judged.
    """

    def __init__(self, block: int, loudspeaker: Loudspeaker | None) -> None:
        self._block = block
        self._loudspeaker = loudspeaker
        self.restart()

    def restart(self) -> None:
        """Drop the unfinished block (after a gap)."""
        self._sound: FloatArray = np.zeros((0, 2), np.float32)
        self._times: Times = np.zeros(0)
        if self._loudspeaker is not None:
            self._loudspeaker.pause()

    @property
    def waiting(self) -> int:
        """Samples not yet of a whole block or waiting for the loudspeaker: nothing rests on them."""
        return len(self._sound)

    def push(
        self, sound: FloatArray, times: Times, played: FloatArray | None
    ) -> Iterator[tuple[FloatArray, float]]:
        """Take samples (n,) with their times; yield whole blocks (block,) and the time of their last sample.

        ``played`` (n,) is the loudspeaker's channel of the same stream, if there is one.
        """
        pair = np.column_stack([sound, np.zeros_like(sound) if played is None else played])
        self._sound, self._times = np.concatenate([self._sound, pair]), np.concatenate([self._times, times])
        newest = float(self._times[-1])
        while len(self._sound) >= self._block:
            at = self._times[: self._block]
            if self._loudspeaker is not None and not self._loudspeaker.due(float(at[-1]), newest):
                return
            block, own = self._sound[: self._block].T
            self._sound, self._times = self._sound[self._block :], self._times[self._block :]
            if self._loudspeaker is not None:
                block = self._loudspeaker.subtract(
                    block, self._loudspeaker.played(at) if played is None else own
                )
            yield block, float(at[-1])
