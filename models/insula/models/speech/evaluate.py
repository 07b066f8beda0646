"""``insula evaluate speech``: judge every clip of a pack, one CSV row per clip, and the report card.

Columns: ``path``; ``p_<class>`` for Insula's eight expressions, then ``p_calm`` and ``p_boredom``: ten
exclusive classes that sum to 1 (``p_contempt`` is 0: no corpus had it). Live, calm and boredom count as
neutral. ``predicted`` is the likeliest class; ``valence``, ``valence_sd``, ``arousal``, ``arousal_sd``
(mapped); ``quality`` 0…1; ``reason`` says why an item was not measured, its other cells are then empty.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from insula.edge.errors import DataError
from insula.edge.types import EXPRESSIONS
from insula.models import manifest
from insula.models.report import ReportCard
from insula.models.speech import quality
from insula.models.speech.classes import CLASSES
from insula.models.speech.corpus import Clip, SpeechPack
from insula.models.speech.features import FRAME_RATE_HZ, analyse
from insula.models.speech.functionals import MIN_FRAMES
from insula.models.speech.model import Baseline, Judgement, SpeechModel, describe_file
from insula.models.speech.report_card import judge_card
from insula.models.speech.sessions import session_order
from insula.models.speech.vad import voiced_seconds

DEFAULT_MODEL: Final = "speech-expression"
NON_COMMERCIAL_MODEL: Final = "speech-expression-nc"
COLUMNS: Final = (*EXPRESSIONS, "calm", "boredom")
_VOICE_AT: Final = 0.25
"""Lower than live: a clip is there because someone speaks, and whispered fear stays below 0.5 (measured)."""
_LEAST_VOICE_S = 0.06


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one clip: judgements within the person's session and alone, or the reason why not."""

    session: Judgement | None = None
    alone: Judgement | None = None
    quality: float = 0.0
    reason: str = ""


def evaluate(data: Path, predictions: Path, model: str = "") -> ReportCard:
    """Judge the pack ``data`` (zip), write ``predictions`` (CSV), return the card.

    ``model`` names the weights. Without one the pack's own licence chooses: clips that are themselves
    non-commercial are judged by the non-commercial weights, all others by the permissive ones.
    The rows' probabilities come from sessions: the clips of each ``speaker`` are heard in a random order and
    a running baseline of the earlier ones, without any label, enters, as it does live. The card also shows
    the figures with every clip judged alone. Raises ``DataError`` for an unusable pack.
    """
    with SpeechPack(data) as pack:
        name = model or model_for(pack.clips)
        chosen = manifest.load(name)
        speech_model = SpeechModel(chosen)
        outcomes = _judge_sessions(pack, speech_model)
        speech_model.close()
        write_predictions(predictions, pack.clips, outcomes)
        return judge_card(data.name, chosen, pack.clips, outcomes)


def write_predictions(path: Path, clips: Sequence[Clip], outcomes: Sequence[Outcome]) -> None:
    """Write the CSV in the order of the pack's metadata."""
    head = ["path", *(f"p_{name}" for name in COLUMNS), "predicted"]
    head += ["valence", "valence_sd", "arousal", "arousal_sd", "quality", "reason"]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(head)
        for clip, outcome in zip(clips, outcomes, strict=True):
            table.writerow([clip.path, *_cells(outcome)])


def _cells(outcome: Outcome) -> list[str]:
    judged = outcome.session
    if judged is None:
        return [""] * (len(COLUMNS) + 6) + [outcome.reason]
    share = dict(zip(CLASSES, np.exp(judged.log_probabilities.astype(np.float64)), strict=True))
    numbers = [share.get(name, 0.0) for name in COLUMNS]
    values = [judged.valence.mean, judged.valence.sd, judged.arousal.mean, judged.arousal.sd, outcome.quality]
    top = CLASSES[int(judged.log_probabilities.argmax())]
    return [*(f"{v:.6f}" for v in numbers), top, *(f"{v:.5f}" for v in values), ""]


def model_for(clips: Sequence[Clip]) -> str:
    """The weights that the clips' own licences allow: non-commercial ones only for non-commercial clips."""
    return NON_COMMERCIAL_MODEL if any("NC" in clip.licence for clip in clips) else DEFAULT_MODEL


def _judge_sessions(pack: SpeechPack, model: SpeechModel) -> list[Outcome]:
    outcomes = [Outcome(reason="not reached")] * len(pack.clips)
    for rows in session_order([clip.speaker for clip in pack.clips]):
        baseline = Baseline.empty()
        for row in rows:
            outcome = _judge(pack, pack.clips[row], model, baseline)
            outcomes[row] = outcome
            if outcome.session is not None:
                baseline = baseline.heard(outcome.session.standard)
    return outcomes


def _judge(pack: SpeechPack, clip: Clip, model: SpeechModel, baseline: Baseline) -> Outcome:
    try:
        sound = pack.audio(clip)
    except DataError as error:
        return Outcome(reason=f"not measured: {error}")
    frames = analyse(sound)
    if len(frames) < MIN_FRAMES:
        return Outcome(reason=f"not measured: shorter than {MIN_FRAMES / FRAME_RATE_HZ} s")
    if reason := quality.fault(sound, frames.level_db):
        return Outcome(reason=f"not measured: {reason}")
    if voiced_seconds(sound, _VOICE_AT) < _LEAST_VOICE_S:
        return Outcome(reason="not measured: no voice")
    worth = quality.quality(quality.snr_db(frames.level_db), quality.clipped_share(sound))
    descriptions = describe_file(frames)
    session = model.judge_file(descriptions, baseline, clip.language)
    alone = model.judge_file(descriptions, Baseline.empty(), clip.language)
    return Outcome(session, alone, worth)
