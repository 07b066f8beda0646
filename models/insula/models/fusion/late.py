"""What is valid now, weighted by how sure it is; what nothing valid speaks of is absent, with the reasons.

Valence and arousal go through an outlier gate per source (``gate``), are combined with correlated-source
caution (``combine``) and followed through time (``tracker``); expressions go through an opinion pool
(``pool``). A steady input comes out unchanged; a stream that stops widens the interval and ends as "not
measured" at its horizon; a source that comes or goes makes no step larger than the interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

from insula.edge.errors import ConfigError
from insula.edge.types import AffectEstimate, AffectState, Clue, Contribution, Measure, Modality
from insula.models.fusion.combine import SD_FLOOR, combine, contradiction
from insula.models.fusion.gate import OutlierGate
from insula.models.fusion.pool import pool
from insula.models.fusion.tracker import AxisTracker

HORIZON_S: Final[Mapping[Modality, float]] = {"face": 1.0, "voice": 1.0, "eda": 3.0, "eeg": 3.0}
"""Age at which an estimate no longer speaks of the present."""

GROWTH_PER_S: Final[Mapping[Modality, float]] = {"face": 0.3, "voice": 0.3, "eda": 0.05, "eeg": 0.1}
"""How fast a valence/arousal deviation grows with age (1/s): expressions change faster than arousal.
Chosen, not fitted: no open recording rates both continuously."""

AHEAD_S: Final = 1.0
"""An estimate stamped further in the future than this comes from a clock that jumped."""

Axis = Literal["valence", "arousal"]
_AXES: Final[tuple[Axis, ...]] = ("valence", "arousal")
_N_CLUES = 6


class LateFusion:
    """Combines the newest estimate of every modality into one state.

    ``rate_hz`` is the rate at which the runtime asks for states (10–30 Hz is usual). ``process_sd`` is how
    much this person's valence and arousal move in a second (1/√s): larger follows faster and smooths less.
    Raises ``ConfigError`` when either is not positive.
    """

    def __init__(self, *, rate_hz: float = 20.0, process_sd: float = 0.3) -> None:
        for name, value in (("rate_hz", rate_hz), ("process_sd", process_sd)):
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"[fusion] {name} must be positive, not {value}")
        self.rate_hz = rate_hz
        self._now = math.inf  # before the first state no stamp is from the future
        self._newest: dict[Modality, AffectEstimate] = {}
        self._gates: dict[tuple[Modality, Axis], OutlierGate] = {}
        self._trackers = {axis: AxisTracker(process_sd) for axis in _AXES}

    def update(self, estimate: AffectEstimate) -> None:
        """Take an estimate; an older one than is already known of its modality is ignored."""
        known = self._newest.get(estimate.modality)
        if known is not None and estimate.t < known.t <= self._now + AHEAD_S:
            return
        self._newest[estimate.modality] = estimate
        for axis in _AXES:
            self._offer(axis, estimate)

    def state(self, t: float) -> AffectState:
        """The state at time ``t`` (s)."""
        self._now = t
        reasons = {m: why for m, e in self._newest.items() if (why := _why_not(e, t))}
        valid = {m: e for m, e in self._newest.items() if m not in reasons}
        parts = {axis: self._parts(axis, t, valid) for axis in _AXES}
        valence, weights_v = self._track("valence", t, parts["valence"])
        arousal, weights_a = self._track("arousal", t, parts["arousal"])
        expression, shares = pool(valid)
        weights = {m: max(weights_v.get(m, 0.0), weights_a.get(m, 0.0)) for m in valid}
        sources = {e.va_source for m, e in valid.items() if weights[m] > 0}
        ages = [max(t - e.t, 0.0) for e in valid.values()]
        return AffectState(
            t=t,
            valence=valence,
            arousal=arousal,
            expression=expression,
            indices=tuple((name, measure) for e in valid.values() for name, measure in e.indices),
            contributions=tuple(
                _contribution(e, t, weights.get(m) or shares.get(m, 0.0), reasons.get(m, ""))
                for m, e in self._newest.items()
            ),
            reason="" if valid else "; ".join(f"{m}: {r}" for m, r in reasons.items()) or "no estimate yet",
            age_newest_s=min(ages, default=None),
            age_oldest_s=max(ages, default=None),
            va_source=None if not (valence or arousal) else "native" if sources == {"native"} else "mapped",
            simulated=any(e.simulated for e in valid.values()),
            clues=_strongest(valid),
            disagreement=_disagreement(parts),
        )

    def _offer(self, axis: Axis, estimate: AffectEstimate) -> None:
        modality = estimate.modality
        gate = self._gates.setdefault((modality, axis), OutlierGate(HORIZON_S[modality]))
        value: Measure | None = getattr(estimate, axis)
        if value is None:
            gate.forget()
        else:
            gate.offer(estimate.t, value)

    def _parts(
        self, axis: Axis, t: float, valid: Mapping[Modality, AffectEstimate]
    ) -> dict[Modality, Measure]:
        """What every valid source says about an axis, its deviation grown with its age."""
        parts = {}
        for modality in valid:
            believed = self._gates[modality, axis].believed
            if believed is not None and t - believed.t <= HORIZON_S[modality]:
                growth = GROWTH_PER_S[modality] * max(t - believed.t, 0.0)
                sd = math.hypot(max(believed.value.sd, SD_FLOOR), growth)
                parts[modality] = Measure(believed.value.mean, sd)
        return parts

    def _track(
        self, axis: Axis, t: float, parts: Mapping[Modality, Measure]
    ) -> tuple[Measure | None, Mapping[Modality, float]]:
        if not parts:
            self._trackers[axis].forget()
            return None, {}
        combined = combine(parts)
        return self._trackers[axis].follow(t, combined.mean, combined.sd), combined.weights


def _why_not(estimate: AffectEstimate, t: float) -> str:
    """Why an estimate does not enter the state at ``t``, empty when it does."""
    if not estimate.measured:
        return estimate.reason
    age = t - estimate.t
    if age < -AHEAD_S:
        return f"its time stamp is {-age:.1f} s in the future"
    return f"no news for {age:.1f} s" if age > HORIZON_S[estimate.modality] else ""


def _contribution(estimate: AffectEstimate, t: float, weight: float, reason: str) -> Contribution:
    return Contribution(
        modality=estimate.modality,
        measured=not reason,
        reason=reason,
        weight=weight,
        age_s=t - estimate.t,
        quality=0.0 if reason else estimate.quality,
    )


def _disagreement(parts: Mapping[Axis, Mapping[Modality, Measure]]) -> float | None:
    """The larger contradiction of face and voice on either axis, ``None`` while not both speak."""
    pairs = [(p["face"], p["voice"]) for p in parts.values() if "face" in p and "voice" in p]
    return max((contradiction(a, b) for a, b in pairs), default=None)


def _strongest(valid: Mapping[Modality, AffectEstimate]) -> tuple[Clue, ...]:
    clues = [clue for estimate in valid.values() for clue in estimate.clues if clue.z is not None]
    clues.sort(key=lambda clue: -abs(clue.z or 0.0))
    return tuple(clues[:_N_CLUES])
