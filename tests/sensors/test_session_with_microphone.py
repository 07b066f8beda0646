"""A whole session that hears a real recording through PortAudio and a sound server, and sees its picture."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from pulse import NullSink

from insula.sensors import media

CONFIG = """
[session]
audio = true

[privacy]
mode = "full"

[context]
use = "own-use"

[sensors.face]
driver = "video_file"
path = "{clip}"
loop = true
[sensors.voice]
driver = "microphone"
"""


def test_a_talking_face_is_seen_and_heard(null_sink: NullSink, shared_data: Path, tmp_path: Path) -> None:
    clip = shared_data / "video" / "bbaf2n.mpg"
    (tmp_path / "session.toml").write_text(CONFIG.format(clip=clip.as_posix()))
    sound = media.audio_track(clip)
    over = threading.Event()

    def speak() -> None:
        while not over.is_set():
            null_sink.play(np.tile(sound.samples, 2).tobytes(), sound.rate)

    speaker = threading.Thread(target=speak)
    speaker.start()
    command = [sys.executable, "-m", "insula.ui.cli", "run", "session.toml", "--headless", "--seconds", "12"]
    done = subprocess.run(
        [*command, "--out", "session"], cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
    )
    over.set()
    speaker.join(20.0)
    assert done.returncode == 0, done.stderr
    records = [
        json.loads(line) for line in (tmp_path / "session" / "estimates.jsonl").read_text().splitlines()
    ]
    measured = {
        modality: [
            r for r in records if r["record"] == "estimate" and r["modality"] == modality and r["valence"]
        ]
        for modality in ("face", "voice")
    }
    assert len(measured["face"]) > 20
    assert len(measured["voice"]) > 5
