"""What a state may be called: an expression, a compound of two, or only a region of the circumplex.

Compounds are the seven pairs of C-EXPR-DB (Kollias 2023, "Multi-label compound expression recognition"):
the two likeliest basic expressions, where the pair is listed and the second is not far behind. Valence and
arousal alone name a region and never an emotion: anger and fear lie 0.13 apart on that plane.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from insula.edge.explanation import Name
from insula.edge.types import EXPRESSIONS, AffectState, Measure

COMPOUNDS: Final[dict[frozenset[str], str]] = {
    frozenset({"fear", "surprise"}): "fearfully surprised",
    frozenset({"happiness", "surprise"}): "happily surprised",
    frozenset({"sadness", "surprise"}): "sadly surprised",
    frozenset({"disgust", "surprise"}): "disgustedly surprised",
    frozenset({"anger", "surprise"}): "angrily surprised",
    frozenset({"sadness", "fear"}): "sadly fearful",
    frozenset({"sadness", "anger"}): "sadly angry",
}

COMPOUND_RATIO: Final = 0.35
"""Least p2 / p1 of a compound. On pictures over which viewers were split its F0.5 is flat from 0.1 to 0.65
(`insula train fusion`): a lower one names more mixtures, and more of them wrongly."""

COMPOUND_SHARE: Final = 0.5
"""Least share of both expressions of a compound together."""

CLEAR: Final = 0.5
"""An expression is named from this probability on."""

_Z90 = 1.6448536269514722


def compound(log_p: Sequence[float]) -> Name | None:
    """The compound of the two likeliest expressions, ``None`` when they make none."""
    p = {name: math.exp(value) for name, value in zip(EXPRESSIONS, log_p, strict=True)}
    first, second = sorted(p, key=lambda name: -p[name])[:2]
    text = COMPOUNDS.get(frozenset({first, second}))
    both = p[first] + p[second]
    if text is None or p[second] < COMPOUND_RATIO * p[first] or both < COMPOUND_SHARE:
        return None
    return Name("compound", text, (first, second), both)


def region(valence: Measure | None, arousal: Measure | None) -> Name:
    """The part of the circumplex: a side is named only where the 90 % interval leaves 0 out."""
    words = (
        _side(valence, "pleasant", "unpleasant"),
        _side(arousal, "activated", "calm"),
    )
    return Name("region", " and ".join(word for word in words if word) or "no clear side")


def name(state: AffectState) -> Name:
    """The most that may be said of a state, the more specific first.

    Where more than one expression cannot be excluded, none is named.
    """
    if state.expression is not None:
        if len(state.candidates) <= 2 and (pair := compound(state.expression)) is not None:
            return pair
        best = max(range(len(EXPRESSIONS)), key=state.expression.__getitem__)
        p = math.exp(state.expression[best])
        if p >= CLEAR and len(state.candidates) <= 1:
            return Name("expression", EXPRESSIONS[best], (EXPRESSIONS[best],), p)
        return Name("expression", "no clear expression", (), p)
    if state.valence or state.arousal:
        return region(state.valence, state.arousal)
    return Name("index", "only indices") if state.indices else Name("none", "not measured")


def _side(measure: Measure | None, above: str, below: str) -> str:
    if measure is None or abs(measure.mean) <= _Z90 * measure.sd:
        return ""
    return above if measure.mean > 0 else below
