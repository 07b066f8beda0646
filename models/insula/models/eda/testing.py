"""Fakes for tests: made-up skin conductance and pulse, calm or stressed, and packs of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from insula.models.eda.observer import DECAY_S, RISE_S

Array = npt.NDArray[np.float64]


def made_up_eda(course: Array, sfreq: float, seed: int = 0) -> Array:
    """Conductance ``(n,)`` µS for a course of arousal ``(seconds,)`` in 0…1.

    Responses come at 2 a minute when calm and 12 when aroused, the tonic level follows within a minute.
    """
    rng = np.random.default_rng(seed)
    n = int(len(course) * sfreq)
    arousal = course[np.minimum((np.arange(n) / sfreq).astype(np.int64), len(course) - 1)]
    bursts = (rng.random(n) < (2 + 10 * arousal) / 60 / sfreq) * rng.lognormal(-1.0, 0.4, n) * sfreq
    er, ed = np.exp(-1 / sfreq / RISE_S), np.exp(-1 / sfreq / DECAY_S)
    phasic = lfilter([(1 - er) * (1 - ed)], [1.0, -er - ed, er * ed], bursts)
    keep = np.exp(-1 / sfreq / 60.0)
    tonic = 1.0 + lfilter([1 - keep], [1.0, -keep], arousal)
    return np.asarray(tonic + phasic + rng.normal(0, 0.0005, n), np.float64)


def made_up_pulse(course: Array, sfreq: float, seed: int = 0) -> Array:
    """Pulse wave ``(n,)``: 65 beats a minute when calm, 95 when aroused, with a little variability."""
    rng = np.random.default_rng(seed)
    n = int(len(course) * sfreq)
    arousal = course[np.minimum((np.arange(n) / sfreq).astype(np.int64), len(course) - 1)]
    phase = np.cumsum((65 + 30 * arousal) / 60 / sfreq * (1 + rng.normal(0, 0.02, n)))
    beat = phase % 1.0
    wave = np.exp(-(((beat - 0.2) / 0.08) ** 2)) + 0.3 * np.exp(-(((beat - 0.5) / 0.1) ** 2))
    return np.asarray(40 * wave + rng.normal(0, 0.5, n), np.float64)


def write_stress_pack(path: Path, n_people: int = 3, *, minutes: int = 4, pulse: bool = True) -> None:
    """A pack in Stress-Predict's layout: questionnaire, then stroop, relax1, interview, relax2."""
    names = np.array(["none", "baseline_questionnaire", "stroop", "relax1", "interview", "relax2"])
    arrays: dict[str, npt.NDArray[np.generic]] = {"task_names": names}
    for person in range(n_people):
        task = np.repeat(np.arange(1, 6), minutes * 60).astype(np.int8)
        course = np.isin(task, (2, 4)).astype(np.float64)
        stem = f"S{person:02d}"
        arrays[f"{stem}_eda_uS_4hz"] = made_up_eda(course, 4, person).astype(np.float32)
        arrays[f"{stem}_task_1hz"] = task
        if pulse:
            wave = made_up_pulse(course, 64, person)
            arrays[f"{stem}_bvp_64hz_x0.05"] = np.round(wave / 0.05).astype(np.int16)
    np.savez(path, **arrays)  # type: ignore[arg-type]


def write_cogwear_pack(path: Path, n_people: int = 2) -> None:
    """A pack in CogWear's layout: baseline and cognitive load as recordings of their own."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for person in range(n_people):
        for part, level in (("baseline", 0.0), ("cognitive_load", 1.0), ("survey", 0.3)):
            stem = f"s{person:02d}_pre_{part}"
            course = np.full(200, level)
            eda = made_up_eda(course, 4, person).astype(np.float32)
            eda[0] = 4.0
            arrays[f"{stem}_eda_uS_4hz"] = eda
            wave = made_up_pulse(course, 64, person)
            arrays[f"{stem}_bvp_64hz_x0.05"] = np.round(wave / 0.05).astype(np.int16)
    np.savez(path, **arrays)  # type: ignore[arg-type]
