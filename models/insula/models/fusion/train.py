"""``insula train fusion``: every constant of fusion from real recordings, with what they are worth on others.

Needs in the data folder or below it: ``fer_valid.npz``, speech packs, ``eda_stress_predict.npz``,
``eeg_eegmat.npz``; ``eda_cogwear.npz``, when it is there, is only tested on. Nobody is on both sides:
pictures by picture, everything else by person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import metrics
from insula.models.explain.naming import COMPOUND_RATIO, COMPOUNDS
from insula.models.fusion import fit, index_width
from insula.models.fusion.parameters import FILE, Parameters, Source
from insula.models.fusion.shown import Shown, faces, pairs, voice_courses, voices
from insula.models.fusion.streams import Readings, Table, read, stress_elsewhere, stress_table, workload_table
from insula.models.manifest_writer import write_manifest

Floats = npt.NDArray[np.float64]

HORIZON_S: Final = {"face": 3.0, "voice": 3.0, "eda": 10.0, "eeg": 5.0}
"""Not fitted but promised: how long the last value of a source that went away may still count."""

_OPEN_SPEECH = "speech_emodb_cc0.zip"
_OTHER_SPEECH = ("speech_ravdess_nc.zip", "speech_nemo_nc.zip")
_STRESS, _OTHER_STRESS = "eda_stress_predict.npz", "eda_cogwear.npz"
_COURSE_STEP_S, _COURSE_LAGS = 0.25, 8
_INDICES: Final = {"stress": ("eda", 60), "workload": ("eeg", 4)}
"""The stream of each index, and the seconds between two of its windows that do not overlap."""


def train(data: Path, out: Path, seed: int = 0) -> None:
    """Fit, print every figure on held-out people, write ``parameters.toml`` with its card to ``out``.

    Raises ``DataError`` when a pack is missing.
    """
    face = faces(_find(data, "fer_valid.npz"))
    voice = voices(_find(data, name) for name in _OTHER_SPEECH)
    courses = voice_courses(_find(data, _OPEN_SPEECH))
    body = [
        _judged(stress_table(_find(data, _STRESS)), seed),
        _judged(workload_table(_find(data, "eeg_eegmat.npz")), seed),
    ]
    parameters, found = fit_all(face, voice, courses, body, seed)
    found |= worth(parameters, face, voice, seed)
    found |= worth_of_indices(body, seed)
    if others := sorted(data.rglob(_OTHER_STRESS)):
        elsewhere = stress_elsewhere(_find(data, _STRESS), others[0], seed)
        for column, model in enumerate(elsewhere.streams):
            rates = index_width.cells(elsewhere, column, _INDICES["stress"][1])
            holds = f"{model} on CogWear: 90 % interval holds {len(rates.person)} rates of people"
            found[f"{holds} (as the model states)"] = index_width.covered(rates)
            found[f"{holds} (as fused)"] = index_width.covered(rates, parameters.index_gain["stress"])
    for name, value in found.items():
        print(f"{name:62s} {value:8.4f}")
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(out / FILE, table(parameters, found))


def fit_all(
    face: Shown, voice: Shown, courses: list[Floats], body: list[Readings], seed: int
) -> tuple[Parameters, dict[str, float]]:
    """All parameters from the rows marked for tuning, and figures of the fit."""
    face, voice = face.take(face.tuned), voice.take(voice.tuned)
    voice_walk = fit.walk(courses, _COURSE_STEP_S, _COURSE_LAGS)
    walks = {"face": voice_walk, "voice": voice_walk}
    leaps = []
    for readings in body:
        for column, name in enumerate(readings.streams):
            course = [2 * readings.of(p).index[:, [column]] - 1 for p in _people(readings)]
            spread = [2 * readings.of(p).sd[:, [column]] for p in _people(readings)]
            walks[name] = fit.walk(course, 1.0, 5)
            leaps.append(fit.leap(course, spread))
    mean, upper = fit.correlation(body, seed)
    shared = fit.pool(face, voice, seed)
    listed = frozenset(frozenset(EXPRESSIONS.index(name) for name in pair) for pair in COMPOUNDS)
    ratio, f_half, rate = fit.compound_ratio(face, listed)
    left, right = pairs(face, voice, seed)
    both = fit.pooled(face.log_p[left], voice.log_p[right], (shared.face, shared.voice), shared.gain)
    known = face.label >= 0
    rates = _rates(body)
    parameters = Parameters(
        sources={
            "face": Source(
                round(walks["face"], 3),
                HORIZON_S["face"],
                shared.face,
                gain=_both(lambda axis: fit.gain(face, axis)),
            ),
            "voice": Source(
                round(walks["voice"], 3),
                HORIZON_S["voice"],
                shared.voice,
                extra_sd=_both(lambda axis: fit.elsewhere(voice, axis)),
            ),
            "eda": Source(round(walks["eda"], 3), HORIZON_S["eda"], 1.0),
            "eeg": Source(round(walks["eeg"], 3), HORIZON_S["eeg"], 1.0),
        },
        correlation=round(upper, 2),
        process_sd=round(voice_walk, 3),
        gate_sd=round(max(leaps), 1),
        pool_gain=shared.gain,
        candidate_p={
            "face": round(fit.conformal(face.log_p[known], face.label[known]), 4),
            "voice": round(fit.conformal(voice.log_p, voice.label), 4),
            "face+voice": round(fit.conformal(both, face.label[left]), 4),
        },
        index_gain={name: round(index_width.gain(found), 2) for name, found in rates.items()},
    )
    figures = {f"fit: walk of {name} (1/√s)": value for name, value in walks.items()}
    figures |= {
        "fit: correlation of two streams' errors, mean": mean,
        "fit: largest correlation not excluded (95 %)": upper,
        "fit: largest of 1000 leaps between undamaged neighbours (sd)": max(leaps),
        "fit: NLL of the pool": shared.nll,
        "fit: best p2/p1 of compounds": ratio,
        "fit: F0.5 of compounds at the best": f_half,
        "fit: F0.5 of compounds at COMPOUND_RATIO": fit.compound_score(face, listed, COMPOUND_RATIO),
        "fit: share of pictures whose votes show a compound": rate,
    }
    return parameters, figures


def worth(parameters: Parameters, face: Shown, voice: Shown, seed: int) -> dict[str, float]:
    """What the parameters are worth on rows they were not fitted on."""
    tuned = voice.take(voice.tuned)
    face, voice = face.take(~face.tuned), voice.take(~voice.tuned)
    found: dict[str, float] = {}
    for axis, name in enumerate(("valence", "arousal")):
        for kind, rows in (("face", face), ("voice", voice)):
            source = parameters.sources["face" if kind == "face" else "voice"]
            honest = fit.covered(rows, axis, source.gain[axis], source.extra_sd[axis])
            stated = fit.covered(rows, axis, 1.0, 0.0)
            found[f"{kind}, {name}: 90 % interval holds (as the model states)"] = stated
            found[f"{kind}, {name}: 90 % interval holds (as fused)"] = honest
        left_out = [
            fit.covered(
                tuned.take(tuned.person == p), axis, 1.0, fit.elsewhere(tuned.take(tuned.person != p), axis)
            )
            for p in np.unique(tuned.person)
        ]
        found[f"voice, {name}: 90 % interval holds, one person left out"] = float(np.mean(left_out))
    left, right = pairs(face, voice, seed + 1)
    y = face.label[left]
    trust = (parameters.sources["face"].reliability, parameters.sources["voice"].reliability)
    ways = {
        "face": face.log_p[left],
        "voice": voice.log_p[right],
        "pool": fit.pooled(face.log_p[left], voice.log_p[right], trust, parameters.pool_gain),
        "naive mean": np.log(np.exp(face.log_p[left]) / 2 + np.exp(voice.log_p[right]) / 2),
    }
    for way, logs in ways.items():
        found[f"pairs, {way}: accuracy"] = metrics.accuracy(y, logs.argmax(axis=1))
        found[f"pairs, {way}: NLL"] = metrics.nll(y, np.exp(logs))
        found[f"pairs, {way}: ECE"] = metrics.ece(y, np.exp(logs)).ece
    sets = {"face": "face", "voice": "voice", "pool": "face+voice"}
    for way, key in sets.items():
        inside = ways[way] >= np.minimum(np.log(parameters.candidate_p[key]), ways[way].max(axis=1))[:, None]
        hit, single = inside[np.arange(len(y)), y], inside.sum(axis=1) == 1
        found[f"candidates, {key}: hold the truth"] = float(hit.mean())
        found[f"candidates, {key}: mean number"] = float(inside.sum(axis=1).mean())
        found[f"candidates, {key}: exactly one"] = float(single.mean())
    return found


def worth_of_indices(body: list[Readings], seed: int) -> dict[str, float]:
    """Share of people's rates in the indices' intervals: as stated, fitted on the others, by chance."""
    found: dict[str, float] = {}
    for name, rates in _rates(body).items():
        low, high = index_width.uncertainty(rates, seed)
        holds = f"{name} index: 90 % interval holds people's rates"
        found |= {
            f"{holds} (as the model states)": index_width.covered(rates),
            f"{holds}, one person left out": index_width.left_out(rates),
            f"{name} index: share of rates that chance alone explains": index_width.covered(rates, 0.0),
            f"fit: gain of the {name} index, 2.5 %": low,
            f"fit: gain of the {name} index, 97.5 %": high,
        }
    return found


def _rates(body: list[Readings]) -> dict[str, index_width.Cells]:
    streams = {name: (one, column) for one in body for column, name in enumerate(one.streams)}
    return {
        name: index_width.cells(*streams[stream], every_s) for name, (stream, every_s) in _INDICES.items()
    }


def risk_coverage(log_p: Floats, label: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Share answered (n,) and error among those (n,) when the least sure are left unanswered first."""
    order = np.argsort(-log_p.max(axis=1), kind="stable")
    wrong = (log_p.argmax(axis=1) != label)[order]
    answered = np.arange(1, len(wrong) + 1)
    return answered / len(wrong), np.cumsum(wrong) / answered


def table(parameters: Parameters, found: dict[str, float]) -> dict[str, Any]:
    """``parameters.toml`` with its card."""
    sources = {name: asdict(source) for name, source in parameters.sources.items()}
    for source in sources.values():
        source["gain"] = [round(value, 3) for value in source["gain"]]
        source["extra_sd"] = [round(value, 3) for value in source["extra_sd"]]
    names = ("correlation", "process_sd", "gate_sd", "pool_gain")
    return {
        "shared": {name: getattr(parameters, name) for name in names},
        "candidate_p": dict(parameters.candidate_p),
        "index_gain": dict(parameters.index_gain),
        "sources": sources,
        "card": {
            "what": "constants of late fusion: trust, ageing, correlation and honest widths",
            "data": "FER+ pictures (votes MIT), EMO-DB (CC0), Stress-Predict (MIT), EEGMAT (ODC-By); RAVDESS "
            "and nEMO (CC BY-NC-SA) only to measure how wrong the voice model is on people unlike its own",
            "split": "picture or person, nobody on both sides",
            "target": "viewers' votes and acted emotion placed on the circumplex (mapped); "
            "laboratory condition",
            "recipe": "insula train fusion --data DIR",
            "caveats": [
                "no open recording has face and voice of one person with a label: pairs are of two people",
                "face walks as fast as acted voices do: the only talking faces at hand keep still",
                "horizons are promises, not fitted; the gate's data are slow (one estimate a second)",
                "EDA's arousal is a convention (2 · index − 1, sd ≥ 0.5) and was not calibrated",
                "gains of the indices: few people, and a linear model in place of the workload network",
            ],
            "metrics": {name: round(value, 4) for name, value in found.items()},
        },
    }


def _both(value: Callable[[int], float]) -> tuple[float, float]:
    return round(value(0), 3), round(value(1), 3)


def _people(readings: Readings) -> list[str]:
    return [str(name) for name in np.unique(readings.table.person)]


def _judged(table: Table, seed: int) -> Readings:
    return read(table, [str(name) for name in np.unique(table.person)], seed)


def _find(data: Path, name: str) -> Path:
    found = sorted(data.rglob(name))
    if not found:
        raise DataError(f"there is no {name} below {data}; docs/data.md says where it comes from")
    return found[0]
