"""What label-free alignment of two body signals, and its adaptation to a person, gives the stress index.

    python benchmarks/eda_alignment.py --data DIR        # eda_stress_predict.npz in DIR; needs torch

Modality-pairwise contrastive learning as in ricfrr/mpuc-mer (InfoNCE at τ 0.07 between projections of two
streams at the same time), with skin conductance and pulse, and negatives from other times of the same person
more than 30 s away, so that identity cannot be the answer. Encoders learn from all rows of the other people
without labels. For the adapted column they go on learning on the first half of the held-out person's session,
again without labels; every column is scored on the second half. A logistic model of the stress task reads
the shipped index's inputs, or these and the embeddings. Leave one person out; 95 % bootstrap over people.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from insula.models import metrics
from insula.models.eda import ensemble, lopo
from insula.models.eda.examples import Examples, load_examples
from insula.models.eda.features import EDA_FEATURES
from insula.models.eda.train import EDA_INPUTS, PACK, PULSE_INPUTS

Floats = npt.NDArray[np.float64]
TAU, APART_S, DIMENSIONS = 0.07, 30, 8
STEPS, ADAPT_STEPS, BATCH = 600, 100, 32
INPUTS = EDA_INPUTS + PULSE_INPUTS


class Pair(nn.Module):
    """One encoder a signal, onto the unit sphere."""

    def __init__(self, sizes: tuple[int, int]) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Sequential(nn.Linear(n, 32), nn.ReLU(), nn.Linear(32, DIMENSIONS)) for n in sizes
        )

    def forward(self, eda: torch.Tensor, pulse: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings ``(n, 8)`` of both."""
        first, second = (
            functional.normalize(encoder(x), dim=1)
            for encoder, x in zip(self.encoders, (eda, pulse), strict=True)
        )
        return first, second


def learn(
    pair: Pair, x: torch.Tensor, t_s: Floats, person: npt.NDArray[np.str_], steps: int, seed: int
) -> None:
    """InfoNCE both ways; every batch is one person at times at least 30 s apart."""
    rng = np.random.default_rng(seed)
    people = [np.flatnonzero(person == name) for name in np.unique(person)]
    optimiser = torch.optim.AdamW(pair.parameters(), 1e-3, weight_decay=1e-3)
    n_eda = len(EDA_FEATURES)
    for _ in range(steps):
        rows = people[rng.integers(len(people))]
        _, one_each = np.unique((t_s[rows] + rng.integers(APART_S)) // (2 * APART_S), return_index=True)
        jitter = rng.integers(0, APART_S, len(one_each))
        drawn = rng.permutation(np.minimum(one_each + jitter, len(rows) - 1))[:BATCH]
        batch = x[torch.tensor(rows[drawn])]
        first, second = pair(batch[:, :n_eda], batch[:, n_eda:])
        logits = first @ second.T / TAU
        truth = torch.arange(len(drawn))
        loss = functional.cross_entropy(logits, truth) + functional.cross_entropy(logits.T, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def embedded(pair: Pair, x: torch.Tensor) -> Floats:
    with torch.no_grad():
        first, second = pair(x[:, : len(EDA_FEATURES)], x[:, len(EDA_FEATURES) :])
    agreement = (first * second).sum(dim=1, keepdim=True)
    return torch.cat([first, second, agreement], 1).double().numpy()


def second_half(examples: Examples) -> npt.NDArray[np.bool_]:
    late = np.zeros(len(examples.person), bool)
    for name in np.unique(examples.person):
        mine = examples.person == name
        late[mine] = examples.t_s[mine] > np.median(examples.t_s[mine])
    return late


def scores(examples: Examples, seed: int) -> dict[str, Floats]:
    """Held-out log-odds of every row by way; the first half of a session was there to adapt to."""
    ways = ("inputs of the index", "and embeddings", "and embeddings adapted to the person")
    out = {way: np.full(len(examples.person), np.nan) for way in ways}
    train_rows = lopo.train_rows(examples)
    t_s = examples.t_s.astype(np.float64)
    known = np.isfinite(examples.values).all(axis=1) & examples.judged
    for name in np.unique(examples.person):
        torch.manual_seed(seed)
        mine = examples.person == name
        others, own = known & ~mine, known & mine & ~second_half(examples)
        mean, sd = examples.values[others].mean(axis=0), examples.values[others].std(axis=0)
        x = torch.tensor(ensemble.standardise(examples.values, mean, sd), dtype=torch.float32)
        pair = Pair((len(EDA_FEATURES), x.shape[1] - len(EDA_FEATURES)))
        learn(pair, x[torch.tensor(others)], t_s[others], examples.person[others], STEPS, seed)
        rows = train_rows & ~mine
        plain, y = examples.inputs(np.arange(len(mine)), INPUTS), examples.label
        own_model = ensemble.fit(plain[rows], y[rows], examples.person[rows], seed)
        out[ways[0]][mine] = own_model.logits(plain[mine]).mean(axis=1)
        wide = np.hstack([plain, embedded(pair, x)])
        model = ensemble.fit(wide[rows], y[rows], examples.person[rows], seed)
        out[ways[1]][mine] = model.logits(wide[mine]).mean(axis=1)
        learn(pair, x[torch.tensor(own)], t_s[own], examples.person[own], ADAPT_STEPS, seed)
        wide = np.hstack([plain, embedded(pair, x)])
        out[ways[2]][mine] = model.logits(wide[mine]).mean(axis=1)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    examples = load_examples(asked.data / PACK)
    found = scores(examples, asked.seed)
    print(f"Stress-Predict, second half of each session, leave one person out, seed {asked.seed}\n")
    print("| | AUC, pooled | 95 % | AUC, mean of people |\n|---|---|---|---|")
    for way, logit in found.items():
        rows = examples.row & (examples.label >= 0) & examples.judged & second_half(examples)
        y, score, person = (
            examples.label[rows],
            lopo.smooth(logit[:, None], examples)[rows, 0],
            examples.person[rows],
        )
        low, high = metrics.bootstrap(lambda i: metrics.auc(y[i], score[i]), person, n=500)  # noqa: B023
        each = [metrics.auc(y[person == p], score[person == p]) for p in np.unique(person)]
        print(f"| {way} | {metrics.auc(y, score):.3f} | {low:.3f}–{high:.3f} | {np.nanmean(each):.3f} |")


if __name__ == "__main__":
    main()
