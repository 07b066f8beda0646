"""What our face and voice models say of people they never saw, with the label each was shown or acted for.

Faces: pictures with ten viewers' votes. Voices: acted clips, heard one speaker after the other with the
running baseline of live use. No open set has both of one person with a label, so a *pair* is a picture and a
clip of the same label from two people: the label is real, the independence of the errors is by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import manifest
from insula.models.face.evaluate import predict
from insula.models.face.model import ExpressionNet
from insula.models.face.pack import load_pack, majority, vote_distribution
from insula.models.speech.classes import AS_EXPRESSION, CLASSES, class_points, label_index
from insula.models.speech.corpus import SpeechPack
from insula.models.speech.features import FRAME_RATE_HZ, FloatArray, analyse
from insula.models.speech.functionals import MIN_FRAMES, WINDOW_FRAMES
from insula.models.speech.model import Baseline, SpeechModel, describe, describe_file
from insula.models.speech.sessions import session_order
from insula.models.va import circumplex_moments

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_VOICE: Final = "speech-expression"
_HOP: Final = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows of one modality: ``log_p`` (n, 8), ``value``, ``sd`` and ``target`` (n, 2) of valence and arousal.

    ``label`` (n,) is the expression, −1 without a majority; ``votes`` (n, 8) the viewers' shares (voices: 1
    for the label). ``person`` (n,) is the speaker, for pictures the picture; ``tuned`` (n,) marks the rows to
    fit on, all others are to be scored.
    """

    log_p: Floats
    value: Floats
    sd: Floats
    target: Floats
    label: Ints
    votes: Floats
    person: npt.NDArray[np.str_]
    tuned: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.generic]) -> Shown:
        """Some rows (mask or indices)."""
        return Shown(*(getattr(self, name)[rows] for name in self.__slots__))


def faces(pack: Path) -> Shown:
    """Every picture of an FER pack that has an expression vote; every other one is for tuning."""
    pictures, net = load_pack(pack), ExpressionNet()
    found = predict(net, pictures)
    net.close()
    votes = vote_distribution(pictures.votes).astype(np.float64)
    rows = np.flatnonzero(np.isfinite(votes[:, 0]) & found.measured)
    target, _ = circumplex_moments(votes[rows])
    return Shown(
        log_p=found.log_probabilities[rows],
        value=found.values[rows][:, [0, 2]],
        sd=found.values[rows][:, [1, 3]],
        target=target,
        label=majority(pictures.votes)[rows],
        votes=votes[rows],
        person=np.char.add("picture ", rows.astype(np.str_)),
        tuned=np.arange(len(rows)) % 2 == 0,
    )


def voices(packs: Iterable[Path]) -> Shown:
    """Every labelled clip of speech packs of people whom the shipped voice model never heard."""
    model = SpeechModel(manifest.load(_VOICE))
    columns: list[tuple[object, ...]] = []
    for path in packs:
        with SpeechPack(path) as pack:
            labels = [label_index(clip.emotion) for clip in pack.clips]
            for rows in session_order([clip.speaker for clip in pack.clips]):
                baseline = Baseline.empty()
                for row in rows:
                    label, clip = labels[row], pack.clips[row]
                    frames = analyse(pack.audio(clip))
                    if label is None or len(frames) < MIN_FRAMES:
                        continue
                    said = model.judge_file(describe_file(frames), baseline)
                    baseline = baseline.heard(said.standard)
                    values = [(m.mean, m.sd) for m in (said.valence, said.arousal)]
                    name = AS_EXPRESSION.get(CLASSES[label], CLASSES[label])
                    tuned = clip.split != "valid"
                    columns.append(
                        (said.expression, values, label, EXPRESSIONS.index(name), clip.speaker, tuned)
                    )
    model.close()
    if not columns:
        raise DataError("the speech packs hold no labelled clip")
    logs, measures, classes, label, person, tuned = zip(*columns, strict=True)
    both = np.array(measures, np.float64)
    return Shown(
        log_p=np.array(logs, np.float64),
        value=both[:, :, 0],
        sd=both[:, :, 1],
        target=class_points(np.array(classes, np.int64)),
        label=np.array(label, np.int64),
        votes=np.eye(len(EXPRESSIONS))[np.array(label, np.int64)],
        person=np.array(person, np.str_),
        tuned=np.array(tuned, np.bool_),
    )


def voice_courses(pack: Path, keep: Callable[[int], bool] = lambda i: i % 2 == 0) -> list[Floats]:
    """Valence and arousal ``(n, 2)`` every 0.25 s within some clips of a pack, as in live use."""
    model = SpeechModel(manifest.load(_VOICE))
    courses = []
    with SpeechPack(pack) as clips:
        for i, clip in enumerate(clips.clips):
            if keep(i):
                courses.append(_course(model, clips.audio(clip)))
    model.close()
    return [course for course in courses if len(course) > 1]


def _course(model: SpeechModel, sound: FloatArray) -> Floats:
    frames, rows = analyse(sound), []
    for end in range(round(0.6 * FRAME_RATE_HZ), len(frames), _HOP):
        window = frames.cut(max(0, end - WINDOW_FRAMES), end)
        said = model.judge(describe(window), Baseline.empty())
        rows.append((said.valence.mean, said.arousal.mean))
    return np.array(rows, np.float64).reshape(-1, 2)


def pairs(face: Shown, voice: Shown, seed: int) -> tuple[Ints, Ints]:
    """Rows of pictures and of clips with the same label, one pair for every picture that has one."""
    rng = np.random.default_rng(seed)
    left, right = [], []
    for row in np.flatnonzero(face.label >= 0):
        same = np.flatnonzero(voice.label == face.label[row])
        if len(same):
            left.append(int(row))
            right.append(int(rng.choice(same)))
    return np.array(left, np.int64), np.array(right, np.int64)
