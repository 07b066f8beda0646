"""The guided minute as pure data and arithmetic: what to do now, what was seen, what follows from it.

Terminal and window show :class:`Guide`; whoever runs the session tells the loop who rests
(``SensingLoop.learn(guide.at(t).rests)``) and gives the guide every estimate.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from insula.edge.types import AffectEstimate, Clue, Modality
from insula.models.eeg.indices import ALPHA
from insula.models.fusion.parameters import Parameters, shipped

LEAD_S: Final = 3.0
"""Time to read what comes next."""

_SEEN: Final = 0.5
"""Share of a step's estimates that must have measured something."""
_LEAST_WEIGHT: Final = 0.05
_FULL: Final = 0.8
_ALPHA_DB: Final = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: how long it is followed (s), which modalities are at rest meanwhile, its words."""

    key: str
    seconds: float
    rests: frozenset[Modality]
    says: Mapping[str, str]


STEPS: Final = (
    Step(
        "rest",
        25.0,
        frozenset({"face", "eda", "eeg"}),
        {
            "en": "Sit still and look at the camera with a relaxed, neutral face.",
            "de": "Sitzen Sie still und schauen Sie mit entspanntem, neutralem Gesicht in die Kamera.",
        },
    ),
    Step(
        "closed",
        10.0,
        frozenset({"eda"}),
        {"en": "Close your eyes and stay still.", "de": "Schließen Sie die Augen und bleiben Sie still."},
    ),
    Step(
        "read",
        15.0,
        frozenset({"voice"}),
        {
            "en": "Read aloud, calmly: “The path follows the river to the mill. In the morning the fields "
            "are wet and the air is clear. Nobody is in a hurry.”",
            "de": "Lesen Sie ruhig vor: „Der Weg folgt dem Fluss bis zur Mühle. Am Morgen sind die Wiesen "
            "feucht und die Luft ist klar. Niemand hat es eilig.“",
        },
    ),
    Step(
        "breath",
        10.0,
        frozenset(),
        {
            "en": "Breathe in deeply once, hold it for a moment, breathe out.",
            "de": "Atmen Sie einmal tief ein, halten Sie kurz an, atmen Sie aus.",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the minute stands: the step, whether it has begun, seconds left of it, who rests now.

    ``step`` is ``None`` when the minute is over.
    """

    number: int
    step: Step | None
    begun: bool
    left_s: float
    rests: frozenset[Modality]


class Guide:
    """Leads through ``steps`` from ``start`` (s on LSL's clock) on and remembers what was seen in each."""

    def __init__(self, start: float, steps: Sequence[Step] = STEPS) -> None:
        self.start = start
        self.steps = tuple(steps)
        self._seen: dict[tuple[str, Modality], list[AffectEstimate]] = defaultdict(list)

    @property
    def seconds(self) -> float:
        """Length of all of it."""
        return sum(LEAD_S + step.seconds for step in self.steps)

    def at(self, t: float) -> Moment:
        """Where it stands at ``t`` (s). Who rests before and after a lead-in rests through it."""
        since = max(t - self.start, 0.0)
        before: frozenset[Modality] = frozenset()
        for number, step in enumerate(self.steps):
            if since < LEAD_S:
                return Moment(number, step, False, LEAD_S - since, before & step.rests)
            since -= LEAD_S
            if since < step.seconds:
                return Moment(number, step, True, step.seconds - since, step.rests)
            since -= step.seconds
            before = step.rests
        return Moment(len(self.steps), None, False, 0.0, frozenset())

    def take(self, estimate: AffectEstimate) -> None:
        """Take an estimate of the session."""
        moment = self.at(estimate.t)
        if moment.step is not None and moment.begun and estimate.t >= self.start:
            self._seen[moment.step.key, estimate.modality].append(estimate)

    def share(self, key: str, modality: Modality) -> float | None:
        """Share of a step's estimates that measured something, ``None`` when there were none."""
        seen = self._seen.get((key, modality))
        return sum(e.measured for e in seen) / len(seen) if seen else None

    def weights(self, parameters: Parameters | None = None) -> dict[str, float]:
        """How far face and voice are to be trusted, by what they said while the person was neutral.

        The mean squared distance from neutral in their own standard deviations should be 1; what is k times
        as much weighs 1/k. A modality that did not stand out is left at full weight (and not named).
        """
        chosen = parameters or shipped()
        found = {}
        pairs: tuple[tuple[str, Modality], ...] = (("rest", "face"), ("read", "voice"))
        for key, modality in pairs:
            source = chosen.sources[modality]
            squares = []
            for estimate in self._seen.get((key, modality), ()):
                for axis, value in enumerate((estimate.valence, estimate.arousal)):
                    if value is not None:
                        sd = math.hypot(source.gain[axis] * value.sd, source.extra_sd[axis])
                        squares.append((value.mean / max(sd, 0.02)) ** 2)
            if squares and 1.0 / max(float(np.mean(squares)), 1.0) < _FULL:
                found[str(modality)] = round(max(1.0 / float(np.mean(squares)), _LEAST_WEIGHT), 2)
        return found

    def neutral(self) -> dict[str, Any]:
        """Heart rate (1/min) at rest and what face and voice said of valence and arousal when neutral."""
        out: dict[str, Any] = {}
        if rates := _values(self._seen.get(("rest", "eda"), ()), "pulse"):
            out["heart_per_min"] = round(float(np.median(rates)), 1)
        pairs: tuple[tuple[str, Modality], ...] = (("rest", "face"), ("read", "voice"))
        for key, modality in pairs:
            seen = [
                (e.valence.mean, e.arousal.mean)
                for e in self._seen.get((key, modality), ())
                if e.valence and e.arousal
            ]
            if seen:
                out[f"{modality}_said"] = [round(float(v), 3) for v in np.mean(seen, axis=0)]
        return out

    def checks(self) -> tuple[str, ...]:
        """What went well and what did not, in words."""
        words = []
        wanted: tuple[tuple[str, Modality, str], ...] = (
            ("rest", "face", "face"),
            ("rest", "eda", "skin conductance"),
            ("rest", "eeg", "EEG"),
            ("read", "voice", "voice"),
        )
        for key, modality, name in wanted:
            signal = self.signal(key, modality)
            if signal is None:
                words.append(f"{name}: no sensor")
            elif signal < _SEEN:
                words.append(f"{name}: seen in only {signal:.0%} of the step")
            else:
                words.append(f"{name}: seen in {signal:.0%} of the step")
        opened, closed = (self._mean(key, "eeg", ALPHA) for key in ("rest", "closed"))
        if opened is not None and closed is not None:
            rise = closed - opened
            verdict = (
                "as it should" if rise > _ALPHA_DB else "it usually rises: check the electrodes at the back"
            )
            words.append(f"alpha {rise:+.1f} dB with closed eyes: {verdict}")
        if ("breath", "eda") in self._seen:
            answered = bool(_values(self._seen["breath", "eda"], "scr_onset"))
            words.append(
                "skin answered the deep breath"
                if answered
                else "skin did not answer the deep breath: weak contact, or a person who answers little"
            )
        return tuple(words)

    def signal(self, key: str, modality: Modality) -> float | None:
        """Share of a step with a usable signal, whether or not it could be judged yet."""
        seen = self._seen.get((key, modality))
        return sum(e.quality > 0 for e in seen) / len(seen) if seen else None

    def _mean(self, key: str, modality: Modality, feature: str) -> float | None:
        values = _values(self._seen.get((key, modality), ()), feature)
        return float(np.mean(values)) if values else None


def _values(estimates: Iterable[AffectEstimate], feature: str) -> list[float]:
    clues: list[Clue] = [clue for estimate in estimates for clue in estimate.clues]
    return [clue.value for clue in clues if clue.feature.startswith(feature) and math.isfinite(clue.value)]
