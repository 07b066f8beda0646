"""All windows of an emotion set as RBTransformer's inputs, with who and which trial they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models.eeg import rb_tokens
from insula.models.eeg.rbtransformer import PAPER, Variant
from insula.models.eeg.sets.trial import SetSpec
from insula.models.split import Windows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Windows: ``tokens`` (n, electrodes, bands); ``label``, ``person``, ``trial`` and ``t0_s`` (n,)."""

    tokens: Floats
    label: Ints
    person: npt.NDArray[np.str_]
    trial: npt.NDArray[np.str_]
    t0_s: Floats
    ch_names: tuple[str, ...]

    @property
    def windows(self) -> Windows:
        """Where the rows were cut, for the splitter."""
        return Windows(self.trial, self.t0_s, self.t0_s + rb_tokens.WINDOW_S)


def load(spec: SetSpec, root: Path, target: str, variant: Variant | None) -> Rows:
    """All windows of the set; ``variant`` = published inputs, ``None`` = running filter, rest subtracted."""
    if target not in spec.targets:
        raise DataError(f"{spec.name} has no target {target!r}; it has {', '.join(spec.targets)}")
    tokens: list[Floats] = []
    meta: list[tuple[int, str, str, float]] = []
    ch_names: tuple[str, ...] = ()
    for trial in spec.trials(root):
        ch_names = trial.ch_names
        found, starts = (
            rb_tokens.running(trial, PAPER.bands) if variant is None else rb_tokens.published(trial, variant)
        )
        tokens.append(found)
        name = f"{trial.person}/{trial.session}/{trial.name}"
        label = spec.targets[target](trial.ratings[target])
        meta += [(label, trial.person, name, float(t0)) for t0 in starts]
    labels, people, names, t0_s = zip(*meta, strict=True)
    return Rows(
        np.concatenate(tokens), np.array(labels), np.array(people), np.array(names), np.array(t0_s), ch_names
    )
