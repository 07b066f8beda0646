"""What the robot does about a state: two thresholds, a dwell time, and an answer to *not measured*.

Copy this file. It knows no transport: give it the valence as mean and standard deviation, or ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENTER: Final = 0.15
"""Someone looks pleased *for sure* when mean − sd is above it; displeased when mean + sd is below −ENTER."""
LEAVE: Final = 0.0
"""… and no longer when the mean itself is back here: two thresholds, so that noise makes no flicker."""
DWELL_S: Final = 1.0
"""A wish must last this long before the robot acts on it."""
BLIND_S: Final = 1.0
"""Without a measurement for this long the robot behaves as if it had no camera."""

WAITING, NEUTRAL, CHEERFUL, CAREFUL = "waiting", "neutral", "cheerful", "careful"

SAYS: Final = {
    WAITING: "I cannot see how you are, so I just wait here.",
    NEUTRAL: "Hello.",
    CHEERFUL: "Hello! Good to see you smile.",
    CAREFUL: "Hello. I will keep my distance; tell me if I can help.",
}


@dataclass(slots=True)
class Greeter:
    """The robot's mood for greeting; ask :meth:`step` with every state, and at least twice a second."""

    doing: str = WAITING
    _wish: str = WAITING
    _since: float = 0.0
    _seen: float = float("-inf")

    def step(self, t: float, valence: tuple[float, float] | None) -> str:
        """Take what is known at time ``t`` (s): mean and sd of valence, ``None``: not measured."""
        if valence is not None:
            self._seen = t
            wish = self._wanted(*valence)
        elif t - self._seen < BLIND_S:
            return self.doing  # a blink is no reason to change one's mind
        else:
            wish = WAITING
        if wish != self._wish:
            self._wish, self._since = wish, t
        if self._wish != self.doing and t - self._since >= DWELL_S:
            self.doing = self._wish
        return self.doing

    def _wanted(self, mean: float, sd: float) -> str:
        if mean - sd > ENTER or (self.doing == CHEERFUL and mean > LEAVE):
            return CHEERFUL
        if mean + sd < -ENTER or (self.doing == CAREFUL and mean < -LEAVE):
            return CAREFUL
        return NEUTRAL
