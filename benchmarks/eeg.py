"""EEG: cost of the streaming front end per chunk, of the index per window, and how a leaking split scores.

Run: ``python benchmarks/eeg.py [--pack eeg_eegmat.npz]``. Times are CPU time of this thread and wall time; on
a shared machine the first says what the code costs, the second what it waited for. With a pack, random labels
are dealt to pieces of every recording and "recognised" by the nearest neighbour: once with windows shuffled
over folds, once with people held out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from insula.models import manifest
from insula.models.eeg import dataset, montage
from insula.models.eeg.bands import RB_PAPER, WORKLOAD
from insula.models.eeg.montage import TEN_TWENTY
from insula.models.eeg.testing import made_up
from insula.models.eeg.tokens import TokenStream
from insula.models.eeg.tracker import Timing
from insula.models.eeg.workload import WorkloadReader, model_for
from insula.models.split import grouped_kfold

CHUNK = 16
PIECE_S = 20.0
CAP = (
    *("Fp1", "Fpz", "Fp2", "AF7", "AF3", "AFz", "AF4", "AF8", "F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6"),
    *(
        "F8",
        "FT7",
        "FC5",
        "FC3",
        "FC1",
        "FCz",
        "FC2",
        "FC4",
        "FC6",
        "FT8",
        "T7",
        "C5",
        "C3",
        "C1",
        "Cz",
        "C2",
    ),
    *(
        "C4",
        "C6",
        "T8",
        "TP7",
        "CP5",
        "CP3",
        "CP1",
        "CPz",
        "CP2",
        "CP4",
        "CP6",
        "TP8",
        "P7",
        "P5",
        "P3",
        "P1",
    ),
    *("Pz", "P2", "P4", "P6", "P8", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2", "F9", "F10", "Iz"),
)


def percentiles(calls: list[Callable[[], object]]) -> str:
    spent = np.empty((2, len(calls)))
    for i, call in enumerate(calls):
        cpu, wall = time.thread_time(), time.perf_counter()
        call()
        spent[:, i] = time.thread_time() - cpu, time.perf_counter() - wall
    (cpu50, wall50), (cpu99, wall99) = 1e3 * np.percentile(spent, [50, 99], axis=1)
    return f"cpu p50 {cpu50:.3f} p99 {cpu99:.3f}   wall p50 {wall50:.3f} p99 {wall99:.3f} ms"


def front_end() -> None:
    print(f"streaming tokens, {CHUNK}-sample chunks (goal: 0.5 ms)")
    for sfreq in (250.0, 1000.0):
        for n in (8, 19, 32, 64):
            samples = 10 * np.random.default_rng(0).normal(size=(2000, CHUNK, n)).astype(np.float32)
            stream = TokenStream(sfreq, CAP[:n], WORKLOAD, window_s=4.0, hop_s=0.25)
            calls: list[Callable[[], object]] = [partial(stream.push, chunk) for chunk in samples]
            print(f"  {n:2d} channels {sfreq:6.0f} Hz   {percentiles(calls)}")


def index() -> None:
    print("index of one window (places of the cap to the model's, network, average)")
    for cap in (TEN_TWENTY, CAP, ("Fp1", "Fp2", "T7", "T8")):
        name = model_for(cap)
        reader = WorkloadReader(manifest.load(name), 128.0, cap)
        tracked = reader.push(made_up(66, 128.0, len(cap), work=False))[-1].tracked
        calls: list[Callable[[], object]] = [partial(reader.model.update, tracked.z, tracked.usable)] * 500
        print(f"  {name:<16} from {len(cap):2d} electrodes   {percentiles(calls)}")


def leak(pack: Path) -> None:
    windows = dataset.load(pack, TEN_TWENTY, RB_PAPER, Timing(4.0, 0.25, 60.0))
    features = windows.tokens.reshape(len(windows.label), -1)
    piece = np.char.add(
        np.char.add(windows.recording, "/"), (windows.t1_s // PIECE_S).astype(int).astype(str)
    )
    names, inverse = np.unique(piece, return_inverse=True)
    label = np.random.default_rng(0).integers(0, 2, len(names))[inverse]
    shuffled = np.random.default_rng(1).permutation(len(label)) % 5
    by_person = np.empty(len(label), int)
    for k, fold in enumerate(
        grouped_kfold(windows.person, 5, group_key="person", windows=windows.windows).folds
    ):
        by_person[fold.test] = k
    print(f"random labels of {len(names)} pieces of {PIECE_S:g} s, {len(label)} windows, nearest neighbour")
    for how, folds in (
        ("windows shuffled over 5 folds (LEAKS)", shuffled),
        ("people held out, 5 folds", by_person),
    ):
        hits = np.concatenate([neighbour(features, label, folds == k) for k in range(5)])
        print(f"  {how:<38} accuracy {hits.mean():.3f}")


def neighbour(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    train = ~test
    distance = (x[train] ** 2).sum(1)[None] - 2 * x[test] @ x[train].T
    return y[train][distance.argmin(axis=1)] == y[test]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path)
    chosen = parser.parse_args()
    assert all(montage.is_electrode(name) for name in CAP)
    front_end()
    index()
    if chosen.pack:
        leak(chosen.pack)
