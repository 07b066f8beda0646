"""What the panels show of an estimate's clues: action units, head pose, electrodes, voice (Qt-free)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from insula.edge.types import Clue
from insula.ui.dashboard.view import Pose, Unit

_UNIT = re.compile(r"AU(\d+) (.+)")
_ELECTRODE = re.compile(r"electrode (.+?): (.+)")
_POSE = ("head yaw", "head pitch", "head roll")
_GAZE = ("gaze yaw", "gaze pitch")


def units(clues: Iterable[Clue]) -> tuple[Unit, ...]:
    """Return the action units with their intensity 0…1, by number."""
    found = ((_UNIT.fullmatch(clue.feature), clue) for clue in clues)
    return tuple(sorted(Unit(int(m[1]), m[2], clue.value, clue.z) for m, clue in found if m))


def pose(clues: Iterable[Clue]) -> Pose | None:
    """Return where head and eyes point, ``None`` when the head's direction was not measured."""
    angles = {clue.feature: clue.value for clue in clues if clue.feature in (*_POSE, *_GAZE)}
    if not angles.keys() >= set(_POSE):
        return None
    head, eyes = (tuple(angles[name] for name in names if name in angles) for names in (_POSE, _GAZE))
    yaw, pitch, roll = head
    return Pose(yaw, pitch, roll, (eyes[0], eyes[1]) if len(eyes) == 2 else None)


def electrodes(clues: Iterable[Clue]) -> dict[str, str]:
    """Return what is wrong with each electrode that is not good."""
    found = (_ELECTRODE.fullmatch(clue.feature) for clue in clues)
    return {m[1]: m[2] for m in found if m}


def value(clues: Iterable[Clue], feature: str) -> float | None:
    """Return one clue's value, ``None`` when the estimate does not rest on it."""
    return next((clue.value for clue in clues if clue.feature == feature), None)
