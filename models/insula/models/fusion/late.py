"""What is valid now, weighted by how sure it is; what nothing valid speaks of is absent, with the reasons.

Valence and arousal go through an outlier gate per source (``gate``), are combined with correlated-source
caution (``combine``) and followed through time (``tracker``); expressions go through an opinion pool
(``pool``). A steady input comes out unchanged; a stream that stops widens the interval and ends as "not
measured" at its horizon; a source that comes or goes makes no step larger than the interval.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Final, Literal

from insula.edge.errors import ConfigError
from insula.edge.explanation import Explanation
from insula.edge.types import (
    EXPRESSIONS,
    MODALITIES,
    AffectEstimate,
    AffectState,
    Clue,
    Contribution,
    Measure,
    Modality,
)
from insula.models.explain import explain
from insula.models.fusion.axis import AxisFusion
from insula.models.fusion.combine import contradiction
from insula.models.fusion.parameters import Parameters, shipped
from insula.models.fusion.pool import pool
from insula.models.fusion.stamps import Stamps

Axis = Literal["valence", "arousal"]
_AXES: Final[tuple[Axis, ...]] = ("valence", "arousal")
_N_CLUES = 6
_LEFT_OUT = "left out by the settings of this person"


class LateFusion:
    """Combines the newest estimate of every modality into one state.

    ``rate_hz`` is the rate at which the runtime asks for states (10–30 Hz is usual). ``process_sd`` is how
    much this person's valence and arousal move in a second (1/√s): larger follows faster and smooths less;
    default: as fitted. ``weights`` (0…1 by modality) say how far this person's face, voice … are to be
    trusted: 0 leaves a modality out. ``parameters`` replace the fitted constants.
    Raises ``ConfigError`` when one of them makes no sense.
    """

    def __init__(
        self,
        parameters: Parameters | None = None,
        *,
        rate_hz: float = 20.0,
        process_sd: float | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self._parameters = parameters or shipped()
        if process_sd is None:
            process_sd = self._parameters.process_sd
        for name, value in (("rate_hz", rate_hz), ("process_sd", process_sd)):
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"[fusion] {name} must be positive, not {value}")
        self.rate_hz = rate_hz
        self._weights = checked_weights(weights or {})
        self._now = math.inf  # before the first state no stamp is from the future
        self._newest: dict[Modality, AffectEstimate] = {}
        self._measured: dict[Modality, AffectEstimate] = {}
        self._explained: AffectState | None = None
        self._stamps = {modality: Stamps() for modality in self._parameters.sources}
        self._axes = {
            axis: AxisFusion(
                number,
                self._parameters.sources,
                correlation=self._parameters.correlation,
                process_sd=process_sd,
                gate_sd=self._parameters.gate_sd,
                weights=self._weights,
            )
            for number, axis in enumerate(_AXES)
        }

    def update(self, estimate: AffectEstimate) -> None:
        """Take an estimate; an older one than is already known of its modality is ignored."""
        modality = estimate.modality
        known = self._newest.get(modality)
        captured = self._stamps[modality].true_time(estimate.t, self._now)
        if captured is None:
            if known is None:
                self._newest[modality] = estimate  # so that the state can say what is wrong with it
            return
        if captured != estimate.t:
            estimate = dataclasses.replace(estimate, t=captured)
        if known is not None and estimate.t < known.t <= self._now:
            return
        self._newest[modality] = estimate
        if not self._weights.get(modality, 1.0):
            return
        for axis in _AXES:
            value: Measure | None = getattr(estimate, axis)
            if value is not None:
                self._measured[modality] = estimate
                self._axes[axis].offer(modality, estimate.t, value)

    def state(self, t: float) -> AffectState:
        """The state at time ``t`` (s)."""
        self._now = t
        reasons = {m: why for m, e in self._newest.items() if (why := self._why_not(e, t))}
        valid = {m: e for m, e in self._newest.items() if m not in reasons}
        parts = {axis: self._axes[axis].parts(t) for axis in _AXES}
        valence, weights_v = self._axes["valence"].follow(t, parts["valence"])
        arousal, weights_a = self._axes["arousal"].follow(t, parts["arousal"])
        expression, shares = pool(valid, self._parameters, self._weights, t)
        weights = {m: max(weights_v.get(m, 0.0), weights_a.get(m, 0.0)) for m in self._newest}
        standing = [self._measured[m] for m, weight in weights.items() if weight > 0]
        entered = {e.modality: e for e in (*standing, *valid.values())}
        ages = [max(t - e.t, 0.0) for e in entered.values()]
        indices = tuple((name, self._honest(name, m)) for e in valid.values() for name, m in e.indices)
        measured = bool(valence or arousal or expression or indices)
        return AffectState(
            t=t,
            valence=valence,
            arousal=arousal,
            expression=expression,
            indices=indices,
            contributions=tuple(
                self._contribution(m, t, weights[m] or shares.get(m, 0.0), reasons.get(m, ""))
                for m in self._newest
            ),
            reason=""
            if measured
            else "; ".join(f"{m}: {r}" for m, r in reasons.items()) or "no estimate yet",
            age_newest_s=min(ages, default=None),
            age_oldest_s=max(ages, default=None),
            va_source=_source(standing) if valence or arousal else None,
            simulated=any(e.simulated for e in entered.values()),
            clues=_strongest(valid),
            disagreement=_disagreement(parts),
            candidates=self._candidates(expression, valid),
        )

    def explain(self, state: AffectState) -> Explanation:
        """Why the newest state is what it is; what moved it is told against the state explained before."""
        before, self._explained = self._explained, state
        return explain(state, self._newest.values(), before)

    def _honest(self, index: str, stated: Measure) -> Measure:
        """An index with the deviation that held people's true rates."""
        return Measure(stated.mean, stated.sd * self._parameters.index_gain.get(index, 1.0))

    def _candidates(
        self, expression: tuple[float, ...] | None, valid: Mapping[Modality, AffectEstimate]
    ) -> tuple[str, ...]:
        """Expressions that cannot be excluded; the likeliest is always among them."""
        speaking = "+".join(m for m in MODALITIES if m in valid and valid[m].expression is not None)
        least = self._parameters.candidate_p.get(speaking)
        if expression is None or least is None:
            return ()
        best = max(expression)
        return tuple(
            name for name, p in zip(EXPRESSIONS, expression, strict=True) if p >= min(best, math.log(least))
        )

    def _why_not(self, estimate: AffectEstimate, t: float) -> str:
        """Why an estimate does not speak of ``t``, empty when it does."""
        if not self._weights.get(estimate.modality, 1.0):
            return _LEFT_OUT
        if not estimate.measured:
            return estimate.reason
        age = t - estimate.t
        if age < -1.0:
            return f"its time stamp is {-age:.1f} s in the future"
        horizon_s = self._parameters.sources[estimate.modality].horizon_s
        return f"no news for {age:.1f} s" if age > horizon_s else ""

    def _contribution(self, modality: Modality, t: float, weight: float, reason: str) -> Contribution:
        newest = self._newest[modality]
        standing = self._measured.get(modality, newest) if reason and weight else newest
        off = self._stamps[modality].offset_s
        return Contribution(
            modality=modality,
            measured=not reason,
            reason=reason or (f"its clock is {off:+.1f} s off: read by arrival" if off else ""),
            weight=weight,
            age_s=t - standing.t,
            quality=0.0 if reason else newest.quality,
        )


def checked_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights by modality; raises ``ConfigError`` for an unknown one or one outside 0…1."""
    for modality, weight in weights.items():
        if modality not in MODALITIES:
            raise ConfigError(f"[fusion.weights] knows {', '.join(MODALITIES)}, not {modality!r}")
        if not (isinstance(weight, (int, float)) and 0.0 <= weight <= 1.0):
            raise ConfigError(f"[fusion.weights] {modality} must be within 0…1, not {weight!r}")
    return {modality: float(weight) for modality, weight in weights.items()}


def _source(standing: list[AffectEstimate]) -> Literal["native", "mapped"]:
    return "native" if {e.va_source for e in standing} == {"native"} else "mapped"


def _disagreement(parts: Mapping[Axis, Mapping[str, Measure]]) -> float | None:
    """The larger contradiction of face and voice on either axis, ``None`` while not both speak."""
    pairs = [(p["face"], p["voice"]) for p in parts.values() if "face" in p and "voice" in p]
    return max((contradiction(a, b) for a, b in pairs), default=None)


def _strongest(valid: Mapping[Modality, AffectEstimate]) -> tuple[Clue, ...]:
    clues = [clue for estimate in valid.values() for clue in estimate.clues if clue.z is not None]
    clues.sort(key=lambda clue: -abs(clue.z or 0.0))
    return tuple(clues[:_N_CLUES])
