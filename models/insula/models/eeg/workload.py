"""The workload index: a calibrated probability that a person is working rather than resting.

Tokens measured against rest fill the model's electrodes, are scored by the network, and the scores are
averaged over the past seconds. ``sd`` holds what the training people showed about the offset between persons,
and how much the score moves within the average.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.types import Measure
from insula.models.eeg import montage, quality
from insula.models.eeg.bands import BandSet
from insula.models.eeg.baseline import LEAST_USABLE, Baseline
from insula.models.eeg.tracker import Timing, TokenTracker, Tracked
from insula.models.manifest import Manifest, load

Floats = npt.NDArray[np.float64]

Z_LIMIT = 6.0
"""Tokens are cut at this distance from rest, so that one burst of muscle cannot decide alone."""
MODELS = ("eeg-workload-19", "eeg-workload-14", "eeg-workload-8", "eeg-workload-4")
FEW_ELECTRODES = 8
_MOST_KNOWN = 64
FOUR_CHANNEL_REACH_M = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """One window's result: an index, or the reason why there is none. ``end`` as in ``Token``."""

    tracked: Tracked
    index: Measure | None
    reason: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """From averaged scores to a probability: temperature, and sd between persons of the scaled score."""

    temperature: float
    person_sd: float

    def index(self, scores: Sequence[float], independent: float) -> Measure:
        """Probability of the mean of ``scores``, which hold about ``independent`` independent values."""
        z = float(np.mean(scores)) / self.temperature
        p = 1.0 / (1.0 + math.exp(-z))
        within = float(np.var(scores)) / self.temperature**2 / max(1.0, independent)
        return Measure(p, p * (1 - p) * math.sqrt(self.person_sd**2 + within))


class WorkloadModel:
    """Scores z tokens of a stream's electrodes with the network of ``manifest``, averaged over the past."""

    def __init__(self, manifest: Manifest, ch_names: Sequence[str], engines: Loader = on_cpu) -> None:
        how = manifest.preprocess
        self.electrodes = tuple(how["electrodes"])
        self.bands = BandSet(
            tuple(how["bands"]), tuple((float(a), float(b)) for a, b in how["edges_hz"]), int(how["order"])
        )
        self.timing = Timing(float(how["window_s"]), float(how["hop_s"]), float(how["baseline_s"]))
        self.attention: Floats | None = None
        """Newest mean attention of the network between its electrodes, rows sum to 1; not connectivity."""
        self._calibration = Calibration(float(how["temperature"]), float(how["person_sd"]))
        self._ch_names = tuple(ch_names)
        self._scores: deque[float] = deque(maxlen=round(float(how["smooth_s"]) / self.timing.hop_s))
        self._slots: dict[bytes, tuple[Floats, npt.NDArray[np.bool_]]] = {}
        self._engine = engines(manifest.weights())

    def update(self, z: Floats, usable: npt.NDArray[np.bool_]) -> Measure:
        """Take one window's ``(n_channels, n_bands)`` tokens; return the index over the past seconds.

        Raises ``ValueError`` when none of the model's electrodes can be filled.
        """
        weights, filled = self._filled(usable)
        if not filled.any():
            raise ValueError("no usable electrode is near one of the model's")
        tokens = np.clip(weights @ np.where(usable[:, None], z, 0.0), -Z_LIMIT, Z_LIMIT)
        bias = np.where(filled, 0.0, montage.MASKED)
        out = self._engine.run(
            {"tokens": tokens[None].astype(np.float32), "bias": bias[None].astype(np.float32)}
        )
        rest, work = out["logits"][0]
        self.attention = np.asarray(out["attention"][0], np.float64)
        self._scores.append(float(work - rest))
        seconds = len(self._scores) * self.timing.hop_s
        return self._calibration.index(self._scores, seconds / self.timing.window_s)

    def attended(self, n: int) -> list[tuple[str, float]]:
        """The ``n`` electrodes that the newest window's attention went to most, each with its share."""
        if self.attention is None:
            return []
        share = self.attention.mean(axis=0)
        return [(self.electrodes[i], float(share[i])) for i in np.argsort(-share)[:n]]

    def can_use(self, usable: npt.NDArray[np.bool_]) -> bool:
        """Whether enough of the model's electrodes can be filled: half of those this cap can fill at best."""
        best = self._filled(np.ones(len(self._ch_names), bool))[1].sum()
        return bool(best > 0 and self._filled(usable)[1].sum() >= LEAST_USABLE * best)

    def reset(self) -> None:
        """Forget past scores, as after a gap."""
        self._scores.clear()

    def close(self) -> None:
        """Release the network."""
        self._engine.close()

    def _filled(self, usable: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        key = usable.tobytes()
        if key not in self._slots:
            if len(self._slots) > _MOST_KNOWN:
                self._slots.clear()
            self._slots[key] = montage.slots(self._ch_names, self.electrodes, usable)
        return self._slots[key]


class WorkloadReader:
    """Raw chunks in, readings out: what the live estimator and the evaluation of a file both run."""

    def __init__(
        self,
        manifest: Manifest,
        sfreq: float,
        ch_names: Sequence[str],
        *,
        baseline: Baseline | None = None,
        baseline_s: float | None = None,
        line_hz: Sequence[float] = (50.0, 60.0),
        engines: Loader = on_cpu,
    ) -> None:
        self.model = WorkloadModel(manifest, ch_names, engines)
        timing = self.model.timing
        if baseline_s is not None:
            timing = replace(timing, baseline_s=baseline_s)
        self.tracker = TokenTracker(
            sfreq, ch_names, self.model.bands, timing, baseline=baseline, line_hz=line_hz
        )

    def push(self, samples: npt.NDArray[np.generic]) -> list[Reading]:
        """Take ``(n, n_channels)`` samples in µV; return the windows that became complete."""
        return [self._read(tracked) for tracked in self.tracker.push(samples)]

    def gap(self) -> None:
        """Samples are missing: everything but the baseline starts anew."""
        self.tracker.gap()
        self.model.reset()

    def _read(self, tracked: Tracked) -> Reading:
        n, n_usable = len(tracked.usable), int(tracked.usable.sum())
        if n_usable < LEAST_USABLE * n or not (tracked.z is None or self.model.can_use(tracked.usable)):
            self.model.reset()  # an average across a spell of bad signal would speak of another time
            words = quality.in_words(tracked.token.marks, self.tracker.stream.ch_names)
            return Reading(
                tracked, None, f"only {n_usable} of {n} electrodes usable ({words or 'no baseline'})"
            )
        if tracked.z is None:
            left = math.ceil(tracked.left_s)
            return Reading(tracked, None, f"gathering the rest baseline, {left} s left")
        return Reading(tracked, self.model.update(tracked.z, tracked.usable), "")


def model_for(ch_names: Sequence[str]) -> str:
    """Name of the shipped model for these electrodes: the largest of which the cap has every electrode.

    Failing that, a cap of few electrodes gets the one of four around the head when each of them has a
    neighbour within 5 cm (Muse), and any other cap the one of 19, with the places it cannot fill left empty.
    """
    have = {montage.canonical(name) for name in ch_names}
    for name in MODELS:
        if {montage.canonical(e) for e in load(name).preprocess["electrodes"]} <= have:
            return name
    near = montage.gap_m(ch_names, ("Fp1", "Fp2", "T3", "T4")) < FOUR_CHANNEL_REACH_M
    return MODELS[-1] if len(ch_names) < FEW_ELECTRODES and near.all() else MODELS[0]
