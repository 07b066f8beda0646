"""What a person's own rest is worth: the same recipes with it and without it, on people never seen.

    python benchmarks/person.py --data DIR [--only eeg|eda|voice]

EEG (EEGMAT): tokens as they are, against 20 s and against 60 s of the person's rest; linear model, leave one
person out. Pulse (Stress-Predict): pulse rate and variability as they are and against the first two minutes.
Voice (RAVDESS): the shipped model on speakers it never heard: alone, with a profile of four neutral clips,
and with what it said of these clips taken off.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from insula.models import manifest, metrics
from insula.models.eda import lopo as eda_lopo
from insula.models.eda.examples import load_examples
from insula.models.eda.inputs import OWN
from insula.models.eda.train import EDA_INPUTS, PULSE_INPUTS
from insula.models.eeg import eegmat, linear
from insula.models.eeg.bands import BandSet
from insula.models.eeg.baseline import Baseline as Rest
from insula.models.eeg.tokens import TokenStream
from insula.models.fusion.tracker import Z90
from insula.models.speech.classes import CLASSES, class_points, label_index
from insula.models.speech.corpus import SpeechPack
from insula.models.speech.features import analyse
from insula.models.speech.functionals import MIN_FRAMES
from insula.models.speech.model import Baseline, SpeechModel, describe_file

Floats = npt.NDArray[np.float64]

REST_S = 60.0
WINDOW_S, HOP_S = 4.0, 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parts: dict[str, Callable[[Path], None]] = {"eeg": eeg, "eda": pulse, "voice": voice}
    parser.add_argument("--only", choices=parts)
    options = parser.parse_args()
    for name, part in parts.items():
        if options.only in (None, name):
            part(options.data)


def eeg(data: Path) -> None:
    """Balanced accuracy and AUC of work against rest; the first minute of rest is never scored."""
    how = manifest.load("eeg-workload-19").preprocess
    edges = tuple((float(low), float(high)) for low, high in how["edges_hz"])
    bands = BandSet(tuple(how["bands"]), edges, int(how["order"]))
    rows: dict[str, list[Floats]] = {"no rest": [], "20 s of rest": [], "60 s of rest": []}
    label, person = [], []
    for one in eegmat.people(data / "eeg" / "eeg_eegmat.npz"):
        tokens = {}
        for segment, samples in one.segments.items():
            stream = TokenStream(one.sfreq, one.ch_names, bands, window_s=WINDOW_S, hop_s=HOP_S)
            tokens[segment] = np.array([token.entropy for token in stream.push(samples)])
        used = round((REST_S - WINDOW_S) / HOP_S) + 1
        found = np.concatenate([tokens["rest"][used:], tokens["arith"]])
        rows["no rest"].append(found.reshape(len(found), -1))
        for name, n in (("20 s of rest", 17), ("60 s of rest", used)):
            rest = tokens["rest"][:n]
            sd = np.sqrt(rest.var(axis=0).mean(axis=0))
            z = Rest(one.ch_names, rest.mean(axis=0), sd, 0.0).z(found)
            rows[name].append(np.clip(z, -6, 6).reshape(len(found), -1))
        label += [0] * (len(found) - len(tokens["arith"])) + [1] * len(tokens["arith"])
        person += [one.name] * len(found)
    y, who = np.array(label), np.array(person)
    for name, parts in rows.items():
        x = np.concatenate(parts)
        score = np.empty(len(y))
        for held in np.unique(who):
            learn = who != held
            weight = linear.even_weights(y[learn], who[learn])
            score[~learn] = linear.fit(x[learn], y[learn], weight, ridge=0.3).score(x[~learn])
        print(f"EEG, {name}: {_worth(y, score, who)}")


def pulse(data: Path) -> None:
    """AUC of a task against rest, with and without the person's own pulse at rest."""
    examples = load_examples(data / "eda" / "eda_stress_predict.npz")
    absolute = tuple(name.removeprefix(OWN) for name in PULSE_INPUTS)
    sets = {
        "pulse, no rest": absolute,
        "pulse, two minutes of rest": PULSE_INPUTS,
        "EDA + pulse, no rest": EDA_INPUTS + absolute,
        "EDA + pulse, two minutes of rest": EDA_INPUTS + PULSE_INPUTS,
    }
    rows = examples.row & (examples.label >= 0) & examples.judged & examples.baselined
    for name, inputs in sets.items():
        logits = eda_lopo.smooth(eda_lopo.run(examples, inputs, 0).logits, examples).mean(axis=1)
        print(f"{name}: {_worth(examples.label[rows], logits[rows], examples.person[rows])}")


def voice(data: Path) -> None:
    """Error of valence and arousal, recall of the classes; every other clip, the profile's clips left out."""
    model = SpeechModel(manifest.load("speech-expression"))
    ways: dict[str, list[tuple[Floats, Floats, int]]] = {"alone": [], "profile": [], "offset": []}
    truth = []
    with SpeechPack(data / "speech" / "speech_ravdess_nc.zip") as pack:
        for speaker in sorted({clip.speaker for clip in pack.clips}):
            own = [clip for clip in pack.clips if clip.speaker == speaker]
            neutral = [clip for clip in own if clip.emotion == "neutral"]
            profile, said = Baseline.empty(), []
            for clip in neutral:
                heard = model.judge_file(describe_file(analyse(pack.audio(clip))), Baseline.empty())
                profile = profile.heard(heard.standard)
                said.append((heard.valence.mean, heard.arousal.mean))
            offset = np.mean(said, axis=0)
            for clip in [c for c in own if c not in neutral][::2]:
                frames, label = analyse(pack.audio(clip)), label_index(clip.emotion)
                if label is None or len(frames) < MIN_FRAMES:
                    continue
                described = describe_file(frames)
                truth.append((label, speaker))
                for way, baseline in (("alone", Baseline.empty()), ("profile", profile)):
                    judged = model.judge_file(described, baseline)
                    value = np.array([judged.valence.mean, judged.arousal.mean])
                    sd = np.array([judged.valence.sd, judged.arousal.sd])
                    top = int(judged.log_probabilities.argmax())
                    ways[way].append((value, sd, top))
                    if way == "alone":
                        ways["offset"].append((np.clip(value - offset, -1, 1), sd, top))
    model.close()
    labels = np.array([label for label, _ in truth])
    target = class_points(labels)
    for way, found in ways.items():
        value, sd, top = (np.array(column) for column in zip(*found, strict=True))
        rmse = np.sqrt(np.mean((value - target) ** 2, axis=0))
        bias = np.mean(value - target, axis=0)
        held = np.mean(np.abs(value - target) <= Z90 * sd, axis=0)
        recall = metrics.uar(labels, top, len(CLASSES))
        for axis, name in enumerate(("valence", "arousal")):
            print(
                f"voice, {way}, {name}: RMSE {rmse[axis]:.3f}, bias {bias[axis]:+.3f}, "
                f"stated 90 % interval holds {held[axis]:.0%}; UAR {recall:.3f}"
            )


def _worth(y: npt.NDArray[np.int64], score: Floats, person: npt.NDArray[np.str_]) -> str:
    low, high = metrics.bootstrap(lambda i: metrics.auc(y[i], score[i]), person, n=200)
    accuracy = metrics.balanced_accuracy(y, (score > 0).astype(np.int64))
    return f"AUC {metrics.auc(y, score):.3f} [{low:.3f}, {high:.3f}], balanced accuracy {accuracy:.3f}"


if __name__ == "__main__":
    main()
