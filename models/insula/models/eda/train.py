"""The recipe of the stress models: ``insula train eda --data DIR`` with ``eda_stress_predict.npz`` in DIR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models import metrics
from insula.models.eda import calibration, cards, ensemble, lopo
from insula.models.eda.examples import Examples, load_examples
from insula.models.eda.features import NAMES
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.report import ReportCard, Score, score

Array = npt.NDArray[np.float64]

PACK = "eda_stress_predict.npz"
OTHER = "eda_cogwear.npz"
EDA_INPUTS = (
    "level_vs_30s",
    "level_vs_60s",
    "level_vs_120s",
    "slope",
    "relative_slope",
    "tonic_change",
    "log_relative_phasic",
    "scr_per_min",
    "scr_rise",
    "change:log_phasic",
    "change:scr_per_min",
    "change:log_relative_activity",
    "change:log_relative_spread",
)
PULSE_INPUTS = (
    "pulse_vs_30s",
    "pulse_vs_60s",
    "pulse_vs_120s",
    "own:pulse_rate",
    "own:log_rmssd",
    "change:pulse_rate",
    "change:log_rmssd",
    "change:log_amplitude",
    "change:log_sdnn",
)
MODELS = {"eda-stress": EDA_INPUTS, "eda-stress-pulse": EDA_INPUTS + PULSE_INPUTS}


@dataclass(frozen=True, slots=True)
class _Trained:
    model: ensemble.Ensemble
    calibration: calibration.Calibration
    card: ReportCard


def train(data: Path, out: Path, seed: int = 0) -> None:
    """Train on the pack in folder ``data``; write an ONNX file and a manifest per model into ``out``.

    Every figure printed and written is from people the model did not see. CogWear, when its pack is there,
    is only ever tested on. Raises ``DataError`` when the training pack is not there.
    """
    pack = data / PACK
    if not pack.is_file():
        raise DataError(f"there is no {PACK} in {data}; data.md says where it comes from")
    out.mkdir(parents=True, exist_ok=True)
    examples = load_examples(pack)
    other = load_examples(data / OTHER) if (data / OTHER).is_file() else None
    for name, inputs in MODELS.items():
        trained = _train(examples, other, name, inputs, seed)
        (out / f"{name}.onnx").write_bytes(ensemble.to_onnx(trained.model))
        write_manifest(out / f"{name}.toml", _manifest(name, inputs, examples, trained, out))
        print(trained.card.render(), end="\n\n")


def _train(
    examples: Examples, other: Examples | None, name: str, inputs: tuple[str, ...], seed: int
) -> _Trained:
    outcome = lopo.run(examples, inputs, seed)
    logit = lopo.smooth(outcome.logits, examples).mean(axis=1)
    rows = examples.row & (examples.label >= 0) & examples.judged & examples.baselined
    y, person = examples.label[rows], examples.person[rows]
    p = _held_out_probability(logit[rows], y, person)
    final = calibration.fit(logit[rows], y, person)
    model = lopo.fit(examples, inputs, lopo.train_rows(examples), seed)
    extra = [
        _interview(logit, examples),
        _clock_control(examples, inputs, seed),
        _late_control(examples, inputs, seed),
    ]
    if other is not None:
        extra += _other_set(other, model, inputs, final)
    card = cards.card(
        title=f"{name}, leave one person out",
        data=f"Stress-Predict, {len(np.unique(person))} people",
        y=y,
        p=p,
        before=1 / (1 + np.exp(-logit[rows])),
        temperature=1 / final.gain,
        person=person,
        t1_s=examples.t_s[rows].astype(np.float64),
        extra=tuple(extra),
        notes=(
            outcome.split.describe() + " in training; scored windows do not overlap",
            f"baseline = first two minutes of clean signal; logits averaged over {lopo.SMOOTH_S:g} s; "
            "the gain of the probability comes from the other people's held-out scores",
        ),
    )
    return _Trained(model, final, card)


def _held_out_probability(logit: Array, y: npt.NDArray[np.int64], person: npt.NDArray[np.str_]) -> Array:
    """Probabilities calibrated, for every person, on the held-out scores of the others."""
    p = np.empty(len(logit))
    for name in np.unique(person):
        mine = person == name
        p[mine] = calibration.fit(logit[~mine], y[~mine], person[~mine]).probability(logit[mine])
    return p


def _late_control(examples: Examples, inputs: tuple[str, ...], seed: int) -> Score:
    """The same recipe trained to tell the first rest from the last ones: the hardest control for drift."""
    rest = np.isin(examples.segment, ["relax1", "relax3", "relax_end"])
    late = np.where(np.isin(examples.segment, ["relax3", "relax_end"]), 1, 0)
    outcome = lopo.run(examples, inputs, seed, label=np.where(rest, late, -1))
    rows = examples.row & examples.judged & rest
    logit, truth = lopo.smooth(outcome.logits, examples).mean(axis=1)[rows], late[rows]
    return score(
        "control: recipe trained on last against first rest (AUC)",
        lambda i: metrics.auc(truth[i], logit[i]),
        examples.person[rows],
        note="time itself reaches 1; the last rest is also longer and follows another task",
    )


def _clock_control(examples: Examples, inputs: tuple[str, ...], seed: int) -> Score:
    """The same recipe trained on a made-up schedule, five minutes on, five off, the same for everyone.

    A model that can read elapsed time from its inputs learns any schedule. Scored within rest and within
    stress tasks, so that the true conditions cannot help; mean over five phases of the schedule.
    """
    rows = examples.row & examples.judged & (examples.label >= 0)
    values = []
    for phase in range(5):
        made_up = ((examples.t_s + 60 * phase) // 300) % 2
        outcome = lopo.run(examples, inputs, seed, label=np.where(examples.label >= 0, made_up, -1))
        logit = outcome.logits.mean(axis=1)
        for kind in (0, 1):
            mine = rows & (examples.label == kind)
            values.append(metrics.auc(made_up[mine], logit[mine]))
    return Score(
        "control: recipe trained on a made-up schedule (AUC)",
        float(np.mean(values)),
        note=f"0.5: the inputs do not tell the time; single runs {min(values):.2f} to {max(values):.2f}",
    )


def _interview(logit: Array, examples: Examples) -> Score:
    """The interview against the rests right before and after it: balanced in time by design."""
    rows = examples.row & examples.judged & np.isin(examples.segment, ["relax1", "interview", "relax2"])
    y, z = examples.label[rows], logit[rows]
    return score(
        "interview against the rests before and after it (AUC)",
        lambda i: metrics.auc(y[i], z[i]),
        examples.person[rows],
        note=f"elapsed time as a score: {metrics.auc(y, examples.t_s[rows]):.2f}",
    )


def _other_set(
    other: Examples, model: ensemble.Ensemble, inputs: tuple[str, ...], final: calibration.Calibration
) -> list[Score]:
    logits = model.logits(other.inputs(np.arange(len(other.t_s)), inputs))
    p = final.probability(lopo.smooth(logits, other).mean(axis=1))
    scores = []
    labelled = other.row & (other.label >= 0) & other.judged
    for text, rows in (("own baseline complete", labelled & other.baselined), ("with provisional", labelled)):
        y, q, person = other.label[rows], p[rows], other.person[rows]
        scores += [
            score(f"CogWear, {text}: AUC", lambda i, y=y, q=q: metrics.auc(y[i], q[i]), person),  # type: ignore[misc]
            score(
                f"CogWear, {text}: balanced accuracy",
                lambda i, y=y, q=q: metrics.balanced_accuracy(y[i], (q[i] >= 0.5).astype(np.int64)),  # type: ignore[misc]
                person,
                note=f"{len(y)} windows",
            ),
        ]
    return scores


def _baseline_sd(examples: Examples) -> Array:
    """Typical standard deviation within a person at rest of every feature."""
    rest = examples.row & (examples.label == 0) & examples.judged
    spreads = [
        np.nanstd(examples.values[rest & (examples.person == name)], axis=0)
        for name in np.unique(examples.person)
    ]
    return np.asarray(np.nanmedian(spreads, axis=0) + 1e-6, np.float64)


def _manifest(
    name: str, inputs: tuple[str, ...], examples: Examples, trained: _Trained, out: Path
) -> dict[str, Any]:
    card, final = trained.card, trained.calibration
    return {
        "name": name,
        "version": 1,
        "modality": "eda",
        "file": f"{name}.onnx",
        "sha256": sha256(out / f"{name}.onnx"),
        "preprocess": {
            "inputs": list(inputs),
            "mean": [round(float(v), 6) for v in trained.model.mean],
            "sd": [round(float(v), 6) for v in trained.model.sd],
            "baseline_features": list(NAMES),
            "baseline_sd": [round(float(v), 6) for v in _baseline_sd(examples)],
            "smooth_s": lopo.SMOOTH_S,
            "gain": round(final.gain, 5),
            "person_sd": round(final.person_sd, 4),
            "trained_on": [str(person) for person in np.unique(examples.person)],
        },
        "card": {
            "what": "stress index: probability of a stress task at even odds of rest, from skin conductance"
            + (" and wrist pulse" if "pulse" in name else ""),
            "data": f"Stress-Predict (Iqbal et al., Sensors 2022, 22(21):8135), {card.n_groups} people, MIT",
            "licence": "Apache-2.0; the data are MIT: cite Iqbal et al. 2022",
            "split": "leave one person out; the shipped weights are trained on all of them",
            "target": cards.TARGET,
            "recipe": "insula train eda --data DIR",
            "not_for": [
                "diagnosis, lie detection, assessment at work or school",
                "valence or any named emotion: skin conductance does not show them",
            ],
            "caveats": [
                cards.ORDER_NOTE,
                "the interview has speech and gestures: part of its effect may be movement",
                "healthy adults, one wristband (Empatica E4), one laboratory; arousal is a mapping of it",
                "not validated outside a laboratory; on a public field set such features were at chance",
            ],
            "metrics": {s.name: round(s.value, 4) for s in card.metrics if s.value is not None},
            "floors": {s.name: round(s.value, 4) for s in card.floors if s.value is not None},
        },
    }
