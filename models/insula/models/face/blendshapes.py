"""Action units from blendshapes, and a person's own baseline of them.

Blendshapes come from MediaPipe's FaceLandmarker or, where its bundle is absent, from the second head of the
expression net. Names are the 52 of ARKit in MediaPipe's order (``_neutral, browDownLeft … noseSneerRight``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from insula.edge.types import Clue

ACTION_UNITS: Final[Mapping[int, tuple[str, tuple[str, ...]]]] = {
    1: ("inner brow raiser", ("browInnerUp",)),
    2: ("outer brow raiser", ("browOuterUpLeft", "browOuterUpRight")),
    4: ("brow lowerer", ("browDownLeft", "browDownRight")),
    5: ("upper lid raiser", ("eyeWideLeft", "eyeWideRight")),
    7: ("lid tightener", ("eyeSquintLeft", "eyeSquintRight")),
    12: ("lip corner puller", ("mouthSmileLeft", "mouthSmileRight")),
    14: ("dimpler", ("mouthDimpleLeft", "mouthDimpleRight")),
    15: ("lip corner depressor", ("mouthFrownLeft", "mouthFrownRight")),
    17: ("chin raiser", ("mouthShrugLower",)),
    20: ("lip stretcher", ("mouthStretchLeft", "mouthStretchRight")),
    23: ("lip tightener", ("mouthPressLeft", "mouthPressRight")),
    25: (
        "lips part",
        ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    ),
    26: ("jaw drop", ("jawOpen",)),
}
"""Action unit → its name and the blendshapes whose mean stands for it (our mapping, by the muscle both name).

AU 23 has no blendshape of its own; the nearest, pressed lips, is AU 24's. AU 6 and AU 9 are left out: the
blendshapes that name them (cheekSquint, noseSneer) stay below 0.001 on 24,000 faces, the model does not
measure them.
"""

NOT_MEASURED: Final[Mapping[int, str]] = {
    6: "MediaPipe's cheekSquint does not respond",
    9: "MediaPipe's noseSneer does not respond",
}

PROTOTYPES: Final[Mapping[str, tuple[int, ...]]] = {
    "happiness": (12,),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "fear": (1, 2, 4, 5, 7, 20, 26),
    "anger": (4, 5, 7, 23),
    "disgust": (15,),
    "contempt": (12, 14),
}
"""Units of the posed prototype of each expression (EMFACS style), less those not measured: they explain
an estimate, they never decide it."""


def action_units(values: Sequence[float], names: Sequence[str]) -> dict[int, float]:
    """Intensity 0…1 of each of :data:`ACTION_UNITS` from blendshape ``values`` in the order of ``names``.

    A unit whose blendshapes are not all among ``names`` is left out.
    """
    given = dict(zip(names, values, strict=True))
    return {
        unit: sum(min(max(given[part], 0.0), 1.0) for part in parts) / len(parts)
        for unit, (_, parts) in ACTION_UNITS.items()
        if all(part in given for part in parts)
    }


@dataclass(slots=True)
class _Moments:
    n: int = 0
    mean: float = 0.0
    squares: float = 0.0


class PersonBaseline:
    """Mean and spread of each unit over the person's own resting minute (Welford's running moments)."""

    smallest: Final = 30
    """Frames needed before a z-score is given."""

    def __init__(self) -> None:
        self.learning = False
        self._moments: dict[int, _Moments] = {}

    def begin(self) -> None:
        """Forget the last person and start learning."""
        self._moments.clear()
        self.learning = True

    def end(self) -> None:
        """Stop learning; z-scores follow from what was seen."""
        self.learning = False

    def table(self) -> dict[str, list[float]] | None:
        """Frames, mean and sum of squares of each unit, ``None`` when too few frames were seen."""
        enough = {unit: m for unit, m in self._moments.items() if m.n >= self.smallest}
        return {str(unit): [m.n, m.mean, m.squares] for unit, m in enough.items()} or None

    def adopt(self, table: Mapping[str, Sequence[float]]) -> None:
        """Take what :meth:`table` gave."""
        self._moments = {int(unit): _Moments(int(n), mean, sq) for unit, (n, mean, sq) in table.items()}

    def see(self, units: Mapping[int, float]) -> None:
        """Take in one frame, while learning."""
        if not self.learning:
            return
        for unit, value in units.items():
            moments = self._moments.setdefault(unit, _Moments())
            moments.n += 1
            step = value - moments.mean
            moments.mean += step / moments.n
            moments.squares += step * (value - moments.mean)

    def z(self, unit: int, value: float) -> float | None:
        """Distance from the person's rest in its standard deviations; ``None`` before there is a baseline.

        The spread is floored at 0.02: a face at rest moves less than the net's own noise.
        """
        moments = self._moments.get(unit)
        if self.learning or moments is None or moments.n < self.smallest:
            return None
        return (value - moments.mean) / max(math.sqrt(moments.squares / moments.n), 0.02)


def support(expression: str, units: Mapping[int, float], baseline: PersonBaseline) -> float | None:
    """Share 0…1 of the prototype's units that are active; ``None`` where none of them was measured.

    Active: one standard deviation above the person's rest, or before there is a baseline above 0.3.
    """
    measured = [unit for unit in PROTOTYPES.get(expression, ()) if unit in units]
    if not measured:
        return None
    scores = [(units[unit], baseline.z(unit, units[unit])) for unit in measured]
    return sum(value > 0.3 if z is None else z > 1 for value, z in scores) / len(measured)


def clues(stream: str, units: Mapping[int, float], baseline: PersonBaseline) -> tuple[Clue, ...]:
    """One clue a unit, e.g. ``AU12 lip corner puller``, with its z-score where there is a baseline."""
    return tuple(
        Clue(stream, f"AU{unit:02d} {ACTION_UNITS[unit][0]}", value, "0…1", baseline.z(unit, value))
        for unit, value in sorted(units.items())
    )
