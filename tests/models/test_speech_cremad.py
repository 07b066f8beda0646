from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from insula.edge.errors import DataError
from insula.models.speech.corpus import SpeechPack
from insula.models.speech.cremad import write_pack


def test_a_copy_of_crema_d_becomes_a_pack_split_by_actor(tmp_path: Path) -> None:
    (tmp_path / "AudioWAV").mkdir()
    for actor in range(1001, 1011):
        for emotion in ("ANG", "SAD"):
            path = tmp_path / "AudioWAV" / f"{actor}_IEO_{emotion}_HI.wav"
            soundfile.write(path, np.zeros(1_600), 16_000)
    (tmp_path / "AudioWAV" / "1001_IEO_FEA_XX.wav").write_bytes(b"broken")
    (tmp_path / "AudioWAV" / "notes.wav").write_bytes(b"")
    assert write_pack(tmp_path, tmp_path / "cremad.zip") == 20
    with SpeechPack(tmp_path / "cremad.zip") as pack:
        assert {clip.emotion for clip in pack.clips} == {"anger", "sadness"}
        assert {clip.speaker for clip in pack.clips if clip.split == "valid"} == {
            "cremad_1005",
            "cremad_1010",
        }
        assert pack.clips[0].language == "en"
        assert len(pack.audio(pack.clips[0])) == 1_600


def test_a_folder_that_is_no_copy_says_so_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="AudioWAV"):
        write_pack(tmp_path, tmp_path / "cremad.zip")
    (tmp_path / "AudioWAV").mkdir()
    (tmp_path / "AudioWAV" / "1001_IEO_ANG_HI.wav").write_bytes(b"broken")
    with pytest.raises(DataError, match="can be read"):
        write_pack(tmp_path, tmp_path / "cremad.zip")
    assert list(tmp_path.glob("*.zip")) == []
