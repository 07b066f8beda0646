"""What a session leaves behind in each mode: real sound and pictures go in and are searched in its files."""

from __future__ import annotations

import io
import re
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from typer.testing import CliRunner

from insula.edge import SensingLoop, config
from insula.edge.errors import DataError
from insula.edge.privacy.mode import Mode
from insula.edge.session import SessionFolder
from insula.edge.types import AffectEstimate, Face
from insula.ui.cli import app
from insula.ui.commands.recording import Recording
from insula.ui.privacy.gate import Permit

av = pytest.importorskip("av", reason="reading video files needs insula[media]")
cv2 = pytest.importorskip("cv2")

CONTAINERS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"RIFF": "WAV, AVI or WebP",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x1aE\xdf\xa3": "Matroska",
    b"ftyp": "MP4",
    b"ID3": "MP3",
    b"\x00\x00\x01\xba": "MPEG program stream",
    b"\x00\x00\x00\x01\x67": "H.264",
}
TOML = """
[context]
use = "own-use"
[session]
audio = {raw}
video = {raw}
[privacy]
mode = "{mode}"
[sensors.camera]
driver = "video_file"
path = "film.avi"
[sensors.voice]
driver = "audio_file"
path = "sound.wav"
[estimators.voice]
estimator = "voice"
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two seconds of film and sound that can be recognised to the sample."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INSULA_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(5)
    soundfile.write("sound.wav", rng.uniform(-0.5, 0.5, 32000).astype(np.float32), 16000, subtype="PCM_16")
    with av.open("film.avi", "w") as film:
        stream = film.add_stream("mjpeg", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for _ in range(50):
            picture = av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8), format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode())
    return tmp_path


def record(mode: str, raw: bool) -> Path:
    Path("s.toml").write_text(TOML.format(mode=mode, raw=str(raw).lower()))
    done = CliRunner().invoke(app, ["run", "s.toml", "--headless", "--out", f"{mode}-{raw}"])
    if done.exception:
        raise done.exception
    return Path(f"{mode}-{raw}")


def media_in(folder: Path, sound: npt.NDArray[np.float32]) -> set[str]:
    """What in the files of ``folder`` can be decoded, or is the sound itself in any usual form."""
    found = set()
    excerpts = {form: _excerpts(sound, form) for form in ("<f4", "<f8", "<i2")}
    for path in folder.iterdir():
        content = path.read_bytes()
        for magic, name in CONTAINERS.items():
            at = -1
            while (at := content.find(magic, at + 1)) >= 0:
                if name in ("JPEG", "PNG") and cv2.imdecode(np.frombuffer(content[at:], np.uint8), 1) is None:
                    continue  # three bytes that only look like it
                if name not in ("JPEG", "PNG") and not _opens(content[max(0, at - 4 * (name == "MP4")) :]):
                    continue
                found.add(name)
        found |= {
            f"PCM {form}" for form, parts in excerpts.items() if any(part.search(content) for part in parts)
        }
    return found


def _excerpts(sound: npt.NDArray[np.float32], form: str) -> list[re.Pattern[bytes]]:
    """Six samples here and there, in a row or with the time stamps between them that XDF may have."""
    values = (sound * 32768 if form == "<i2" else sound).astype(form)
    rows = [values[at : at + 6] for at in range(5, len(values) - 6, 1600)]
    return [re.compile(b".{0,9}".join(re.escape(v.tobytes()) for v in row), re.DOTALL) for row in rows]


def _opens(content: bytes) -> bool:
    try:
        with av.open(io.BytesIO(content)) as file:
            return any(stream.type in ("audio", "video") for stream in file.streams)
    except (av.error.FFmpegError, ValueError):
        return False


@pytest.mark.parametrize("mode", ["features-only", "de-identified"])
def test_no_file_holds_media_that_can_be_decoded(stage: Path, mode: str) -> None:
    sound, _ = soundfile.read("sound.wav", dtype="float32")
    session = record(mode, raw=False)
    assert (session / "session.xdf").stat().st_size > 1000
    assert media_in(session, sound) == set()
    with pytest.raises(DataError, match="holds no sound"):
        raise CliRunner().invoke(app, ["anonymise", str(session), "--out", "x.wav"]).exception  # type: ignore[misc]


def test_the_search_finds_what_mode_full_keeps_and_the_voice_can_be_anonymised(stage: Path) -> None:
    sound, _ = soundfile.read("sound.wav", dtype="float32")
    session = record("full", raw=True)
    found = media_in(session, sound)
    assert "PCM <f4" in found
    assert found & {"JPEG", "Matroska"}
    done = CliRunner().invoke(app, ["anonymise", str(session), "--out", "moved.wav"])
    assert done.exception is None
    assert "not unrecognisable" in done.stdout
    with wave.open("moved.wav") as moved:
        assert (moved.getframerate(), moved.getnchannels()) == (16000, 1)
        assert abs(moved.getnframes() - 32000) <= 320


@pytest.mark.parametrize("mode", list(Mode))
def test_the_faces_shape_is_kept_only_from_de_identified_on(tmp_path: Path, mode: Mode) -> None:
    loop = SensingLoop(config.parse({"sensors": {"eda": {"driver": "simulated_eda"}}}))
    loop.open()
    folder = SessionFolder.create(tmp_path / "s", {})
    recording = Recording(loop, folder, audio=False, permit=Permit(mode=mode))
    recording.start()
    face = Face((1.0, 2.0, 30.0, 40.0), 0.9, landmarks=((0.123456, 0.654321),))
    loop.publish(AffectEstimate("face", "camera", 1.0, 0.0, reason="…", faces=(face,)))  # type: ignore[arg-type]
    recording.stop()
    loop.stop()
    kept = "0.123456" in folder.estimates.read_text()
    assert kept is (mode is not Mode.FEATURES_ONLY)
