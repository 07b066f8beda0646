from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from insula.edge.errors import DataError, ModelError
from insula.models.speech.evaluate import COLUMNS, evaluate
from insula.sensors.synthetic_speech import Manner, utterance

Sound = npt.NDArray[np.float32]
SFREQ = 16_000
HEAD = "path,seconds,corpus,speaker,emotion,split,emotion_common,license\n"


def speech(seed: int, seconds: float = 1.2) -> Sound:
    return utterance(seconds, Manner(150, 0.5, 4, 0.1), SFREQ, np.random.default_rng(seed)).astype(np.float32)


def wav(sound: Sound, sfreq: int = SFREQ) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, sfreq, format="WAV")
    return buffer.getvalue()


def write_pack(
    path: Path, files: Mapping[str, bytes | None], row: str = "x,a,neutral,train,neutral,CC0"
) -> Path:
    """A pack of these files; ``None`` is a row without a file."""
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("metadata.csv", HEAD + "".join(f"{name},1.0,{row}\n" for name in files))
        for name, content in files.items():
            if content is not None:
                pack.writestr(name, content)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_row_per_clip_in_order_with_probabilities_that_sum_to_one(tmp_path: Path) -> None:
    names = [f"{i}.wav" for i in (3, 1, 2)]
    pack = write_pack(tmp_path / "p.zip", {n: wav(speech(i)) for i, n in enumerate(names)})
    card = evaluate(pack, tmp_path / "out.csv")
    rows = rows_of(tmp_path / "out.csv")
    assert [row["path"] for row in rows] == names
    for row in rows:
        shares = [float(row[f"p_{c}"]) for c in COLUMNS]
        assert sum(shares) == pytest.approx(1.0, abs=1e-4)
        assert float(row["p_contempt"]) == 0
        assert row["reason"] == ""
        assert -1 <= float(row["valence"]) <= 1
        assert float(row["valence_sd"]) > 0
        assert 0 <= float(row["quality"]) <= 1
        assert float(row[f"p_{row['predicted']}"]) == max(shares)
    assert card.n_items == 3
    assert card.group_key == "speaker"
    assert "Apache-2.0" in card.data


def test_bad_items_get_their_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, SFREQ).astype(np.float32)
    pack = write_pack(
        tmp_path / "p.zip",
        {
            "empty.wav": wav(np.zeros(0, np.float32)),
            "short.wav": wav(speech(0)[:3_000]),
            "narrow.wav": wav(speech(0), 8_000),
            "silent.wav": wav(np.zeros(SFREQ, np.float32)),
            "noise.wav": wav(noise),
            "clipped.wav": wav(np.clip(speech(0) * 50, -1, 1)),
            "corrupt.opus": b"OggS and then nonsense",
            "zero.wav": b"",
            "missing.wav": None,
            "good.wav": wav(speech(1)),
            "stereo48k.wav": wav(np.repeat(speech(2, 2.0), 3)[:, None].repeat(2, axis=1), 48_000),
            "long.wav": wav(speech(3, 9.0)),
        },
    )
    evaluate(pack, tmp_path / "out.csv")
    reasons = {row["path"]: row["reason"] for row in rows_of(tmp_path / "out.csv")}
    assert "shorter than 0.5 s" in reasons["empty.wav"]
    assert "shorter than 0.5 s" in reasons["short.wav"]
    assert "8000 Hz" in reasons["narrow.wav"]
    assert "silent" in reasons["silent.wav"]
    assert "no voice" in reasons["noise.wav"]
    assert "clipped" in reasons["clipped.wav"]
    assert "corrupt" in reasons["corrupt.opus"]
    assert "corrupt" in reasons["zero.wav"]
    assert "not in the pack" in reasons["missing.wav"]
    assert [reasons[name] for name in ("good.wav", "stereo48k.wav", "long.wav")] == ["", "", ""]
    assert all(reason.startswith("not measured: ") for reason in reasons.values() if reason)
    bad = next(row for row in rows_of(tmp_path / "out.csv") if row["path"] == "silent.wav")
    assert bad["p_neutral"] == bad["valence"] == bad["quality"] == ""


def test_the_packs_own_licence_chooses_the_weights(tmp_path: Path) -> None:
    row = "ravdess,a,happy,valid,happiness,CC BY-NC-SA 4.0"
    pack = write_pack(tmp_path / "p.zip", {"a.wav": wav(speech(0))}, row)
    assert "speech-expression-nc" in evaluate(pack, tmp_path / "out.csv").title
    assert "speech-expression-v" in evaluate(pack, tmp_path / "out.csv", "speech-expression").title
    with pytest.raises(ModelError, match="there is no model"):
        evaluate(pack, tmp_path / "out.csv", "speech-magic")


def test_the_same_pack_gives_the_same_predictions(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "p.zip", {f"{i}.wav": wav(speech(i)) for i in range(3)})
    evaluate(pack, tmp_path / "one.csv")
    evaluate(pack, tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()


def test_a_pack_without_speakers_or_labels_is_still_judged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as pack:
        pack.writestr("metadata.csv", "path\na.wav\nb.wav\n")
        pack.writestr("a.wav", wav(speech(0)))
        pack.writestr("b.wav", wav(speech(1)))
    with pytest.raises(DataError, match="no labelled clip"):
        evaluate(tmp_path / "p.zip", tmp_path / "out.csv")
    assert [row["reason"] for row in rows_of(tmp_path / "out.csv")] == ["", ""]


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_what_is_no_pack_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.zip").write_bytes(content)
    with pytest.raises(DataError, match="not a readable pack"):
        evaluate(tmp_path / "p.zip", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_zip_without_a_table_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as pack:
        pack.writestr("a.wav", wav(speech(0)))
    with pytest.raises(DataError, match=r"metadata\.csv"):
        evaluate(tmp_path / "p.zip", tmp_path / "out.csv")


def test_unseen_german_speakers_are_judged_far_above_chance(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "speech" / "speech_emodb_cc0.zip"
    small = tmp_path / "valid.zip"
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(small, "w") as part:
        head, *lines = whole.read("metadata.csv").decode().splitlines()
        unseen = [line for line in lines if ",valid," in line][::3]
        part.writestr("metadata.csv", "\n".join([head, *unseen]))
        for line in unseen:
            part.writestr(line.split(",")[0], whole.read(line.split(",")[0]))
    card = evaluate(small, tmp_path / "out.csv")
    accuracy = next(score.value for score in card.metrics if score.name.startswith("accuracy"))
    assert accuracy is not None
    assert accuracy > 0.6  # majority 0.24; 0.83 on all clips of these two speakers
