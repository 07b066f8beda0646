"""Multi-task network with a physical residual for EDA (after arXiv 2505.18169), trained and ablated honestly.

The paper regresses EDA and classifies the condition from questionnaire answers and adds a residual to the
loss; its equation, sizes and folds were not found. Here a causal convolutional trunk reads one minute of
conductance and has two heads, next second's conductance E and arousal a in 0…1; the loss is::

    BCE(a, condition) + λ1 · mean (Ê − E)² + λ2 · mean r²,    r = γ dE/dt + α0 E − β a

α0, β and γ are positive. Their common scale is free (r = 0 for all zeros), so they are kept at unit length
and only their ratios mean anything. Data sets and report: ``pinn_train``; what random folds over rows with
questionnaire inputs give: ``questionnaire``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from insula.models.eda.examples import label_of
from insula.models.eda.packs import Recording
from insula.models.eda.reader import BASELINE_S, FeatureReader
from insula.models.split import leave_one_group_out

Array = npt.NDArray[np.float64]

WINDOW_S = 60
EVERY_S = 10
RECONSTRUCTION, RESIDUAL = 1.0, 0.1
CHANNELS, EPOCHS, BATCH, RATE = 16, 8, 256, 3e-3


@dataclass(frozen=True, slots=True)
class Sequences:
    """``x`` (n, 61): log conductance at 1 Hz against the person's baseline mean; the last is the target."""

    x: Array
    y: npt.NDArray[np.int64]
    person: npt.NDArray[np.str_]
    aligned: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Held-out probabilities and, per fold, ``(α0, β, γ)`` ``(folds, 3)`` and the reconstruction error."""

    p: Array
    constants: Array
    rmse: float


def sequences(recordings: list[Recording], reference_s: int = BASELINE_S) -> Sequences:
    """Windows of labelled segments, every 10 s; those side by side are marked ``aligned`` for scoring.

    Levels are relative to the first ``reference_s`` seconds of a session, whose windows do not count.
    """
    rows: list[tuple[Array, int, str, bool]] = []
    reference: dict[str, float] = {}
    for recording in recordings:
        seconds = FeatureReader(recording.sfreq).push(recording.eda)
        level = np.log(np.array([s.level_us for s in seconds]) + 0.05)
        first = 0 if recording.session in reference else reference_s
        level -= reference.setdefault(recording.session, float(level[:reference_s].mean()))
        for segment in recording.segments:
            label = label_of(segment.name)
            for end in range(segment.start_s + WINDOW_S, min(segment.end_s, len(level) - 1), EVERY_S):
                if label >= 0 and end > first:
                    aligned = (end - segment.start_s) % WINDOW_S == 0
                    rows.append((level[end - WINDOW_S : end + 1], label, recording.subject, aligned))
    x, y, person, aligned_rows = zip(*rows, strict=True)
    return Sequences(np.stack(x), np.array(y), np.array(person), np.array(aligned_rows))


def run(data: Sequences, *, residual: float, seed: int) -> Outcome:
    """Leave one person out with weight ``residual`` on the physical term."""
    p, constants, errors = np.empty(len(data.y)), [], []
    for fold in leave_one_group_out(data.person, group_key="person").folds:
        p[fold.test], found, error = _fit(data, fold.train, fold.test, residual, seed)
        constants.append(found)
        errors.append(error)
    return Outcome(p, np.array(constants), float(np.sqrt(np.mean(errors))))


def _fit(
    data: Sequences,
    train: npt.NDArray[np.int64],
    test: npt.NDArray[np.int64],
    residual: float,
    seed: int,
) -> tuple[Array, Array, float]:
    import torch  # training only: the product never loads it
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    scale = float(data.x[train].std())
    x = torch.tensor(data.x / scale, dtype=torch.float32)
    y = torch.tensor(data.y, dtype=torch.float32)
    layers: list[nn.Module] = []
    for i, dilation in enumerate((1, 2, 4, 8)):
        layers += [
            nn.ConstantPad1d((4 * dilation, 0), 0.0),
            nn.Conv1d(2 if i == 0 else CHANNELS, CHANNELS, 5, dilation=dilation),
            nn.ReLU(),
        ]
    net = nn.Sequential(*layers, nn.Conv1d(CHANNELS, 2, 1))
    raw = nn.Parameter(torch.zeros(3))
    optimiser = torch.optim.AdamW([*net.parameters(), raw], RATE, weight_decay=1e-2)

    def forward(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        past = x[rows, :-1]
        out = net(torch.stack([past, torch.diff(past, dim=1, prepend=past[:, :1]) * 10], 1))
        return past, past + out[:, 0] / 10, out[:, 1]

    for _ in range(EPOCHS):
        for batch in torch.tensor(train)[torch.randperm(len(train))].split(BATCH):
            past, forecast, logit = forward(batch)
            alpha, beta, gamma = functional.normalize(functional.softplus(raw), dim=0)
            r = gamma * torch.diff(past, dim=1) + alpha * past[:, 1:] - beta * torch.sigmoid(logit[:, 1:])
            loss = functional.binary_cross_entropy_with_logits(logit[:, -1], y[batch])
            loss = (
                loss + RECONSTRUCTION * functional.mse_loss(forecast, x[batch, 1:]) + residual * (r**2).mean()
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        _, forecast, logit = forward(torch.tensor(test))
        error = float(((forecast - x[torch.tensor(test), 1:]) ** 2).mean()) * scale**2
        constants = functional.normalize(functional.softplus(raw), dim=0).double().numpy()
        return torch.sigmoid(logit[:, -1]).double().numpy(), constants, error
