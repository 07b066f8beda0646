"""What a speech model's card says: data, licence, split, figures and floors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from insula.models import metrics
from insula.models.speech.classes import CLASSES
from insula.models.speech.dataset import SpeechSet

Floats = npt.NDArray[np.float64]


def card_table(
    learn: SpeechSet,
    check: SpeechSet,
    scores: Floats,
    cold: Floats,
    temperature: float,
    folds_uar: dict[str, float],
) -> dict[str, Any]:
    """The ``card`` table of the manifest, from the logits on the ``check`` speakers (n, 9)."""
    corpora = [str(c) for c in np.unique(learn.corpus)]
    licences = sorted({str(text) for text in learn.licence})
    non_commercial = any("NC" in text for text in licences)
    return {
        "what": "Acted emotional expression in the voice, nine classes, and valence/arousal mapped from them",
        "data": "; ".join(_set_line(learn, corpus) for corpus in corpora),
        "licence": (
            "CC BY-NC-SA 4.0 (non-commercial use only: trained on RAVDESS and nEMO)"
            if non_commercial
            else "Apache-2.0 (trained on data in the public domain)"
            if all(text.startswith("CC0") for text in licences)
            else f"as the data's: {', '.join(licences)}"
        ),
        "split": "speaker, nobody on both sides; temperature and V/A map from speakers left out inside train",
        "target": "the emotion an actor was asked to show, not what anyone felt",
        "recipe": "insula train speech --data DIR",
        "not_for": [
            "inferring what a person really feels",
            "decisions about a person at work, in school, in hiring, by police or in medicine",
            *(["any commercial use"] if non_commercial else []),
        ],
        "caveats": [
            "actors, studio recordings, few speakers: spontaneous speech is expected to score much lower",
            "contempt was in no corpus, its probability is 0 by construction; calm and boredom are neutral",
            "figures marked 'session' let a running baseline of the same speaker's earlier clips enter "
            "(random order, no labels), as in live use; 'alone' judges every clip with nothing heard before",
            "valence and arousal are derived from the classes and untested against human ratings",
            "language, codec and corpus coincide in the data; other languages are untested",
            "few unseen speakers: wide intervals; where a class has one clip, that clip moves the UAR by 1/7",
            "noise costs much: at 10 dB about a fifth of the UAR is lost (benchmarks/speech.py)",
        ],
        "metrics": _figures(check, scores, cold, temperature)
        | {f"left_out_train_speakers_uar_{c}_session": round(v, 4) for c, v in folds_uar.items()},
        "floors": _floors(check),
    }


def _set_line(part: SpeechSet, corpus: str) -> str:
    rows = (part.corpus == corpus) & (part.copy == 0)
    speakers = len(np.unique(part.speaker[rows]))
    copies = int(part.copy[part.corpus == corpus].max())
    size = f"{rows.sum()} clips of {speakers} speakers (+ {copies} disguised copies)"
    return f"{corpus}: {size}, {part.licence[rows][0]}"


def _figures(check: SpeechSet, scores: Floats, cold: Floats, temperature: float) -> dict[str, float]:
    out: dict[str, float] = {"temperature": round(temperature, 4)}
    for corpus in np.unique(check.corpus):
        rows = check.corpus == corpus
        y = check.label[rows]
        probabilities = metrics.softmax(scores[rows] / temperature)
        top = scores[rows].argmax(axis=1)
        out |= {
            f"{corpus}_uar_session": metrics.uar(y, top, len(CLASSES)),
            f"{corpus}_uar_alone": metrics.uar(y, cold[rows].argmax(axis=1), len(CLASSES)),
            f"{corpus}_accuracy_session": metrics.accuracy(y, top),
            f"{corpus}_ece_session": metrics.ece(y, probabilities).ece,
            f"{corpus}_ece_uncalibrated": metrics.ece(y, metrics.softmax(scores[rows])).ece,
            f"{corpus}_n": float(rows.sum()),
            f"{corpus}_speakers": float(len(np.unique(check.speaker[rows]))),
        }
        for index, recall in enumerate(metrics.recalls(y, top, len(CLASSES))):
            if np.isfinite(recall):
                out[f"{corpus}_recall_{CLASSES[index]}"] = float(recall)
    return {name: round(value, 4) for name, value in out.items()}


def _floors(check: SpeechSet) -> dict[str, float]:
    out: dict[str, float] = {}
    for corpus in np.unique(check.corpus):
        counts = np.bincount(check.label[check.corpus == corpus])
        out[f"{corpus}_majority_accuracy"] = round(float(counts.max() / counts.sum()), 4)
        out[f"{corpus}_chance_uar"] = round(1.0 / int((counts > 0).sum()), 4)
    return out
