"""Late fusion, first version: what is valid now, weighted by how sure it is.

Valence and arousal: precision weighting. Each modality's variance grows with the age of its estimate;
sources that disagree widen the result instead of being averaged into false certainty; the mean follows
its target smoothly and the distance still to go is part of the stated deviation, so neither a new nor a
lost source makes a step larger than the interval. A steady input comes out unchanged.

Expressions: a logarithmic opinion pool, ``p ∝ Π p_m^w_m`` with weights that sum to one, so that a single
source comes out as it went in (Genest and Zidek 1986, "Combining probability distributions"). A source
whose class was never part of its training gives −inf there and has no say on that class.

What no valid estimate speaks of is absent, with the reasons of all modalities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Clue, Contribution, Measure, Modality

HORIZON_S: Final[Mapping[Modality, float]] = {"face": 1.0, "voice": 1.0, "eda": 3.0, "eeg": 3.0}
"""Age at which an estimate no longer speaks of the present."""

GROWTH_PER_S: Final[Mapping[Modality, float]] = {"face": 0.3, "voice": 0.3, "eda": 0.05, "eeg": 0.1}
"""How fast a valence/arousal deviation grows with age (1/s): expressions change faster than arousal."""

RELIABILITY: Final[Mapping[Modality, float]] = {"face": 0.8, "voice": 0.6, "eda": 0.5, "eeg": 0.5}
"""Prior trust in a modality's expression probabilities; roughly the validation recall of our models."""

_TAU_S = 0.35  # the mean covers 63 % of a step in this time
_SD_FLOOR = 0.02
_N_CLUES = 6


class LateFusion:
    """Combines the newest estimate of every modality into one state.

    ``rate_hz`` is the rate at which the runtime asks for states (10–30 Hz is usual).
    """

    def __init__(self, *, rate_hz: float = 20.0) -> None:
        self.rate_hz = rate_hz
        self._newest: dict[Modality, AffectEstimate] = {}
        self._axes = {"valence": _Follower(), "arousal": _Follower()}

    def update(self, estimate: AffectEstimate) -> None:
        """Take an estimate; an older one than is already known of its modality is ignored."""
        known = self._newest.get(estimate.modality)
        if known is None or estimate.t >= known.t:
            self._newest[estimate.modality] = estimate

    def state(self, t: float) -> AffectState:
        """The state at time ``t`` (s)."""
        valid: dict[Modality, AffectEstimate] = {}
        reasons: dict[Modality, str] = {}
        for modality, estimate in self._newest.items():
            if estimate.measured and t - estimate.t <= HORIZON_S[modality]:
                valid[modality] = estimate
            else:
                reasons[modality] = estimate.reason or f"no news for {t - estimate.t:.1f} s"
        valence, weights_v = self._axis("valence", t, valid)
        arousal, weights_a = self._axis("arousal", t, valid)
        ages = [t - e.t for e in valid.values()]
        weights = {m: max(weights_v.get(m, 0.0), weights_a.get(m, 0.0)) for m in valid}
        sources = {e.va_source for m, e in valid.items() if weights[m] > 0}
        return AffectState(
            t=t,
            valence=valence,
            arousal=arousal,
            expression=_pool(valid),
            indices=tuple((name, measure) for e in valid.values() for name, measure in e.indices),
            contributions=tuple(self._contribution(m, t, weights, reasons) for m in self._newest),
            reason="" if valid else "; ".join(f"{m}: {r}" for m, r in reasons.items()) or "no estimate yet",
            age_newest_s=min(ages, default=None),
            age_oldest_s=max(ages, default=None),
            va_source=None if not (valence or arousal) else "native" if sources == {"native"} else "mapped",
            simulated=any(e.simulated for e in valid.values()),
            clues=_strongest(valid),
        )

    def _axis(
        self, axis: str, t: float, valid: Mapping[Modality, AffectEstimate]
    ) -> tuple[Measure | None, dict[Modality, float]]:
        parts: dict[Modality, tuple[float, float]] = {}
        for modality, estimate in valid.items():
            measure: Measure | None = getattr(estimate, axis)
            if measure is not None:
                sd = math.hypot(max(measure.sd, _SD_FLOOR), GROWTH_PER_S[modality] * max(t - estimate.t, 0.0))
                parts[modality] = (measure.mean, 1.0 / sd**2)
        if not parts:
            self._axes[axis].forget()
            return None, {}
        total = sum(w for _, w in parts.values())
        mean = sum(m * w for m, w in parts.values()) / total
        spread = sum(w * (m - mean) ** 2 for m, w in parts.values()) / total
        mean, lag = self._axes[axis].follow(t, mean)
        sd = math.sqrt(1.0 / total + spread + lag**2)
        return Measure(mean, sd), {m: w / total for m, (_, w) in parts.items()}

    def _contribution(
        self, modality: Modality, t: float, weights: Mapping[Modality, float], reasons: Mapping[Modality, str]
    ) -> Contribution:
        estimate = self._newest[modality]
        return Contribution(
            modality=modality,
            measured=modality in weights,
            reason=reasons.get(modality, ""),
            weight=weights.get(modality, 0.0),
            age_s=t - estimate.t,
            quality=estimate.quality if modality in weights else 0.0,
        )


class _Follower:
    """Moves towards its target with one time constant; starts on the target after a pause."""

    def __init__(self) -> None:
        self._at: tuple[float, float] | None = None

    def follow(self, t: float, target: float) -> tuple[float, float]:
        """The smoothed value at ``t`` and how far it still is from the target."""
        if self._at is None:
            value = target
        else:
            before, at = self._at[0], self._at[1]
            value = at + (1.0 - math.exp(-max(t - before, 0.0) / _TAU_S)) * (target - at)
        self._at = (t, value)
        return value, target - value

    def forget(self) -> None:
        self._at = None


def _pool(valid: Mapping[Modality, AffectEstimate]) -> tuple[float, ...] | None:
    parts = [(m, np.asarray(e.expression)) for m, e in valid.items() if e.expression is not None]
    if not parts:
        return None
    logs = np.stack([log_p for _, log_p in parts])
    weights = np.array([_say(RELIABILITY[m], valid[m].quality, log_p) for m, log_p in parts])
    known = np.isfinite(logs)
    weights_of_class = np.where(known, weights[:, None], 0.0)
    total = weights_of_class.sum(axis=0)
    pooled = np.full(len(EXPRESSIONS), -np.inf)
    heard = total > 0
    pooled[heard] = (np.where(known, logs, 0.0) * weights_of_class).sum(axis=0)[heard] / total[heard]
    return tuple(float(x) for x in pooled - np.logaddexp.reduce(pooled))


def _say(reliability: float, quality: float, log_p: npt.NDArray[np.float64]) -> float:
    """A source's say: reliability × quality × (1 − normalised entropy), never quite nothing."""
    p = np.exp(log_p)
    entropy = -float(np.sum(p * np.where(p > 0, log_p, 0.0))) / math.log(len(EXPRESSIONS))
    return max(reliability * quality * (1.0 - entropy), 1e-3)


def _strongest(valid: Mapping[Modality, AffectEstimate]) -> tuple[Clue, ...]:
    clues = [clue for estimate in valid.values() for clue in estimate.clues if clue.z is not None]
    clues.sort(key=lambda clue: -abs(clue.z or 0.0))
    return tuple(clues[:_N_CLUES])
