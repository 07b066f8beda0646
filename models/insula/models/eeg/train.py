"""The recipe of the workload models: ``insula train eeg --data DIR`` with ``eeg_eegmat.npz`` in DIR.

One RBTransformer is trained on the 19 electrodes of the data and exported for every cap of :data:`CAPS`, each
with a calibration and figures of its own, all from people that the scoring network did not see.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.eeg import calibrate, cards, dataset, lopo, rb_workload
from insula.models.eeg.bands import WORKLOAD
from insula.models.eeg.dataset import Floats, WindowSet, smoothed
from insula.models.eeg.montage import TEN_TWENTY
from insula.models.eeg.rbtransformer import SMALL, carried, export
from insula.models.eeg.sets import dreamer
from insula.models.eeg.tracker import Timing
from insula.models.eeg.workload import Calibration
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.report import ReportCard, Score
from insula.models.split import grouped_kfold, leave_one_group_out

PACK = "eeg_eegmat.npz"
TIMING = Timing(window_s=4.0, hop_s=0.25, baseline_s=60.0)
SMOOTH_S = 10.0
_N_AVERAGE = round(SMOOTH_S / dataset.EVERY_S)
CAPS = {
    "eeg-workload-14": dreamer.CH_NAMES,  # Emotiv EPOC
    "eeg-workload-8": ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2"),
    "eeg-workload-4": ("Fp1", "Fp2", "T3", "T4"),
}
_BANDS = WORKLOAD.names
_CONTROL_RIDGE = 0.3
_CONTROL_FOLDS = 5
_QUIET = tuple(_BANDS.index(band) for band in ("delta", "theta", "alpha", "beta"))
_LINEAR_CONTROLS = {
    "linear model on the same tokens": _BANDS,
    "linear, without delta (eyes)": _BANDS[1:],
    "linear, without gamma": _BANDS[:-1],
    "linear, theta, alpha, beta only": _BANDS[1:-1],
    "linear, gamma only (mostly muscle)": _BANDS[-1:],
}


def train(data: Path, out: Path, seed: int = 0) -> None:
    """Train on the pack in folder ``data``; write one ONNX file and manifest a cap into ``out``.

    Prints a report card a cap. Raises ``DataError`` when the pack is not there.
    """
    pack = data / PACK
    if not pack.is_file():
        raise DataError(f"there is no {PACK} in {data}; data.md says where it comes from")
    windows = dataset.load(pack, TEN_TWENTY, WORKLOAD, TIMING)
    split = leave_one_group_out(windows.person, group_key="person", windows=windows.windows)
    scores = rb_workload.held_out(windows, windows.tokens, TEN_TWENTY, CAPS, split=split, seed=seed)
    few = grouped_kfold(
        windows.person, _CONTROL_FOLDS, group_key="person", windows=windows.windows, seed=seed
    )
    quiet = rb_workload.held_out(
        windows, windows.tokens[:, :, _QUIET], TEN_TWENTY, CAPS, split=few, seed=seed
    )
    net = rb_workload.fit(windows, windows.tokens, np.arange(len(windows.label)), TEN_TWENTY, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    caps = {"eeg-workload-19": (TEN_TWENTY, scores.own, quiet.own)} | {
        name: (cap, scores.other[name], quiet.other[name]) for name, cap in CAPS.items()
    }
    for name, (cap, score, without_gamma) in caps.items():
        export(carried(net, cap), out / f"{name}.onnx")
        extra = [balanced("control: nothing above 30 Hz (five folds)", windows, without_gamma)]
        extra += linear_controls(windows, cap, seed=seed)
        card, found = cap_card(windows, name, score, extra, notes=(split.describe(), *_notes(cap)))
        write_manifest(out / f"{name}.toml", _manifest(name, cap, windows, card, found, out))
        print(card.render(), end="\n\n")


def cap_card(
    windows: WindowSet, name: str, score: Floats, extra: list[Score], notes: tuple[str, ...]
) -> tuple[ReportCard, Calibration]:
    """The card of held-out log-odds ``score``, one a row, and the calibration fitted on them."""
    averaged = smoothed(score, windows.recording, _N_AVERAGE)
    found = calibrate.calibrate(windows, averaged)
    others = [
        balanced("no averaging over time", windows, score, n_average=1),
        balanced("average carried over from rest into arithmetic", windows, score, across=True),
    ]
    card = cards.card(
        title=f"{name}, leave one person out",
        data=f"EEGMAT (rest, serial subtraction), {len(np.unique(windows.person))} people",
        y=windows.label,
        before=calibrate.probability(averaged, 1.0),
        after=calibrate.probability(averaged, found.temperature),
        temperature=found.temperature,
        person=windows.person,
        t1_s=windows.t1_s,
        overlap=windows.windows.overlap,
        extra=(*others, *extra),
        notes=notes,
    )
    return card, found


def linear_controls(windows: WindowSet, cap: tuple[str, ...], *, seed: int) -> list[Score]:
    """What a linear model reaches with these electrodes, with all bands and with some."""
    columns = rb_workload.found_in(cap, TEN_TWENTY)[1]
    out = []
    for name, kept in _LINEAR_CONTROLS.items():
        some = windows.tokens[:, columns][:, :, [_BANDS.index(band) for band in kept]]
        ridge = None if kept is _BANDS else _CONTROL_RIDGE
        score = lopo.run(windows, some.reshape(len(some), -1), seed=seed, ridge=ridge)
        out.append(balanced(name, windows, score))
    return out


def balanced(
    name: str, windows: WindowSet, score: Floats, *, n_average: int = _N_AVERAGE, across: bool = False
) -> Score:
    """Balanced accuracy, mean of people, of log-odds averaged over the past."""
    averaged = smoothed(score, windows.person if across else windows.recording, n_average)
    value = [
        metrics.balanced_accuracy(windows.label[rows], (averaged[rows] > 0).astype(np.int64))
        for rows in (windows.person == person for person in np.unique(windows.person))
    ]
    return Score(name, float(np.mean(value)), note="balanced accuracy, mean of people")


def _notes(cap: tuple[str, ...]) -> tuple[str, ...]:
    n_known = int(rb_workload.found_in(cap, TEN_TWENTY)[0].sum())
    return (
        f"{n_known} of this cap's {len(cap)} electrodes exist in the data"
        + ("" if n_known == len(cap) else "; the others were masked for these figures and are carried live"),
        f"baseline = first {TIMING.baseline_s:g} s of clean rest, whose windows are not scored; score "
        f"averaged over the past {SMOOTH_S:g} s of the same recording",
        "temperature and spread between people are fitted on the held-out scores themselves (two numbers)",
    )


def _manifest(
    name: str, cap: tuple[str, ...], windows: WindowSet, card: ReportCard, found: Calibration, out: Path
) -> dict[str, Any]:
    return {
        "name": name,
        "version": 1,
        "modality": "eeg",
        "file": f"{name}.onnx",
        "sha256": sha256(out / f"{name}.onnx"),
        "preprocess": {
            "electrodes": list(cap),
            "bands": list(WORKLOAD.names),
            "edges_hz": [list(edges) for edges in WORKLOAD.edges_hz],
            "order": WORKLOAD.order,
            "window_s": TIMING.window_s,
            "hop_s": TIMING.hop_s,
            "baseline_s": TIMING.baseline_s,
            "smooth_s": SMOOTH_S,
            "temperature": round(found.temperature, 4),
            "person_sd": round(found.person_sd, 4),
            "trained_on": [str(person) for person in np.unique(windows.person)],
        },
        "card": cards.manifest_card(card, SMALL.dim),
    }
