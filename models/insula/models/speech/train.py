"""``insula train speech``: both sets of weights from a folder of speech packs, seeded, with their cards.

``speech-expression`` learns from the packs in the public domain only, ``speech-expression-nc`` from all; the
second may be used non-commercially only. Temperature and valence/arousal map come from speakers held out
inside the training split; the figures on the card from the speakers marked ``valid``, used for nothing else.
"""

from __future__ import annotations

import copy as copies
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.speech.card import card_table
from insula.models.speech.classes import CLASSES, LANGUAGE_TAGS, VaMap, fit_va
from insula.models.speech.dataset import SpeechSet, load_set
from insula.models.speech.frame_net import FrameNet
from insula.models.speech.frame_train import SHARE_LANGUAGE_UNTOLD, FrameBatches, fit_frames, frame_logits
from insula.models.speech.functionals import LEVEL, N_FUNCTIONALS, WINDOW_FRAMES
from insula.models.speech.net import Ensemble, Pool, SpeechNet, pooled
from insula.models.speech.objective import balance, mixed_loss
from insula.models.speech.sessions import random_histories, running_sums, session_order
from insula.models.speech.tracks import N_TRACKS

OPEN_NAME: Final = "speech-expression"
ALL_NAME: Final = "speech-expression-nc"
N_FOLDS: Final = 3
STEPS: Final = 1_500
N_MEMBERS: Final = 3
FEWEST_SPEAKERS: Final = 12
"""With fewer, a network over frames was not surely better for people left out (6 speakers of EMO-DB)."""

_BATCH = 128

_RATE = 1e-3
_DECAY = 0.05
_MIXUP = 0.2
_GAIN_JITTER_DB = 3.0
_RANGE_OPEN = "CC0"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trained:
    """A network with the map of its probabilities onto valence and arousal, and held-out figures."""

    net: Pool
    va: VaMap
    temperature: float
    folds_uar: dict[str, float]


def train(data: Path, out: Path, seed: int = 0) -> None:
    """Train both models from the packs below ``data`` and write ONNX and TOML files to ``out``.

    Raises ``DataError`` when there is nothing to train from.
    """
    torch.set_num_threads(1)
    everything = load_set(data, seed)
    is_open = np.char.startswith(everything.licence, _RANGE_OPEN)
    if not is_open.any():
        raise DataError(f"no clip below {data} is licensed {_RANGE_OPEN}; {OPEN_NAME} cannot be trained")
    out.mkdir(parents=True, exist_ok=True)
    for name, part in ((OPEN_NAME, everything.take(is_open)), (ALL_NAME, everything)):
        learn = part.take(part.split != "valid")
        trained = fit_calibrated(learn, seed)
        check = part.take(part.split == "valid")
        write_model(out, name, trained, learn, check)
        print(f"{name}: written to {out}")


def fit_calibrated(learn: SpeechSet, seed: int) -> Trained:
    """Train on everybody, calibrated by what three folds say about the speakers they left out."""
    logits, rows = [], []
    fold_of = speaker_folds(learn)
    for fold in range(N_FOLDS):
        inside = np.array([fold_of[s] != fold for s in learn.speaker])
        held = np.flatnonzero(~inside & (learn.copy == 0))
        some = learn.take(inside)
        net = Pool(Ensemble([fit(some, seed + fold)]), _frames(some, seed + fold))
        logits.append(session_logits(net, learn.take(held)))
        rows.append(held)
    scores, kept = np.concatenate(logits), learn.take(np.concatenate(rows))
    temperature = metrics.fit_temperature(kept.label, scores)
    va = fit_va(metrics.softmax(scores / temperature), kept.label)
    members = [fit(learn, seed + member) for member in range(N_MEMBERS)]
    net = Pool(Ensemble(members), _frames(learn, seed), temperature)
    return Trained(net, va, temperature, uar_by_corpus(kept, scores))


def _frames(learn: SpeechSet, seed: int) -> FrameNet | None:
    return fit_frames(learn, seed) if len(np.unique(learn.speaker)) >= FEWEST_SPEAKERS else None


def speaker_folds(part: SpeechSet) -> dict[str, int]:
    """Fold of every speaker: within each corpus in turn, by name."""
    folds: dict[str, int] = {}
    for corpus in np.unique(part.corpus):
        for place, speaker in enumerate(np.unique(part.speaker[part.corpus == corpus])):
            folds[str(speaker)] = place // 2 % N_FOLDS
    return folds


def fit(learn: SpeechSet, seed: int, steps: int = 0) -> SpeechNet:
    """One training run with fixed length; every two passes the histories are drawn afresh."""
    steps = steps or STEPS
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    clean = learn.description[learn.copy == 0]
    net = SpeechNet(torch.from_numpy(clean.mean(axis=0)), torch.from_numpy(clean.std(axis=0) + 1e-6))
    labels, weights = torch.from_numpy(learn.label), torch.from_numpy(balance(learn))
    per_pass = max(1, len(learn.label) // _BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.1)
    order = rng.permutation(len(labels))
    view, language = _draw(net, learn, rng)
    for step in range(steps):
        place = step % per_pass
        if place == 0 and step:
            order = rng.permutation(len(labels))
            if step // per_pass % 2 == 0:
                view, language = _draw(net, learn, rng)
        one = torch.from_numpy(order[place * _BATCH : (place + 1) * _BATCH])
        partner = torch.from_numpy(rng.permutation(len(one)))
        two = one[partner]
        share = float(rng.beta(_MIXUP, _MIXUP))
        logits = net.logits(
            share * view[one] + (1 - share) * view[two], share * language[one] + (1 - share) * language[two]
        )
        optimiser.zero_grad()
        mixed_loss(logits, labels[one], weights[one], partner, share).backward()
        optimiser.step()
        schedule.step()
    net.eval()
    return net


def _draw(net: SpeechNet, learn: SpeechSet, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Views with fresh histories, microphone distances and language tags told or not."""
    described = learn.description.copy()
    described[:, LEVEL] += rng.normal(0.0, _GAIN_JITTER_DB, len(described))
    with torch.no_grad():
        standard = net.standardise(torch.from_numpy(described))
        history = random_histories(standard.numpy(), list(learn.person), learn.label, rng)
        view = net.view(standard, *(torch.from_numpy(part) for part in history))
    told = np.where(rng.random(len(learn.language)) < SHARE_LANGUAGE_UNTOLD, 0, learn.language)
    return view, torch.from_numpy(np.eye(len(LANGUAGE_TAGS), dtype=np.float32)[told])


@torch.no_grad()
def session_logits(net: Pool, part: SpeechSet, *, cold: bool = False) -> Floats:
    """Logits (n, 9) of every row, heard in random sessions per person, or each alone (``cold``)."""
    standard = net.statistics.standardise(torch.from_numpy(part.description))
    count = torch.zeros(len(standard), 1)
    total, squares = torch.zeros_like(standard), torch.zeros_like(standard)
    if not cold:
        for rows in session_order(list(part.person)):
            history = running_sums(standard[rows].numpy())
            count[rows], total[rows], squares[rows] = (torch.from_numpy(sums) for sums in history)
    batches, rows = FrameBatches(part.frames, part.language), np.arange(len(part.label))
    view = net.statistics.view(standard, count, total, squares)
    logits = net.statistics.logits(view, batches.language(rows))
    if net.frames is not None:
        logits = pooled(logits, frame_logits(net.frames, batches, rows, count, total))
    return np.asarray(logits.numpy(), np.float64)


def uar_by_corpus(part: SpeechSet, scores: Floats) -> dict[str, float]:
    """UAR over the classes each corpus has."""
    top = scores.argmax(axis=1)
    return {
        str(c): metrics.uar(part.label[part.corpus == c], top[part.corpus == c], len(CLASSES))
        for c in np.unique(part.corpus)
    }


def write_model(out: Path, name: str, trained: Trained, learn: SpeechSet, check: SpeechSet) -> None:
    """Export the network and write its manifest and card."""
    path = out / f"{name}.onnx"
    export(trained.net, path)
    scores = session_logits(trained.net, check)
    cold = session_logits(trained.net, check, cold=True)
    table: dict[str, Any] = {
        "name": name,
        "version": 1 if trained.net.frames is None else 2,
        "modality": "voice",
        "file": path.name,
        "sha256": sha256(path),
        "preprocess": {
            "sfreq_hz": 16_000,
            "classes": list(CLASSES),
            "languages": sorted({LANGUAGE_TAGS[i] for i in np.unique(learn.language)} - {""}),
            "va": trained.va.calibration.to_table(),
        },
        "card": card_table(learn, check, scores, cold, trained.temperature, trained.folds_uar),
    }
    write_manifest(out / f"{name}.toml", table)


def export(net: Pool, path: Path) -> None:
    """Write the ONNX file: static shapes, opset 17."""
    net = copies.deepcopy(net).eval()
    wide, language = torch.zeros(1, N_FUNCTIONALS), torch.zeros(1, len(LANGUAGE_TAGS))
    names = ["description", "count", "total", "squares", "language"]
    inputs = [wide, torch.zeros(1, 1), wide, wide, language]
    if net.frames is not None:
        names += ["tracks", "mask"]
        inputs += [torch.zeros(1, WINDOW_FRAMES, N_TRACKS), torch.ones(1, WINDOW_FRAMES)]
    with warnings.catch_warnings():
        # torch announces the new exporter, which writes opset 18 and newer only
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net,
            tuple(inputs),
            str(path),
            input_names=names,
            output_names=["log_probabilities", "standard"],
            opset_version=17,
            dynamo=False,
        )
