"""Damages a sequence of estimates on purpose, to measure how a fusion bears it.

The first five modes are those of CIDer's missing-data protocol (RMFM, RMFM_same, RMM, TMFM, STMFM), for
asynchronous streams: a dropped step is an estimate that never arrives. The others are failures of our
sensors: lost in bursts (Bluetooth), frozen (a value that goes on with fresh stamps), not measured with the
estimators' own reasons, and stamps of a clock that jumped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from insula.edge.types import MODALITIES, AffectEstimate, Modality

Mode = Literal[
    "random",
    "same_rate",
    "modality",
    "temporal",
    "contiguous",
    "burst",
    "frozen",
    "saturated_eda",
    "no_face",
    "clipped_microphone",
    "time_jump",
]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

STEP_S: Final = 1.0
"""Length of a time step of the mode "temporal"."""

BURST_S: Final = 2.0
"""Mean length of a failure of those that come in bursts."""

JUMP_S: Final = 5.0
"""How far a clock jumps, ahead or back."""

Estimates = list[AffectEstimate]
_Bools = npt.NDArray[np.bool_]

_ABSENT: Final[Mapping[str, tuple[Modality, str]]] = {
    "saturated_eda": ("eda", "saturated"),
    "no_face": ("face", "no face in the picture"),
    "clipped_microphone": ("voice", "clipped: lower the microphone's gain"),
}


def corrupt(
    stream: Sequence[AffectEstimate], mode: Mode, rate: float | Mapping[Modality, float], seed: int
) -> Estimates:
    """A damaged copy of ``stream`` (any order kept): about ``rate`` (0…1) of it is hit.

    ``random``: every estimate alone. ``same_rate``: of every modality exactly its rate; only here ``rate``
    may differ by modality. ``modality``: whole modalities. ``temporal``: the same seconds of all.
    ``contiguous``: one stretch of all. ``burst``, ``frozen``, ``time_jump`` and the absences (of their one
    modality): in bursts of :data:`BURST_S`. The same seed gives the same damage. Raises ``ValueError``.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; known are {', '.join(MODES)}")
    names: Sequence[Modality] = _present(stream) or MODALITIES
    rates = dict(rate) if isinstance(rate, Mapping) else dict.fromkeys(names, float(rate))
    if not all(0.0 <= r <= 1.0 for r in rates.values()):
        raise ValueError(f"a rate is within 0…1, not {rate}")
    if isinstance(rate, Mapping) and mode != "same_rate":
        raise ValueError(f"only same_rate takes a rate for each modality, not {mode}")
    if not stream:
        return []
    rng = np.random.default_rng((MODES.index(mode), seed))
    if mode == "same_rate":
        return _keep(stream, ~_exactly(stream, rates, rng))
    share = max(rates.values())
    if mode in _ABSENT:
        return _absent(stream, share, rng, *_ABSENT[mode])
    return _DAMAGE[mode](stream, share, rng)


def _keep(stream: Sequence[AffectEstimate], kept: _Bools) -> Estimates:
    return [e for e, keep in zip(stream, kept, strict=True) if keep]


def _exactly(
    stream: Sequence[AffectEstimate], rates: Mapping[Modality, float], rng: np.random.Generator
) -> _Bools:
    hit = np.zeros(len(stream), bool)
    for modality in _present(stream):
        at = np.array([i for i, e in enumerate(stream) if e.modality == modality], int)
        n = round(rates.get(modality, 0.0) * len(at))
        hit[rng.permutation(at)[:n]] = True
    return hit


def _present(stream: Sequence[AffectEstimate]) -> list[Modality]:
    """The streams there are, in an order that does not depend on that of their estimates."""
    names: set[Modality] = {e.modality for e in stream}
    return sorted(names, key=lambda m: (MODALITIES.index(m) if m in MODALITIES else len(MODALITIES), m))


def _random(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    return _keep(stream, rng.random(len(stream)) >= rate)


def _modality(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    present = _present(stream)
    lost = {m for m, x in zip(present, rng.random(len(present)), strict=True) if x < rate}
    return [e for e in stream if e.modality not in lost]


def _temporal(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    times = np.array([e.t for e in stream])
    step = ((times - times.min()) // STEP_S).astype(int)
    return _keep(stream, (rng.random(step.max() + 1) >= rate)[step])


def _contiguous(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    times = np.array([e.t for e in stream])
    span = float(np.ptp(times))
    start = times.min() + rng.random() * (1 - rate) * span
    lost = (times >= start) & (times <= start + rate * span)
    return _keep(stream, ~lost) if rate > 0 else list(stream)


def _burst(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    return _keep(stream, _bursts(stream, rate, rng) == 0)


def _frozen(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    bursts = _bursts(stream, rate, rng)
    held: dict[tuple[Modality, int], AffectEstimate] = {}
    out = []
    for estimate, burst in zip(stream, bursts, strict=True):
        if not burst:
            out.append(estimate)
            continue
        first = held.setdefault((estimate.modality, int(burst)), estimate)
        out.append(dataclasses.replace(first, t=estimate.t, sample=estimate.sample))
    return out


def _time_jump(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> Estimates:
    bursts = _bursts(stream, rate, rng)
    jumps = rng.choice((-JUMP_S, JUMP_S), bursts.max() + 1)
    jumps[0] = 0.0
    return [dataclasses.replace(e, t=e.t + float(jumps[b])) for e, b in zip(stream, bursts, strict=True)]


def _absent(
    stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator, modality: Modality, why: str
) -> Estimates:
    hit = _bursts(stream, rate, rng) > 0
    return [
        AffectEstimate(
            modality=e.modality,
            stream=e.stream,
            t=e.t,
            quality=0.0,
            reason=why,
            sample=e.sample,
            model=e.model,
            simulated=e.simulated,
        )
        if h and e.modality == modality
        else e
        for e, h in zip(stream, hit, strict=True)
    ]


def _bursts(stream: Sequence[AffectEstimate], rate: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The number of the burst that hits each estimate, 0 for none; modalities fail independently.

    A two-state chain (Gilbert 1960): failures of exponential length with mean ``BURST_S``, pauses between
    them so long that the share of failed time is ``rate``.
    """
    numbers = np.zeros(len(stream), np.int64)
    times = np.array([e.t for e in stream])
    start, end = float(times.min()), float(times.max())
    n = 0
    for modality in _present(stream):
        mine = np.array([e.modality == modality for e in stream])
        t, failed = start, bool(rng.random() < rate)
        while t <= end:
            mean = BURST_S if failed else BURST_S * (1 - rate) / max(rate, 1e-9)
            length = float("inf") if rate >= 1 and failed else float(rng.exponential(mean))
            if failed and rate > 0:
                n += 1
                numbers[mine & (times >= t) & (times < t + length)] = n
            t, failed = t + length, not failed
    return numbers


_DAMAGE: Final[Mapping[str, Callable[[Sequence[AffectEstimate], float, np.random.Generator], Estimates]]] = {
    "random": _random,
    "modality": _modality,
    "temporal": _temporal,
    "contiguous": _contiguous,
    "burst": _burst,
    "frozen": _frozen,
    "time_jump": _time_jump,
}
