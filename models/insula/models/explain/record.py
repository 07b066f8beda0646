"""The structured explanation of one state: a pure function of the state and the estimates behind it.

The session publishes it twice a second; whoever has a state and its estimates (a file read years later)
computes the same record again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from insula.edge.explanation import Against, Explanation, Name, Sureness, Template
from insula.edge.types import AffectEstimate, AffectState, Clue, Contribution, Modality
from insula.models.explain.naming import name
from insula.models.explain.sentence import sentence
from insula.models.explain.templates import is_active, template, unit_of

N_CLUES: Final = 3
LEAST_Z: Final = 1.0
"""Nearer to the person's own baseline, a clue is nothing to speak of."""

CONTRADICTION_SD: Final = 2.0
"""Face and voice contradict each other from this disagreement on."""

SURE: Final = (0.8, 0.2)
FAIRLY_SURE: Final = (0.6, 0.35)
"""Least probability of what is named and widest standard deviation of a value."""

POOR_QUALITY: Final = 0.5
OLD_S: Final = 1.0


def explain(
    state: AffectState, estimates: Iterable[AffectEstimate], before: AffectState | None = None
) -> Explanation:
    """Explain ``state`` by the newest estimate of each modality that entered it.

    With the state ``before`` the leading modality is the one that pulled hardest away from it, else the one
    that weighs most. Estimates of modalities that the state does not count as measured are not used.
    """
    entered = {c.modality: c for c in state.contributions if c.measured}
    newest = {e.modality: e for e in sorted(estimates, key=lambda e: e.t) if e.modality in entered}
    called = name(state)
    if not state.measured:
        absent = _absent(state.contributions)
        return _told(Explanation(state.t, called, reason=state.reason, against=absent))
    leading = _leading(entered, newest, before)
    lead = newest.get(leading) if leading else None
    face = newest.get("face")
    held = template(called.parts[0], face.clues) if face and len(called.parts) == 1 else None
    found = Explanation(
        t=state.t,
        name=called,
        leading=leading,
        weight=entered[leading].weight if leading else 0.0,
        quality=entered[leading].quality if leading else None,
        clues=_telling(lead.clues) if lead else (),
        template=held,
        sureness=_sureness(state, called),
        valence=state.valence,
        arousal=state.arousal,
        indices=state.indices,
        va_source=state.va_source,
        against=_against(state, entered, held),
        simulated=state.simulated,
    )
    return _told(found)


def _told(found: Explanation) -> Explanation:
    return replace(found, english=sentence(found), german=sentence(found, "de"))


def _leading(
    entered: Mapping[Modality, Contribution],
    newest: Mapping[Modality, AffectEstimate],
    before: AffectState | None,
) -> Modality | None:
    def pull(modality: Modality) -> tuple[float, float]:
        weight = entered[modality].weight
        moved = _distance(newest[modality], before) if before and modality in newest else 0.0
        return (weight * moved, weight)

    return max(entered, key=pull, default=None)


def _distance(estimate: AffectEstimate, before: AffectState) -> float:
    pairs = ((estimate.valence, before.valence), (estimate.arousal, before.arousal))
    return max((abs(a.mean - b.mean) for a, b in pairs if a and b), default=0.0)


def _telling(clues: Iterable[Clue]) -> tuple[Clue, ...]:
    """Clues that stand out against the baseline; before there is one, the action units that are active."""
    strong = [c for c in clues if (abs(c.z) >= LEAST_Z if c.z is not None else unit_of(c) and is_active(c))]
    strong.sort(key=lambda c: -abs(c.value if c.z is None else c.z))
    return tuple(strong[:N_CLUES])


def _sureness(state: AffectState, called: Name) -> Sureness:
    """The worst of what the probability, the deviations and the agreement of face and voice allow."""
    if state.disagreement is not None and state.disagreement > CONTRADICTION_SD:
        return "unsure"
    deviations = [m.sd for m in (state.valence, state.arousal) if m is not None]
    if called.probability is None and not deviations:
        deviations = [m.sd for _, m in state.indices]
    widest = max(deviations, default=0.0)
    p = 1.0 if called.probability is None else called.probability if called.parts else 0.0
    if p >= SURE[0] and widest <= SURE[1]:
        return "sure"
    return "fairly sure" if p >= FAIRLY_SURE[0] and widest <= FAIRLY_SURE[1] else "unsure"


def _against(
    state: AffectState, entered: Mapping[Modality, Contribution], held: Template | None
) -> tuple[Against, ...]:
    found: list[Against] = []
    if state.disagreement is not None and state.disagreement > CONTRADICTION_SD:
        found.append(Against("contradiction", value=state.disagreement))
    if held is not None and len(held.missing) > len(held.active):
        found.append(Against("template", "face", units=held.missing))
    for modality, c in entered.items():
        if c.quality < POOR_QUALITY:
            found.append(Against("poor signal", modality, c.quality))
        if c.age_s is not None and c.age_s > OLD_S:
            found.append(Against("old", modality, c.age_s))
    found.extend(_absent(state.contributions))
    if state.simulated:
        found.append(Against("simulated"))
    return tuple(found)


def _absent(contributions: Iterable[Contribution]) -> tuple[Against, ...]:
    return tuple(
        Against("not measured", c.modality, reason=c.reason) for c in contributions if not c.measured
    )
