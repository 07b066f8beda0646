"""Make a speech pack from a user's own copy of CREMA-D, to train and evaluate on.

CREMA-D (Cao et al. 2014, "Crowd-sourced Emotional Multimodal Actors Dataset"; Open Database License)
is the largest open corpus of acted emotion with many speakers, and is not shipped here. Layout of the copy,
as its repository has it: ``AudioWAV/1001_IEO_ANG_HI.wav`` = actor, sentence, emotion, level; the sexes in
``VideoDemographics.csv`` are not needed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Final

from insula.edge.errors import DataError
from insula.models.speech.corpus import duration_s

EMOTIONS: Final = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
_NAME = re.compile(
    r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>[A-Z]{2}|X)\.wav"
)
_COLUMNS = ("path", "seconds", "corpus", "id", "speaker", "emotion", "intensity", "sentence", "split")
_VALID_EVERY = 5


def write_pack(folder: Path, out: Path) -> int:
    """Write the clips of ``folder``/AudioWAV as the pack ``out`` (zip) and return how many there are.

    Every fifth actor, by number, goes to the valid split. Files that cannot be read are left out. Raises
    ``DataError`` when there is no clip of that layout; nothing is written then.
    """
    found = [
        (path, match)
        for path in sorted((folder / "AudioWAV").glob("*.wav"))
        if (match := _NAME.fullmatch(path.name))
    ]
    if not found:
        raise DataError(
            f"{folder} holds no AudioWAV/1001_IEO_ANG_HI.wav and the like; see insula.models.speech.cremad"
        )
    actors = sorted({match["actor"] for _, match in found})
    valid = set(actors[_VALID_EVERY - 1 :: _VALID_EVERY])
    rows: list[tuple[Path, dict[str, str]]] = []
    for path, match in found:
        seconds = duration_s(path)
        if seconds is None or match["emotion"] not in EMOTIONS:
            continue
        row = {
            "path": f"cremad/{path.name}",
            "seconds": f"{seconds:.3f}",
            "corpus": "cremad",
            "id": path.stem,
            "speaker": f"cremad_{match['actor']}",
            "emotion": EMOTIONS[match["emotion"]],
            "intensity": match["level"],
            "sentence": match["sentence"],
            "split": "valid" if match["actor"] in valid else "train",
        }
        rows.append((path, row))
    if not rows:
        raise DataError(f"none of the {len(found)} CREMA-D clips in {folder} can be read")
    _write(out, rows)
    return len(rows)


def _write(out: Path, rows: list[tuple[Path, dict[str, str]]]) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, [*_COLUMNS, "emotion_common", "license"])
    writer.writeheader()
    for _, row in rows:
        writer.writerow({**row, "emotion_common": row["emotion"], "license": "ODbL 1.0"})
    partial = out.with_suffix(".part")
    with zipfile.ZipFile(partial, "w") as pack:
        pack.writestr("metadata.csv", table.getvalue())
        for path, row in rows:
            pack.write(path, row["path"])
    partial.replace(out)
