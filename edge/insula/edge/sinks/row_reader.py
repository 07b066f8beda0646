"""Rows back into states and estimates: what a receiver of ``insula.state`` and ``insula.<modality>`` knows.

A row holds no clues, faces, sources or ages of single modalities; they stay empty. Why something is not
measured comes on ``insula.reasons`` and is given by node.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from insula.edge.sinks.rows import INDICES
from insula.edge.types import (
    EXPRESSIONS,
    MODALITIES,
    AffectEstimate,
    AffectState,
    Contribution,
    Measure,
    Modality,
    VaSource,
)

UNTOLD: Final = "the reason was told before the connection was made"


def state(row: Mapping[str, float], t: float, reasons: Mapping[str, str]) -> AffectState:
    """The state at ``t`` (s) from a row by label; ``reasons`` by node (``state``, ``state.<modality>``)."""
    valence, arousal, expression = _measure(row, "valence"), _measure(row, "arousal"), _expression(row)
    indices = _indices(row, tuple(name for names in INDICES.values() for name in names))
    measured = bool(valence or arousal or expression or indices)
    return AffectState(
        t,
        valence,
        arousal,
        expression,
        indices,
        tuple(_contribution(m, row, reasons) for m in MODALITIES if f"weight_{m}" in row),
        "" if measured else reasons.get("state") or UNTOLD,
        _number(row, "age_newest"),
        _number(row, "age_oldest"),
        simulated=row.get("simulated", 0.0) > 0,
    )


def estimate(
    modality: Modality,
    row: Mapping[str, float],
    t: float,
    reason: str,
    *,
    stream: str = "",
    model: str = "",
    va_source: VaSource | None = None,
) -> AffectEstimate:
    """One modality's estimate at ``t`` (s) from a row by label; the rest as the outlet's description says."""
    valence, arousal, expression = _measure(row, "valence"), _measure(row, "arousal"), _expression(row)
    indices = _indices(row, INDICES.get(modality, ()))
    measured = bool(valence or arousal or expression or indices)
    quality, sample = _number(row, "quality"), _number(row, "sample")
    return AffectEstimate(
        modality,
        stream,
        t,
        min(max(quality or 0.0, 0.0), 1.0),
        valence,
        arousal,
        expression,
        indices,
        "" if measured else reason or UNTOLD,
        (va_source or "mapped") if valence or arousal else None,
        sample=-1 if sample is None else int(sample),
        model=model,
        simulated=row.get("simulated", 0.0) > 0,
    )


def _number(row: Mapping[str, float], label: str) -> float | None:
    value = row.get(label, math.nan)
    return value if math.isfinite(value) else None


def _measure(row: Mapping[str, float], name: str) -> Measure | None:
    mean, sd = _number(row, name), _number(row, f"{name}_sd")
    return Measure(mean, sd) if mean is not None and sd is not None and sd >= 0 else None


def _indices(row: Mapping[str, float], names: tuple[str, ...]) -> tuple[tuple[str, Measure], ...]:
    found = ((name, _measure(row, name)) for name in names)
    return tuple((name, measure) for name, measure in found if measure is not None)


def _expression(row: Mapping[str, float]) -> tuple[float, ...] | None:
    p = [_number(row, f"p_{name}") for name in EXPRESSIONS]
    if any(value is None or value < 0 for value in p):
        return None
    return tuple(math.log(value) if value else -math.inf for value in p if value is not None)


def _contribution(modality: Modality, row: Mapping[str, float], reasons: Mapping[str, str]) -> Contribution:
    weight, reason = _number(row, f"weight_{modality}"), reasons.get(f"state.{modality}", "")
    if weight is None:
        return Contribution(modality, False, reason or UNTOLD)
    return Contribution(modality, not reason, reason, weight)  # with a reason: a last value, held
