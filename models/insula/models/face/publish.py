"""From a trained net to a shipped model: export, quantize, calibrate, measure, describe (needs torch)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from insula.edge.types import EXPRESSIONS
from insula.models import metrics, quantize
from insula.models.face.blendshapes import ACTION_UNITS
from insula.models.face.crop import SIZE, fit, standardise
from insula.models.face.model import NAME, log_softmax
from insula.models.face.net import FaceNet
from insula.models.face.operating_point import OperatingPoint
from insula.models.face.pack import FacePack, majority, vote_distribution
from insula.models.face.sets import TrainingSet
from insula.models.manifest_writer import sha256, write_manifest
from insula.models.va import VaCalibration, circumplex_moments, fit_calibration, mapped_values

OUTPUTS: Final = ("logits", "blendshapes", "embedding")
"""Expression logits (1, 8), blendshapes (1, 52), and what both are linear in (1, width of the last stage)."""

Floats = npt.NDArray[np.float64]

_RANGE_IMAGES = 512
_USEFUL = 0.6
"""Smallest correlation with MediaPipe's blendshapes at which the net's own version of a unit is offered."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted on the tune part, with the int8 model."""

    parity: quantize.Parity
    temperature: float
    shift: Floats
    va: VaCalibration
    units: tuple[int, ...]
    correlations: Mapping[int, float]
    tune_accuracy: float

    def log_probabilities(self, logits: npt.ArrayLike) -> Floats:
        """What the product makes of logits (n, 8)."""
        return log_softmax(np.asarray(logits, np.float64) / self.temperature + self.shift)


def publish(
    net: FaceNet, sets: TrainingSet, held_out: FacePack, point: OperatingPoint, out: Path, recipe: str
) -> dict[str, float]:
    """Write ``face-expression.onnx`` (int8), its fp32 twin and the manifest into ``out``; return its metrics.

    Temperature and affine maps are fitted on the outputs of the int8 model, the one that ships; the card's
    figures are from ``held_out``. ``point`` has been chosen without either.
    """
    out.mkdir(parents=True, exist_ok=True)
    fp32, int8 = out / f"{NAME}-fp32.onnx", out / f"{NAME}.onnx"
    write_onnx(net, fp32)
    ranges = np.random.default_rng(0).permutation(sets.train)[:_RANGE_IMAGES]
    quantize.quantize(fp32, int8, feeds(sets.pictures[ranges]), exclude=small_nodes(fp32))
    fitted = fit_outputs(fp32, int8, sets, point.shift)
    found, floors = held_out_figures(fp32, int8, held_out, fitted)
    found |= point.figures
    found |= {f"tune_r_au{unit:02d}": r for unit, r in fitted.correlations.items()}
    found |= {
        "tune_accuracy": fitted.tune_accuracy,
        "int8_same_class_as_fp32": fitted.parity.same_top,
        "int8_mean_logit_error": fitted.parity.mean_error,
    }
    write_manifest(out / f"{NAME}.toml", manifest_table(int8, fitted, sets, recipe, found, floors))
    return found


def write_onnx(net: FaceNet, path: Path) -> None:
    """Write the net as fp32 ONNX, ``face`` (1, 1, 48, 48) → the outputs :data:`OUTPUTS`."""
    with warnings.catch_warnings():
        # torch's newer exporter needs one more package and writes a newer opset than the engines here read.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net.eval().to(memory_format=torch.contiguous_format),
            (torch.zeros(1, 1, SIZE, SIZE),),
            str(path),
            dynamo=False,
            opset_version=quantize.OPSET,
            input_names=["face"],
            output_names=list(OUTPUTS),
        )


def small_nodes(path: Path) -> list[str]:
    """Names of the nodes of the channel attention and the heads: few numbers, where int8 only loses."""
    small = ("/gate/", "/expression/", "/blendshapes/")
    return [name for name in quantize.node_names(path) if any(part in name for part in small)]


def feeds(pictures: npt.NDArray[np.uint8]) -> list[Mapping[str, npt.NDArray[np.generic]]]:
    """One feed of the network's input a picture (n, 48, 48)."""
    return [{"face": standardise(picture[None])} for picture in pictures]


def both_ways(path: Path, pictures: npt.NDArray[np.uint8], output: str) -> npt.NDArray[np.float32]:
    """``output`` averaged over each picture and its mirror image, as the product runs the net."""
    straight = quantize.run_all(path, feeds(pictures), output)
    mirrored = quantize.run_all(path, feeds(np.ascontiguousarray(pictures[:, :, ::-1])), output)
    return np.asarray((straight + mirrored) / 2)


def fit_outputs(fp32: Path, int8: Path, sets: TrainingSet, shift: Floats) -> Fitted:
    """Fit temperature, affine maps and the choice of action units on the tune part."""
    pictures, votes = sets.pictures[sets.tune], sets.votes[sets.tune]
    logits = both_ways(int8, pictures, "logits")
    truth = majority(votes)
    counted = truth >= 0
    temperature = metrics.fit_temperature(truth[counted], logits[counted])
    probabilities = metrics.softmax(logits / temperature + shift)
    target, _ = circumplex_moments(vote_distribution(votes))
    shapes = both_ways(int8, pictures, "blendshapes")
    correlations = unit_correlations(shapes, sets.blendshapes[sets.tune], sets.names)
    return Fitted(
        parity=quantize.parity(fp32, int8, feeds(pictures), "logits"),
        temperature=temperature,
        shift=shift,
        va=fit_calibration(probabilities, target),
        units=tuple(unit for unit, r in correlations.items() if r >= _USEFUL),
        correlations=correlations,
        tune_accuracy=metrics.accuracy(truth[counted], probabilities[counted].argmax(1)),
    )


def held_out_figures(
    fp32: Path, int8: Path, pack: FacePack, fitted: Fitted
) -> tuple[dict[str, float], dict[str, float]]:
    """Metrics and floors on a pack that neither training nor fitting has seen."""
    truth = majority(pack.votes)
    rows = np.flatnonzero(truth >= 0)
    pictures = np.stack([fit(pack.picture(int(row))) for row in rows])
    y = truth[rows]
    p = np.exp(fitted.log_probabilities(both_ways(int8, pictures, "logits")))
    valence, _, arousal, _ = mapped_values(p, fitted.va)
    target, _ = circumplex_moments(vote_distribution(pack.votes[rows]))
    before = fitted.log_probabilities(both_ways(fp32, pictures, "logits")).argmax(1)
    found = {
        "items": float(len(y)),
        "accuracy": metrics.accuracy(y, p.argmax(1)),
        "accuracy_fp32": metrics.accuracy(y, before),
        "macro_f1": metrics.macro_f1(y, p.argmax(1), len(EXPRESSIONS)),
        "uar": metrics.uar(y, p.argmax(1), len(EXPRESSIONS)),
        "ece": metrics.ece(y, p).ece,
        "nll": metrics.nll(y, p),
        "valence_ccc_mapped": metrics.ccc(target[:, 0], valence),
        "arousal_ccc_mapped": metrics.ccc(target[:, 1], arousal),
    }
    return found, {"majority": float(np.bincount(y).max() / len(y))}


def unit_correlations(
    predicted: npt.NDArray[np.float32], measured: npt.NDArray[np.float32], names: tuple[str, ...]
) -> dict[int, float]:
    """Correlation of each action unit from the net's blendshapes with that from MediaPipe's, where found."""
    found = np.isfinite(measured[:, 0])
    columns = {unit: [names.index(part) for part in parts] for unit, (_, parts) in ACTION_UNITS.items()}
    found_r = {
        unit: metrics.pearson(measured[found][:, at].mean(1), predicted[found][:, at].mean(1))
        for unit, at in columns.items()
    }
    return {unit: r for unit, r in found_r.items() if np.isfinite(r)}


def manifest_table(
    int8: Path,
    fitted: Fitted,
    sets: TrainingSet,
    recipe: str,
    found: Mapping[str, float],
    floors: Mapping[str, float],
) -> dict[str, Any]:
    """The manifest's tables; figures rounded to what the number of pictures supports."""
    return {
        "name": NAME,
        "version": 1,
        "modality": "face",
        "file": int8.name,
        "sha256": sha256(int8),
        "preprocess": {
            "size": SIZE,
            "colour": "gray; each picture with mean 0 and standard deviation 1 (at least 12 gray levels)",
            "framing": "square from brow to chin, the box of OpenCV's haarcascade_frontalface_alt2",
            "expressions": list(EXPRESSIONS),
            "temperature": round(fitted.temperature, 4),
            "shift": [round(float(value), 4) for value in fitted.shift],
            "action_units": list(fitted.units),
            "blendshapes": list(sets.names),
            "va": fitted.va.to_table(),
        },
        "card": {
            "what": "Expression that viewers perceive in one face picture (8 classes), and valence/arousal "
            "derived from it",
            "data": f"FER2013 pictures with FER+ crowd votes (Barsoum et al. 2016): {len(sets.train)} train, "
            f"{len(sets.tune)} tune; MediaPipe blendshapes of the same pictures taught beside the votes",
            "licence": "Apache-2.0 (weights). The votes are MIT; the pictures were found by web search, come "
            "without a licence grant and are not part of this package",
            "split": "by picture: the set names no persons, so it is not person-independent; near-duplicates "
            "of tune pictures (cosine of 24×24 pictures > 0.90, also mirrored) were taken out of training",
            "target": "perceived expression: distribution of ten crowd votes without single votes, unknown "
            "and no-face; accuracies count pictures on which one expression has more than five votes",
            "recipe": recipe,
            "not_for": [
                "reading what a person feels, lies or intends",
                "decisions about people: hiring, schooling, policing, credit, health",
                "use at work or school without a medical or safety purpose (EU AI Act Art. 5(1)(f))",
                "identifying people",
            ],
            "caveats": [
                "valence/arousal are mapped from expressions, untested against human V/A ratings",
                "disgust, fear and contempt are rare in the votes (0.2, 1.3, 0.3 %): little trust in them; "
                "their probabilities are raised so that they are found at all",
                "web pictures, mostly frontal, of unknown people: fairness over age, skin and sex is not "
                "measured",
                "figures: tune_… on the tune part (temperature, maps and choice of units were fitted there), "
                "teachers_… of nets with two thirds of the pictures, on the other third; all others on the "
                "held-out pack",
                "each face is judged twice, as it is and mirrored; the figures include that",
            ],
            "metrics": {key: round(value, 4) for key, value in found.items()},
            "floors": {key: round(value, 4) for key, value in floors.items()},
        },
    }
