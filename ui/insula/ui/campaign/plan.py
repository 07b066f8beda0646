"""Which fault comes when: every fault of every part, shuffled, again and again until the time is up."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Lane = Literal["sensor", "model", "output"]

SENSOR_KINDS: Final = (
    *("unplug", "unclean", "stall", "gap", "nan", "rail", "jitter", "duplicate", "backward", "rate"),
)
MODEL_KINDS: Final = ("raises", "slow", "not finite")
OUTPUT_KINDS: Final = ("raises", "breaks", "slow", "blocked")

_LENGTH_S: Final = {"sensor": (2.0, 5.0), "model": (1.0, 3.5), "output": (1.5, 4.0)}
_PAUSE_S: Final = (0.5, 1.5)
_WARM_UP_S: Final = 3.0
_LAST_S: Final = 3.0  # of a round are without faults: what was lost must come back


@dataclass(frozen=True, slots=True)
class Episode:
    """One fault of ``kind`` in ``part`` from ``at_s`` to ``at_s + for_s``, seconds from the round's begin."""

    lane: Lane
    part: str
    kind: str
    at_s: float
    for_s: float

    @property
    def name(self) -> str:
        """What the account calls it."""
        return f"{self.lane} {self.kind}"


def make(
    seconds: float, rng: random.Random, sensors: Sequence[str], estimators: Sequence[str], *, disk: bool
) -> list[Episode]:
    """Faults for a round of ``seconds``: one at a time among the sensors, the models and the outputs each."""
    decks: dict[Lane, list[tuple[str, str]]] = {
        "sensor": [(part, kind) for part in sensors for kind in SENSOR_KINDS],
        "model": [
            (f"{part} {name}", kind)
            for name in estimators
            for part in ("estimator", "engine")
            for kind in MODEL_KINDS
        ],
        "output": [("sink", kind) for kind in OUTPUT_KINDS] + [("listener", "raises")],
    }
    if disk:
        decks["output"].append(("disk", "full"))
    episodes = [e for lane, deck in decks.items() for e in _lane(lane, deck, seconds, rng)]
    return sorted(episodes, key=lambda episode: episode.at_s)


def _lane(lane: Lane, deck: list[tuple[str, str]], seconds: float, rng: random.Random) -> Iterator[Episode]:
    at_s = _WARM_UP_S
    while True:
        for part, kind in rng.sample(deck, len(deck)):
            for_s = rng.uniform(*_LENGTH_S[lane])
            if at_s + for_s > seconds - _LAST_S:
                return
            yield Episode(lane, part, kind, at_s, for_s)
            at_s += for_s + rng.uniform(*_PAUSE_S)
