"""How well a robot's own voice is taken out of its microphone, and what that does to a person's.

    python benchmarks/own_voice.py --data DIR [--clips 60]

DIR holds the speech packs; only clips marked ``train`` are used. A robot (English clips) speaks through
made-up rooms (noise that decays exponentially after the direct sound) while nobody, or somebody (German
clips), speaks. Columns: ERLE, the echo's level before over after (first 5 s; from 15 s on); share of 32 ms
blocks in which only the robot speaks and the voice detector hears somebody; how far the person's log-mel
spectrum is from what it would be without a robot (nepers), and in how many clips the judged class stays the
same; CPU ms a second. Beside ours: nothing subtracted, and WebRTC's canceller (AEC3) where
``pip install pywebrtc-audio`` (Apache-2.0) has put it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import fftconvolve

from insula.edge.errors import DataError
from insula.models import manifest
from insula.models.speech.corpus import SpeechPack, packs
from insula.models.speech.echo import BLOCK, EchoCanceller
from insula.models.speech.features import SFREQ_HZ, FloatArray, analyse
from insula.models.speech.functionals import MIN_FRAMES
from insula.models.speech.model import Baseline, SpeechModel, describe_file
from insula.models.speech.stretch import active_frames
from insula.models.speech.vad import OPENS_AT, VoiceActivity

ROOMS = ((0.2, 10), (0.4, 40), (0.6, 120))
"""Reverberation time in s, delay of the direct sound in ms."""
LOUDNESS = 0.06
ALONE_S = 30
NOISE = 1e-3

Canceller = Callable[[FloatArray, FloatArray], FloatArray]


def clips(folder: Path, corpus: str, most: int) -> list[FloatArray]:
    for path in packs(folder):
        with SpeechPack(path) as pack:
            chosen = [c for c in pack.clips if c.split != "valid" and c.corpus == corpus and not c.truncated]
            order = np.random.default_rng(0).permutation(len(chosen))[:most]
            if chosen:
                return [pack.audio(chosen[i]) for i in order]
    raise DataError(f"{folder} holds no training clips of {corpus}")


def talk(sounds: list[FloatArray], pause_s: float) -> tuple[FloatArray, np.ndarray]:
    """The clips one after the other, equally loud, and where each begins and ends: (n, 2)."""
    pause = np.zeros(int(pause_s * SFREQ_HZ), np.float32)
    parts = [part for sound in sounds for part in (sound / np.std(sound) * LOUDNESS, pause)]
    edges = np.cumsum([0, *(len(part) for part in parts)])
    places = np.array([edge for number, edge in enumerate(pairwise(edges)) if number % 2 == 0])
    return np.concatenate(parts).astype(np.float32), places


def in_room(played: FloatArray, rt60_s: float, delay_ms: float) -> FloatArray:
    time_s = np.arange(int(rt60_s * SFREQ_HZ)) / SFREQ_HZ
    tail = np.random.default_rng(3).normal(size=len(time_s)) * 10 ** (-3 * time_s / rt60_s)
    tail[0] = 3.0
    response = np.concatenate([np.zeros(int(delay_ms * SFREQ_HZ / 1e3)), tail / np.linalg.norm(tail)])
    return np.asarray(fftconvolve(played, 0.5 * response)[: len(played)], np.float32)


def ours(microphone: FloatArray, played: FloatArray) -> FloatArray:
    canceller = EchoCanceller()
    whole = len(played) // BLOCK * BLOCK
    pairs = zip(microphone[:whole].reshape(-1, BLOCK), played[:whole].reshape(-1, BLOCK), strict=True)
    return np.concatenate([*(canceller.push(*pair) for pair in pairs), microphone[whole:]])


def methods() -> dict[str, Canceller]:
    found: dict[str, Canceller] = {"nothing": lambda microphone, played: microphone, "Insula": ours}
    try:
        from pywebrtc_audio import EchoCanceller as Aec3
    except ImportError:
        return found
    return found | {"WebRTC AEC3": lambda microphone, played: Aec3(SFREQ_HZ).process(microphone, played)}


def decibels(sound: FloatArray) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def distance(truth: FloatArray, sound: FloatArray) -> float:
    """Mean difference of the log-mel spectra where the person speaks; best of ±8 ms, for a method's delay."""
    reference = analyse(truth)
    active = active_frames(reference.level_db)
    shifted = (analyse(np.roll(sound, -shift)) for shift in range(-128, 129, 32))
    return min(float(np.abs(reference.mel - other.mel)[active].mean()) for other in shifted)


def classes(model: SpeechModel, sound: FloatArray, places: np.ndarray) -> np.ndarray:
    judged = []
    for start, stop in places:
        frames = analyse(sound[start:stop])
        if len(frames) >= MIN_FRAMES:
            result = model.judge_file(describe_file(frames), Baseline.empty())
            judged.append(int(result.log_probabilities.argmax()))
    return np.array(judged)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--clips", type=int, default=60)
    chosen = options.parse_args()
    model = SpeechModel(manifest.load("speech-expression"))
    person, places = talk(clips(chosen.data, "emodb", chosen.clips), 0.5)
    alone = np.zeros(ALONE_S * SFREQ_HZ, np.float32)
    person, places = np.concatenate([alone, person]), places + len(alone)
    robot = np.resize(talk(clips(chosen.data, "ravdess", 40), 0.3)[0], len(person))
    noise = np.random.default_rng(0).normal(0, NOISE, len(person)).astype(np.float32)
    meant = classes(model, person + noise, places)

    heads = ("room", "subtracted by", "ERLE first 5 s", "ERLE", "heard as somebody", "spectrum", "same class")
    title = f"A robot speaks, {len(places)} clips of a person over it"
    table = Table(*heads, "CPU ms/s", title=title)
    for rt60_s, delay_ms in ROOMS:
        echo = in_room(robot, rt60_s, delay_ms)
        for name, cancel in methods().items():
            began = time.thread_time()
            left = cancel(echo + person + noise, robot)
            cost = (time.thread_time() - began) / (len(left) / SFREQ_HZ) * 1e3
            first, settled = slice(0, 5 * SFREQ_HZ), slice(15 * SFREQ_HZ, ALONE_S * SFREQ_HZ)
            erle = [f"{decibels(echo[part]) - decibels(left[part]):.1f} dB" for part in (first, settled)]
            heard = float((VoiceActivity().push(left[: len(alone)]) >= OPENS_AT).mean())
            over = slice(len(alone), len(left))
            same = float((classes(model, left, places) == meant).mean())
            changed = distance((person + noise)[over], left[over])
            figures = (f"{heard:.1%}", f"{changed:.2f}", f"{same:.0%}", f"{cost:.1f}")
            table.add_row(f"{rt60_s} s, {delay_ms} ms", name, *erle, *figures)
    model.close()
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
