"""A speech model as the loop uses it: a stretch of speech and a baseline in, a judgement out. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import ModelError
from insula.edge.types import Measure
from insula.models.manifest import Manifest
from insula.models.speech.classes import CLASSES, LANGUAGE_TAGS, VaMap, expression_log_probabilities
from insula.models.speech.features import FloatArray, Frames
from insula.models.speech.functionals import MIN_FRAMES, N_FUNCTIONALS, WINDOW_FRAMES, functionals
from insula.models.speech.tracks import N_TRACKS, tracks

FILE_HOP_FRAMES: Final = 200
"""A file longer than the window is judged every 2 s and the log-probabilities are averaged."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a person spoke so far: ``count`` stretches, sums of their standardised descriptions and squares."""

    count: int
    total: FloatArray
    squares: FloatArray

    @classmethod
    def empty(cls) -> Baseline:
        """Nothing heard yet."""
        return cls(0, np.zeros(N_FUNCTIONALS, np.float32), np.zeros(N_FUNCTIONALS, np.float32))

    def heard(self, standard: FloatArray) -> Baseline:
        """The baseline after one more stretch (895,)."""
        return Baseline(self.count + 1, self.total + standard, self.squares + standard**2)


@dataclass(frozen=True, slots=True)
class Description:
    """A stretch of speech as the networks read it: ``statistics`` (895,) and ``tracks`` (n, 115), n ≤ 400."""

    statistics: FloatArray
    tracks: FloatArray


@dataclass(frozen=True, slots=True)
class Judgement:
    """``log_probabilities`` (9,) of ``CLASSES``, the eight ``expression`` log-probabilities, mapped V/A, and
    the ``standard`` description (895,) to add to the person's baseline.
    """  # noqa: D205

    log_probabilities: FloatArray
    expression: tuple[float, ...]
    valence: Measure
    arousal: Measure
    standard: FloatArray


class SpeechModel:
    """Weights of one manifest, loaded. Raises ``ModelError`` when they do not fit this code."""

    def __init__(self, manifest: Manifest, engines: Loader = on_cpu) -> None:
        self.id = manifest.id
        try:
            self._va = VaMap.from_manifest(manifest.preprocess)
            self.languages = tuple(str(tag) for tag in manifest.preprocess["languages"])
            classes = tuple(manifest.preprocess["classes"])
        except (KeyError, TypeError) as error:
            raise ModelError(f"{manifest.name}: the manifest's preprocess table lacks {error}") from error
        if classes != CLASSES:
            raise ModelError(f"{manifest.name}: its classes are {classes}, this version knows {CLASSES}")
        self._engine = engines(manifest.weights())
        self._reads = [spec.name for spec in self._engine.inputs]  # version 1 has no network over frames

    def judge(self, description: Description, baseline: Baseline, language: str = "") -> Judgement:
        """Judge one stretch of speech; an unknown language counts as not told."""
        tag = np.zeros((1, len(LANGUAGE_TAGS)), np.float32)
        tag[0, LANGUAGE_TAGS.index(language) if language in self.languages else 0] = 1.0
        heard = len(description.tracks)
        course = np.zeros((1, WINDOW_FRAMES, N_TRACKS), np.float32)
        course[0, :heard] = description.tracks
        feed = {
            "description": description.statistics[None],
            "count": np.full((1, 1), baseline.count, np.float32),
            "total": baseline.total[None],
            "squares": baseline.squares[None],
            "language": tag,
            "tracks": course,
            "mask": (np.arange(WINDOW_FRAMES)[None] < heard).astype(np.float32),
        }
        out = self._engine.run({name: feed[name] for name in self._reads})
        return self._judgement(out["log_probabilities"][0], out["standard"][0])

    def judge_file(
        self, descriptions: Sequence[Description], baseline: Baseline, language: str = ""
    ) -> Judgement:
        """Judge a whole recording by the descriptions of its windows: the mean log-probability."""
        parts = [self.judge(description, baseline, language) for description in descriptions]
        mean = np.mean([part.log_probabilities for part in parts], axis=0)
        standard = np.mean([part.standard for part in parts], axis=0)
        return self._judgement(mean - np.log(np.exp(mean).sum()), standard)

    def close(self) -> None:
        """Release the engine."""
        self._engine.close()

    def _judgement(self, log_probabilities: FloatArray, standard: FloatArray) -> Judgement:
        valence, arousal = self._va.measures(np.exp(log_probabilities.astype(np.float64)))
        return Judgement(
            log_probabilities.astype(np.float32),
            expression_log_probabilities(log_probabilities),
            valence,
            arousal,
            standard.astype(np.float32),
        )


def describe(frames: Frames) -> Description:
    """Describe 50 to 400 frames (0.5 to 4 s); raises ``ValueError`` for fewer or more."""
    return Description(functionals(frames), tracks(frames))


def describe_file(frames: Frames) -> list[Description]:
    """Describe a recording: all of it if it fits the window, else 4 s every 2 s, and the last 4 s."""
    if len(frames) < MIN_FRAMES:
        raise ValueError(f"needs at least {MIN_FRAMES} frames, not {len(frames)}")
    last = max(0, len(frames) - WINDOW_FRAMES)
    starts = sorted({*range(0, last, FILE_HOP_FRAMES), last})
    return [describe(frames.cut(start, start + WINDOW_FRAMES)) for start in starts]
