"""Speech packs: a zip with ``metadata.csv`` and audio files, as ``research`` prepares and users can make.

Columns read: ``path`` (inside the zip); optional are ``speaker``, ``emotion_common`` (or ``emotion``),
``corpus``, ``split`` (train or valid), ``truncated`` (1 for a clip cut short) and ``license``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import soundfile
from scipy.signal import resample_poly

from insula.edge import packfile
from insula.edge.errors import DataError
from insula.models.speech.features import SFREQ_HZ, FloatArray

LANGUAGES: Final = {"emodb": "de", "ravdess": "en", "nemo": "pl", "cremad": "en"}
"""Language of the corpora known by name; any other corpus has none."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One row of the metadata. ``emotion`` is "" when the pack has no label for it."""

    path: str
    speaker: str
    emotion: str
    corpus: str
    split: str
    truncated: bool
    licence: str

    @property
    def language(self) -> str:
        """ISO code of the corpus' language, "" when it is not known."""
        return LANGUAGES.get(self.corpus, "")


class SpeechPack:
    """An open pack. Use as a context manager; raises ``DataError`` when the zip or its table is unusable."""

    def __init__(self, path: Path) -> None:
        self._zip = packfile.open_zip(path)
        try:
            table = packfile.content(self._zip, "metadata.csv").decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(table)))
        except (DataError, UnicodeDecodeError, csv.Error) as error:
            self._zip.close()
            raise DataError(
                f"{path} holds no readable metadata.csv; see the layout in its docstring"
            ) from error
        if not rows or "path" not in rows[0]:
            self._zip.close()
            raise DataError(f"{path}: metadata.csv has no rows or no column 'path'")
        self.clips = tuple(_clip(row) for row in rows)

    def audio(self, clip: Clip) -> FloatArray:
        """Samples (n,) of one clip, mono, 16 kHz, −1…1; raises ``DataError`` with the reason."""
        return decode(packfile.content(self._zip, clip.path))

    def __enter__(self) -> SpeechPack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()


def decode(content: bytes) -> FloatArray:
    """Samples (n,) of an audio file, mono, 16 kHz, −1…1; raises ``DataError`` with the reason."""
    try:
        data, sfreq = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        raise DataError("the audio file is corrupt or of an unknown format") from error
    if sfreq < SFREQ_HZ:
        raise DataError(f"sampled at {sfreq} Hz; the model needs the band up to 8 kHz, so at least 16000 Hz")
    mono = data.mean(axis=1)
    if not np.isfinite(mono).all():
        raise DataError("the audio holds values that are not numbers")
    if sfreq != SFREQ_HZ:
        common = int(np.gcd(sfreq, SFREQ_HZ))
        mono = resample_poly(mono, SFREQ_HZ // common, sfreq // common)
    return np.ascontiguousarray(mono, np.float32)


def duration_s(path: Path) -> float | None:
    """Length of an audio file in s, ``None`` when it cannot be read."""
    try:
        return float(soundfile.info(str(path)).duration)
    except (soundfile.LibsndfileError, RuntimeError):
        return None


def opus_round_trip(sound: FloatArray, compression: float) -> FloatArray:
    """The sound (n,) after Opus coding; ``compression`` 0…1 goes from transparent to rough."""
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, SFREQ_HZ, format="OGG", subtype="OPUS", compression_level=compression)
    buffer.seek(0)
    return np.asarray(soundfile.read(buffer, dtype="float32")[0][: len(sound)], np.float32)


def packs(folder: Path) -> Iterator[Path]:
    """The zips of a folder (searched below it too) that hold a ``metadata.csv``, sorted by name."""
    for path in sorted(folder.rglob("*.zip")):
        with packfile.open_zip(path) as archive:
            if "metadata.csv" in archive.namelist():
                yield path


def _clip(row: dict[str, str]) -> Clip:
    return Clip(
        path=row["path"],
        speaker=row.get("speaker") or "",
        emotion=row.get("emotion_common") or row.get("emotion") or "",
        corpus=row.get("corpus") or "",
        split=row.get("split") or "",
        truncated=row.get("truncated") == "1",
        licence=row.get("license") or "",
    )
