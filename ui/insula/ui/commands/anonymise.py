"""``insula anonymise``: the sound of a recording with another voice."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from insula.edge.errors import DataError, SinkError
from insula.models.speech.anonymise import anonymise
from insula.models.speech.features import SFREQ_HZ, FloatArray
from insula.ui.analysis.source import open_recording, quiet_readers
from insula.ui.privacy import exported, opened
from insula.ui.terminal import console

LIMITS = (
    "The speaker is harder to recognise, not unrecognisable, and the words stay: docs/privacy.md has figures."
)


def run(source: Path, out: Path, *, strong: bool = False) -> None:
    """Write the anonymised voice of ``source`` to ``out`` (WAV, new); raises ``DataError``, ``SinkError``."""
    quiet_readers()
    with opened(source) as plain:
        sound = _sound(plain)
    # A generator seeded by the system, so that nobody can look up by how much the voice was moved.
    moved = anonymise(sound, np.random.default_rng(), strong=strong)
    moved /= max(1.0, float(np.abs(moved).max(initial=0.0)))
    try:
        with out.open("xb") as file, wave.open(file, "wb") as track:
            track.setnchannels(1)
            track.setsampwidth(2)
            track.setframerate(SFREQ_HZ)
            track.writeframes((moved * 32767).astype("<i2").tobytes())
    except OSError as error:
        raise SinkError(f"{out} cannot be written: {error.strerror}") from error
    exported(source, out)
    console.print(f"  {out}", style="cyan", highlight=False, soft_wrap=True)
    console.print(LIMITS, style="bright_black", soft_wrap=True)


def _sound(source: Path) -> FloatArray:
    for feed in open_recording(source).feeds:
        if feed.info.type == "Audio":
            if feed.info.sfreq != SFREQ_HZ:
                raise DataError(f"{source.name}: its sound has {feed.info.sfreq:g} Hz, not {SFREQ_HZ}")
            blocks = [block.data for block in feed.blocks()]
            return np.concatenate(blocks)[:, 0].astype(np.float32)
    raise DataError(f"{source.name} holds no sound; a session records it in mode full with audio = true")
