"""Why a state is what it is: the record that goes to file, dashboard and robot.

Names say what is shown or measured, never what a person feels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from insula.edge.types import Clue, Measure, Modality, VaSource

Kind = Literal["expression", "compound", "region", "index", "none"]
Sureness = Literal["sure", "fairly sure", "unsure", "unknown"]
AgainstKind = Literal["contradiction", "template", "poor signal", "old", "not measured", "simulated"]


@dataclass(frozen=True, slots=True)
class Name:
    """What a state is called. ``parts`` are the expressions in it, ``probability`` theirs together."""

    kind: Kind
    text: str = ""
    parts: tuple[str, ...] = ()
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A prototype held against a face: units that are active and units that should be and are not."""

    expression: str
    active: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """One thing that speaks against taking the state at its word.

    ``value`` is the disagreement in standard deviations, the quality 0…1 or the age in s; ``units`` are the
    action units that the expression's prototype has and the face does not show.
    """

    kind: AgainstKind
    modality: Modality | None = None
    value: float | None = None
    units: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a state is what it is.

    ``leading`` is the modality that moved it most, with its ``weight`` (0…1) and signal ``quality`` (0…1);
    ``clues`` are its strongest, by distance from the person's baseline. ``against`` is empty when nothing
    speaks against it. ``english`` and ``german`` are the record as one sentence.
    """

    t: float
    name: Name
    leading: Modality | None = None
    weight: float = 0.0
    quality: float | None = None
    clues: tuple[Clue, ...] = ()
    template: Template | None = None
    sureness: Sureness = "unknown"
    valence: Measure | None = None
    arousal: Measure | None = None
    indices: tuple[tuple[str, Measure], ...] = ()
    va_source: VaSource | None = None
    against: tuple[Against, ...] = ()
    reason: str = ""
    english: str = ""
    german: str = ""
    simulated: bool = False
