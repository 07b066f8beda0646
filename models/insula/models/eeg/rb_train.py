"""``insula train eeg --dataset NAME --root DIR``: RBTransformer on the user's own copy of an emotion set.

Two protocols are scored, always both. The *published* one shuffles the overlapping windows of all people over
five folds: it leaks (windows of one trial land on both sides) and is there to be compared with the paper.
The other leaves whole people out; its figure is the one that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from insula.edge.errors import DataError
from insula.models import metrics, report
from insula.models.eeg import rb_fit, rb_tokens
from insula.models.eeg.rb_fit import Ints, Schedule
from insula.models.eeg.rb_rows import Rows, load
from insula.models.eeg.rbtransformer import FORK, PAPER, SMALL, RBTransformer, Shape, export
from insula.models.eeg.sets import deap, dreamer, seed
from insula.models.eeg.sets.trial import SetSpec
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.report import ReportCard, Score
from insula.models.split import grouped_kfold

SETS = {spec.name: spec for spec in (deap.SPEC, dreamer.SPEC, seed.SEED, seed.SEED_IV)}
VARIANTS = {"paper": PAPER, "fork": FORK}
LEAK = (
    "LEAKS: windows of one trial are in training and test; with random labels this protocol gives up to 99 %"
)


def train_dataset(
    dataset: str,
    root: Path,
    out: Path,
    *,
    target: str = "",
    schedule: Schedule | None = None,
    variant: str = "paper",
    shapes: tuple[Shape, Shape] | None = None,
    seed: int = 0,
) -> tuple[ReportCard, ReportCard]:
    """Score both protocols, print and return both cards; write the model trained on everyone into ``out``.

    The published protocol uses the inputs of ``variant`` ("paper" or "fork", a co-author's code) and the
    paper's schedule, the other one a running filter; ``shapes`` are the network's sizes in the two if not the
    usual. Raises ``DataError`` for an unknown set, target, variant or layout.
    """
    if dataset not in SETS:
        raise DataError(f"there is no data set {dataset!r}; there are {', '.join(SETS)}")
    spec = SETS[dataset]
    target = target or next(iter(spec.targets))
    classes = spec.classes[target]
    if variant not in VARIANTS:
        raise DataError(f"there is no variant {variant!r}; there are {', '.join(VARIANTS)}")
    how = VARIANTS[variant]
    published, ours = shapes or (how.shape, SMALL)
    leaking = _card(
        spec, target, load(spec, root, target, how), published, schedule or Schedule(300), seed, leak=True
    )
    rows = load(spec, root, target, None)
    plan = schedule or Schedule(40, mask=0.1)
    honest = _card(spec, target, rows, ours, plan, seed, leak=False)
    for card in (leaking, honest):
        print(card.render(), end="\n\n")
    out.mkdir(parents=True, exist_ok=True)
    name = f"eeg-rbt-{dataset}-{target}"
    net = _fit(rows, np.arange(len(rows.label)), len(classes), ours, plan, seed)
    export(net, out / f"{name}.onnx")
    write_manifest(out / f"{name}.toml", _manifest(name, spec, target, rows, honest, out))
    return leaking, honest


def shuffled_folds(n: int, n_folds: int, seed: int) -> list[tuple[Ints, Ints]]:
    """The published split, train and test rows: overlapping windows dealt out at random. It leaks."""
    deal = np.random.default_rng(seed).permutation(n) % n_folds
    return [(np.flatnonzero(deal != k), np.flatnonzero(deal == k)) for k in range(n_folds)]


def _card(
    spec: SetSpec, target: str, rows: Rows, shape: Shape, schedule: Schedule, seed: int, *, leak: bool
) -> ReportCard:
    classes = spec.classes[target]
    n_people = len(np.unique(rows.person))
    if leak:
        folds, how = shuffled_folds(len(rows.label), 5, seed), LEAK
    else:
        split = grouped_kfold(
            rows.person, min(10, n_people), group_key="person", windows=rows.windows, seed=seed
        )
        folds, how = [(fold.train, fold.test) for fold in split.folds], split.describe()
    logits = np.empty((len(rows.label), len(classes)))
    for train, test in folds:
        net = _fit(rows, train, len(classes), shape, schedule, seed)
        logits[test] = rb_fit.logits_of(net, rows.tokens[test])
    probabilities = metrics.softmax(logits)
    counts = np.bincount(rows.label, minlength=len(classes))
    return ReportCard(
        title=f"RBTransformer on {spec.name}, {target}, "
        + ("published protocol (LEAKS)" if leak else "unseen people"),
        data=f"{spec.name}, {n_people} people, {len(rows.ch_names)} electrodes",
        group_key="none: windows shuffled as published" if leak else "person",
        n_groups=n_people,
        n_items=len(rows.label),
        window_overlap=rows.windows.overlap,
        label_target=f"{target} as rated or assigned in {spec.name}, classes {', '.join(classes)}",
        class_counts=tuple(zip(classes, map(int, counts), strict=True)),
        floors=(
            report.majority_floor(rows.label),
            Score("constant answer (UAR)", 1 / len(classes)),
        ),
        metrics=report.classification_scores(rows.label, probabilities, rows.person),
        per_class=report.per_class(rows.label, probabilities.argmax(axis=1), classes),
        notes=(how,),
    )


def _fit(
    rows: Rows, train: Ints, n_classes: int, shape: Shape, schedule: Schedule, seed: int
) -> RBTransformer:
    label = rows.label[train]
    counts = np.bincount(label, minlength=n_classes)
    weight = (len(label) / (n_classes * np.maximum(counts, 1)))[label]
    return rb_fit.fit(
        rows.ch_names,
        rows.tokens[train],
        label,
        weight,
        n_classes=n_classes,
        shape=shape,
        schedule=schedule,
        seed=seed,
    )


def _manifest(
    name: str, spec: SetSpec, target: str, rows: Rows, card: ReportCard, out: Path
) -> dict[str, object]:
    def figures(scores: Sequence[Score]) -> dict[str, float]:
        return {s.name: round(s.value, 4) for s in scores if s.value is not None}

    return {
        "name": name,
        "version": 1,
        "modality": "eeg",
        "file": f"{name}.onnx",
        "sha256": sha256(out / f"{name}.onnx"),
        "preprocess": {
            "electrodes": list(rows.ch_names),
            "bands": list(PAPER.bands.names),
            "edges_hz": [list(edges) for edges in PAPER.bands.edges_hz],
            "order": PAPER.bands.order,
            "window_s": rb_tokens.WINDOW_S,
            "classes": list(spec.classes[target]),
        },
        "card": {
            "what": f"RBTransformer: {target} class from band entropies of {len(rows.ch_names)} electrodes",
            "data": card.data,
            "licence": spec.licence,
            "split": "people held out together; the weights are trained on all of them",
            "target": card.label_target,
            "recipe": f"insula train eeg --dataset {spec.name} --root DIR",
            "not_for": ["a claim about what a person feels, unless it beat chance for that person"],
            "caveats": ["expect figures near chance on people the model has not seen (docs/validity-eeg.md)"],
            "metrics": figures(card.metrics),
            "floors": figures(card.floors),
        },
    }
