"""Which action units speak for an expression: the posed prototypes. They explain, they never decide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from insula.edge.explanation import Template
from insula.edge.types import Clue
from insula.models.face.blendshapes import PROTOTYPES

ACTIVE_Z: Final = 1.0
"""A unit is active this many standard deviations above the person's rest …"""

ACTIVE_VALUE: Final = 0.3
"""… or, before there is a baseline, above this intensity."""

_UNIT = re.compile(r"AU(\d+)\b")


def unit_of(clue: Clue) -> int | None:
    """The number of the action unit a clue speaks of."""
    found = _UNIT.match(clue.feature)
    return int(found[1]) if found else None


def is_active(clue: Clue) -> bool:
    """Whether an action unit's clue stands out."""
    return clue.value > ACTIVE_VALUE if clue.z is None else clue.z > ACTIVE_Z


def template(expression: str, clues: Iterable[Clue]) -> Template | None:
    """The expression's prototype against a face's clues; ``None`` where none of its units was measured."""
    measured = {unit: clue for clue in clues if (unit := unit_of(clue)) is not None}
    units = [unit for unit in PROTOTYPES.get(expression, ()) if unit in measured]
    if not units:
        return None
    active = tuple(unit for unit in units if is_active(measured[unit]))
    return Template(expression, active, tuple(unit for unit in units if unit not in active))
