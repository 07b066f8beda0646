"""Whether the models were trained on people like this one: what the banner says when they were not.

From the models' cards (``insula models list``): acted voices and all bodily signals are of healthy adults;
who is on the web pictures behind the face model is not known.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from insula.edge.profile import Profile
from insula.edge.types import Modality


@dataclass(frozen=True, slots=True)
class Population:
    """The people behind a modality's models: ages (years, both included), ``None`` where nobody knows."""

    who: str
    ages: tuple[int, int] | None


POPULATIONS: Final[dict[Modality, Population]] = {
    "face": Population("unknown people on web pictures, mostly adults", None),
    "voice": Population("adult actors", (18, 65)),
    "eda": Population("healthy adults", (18, 65)),
    "eeg": Population("healthy young adults", (18, 40)),
}
_CHILD: Final = 18


def outside(profile: Profile, modalities: Collection[Modality]) -> tuple[str, ...]:
    """One sentence for each modality whose models were not trained on people like this one."""
    found = []
    for modality, population in POPULATIONS.items():
        if modality not in modalities:
            continue
        why = []
        low, high = population.ages or (_CHILD, 200)
        if profile.age is not None and not low <= profile.age <= high:
            why.append(f"age {profile.age}")
        why += profile.conditions
        if why:
            found.append(f"{modality}: trained on {population.who}, not measured for {', '.join(why)}")
    return tuple(found)
