"""``insula train eda --dataset …``: the multi-task network with and without its residual, people apart.

Beside it stands what the published protocol gives: on random labels always, on WESAD's own answers where the
user has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.eda import pinn, questionnaire
from insula.models.eda.packs import Recording, read_pack
from insula.models.eda.pinn import Outcome, Sequences
from insula.models.eda.questionnaire import Study
from insula.models.eda.wesad import read_wesad


@dataclass(frozen=True, slots=True)
class DataSet:
    """How a set is read, and how many seconds at the start of a session its levels are relative to."""

    read: Callable[[Path], list[Recording]]
    reference_s: int


def _pack(name: str) -> Callable[[Path], list[Recording]]:
    def read(root: Path) -> list[Recording]:
        if not (root / name).is_file():
            raise DataError(f"there is no {name} in {root}; docs/data.md says where it comes from")
        return list(read_pack(root / name))

    return read


SETS: Final = {
    "stress-predict": DataSet(_pack("eda_stress_predict.npz"), 120),
    # Its baseline is a recording of three minutes: a longer reference would leave hardly any rest to score.
    "cogwear": DataSet(_pack("eda_cogwear.npz"), 60),
    "wesad": DataSet(lambda root: list(read_wesad(root)), 120),
}


def train_dataset(dataset: str, root: Path, out: Path, *, seed: int = 0) -> None:
    """Score one set; print the report, write ``out/eda-pinn-<dataset>.txt``; raises ``DataError``."""
    if dataset not in SETS:
        raise DataError(f"there is no EDA set {dataset!r}; there are {', '.join(SETS)}")
    recordings = SETS[dataset].read(root)
    data = pinn.sequences(recordings, SETS[dataset].reference_s)
    people = len(set(data.person.tolist()))
    lines = [f"multi-task EDA network, {dataset}: leave one person out ({people}), windows of 60 s, EDA only"]
    for name, weight in (("with residual", pinn.RESIDUAL), ("without residual", 0.0)):
        lines.append(_line(name, data, pinn.run(data, residual=weight, seed=seed)))
    studies: list[tuple[str, Study]] = []
    if dataset == "wesad":
        studies.append(("WESAD's own answers", questionnaire.of_wesad(root, recordings)))
    studies.append(("random answers, random labels: nothing to learn", questionnaire.dealt_at_random(seed)))
    for name, study in studies:
        lines.append(f"published protocol, questionnaire inputs, nearest neighbour ({name}):")
        for how, shuffled in (("random folds over rows, LEAKS", True), ("folds of whole people", False)):
            found = questionnaire.score(study, shuffled=shuffled, seed=seed)
            lines.append(f"  {how}: macro-F1 {found.f1:.3f}, EDA r {found.r:.3f}")
    text = "\n".join(lines)
    (out / f"eda-pinn-{dataset}.txt").write_text(text + "\n", "utf-8")
    print(text)


def _line(name: str, data: Sequences, outcome: Outcome) -> str:
    rows = data.aligned
    y, p, person = data.y[rows], outcome.p[rows], data.person[rows]
    low, high = metrics.bootstrap(lambda i: metrics.auc(y[i], p[i]), person, n=500)
    told = (
        f"  {name}: AUC {metrics.auc(y, p):.3f} [{low:.3f}, {high:.3f}] of {int(rows.sum())} windows, "
        f"one-second forecast of log conductance RMSE {outcome.rmse:.4f}"
    )
    if not outcome.constants.std():
        return told
    mean, sd = outcome.constants.mean(axis=0), outcome.constants.std(axis=0)
    symbols = zip(("α0", "β", "γ"), mean, sd, strict=True)
    return told + ", " + ", ".join(f"{symbol} {m:.3f} ± {s:.3f}" for symbol, m, s in symbols)
