"""Real people in several streams at once: what separate models say of one person, second by second.

Stress-Predict gives skin conductance, wrist pulse and skin temperature, EEGMAT gives EEG and ECG. Each stream
has a model of its own, and every person is judged by models that never saw that person. The label is the
laboratory condition: a task (1) or rest (0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, find_peaks, sosfiltfilt

from insula.edge.types import AffectEstimate, Measure, Modality
from insula.models import manifest
from insula.models.eda import calibration, ensemble
from insula.models.eda.examples import Examples, load_examples
from insula.models.eda.features import EDA_FEATURES
from insula.models.eda.train import EDA_INPUTS, MODELS, PULSE_INPUTS
from insula.models.eeg import dataset
from insula.models.eeg.bands import BandSet
from insula.models.eeg.tracker import Timing

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]

_SMOOTH_S: Final = 20.0
_EVERY_S: Final = 10
_EEG: Final = "eeg-workload-19"


@dataclass(frozen=True, slots=True)
class Table:
    """Inputs of each stream's model, one row a second.

    ``inputs`` maps a stream to ``(n, f)``, NaN where lost; ``label`` is 1 for a task, 0 for rest, −1 for
    neither; ``recording`` numbers what is continuous in time.
    """

    inputs: Mapping[str, Floats]
    label: Ints
    person: Names
    recording: Ints
    t_s: Floats


@dataclass(frozen=True, slots=True)
class Readings:
    """What each stream's model says of every row: ``index``, ``sd`` ``(n, n_streams)``, NaN where nothing."""

    streams: tuple[str, ...]
    index: Floats
    sd: Floats
    table: Table

    def of(self, *people: str) -> Readings:
        """Some people's rows."""
        rows = np.isin(self.table.person, people)
        table = Table(
            {k: v[rows] for k, v in self.table.inputs.items()},
            self.table.label[rows],
            self.table.person[rows],
            self.table.recording[rows],
            self.table.t_s[rows],
        )
        return Readings(self.streams, self.index[rows], self.sd[rows], table)

    def estimates(self) -> list[AffectEstimate]:
        """As estimates of arousal (2 · index − 1, a convention) in the order of time."""
        said: list[AffectEstimate] = []
        for row, t in enumerate(self.table.t_s.tolist()):
            for column, name in enumerate(self.streams):
                index, sd = float(self.index[row, column]), float(self.sd[row, column])
                modality = cast(Modality, name)
                if np.isfinite(index):
                    value = Measure(2 * index - 1, 2 * sd)
                    said.append(
                        AffectEstimate(
                            modality, name, t, 1.0, arousal=value, va_source="mapped", sample=len(said)
                        )
                    )
                else:
                    reason = "not measured"
                    said.append(AffectEstimate(modality, name, t, 0.0, reason=reason, sample=len(said)))
        return said


def stress_table(pack: Path) -> Table:
    """Stress-Predict: conductance and pulse as the shipped models see them, change of temperature."""
    examples = load_examples(pack)
    inputs = {
        "eda": _inputs(examples, EDA_INPUTS),
        "pulse": _inputs(examples, PULSE_INPUTS),
        "temperature": _temperature(pack, examples),
    }
    pulse_rate = examples.values[:, len(EDA_FEATURES)]
    inputs["pulse"][~np.isfinite(pulse_rate)] = np.nan
    label = np.where(examples.whole, examples.label, -1)
    return Table(inputs, label, examples.person, examples.recording, examples.t_s.astype(np.float64))


def stress_elsewhere(pack: Path, other: Path, seed: int) -> Readings:
    """What the shipped kinds of stress model, fitted on one set's people, say of another set's (CogWear)."""
    here, there = load_examples(pack), load_examples(other)
    known, new = (sorted(set(one.person.tolist())) for one in (here, there))
    both = (here, there)
    table = Table(
        {name: np.concatenate([_inputs(one, inputs) for one in both]) for name, inputs in MODELS.items()},
        np.concatenate([np.where(one.whole, one.label, -1) for one in both]),
        np.concatenate([one.person for one in both]),
        np.concatenate([here.recording, there.recording + here.recording.max() + 1]),
        np.concatenate([one.t_s for one in both]).astype(np.float64),
    )
    return read(table, known, seed).of(*new)


def workload_table(pack: Path) -> Table:
    """EEGMAT: z tokens of the EEG after a minute of rest, and heart rate (ECG) against the same minute."""
    how = manifest.load(_EEG).preprocess
    edges = tuple((float(low), float(high)) for low, high in how["edges_hz"])
    bands = BandSet(tuple(how["bands"]), edges, int(how["order"]))
    timing = Timing(float(how["window_s"]), float(how["hop_s"]), float(how["baseline_s"]))
    windows = dataset.load(pack, how["electrodes"], bands, timing)
    tokens = windows.tokens.reshape(len(windows.label), -1)
    recording = np.unique(windows.recording, return_inverse=True)[1]
    heart = np.full((len(windows.label), 2), np.nan)
    with np.load(pack) as arrays:
        for name in np.unique(windows.person):
            rest = None
            for segment in ("rest", "arith"):
                (key,) = [k for k in arrays.files if k.startswith(f"{name}_{segment}_ecg")]
                beats = _r_peaks(arrays[key].astype(np.float64), 128.0)
                rows = (windows.person == name) & (windows.segment == segment)
                values = np.array([_heart(beats, t) for t in windows.t1_s[rows]])
                if rest is None:
                    rest = np.nanmean([_heart(beats, float(t)) for t in range(10, 61)], axis=0)
                heart[rows] = values - rest
    inputs = {"eeg": tokens, "ecg": heart}
    return Table(inputs, windows.label.astype(np.int64), windows.person, recording, windows.t1_s)


def read(table: Table, people: Sequence[str], seed: int) -> Readings:
    """Judge everybody by models of ``people``; each of ``people`` by a model of the others among them."""
    names = tuple(table.inputs)
    index = np.full((len(table.label), len(names)), np.nan)
    sd = np.full_like(index, np.nan)
    for column, name in enumerate(names):
        x = table.inputs[name]
        there = np.asarray(np.isfinite(x).any(axis=1))
        learn = there & (table.label >= 0) & np.isin(table.person, people) & (table.t_s % _EVERY_S < 1)
        logits = np.full(len(table.label), np.nan)
        spread = np.full(len(table.label), np.nan)
        for person in (*people, ""):
            mine = np.asarray(table.person == person if person else ~np.isin(table.person, people))
            held = np.flatnonzero(mine)
            rows = learn.copy()
            rows[held] = False
            model = ensemble.fit(x[rows], table.label[rows], table.person[rows], seed)
            scores = model.logits(x[held])
            scores[~there[held]] = np.nan
            logits[held], spread[held] = scores.mean(axis=1), scores.std(axis=1)
        logits = _smoothed(logits, table.recording)
        known = learn & np.isfinite(logits)
        fitted = calibration.fit(logits[known], table.label[known], table.person[known])
        p = fitted.probability(logits)
        index[:, column], sd[:, column] = p, np.maximum(fitted.sd(p, spread), 0.02)
    return Readings(names, index, sd, table)


def _smoothed(values: Floats, recording: Ints) -> Floats:
    """Causal exponential mean over 20 s of each recording; a row without a value stays without."""
    out, keep, state = values.copy(), np.exp(-1.0 / _SMOOTH_S), np.nan
    for i, value in enumerate(values):
        if i == 0 or recording[i] != recording[i - 1]:
            state = np.nan
        if np.isfinite(value):
            state = value if not np.isfinite(state) else keep * state + (1 - keep) * value
            out[i] = state
    return out


def _inputs(examples: Examples, names: tuple[str, ...]) -> Floats:
    """A model's inputs of every row, NaN where the signal was too poor to be judged."""
    found = examples.inputs(np.arange(len(examples.t_s)), names)
    return np.where(examples.judged[:, None], found, np.nan)


def _temperature(pack: Path, examples: Examples) -> Floats:
    """Skin temperature now against 30, 60 and 120 s ago (°C), each from the mean of 10 s."""
    out = np.full((len(examples.t_s), 3), np.nan)
    with np.load(pack) as arrays:
        for name in np.unique(examples.person):
            rows = np.flatnonzero(examples.person == name)
            celsius = arrays[f"{name}_temp_C_4hz"].astype(np.float64)
            sums = np.concatenate([[0.0], np.cumsum(celsius)])
            end = np.minimum(examples.t_s[rows] * 4, len(celsius))
            for column, ago in enumerate((30, 60, 120)):
                then = end - 4 * ago
                ok = then >= 40
                mean = [(sums[e[ok]] - sums[e[ok] - 40]) / 40 for e in (end, then)]
                out[rows[ok], column] = mean[0] - mean[1]
    return out


def _r_peaks(ecg: Floats, sfreq: float) -> Floats:
    """Times (s) of R peaks: energy between 8 and 20 Hz, at least a third of a second apart."""
    band = sosfiltfilt(butter(2, (8.0, 20.0), "bandpass", fs=sfreq, output="sos"), ecg) ** 2
    height = 0.3 * float(np.quantile(band, 0.98))
    return np.asarray(find_peaks(band, height=height, distance=round(0.33 * sfreq))[0] / sfreq)


def _heart(beats: Floats, t: float) -> tuple[float, float]:
    """Log heart rate and log RMSSD over the 20 s before ``t``."""
    ibi = np.diff(beats[(beats > t - 20.0) & (beats <= t)])
    ibi = ibi[(ibi > 0.35) & (ibi < 1.6)]
    if len(ibi) < 6:
        return np.nan, np.nan
    return float(-np.log(ibi.mean())), float(np.log(np.sqrt(np.mean(np.diff(ibi) ** 2)) + 0.005))
