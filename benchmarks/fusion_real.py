"""Ways to fuse real people's streams under damage: the rules, the learned causal net, the naive mean.

    python benchmarks/fusion_real.py --data DIR [--set workload|stress] [--out curves.npz]

``workload``: EEG and ECG of EEGMAT. ``stress``: conductance, pulse and skin temperature of Stress-Predict.
People in four folds; a fold's streams are judged by models of the other people, and the net is trained on
those. Score: CCC with the condition (−1 rest, +1 task) within each person, absent counts as 0. Needs torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from insula.edge.types import AffectEstimate
from insula.models import metrics
from insula.models.corrupt import Mode, corrupt
from insula.models.fusion import causal, shipped
from insula.models.fusion.compare import NaiveMean, area, fused, rules
from insula.models.fusion.streams import Readings, read, stress_table, workload_table
from insula.models.fusion.streams import Table as Inputs

Floats = npt.NDArray[np.float64]

RATES = (0.0, 0.25, 0.5, 0.75, 1.0)
MODES: tuple[Mode, ...] = ("random", "modality", "temporal", "contiguous", "burst", "frozen", "time_jump")
WAYS = ("rules", "learned", "naive")
FOLDS = 4
SETS = {  # pack, reader, rows between two estimates (s), the net's crop (s)
    "workload": ("eeg/eeg_eegmat.npz", workload_table, 1, 40),
    "stress": ("eda/eda_stress_predict.npz", stress_table, 10, 120),
}
PAUSE_S = 1000.0  # between two recordings of a person


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=SETS, default="workload")
    parser.add_argument("--out", type=Path, help="every person's scores go here")
    options = parser.parse_args()
    scores = run(options.data, options.set)
    if options.out:
        np.savez(options.out, rates=RATES, modes=MODES, ways=WAYS, scores=scores)
    show(Console(width=120), scores)


def run(data: Path, name: str) -> Floats:
    """CCC ``(modes, ways, rates, people)``."""
    file, load, every, crop = SETS[name]
    table = load(data / file)
    people = np.unique(table.person)
    folds = np.array_split(np.random.default_rng(0).permutation(people), FOLDS)
    scores = np.full((len(MODES), len(WAYS), len(RATES), len(people)), np.nan)
    for fold, test in enumerate(folds):
        train = [str(person) for person in people if person not in test]
        readings = read(table, train, 0)
        net = causal.fit(courses(readings, train), seed=fold, steps=300, crop=crop)
        for person in test:
            number = int(np.flatnonzero(people == person)[0])
            scores[..., number] = judge(readings.of(str(person)), net, every, number)
        print(f"fold {fold + 1} of {FOLDS}, {causal.size(net)} parameters", flush=True)
    return scores


def courses(readings: Readings, people: list[str]) -> list[causal.Course]:
    """What the net is trained on: one course a recording."""
    found = []
    for person in people:
        own = readings.of(person)
        for number in np.unique(own.table.recording):
            rows = own.table.recording == number
            label = own.table.label[rows]
            y = np.where(label < 0, np.nan, 2.0 * label - 1)[:, None].astype(np.float32)
            found.append(causal.Course(seen(own.index[rows], own.sd[rows]), y))
    return found


def seen(index: Floats, sd: Floats) -> causal.Floats:
    """Undamaged input of the net."""
    there = np.isfinite(index)
    value, spread = np.where(there, 2 * index - 1, 0.0), np.where(there, 2 * sd, 0.0)
    return np.stack([value, spread, there], axis=-1).astype(np.float32)


def judge(own: Readings, net: causal.CausalFusion, every: int, seed: int) -> Floats:
    """CCC ``(modes, ways, rates)`` of one person; estimates come ``every`` s."""
    table = own.table
    t = table.t_s + PAUSE_S * np.cumsum(np.r_[0, np.diff(table.recording) != 0])
    kept = np.arange(len(t)) % every == 0
    thin = Inputs({}, table.label[kept], table.person[kept], table.recording[kept], t[kept])
    estimates = Readings(own.streams, own.index[kept], own.sd[kept], thin).estimates()
    arrivals = np.array([e.t for e in estimates])
    ticks = thin.t_s[thin.label >= 0][::2]
    truth = 2.0 * thin.label[thin.label >= 0][::2] - 1
    dense = np.unique(np.r_[thin.t_s - 0.05, thin.t_s + 0.01])
    asked = np.searchsorted(dense, ticks + 0.01)
    out = np.full((len(MODES), len(WAYS), len(RATES)), np.nan)
    for m, mode in enumerate(MODES):
        for r, rate in enumerate(RATES):
            left = corrupt(estimates, mode, rate, seed)
            ours = fused(rules(shipped(), own.streams), left, arrivals, dense)[0][asked, 1]
            naive = fused(NaiveMean, left, arrivals, ticks + 0.01)[0][:, 1]
            x = held(left, arrivals, t, own.streams, every)
            learned = causal.predict(net, x)[np.searchsorted(t, ticks), 0]
            for w, found in enumerate((ours, learned, naive)):
                out[m, w, r] = metrics.ccc(truth, np.nan_to_num(found))
    return out


def held(
    left: list[AffectEstimate], arrivals: Floats, t: Floats, streams: tuple[str, ...], every: int
) -> causal.Floats:
    """Damaged input of the net: each estimate stands until the next is due."""
    x = np.zeros((len(t), len(streams), causal.PER_AXIS), np.float32)
    for estimate in left:
        if estimate.arousal is not None:
            row = int(np.searchsorted(t, arrivals[estimate.sample]))
            column = streams.index(estimate.modality)
            x[row : row + every, column] = (estimate.arousal.mean, estimate.arousal.sd, 1.0)
    return x


def show(console: Console, scores: Floats) -> None:
    """Print areas, and paired differences over people ± standard error."""
    table: Any = Table("mode", *(f"AUILC {w}" for w in WAYS), "rules − learned", "rules − naive")
    for m, mode in enumerate(MODES):
        areas = np.array([area(scores[m, w], RATES) for w in range(len(WAYS))])
        apart = [areas[0] - areas[1], areas[0] - areas[2]]
        table.add_row(
            mode,
            *(f"{value:.3f}" for value in np.nanmean(areas, axis=1)),
            *(f"{np.nanmean(d):+.3f} ± {np.nanstd(d, ddof=1) / np.sqrt(len(d)):.3f}" for d in apart),
        )
    console.print(table)
    clean = np.nanmean(scores[0, :, 0], axis=1)
    console.print("undamaged:", {way: round(float(c), 3) for way, c in zip(WAYS, clean, strict=True)})


if __name__ == "__main__":
    main()
