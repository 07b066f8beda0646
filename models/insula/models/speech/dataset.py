"""Training sets: the packs' labelled clips, described, each also through some virtual speakers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from insula.edge.errors import DataError
from insula.models.speech.augment import Voice, add_noise, apply_voice, draw_voice
from insula.models.speech.classes import LANGUAGE_TAGS, label_index
from insula.models.speech.corpus import Clip, SpeechPack, packs
from insula.models.speech.features import HOP, FloatArray, Frames, analyse
from insula.models.speech.functionals import MIN_FRAMES, WINDOW_FRAMES, functionals
from insula.models.speech.tracks import Kept

N_COPIES: Final = 3
_SHARE_NOISY = 0.6
_SNR_RANGE_DB = (3.0, 30.0)
_SHARE_CROPPED = 0.3

Progress = Callable[[str], None]
Row = tuple[FloatArray, Kept, int, int, str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class SpeechSet:
    """Described clips: ``description`` (n, 895), ``label`` (n,), ``language`` (n,) index of the tag.

    ``frames`` (n,) holds each clip's :class:`Kept` frames.
    ``person`` names the speaker, virtual speakers by a suffix; ``copy`` (n,) is 0 for the clip itself.
    """

    description: FloatArray
    frames: npt.NDArray[np.object_]
    label: npt.NDArray[np.int64]
    language: npt.NDArray[np.int64]
    corpus: npt.NDArray[np.str_]
    person: npt.NDArray[np.str_]
    copy: npt.NDArray[np.int64]
    split: npt.NDArray[np.str_]
    licence: npt.NDArray[np.str_]

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> SpeechSet:
        """Some rows."""
        return SpeechSet(*(getattr(self, name)[rows] for name in self.__slots__))

    @property
    def speaker(self) -> npt.NDArray[np.str_]:
        """The real speaker behind every row."""
        return np.array([name.split("#")[0] for name in self.person])


def load_set(folder: Path, seed: int, copies: int = N_COPIES, progress: Progress = print) -> SpeechSet:
    """Describe every labelled clip of every pack below ``folder``; training clips also in ``copies`` copies.

    Raises ``DataError`` when there is no pack or no usable clip.
    """
    rows: list[Row] = []
    for path in packs(folder):
        with SpeechPack(path) as pack:
            sounds = _sounds(pack)
        progress(f"{path.name}: {len(sounds)} labelled clips")
        for copy in range(copies + 1):
            rows += _copy(sounds, copy, np.random.default_rng((seed, copy, zlib.crc32(path.name.encode()))))
            progress(f"{path.name}: copy {copy} of {copies} described")
    if not rows:
        raise DataError(f"{folder} holds no speech pack (a zip with metadata.csv) with usable clips")
    description, frames, *rest = zip(*rows, strict=True)
    return SpeechSet(np.stack(description), objects(frames), *(np.asarray(column) for column in rest))


def objects(items: Sequence[Kept]) -> npt.NDArray[np.object_]:
    """An array (n,) of things that are themselves as long as they like."""
    out = np.empty(len(items), object)
    out[:] = items
    return out


def _sounds(pack: SpeechPack) -> list[tuple[Clip, FloatArray]]:
    out = []
    for clip in pack.clips:
        if label_index(clip.emotion) is None:
            continue
        try:
            out.append((clip, pack.audio(clip)))
        except DataError:
            continue  # training takes what can be read; evaluation reports such clips one by one
    return out


def _copy(sounds: Sequence[tuple[Clip, FloatArray]], copy: int, rng: np.random.Generator) -> list[Row]:
    voices: dict[str, Voice] = {}
    pool = [sound for clip, sound in sounds if clip.split != "valid"]
    rows = []
    for clip, sound in sounds:
        if copy:
            if clip.split == "valid":
                continue
            sound = _disguise(sound, voices.setdefault(clip.speaker, draw_voice(rng)), pool, rng)
        frames = analyse(sound)
        if copy and rng.random() < _SHARE_CROPPED:
            frames = _crop(frames, rng)
        if len(frames) < MIN_FRAMES:
            continue
        label = label_index(clip.emotion)
        assert label is not None
        tag = LANGUAGE_TAGS.index(clip.language)
        person = f"{clip.speaker}#{copy}"
        described = functionals(frames.cut(0, WINDOW_FRAMES))
        rows.append(
            (described, Kept.of(frames), label, tag, clip.corpus, person, copy, clip.split, clip.licence)
        )
    return rows


def _disguise(
    sound: FloatArray, voice: Voice, pool: Sequence[FloatArray], rng: np.random.Generator
) -> FloatArray:
    out = apply_voice(voice, sound)
    if rng.random() >= _SHARE_NOISY:
        return out
    talkers = [pool[int(i)] for i in rng.integers(len(pool), size=5)]
    return add_noise(out, float(rng.uniform(*_SNR_RANGE_DB)), rng, talkers)


def _crop(frames: Frames, rng: np.random.Generator) -> Frames:
    """A random stretch of at least 1 s: live, phrases are judged before they are over."""
    length = min(len(frames), int(rng.integers(16_000 // HOP, max(16_000 // HOP + 1, len(frames)))))
    start = int(rng.integers(0, len(frames) - length + 1))
    return frames.cut(start, start + length)
