"""RBTransformer as workload model (needs torch): scores of held-out people, and the network for all people.

The same trained network is also scored as other caps will use it: its identities carried to them, electrodes
that the data do not have masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eeg import linear, montage, rb_fit
from insula.models.eeg.dataset import WindowSet
from insula.models.eeg.rb_fit import Schedule
from insula.models.eeg.rbtransformer import SMALL, RBTransformer, carried
from insula.models.split import Split

Floats = npt.NDArray[np.float64]

SCHEDULE = Schedule(epochs=10, batch=128, mask=0.2)
"""Set before looking at held-out people; electrodes are hidden at random so that missing ones do no harm."""
_TRAIN_EVERY = 2
"""Training takes every second row: neighbours share three quarters of their samples."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Held-out log-odds of work, one a row, for the training cap (``own``) and for each other cap by name."""

    own: Floats
    other: dict[str, Floats]


def held_out(
    windows: WindowSet,
    tokens: Floats,
    ch_names: tuple[str, ...],
    others: dict[str, tuple[str, ...]],
    *,
    split: Split,
    seed: int,
) -> Scores:
    """Score everybody by networks that never saw them; ``others`` are caps to carry the networks to."""
    own = np.empty(len(tokens))
    other = {name: np.empty(len(tokens)) for name in others}
    for fold in split.folds:
        net = fit(windows, tokens, fold.train, ch_names, seed=seed)
        own[fold.test] = log_odds(net, tokens[fold.test])
        for name, cap in others.items():
            known, columns = found_in(cap, ch_names)
            there = np.zeros((len(fold.test), len(cap), tokens.shape[2]))
            there[:, known] = tokens[fold.test][:, columns]
            other[name][fold.test] = log_odds(carried(net, cap), there, known)
    return Scores(own, other)


def fit(
    windows: WindowSet,
    tokens: Floats,
    rows: npt.NDArray[np.int64],
    ch_names: tuple[str, ...],
    *,
    seed: int,
) -> RBTransformer:
    """A network of ``rows``."""
    kept = rows[::_TRAIN_EVERY]
    label = windows.label[kept]
    return rb_fit.fit(
        ch_names,
        tokens[kept],
        label,
        linear.even_weights(label, windows.person[kept]),
        n_classes=2,
        shape=SMALL,
        schedule=SCHEDULE,
        seed=seed,
    )


def log_odds(net: RBTransformer, tokens: Floats, usable: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Log-odds of work against rest, one a row."""
    logits = rb_fit.logits_of(net, tokens, usable)
    return logits[:, 1] - logits[:, 0]


def found_in(cap: Sequence[str], ch_names: Sequence[str]) -> tuple[npt.NDArray[np.bool_], list[int]]:
    """Which electrodes of ``cap`` exist in ``ch_names``, and where."""
    have = {montage.canonical(name): i for i, name in enumerate(ch_names)}
    places = [montage.canonical(name) for name in cap]
    return np.array([place in have for place in places]), [have[place] for place in places if place in have]
