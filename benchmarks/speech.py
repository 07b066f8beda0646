"""What the voice costs and what noise does to it.

    python benchmarks/speech.py [--data DIR] [--clips 200]

Without data: CPU milliseconds a second of speech for every part of the voice path, on one thread, and the
real-time factor. With a folder of speech packs also, on the speakers marked ``valid``: UAR with noise at
20, 10 and 5 dB (clips in random sessions per speaker, and each alone), and the voice detector's misses and
false alarms. Beside the detector stands WebRTC's, where ``pip install webrtcvad-wheels`` (MIT) has put it.
Beside the expression stands no peer: openSMILE's licence is for research only and it gives features, no
classes; the trained networks we know of need torch or TensorFlow at run time, or weights from elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from insula.models import manifest, metrics
from insula.models.speech.augment import add_noise
from insula.models.speech.classes import CLASSES, label_index
from insula.models.speech.corpus import Clip, SpeechPack, packs
from insula.models.speech.evaluate import model_for
from insula.models.speech.features import FRAME, HOP, SFREQ_HZ, FloatArray, analyse
from insula.models.speech.functionals import MIN_FRAMES, WINDOW_FRAMES
from insula.models.speech.model import Baseline, SpeechModel, describe, describe_file
from insula.models.speech.sessions import session_order
from insula.models.speech.stretch import active_frames
from insula.models.speech.vad import BLOCK, OPENS_AT, VoiceActivity
from insula.sensors.synthetic_speech import Manner, utterance

UPDATES_PER_S = 4
WEBRTC_MODE = 2
"""Aggressiveness 0…3; 3 misses most, 0 hears voices in any noise."""
WEBRTC_BLOCK = 480
SNRS_DB = (None, 20.0, 10.0, 5.0)


def speech(seconds: float) -> FloatArray:
    rng = np.random.default_rng(0)
    return utterance(seconds, Manner(150, 0.5, 4, 0.1), SFREQ_HZ, rng).astype(np.float32)


def cpu_ms(work: Callable[[], object], repeat: int) -> float:
    """Median CPU time of this thread in ms."""
    work()
    spent = []
    for _ in range(repeat):
        start = time.thread_time()
        work()
        spent.append(time.thread_time() - start)
    return float(np.median(spent)) * 1e3


def cost_table() -> Table:
    sound = speech(4.2)
    second = sound[:SFREQ_HZ]
    frames = analyse(sound).cut(0, WINDOW_FRAMES)
    description = describe(frames)
    activity = VoiceActivity()
    parts = {
        "voice activity (31 blocks)": cpu_ms(lambda: activity.push(second), 20),
        "features (100 frames)": cpu_ms(lambda: analyse(second), 20),
        f"description of 4 s ({UPDATES_PER_S} a second)": UPDATES_PER_S
        * cpu_ms(lambda: describe(frames), 50),
    }
    table = Table("part", "CPU ms per s of speech", title="Cost on one thread, always speaking")
    for name, value in parts.items():
        table.add_row(name, f"{value:.2f}")
    for weights in ("speech-expression", "speech-expression-nc"):
        model = SpeechModel(manifest.load(weights))
        cost = UPDATES_PER_S * cpu_ms(lambda model=model: model.judge(description, Baseline.empty()), 50)
        model.close()
        total = sum(parts.values()) + cost
        table.add_row(f"{weights} ({UPDATES_PER_S} a second)", f"{cost:.2f}")
        table.add_row("all with it; real-time factor", f"{total:.2f}; {total / 1e3:.4f}")
    return table


@dataclass(frozen=True, slots=True)
class Labelled:
    """A clip with its sound and class index."""

    clip: Clip
    sound: FloatArray
    label: int


def valid_clips(path: Path, most: int) -> list[Labelled]:
    with SpeechPack(path) as pack:
        chosen = [c for c in pack.clips if c.split == "valid" and label_index(c.emotion) is not None]
        order = np.sort(np.random.default_rng(0).permutation(len(chosen))[:most])
        return [
            Labelled(chosen[i], pack.audio(chosen[i]), label_index(chosen[i].emotion) or 0) for i in order
        ]


def noisy(items: list[Labelled], snr_db: float | None) -> Iterator[FloatArray]:
    rng = np.random.default_rng(1)
    for item in items:
        talkers = [items[int(i)].sound for i in rng.integers(len(items), size=5)]
        yield item.sound if snr_db is None else add_noise(item.sound, snr_db, rng, talkers)


def uars(items: list[Labelled], sounds: list[FloatArray], model: SpeechModel) -> tuple[float, float, float]:
    """UAR in sessions, UAR alone, ECE in sessions."""
    session = np.zeros((len(items), len(CLASSES)))
    alone = np.zeros_like(session)
    for rows in session_order([item.clip.speaker for item in items]):
        baseline = Baseline.empty()
        for row in rows:
            frames = analyse(sounds[row])
            if len(frames) < MIN_FRAMES:
                continue
            descriptions = describe_file(frames)
            judged = model.judge_file(descriptions, baseline, items[row].clip.language)
            session[row] = np.exp(judged.log_probabilities)
            cold = model.judge_file(descriptions, Baseline.empty(), items[row].clip.language)
            alone[row] = np.exp(cold.log_probabilities)
            baseline = baseline.heard(judged.standard)
    y = np.array([item.label for item in items])
    k = len(CLASSES)
    ece = metrics.ece(y, session).ece
    return metrics.uar(y, session.argmax(1), k), metrics.uar(y, alone.argmax(1), k), ece


def noise_table(folder: Path, most: int) -> Table:
    table = Table(
        "pack", "weights", "n", "noise", "UAR sessions", "UAR alone", "ECE", title="Unseen speakers"
    )
    for path in packs(folder):
        items = valid_clips(path, most)
        if not items:
            continue
        names = {model_for([item.clip for item in items]), "speech-expression-nc"}
        for name in sorted(names):
            model = SpeechModel(manifest.load(name))
            for snr in SNRS_DB:
                session, alone, ece = uars(items, list(noisy(items, snr)), model)
                label = "clean" if snr is None else f"{snr:.0f} dB"
                row = [f"{session:.3f}", f"{alone:.3f}", f"{ece:.3f}"]
                table.add_row(path.stem, name, str(len(items)), label, *row)
            model.close()
    return table


@dataclass(frozen=True, slots=True)
class Detector:
    """Says of every ``block`` samples whether somebody speaks."""

    name: str
    block: int
    hears: Callable[[FloatArray], np.ndarray]


def ours(sound: FloatArray) -> np.ndarray:
    return VoiceActivity().push(sound) >= OPENS_AT


def detectors() -> list[Detector]:
    found = [Detector("Insula", BLOCK, ours)]
    try:
        webrtcvad = importlib.import_module("webrtcvad")
    except ImportError:
        return found

    def webrtc(sound: FloatArray) -> np.ndarray:
        detector = webrtcvad.Vad(WEBRTC_MODE)
        blocks = (np.clip(sound, -1, 1) * 32_767).astype("<i2")[: len(sound) // WEBRTC_BLOCK * WEBRTC_BLOCK]
        each = blocks.reshape(-1, WEBRTC_BLOCK)
        return np.array([detector.is_speech(block.tobytes(), SFREQ_HZ) for block in each])

    return [*found, Detector("WebRTC", WEBRTC_BLOCK, webrtc)]


def activity_table(folder: Path, most: int) -> Table:
    """Misses are blocks within 30 dB of a clip's loud ones, the stand-in for hand labels."""
    heard_by = detectors()
    table = Table("sound", *(d.name for d in heard_by), title="Voice detectors, 30–32 ms blocks")
    for path in packs(folder):
        items = valid_clips(path, most)
        for snr in SNRS_DB if items else ():
            missed = [misses(detector, items, snr) for detector in heard_by]
            label = "clean" if snr is None else f"{snr:.0f} dB"
            table.add_row(f"{path.stem}, {label}", *(f"{share:.1%} missed" for share in missed))
    for kind in ("white", "pink", "brown", "clicks", "tone"):
        sound = no_voice(kind, np.random.default_rng(2))
        alarms = [detector.hears(sound).mean() for detector in heard_by]
        table.add_row(f"no voice: {kind}, 60 s", *(f"{share:.1%} false alarms" for share in alarms))
    second = speech(1.0)
    table.add_row("CPU ms a second", *(f"{cpu_ms(lambda d=d: d.hears(second), 20):.2f}" for d in heard_by))
    return table


def misses(detector: Detector, items: list[Labelled], snr_db: float | None) -> float:
    """Share of the blocks with voice that are not heard."""
    voiced = missed = 0
    for item, sound in zip(items, noisy(items, snr_db), strict=True):
        truth, heard = loud_blocks(item.sound, detector.block), detector.hears(sound)
        n = min(len(truth), len(heard))
        voiced += int(truth[:n].sum())
        missed += int((truth[:n] & ~heard[:n]).sum())
    return missed / max(voiced, 1)


def loud_blocks(sound: FloatArray, block: int) -> np.ndarray:
    """Blocks in which the clean clip is within 30 dB of its loud frames."""
    active = active_frames(analyse(sound).level_db)
    centre = (np.arange(len(sound) // block) * block + block // 2 - FRAME // 2) // HOP
    return np.asarray(active[np.clip(centre, 0, len(active) - 1)])


def no_voice(kind: str, rng: np.random.Generator) -> FloatArray:
    n = 60 * SFREQ_HZ
    if kind == "clicks":
        out = 0.001 * rng.normal(size=n)
        out[rng.integers(0, n, 200)] = 0.5
    elif kind == "tone":
        out = 0.1 * np.sin(2 * np.pi * 440 * np.arange(n) / SFREQ_HZ)
    else:
        spectrum = np.fft.rfft(rng.normal(size=n))
        slope = {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind]
        out = np.fft.irfft(spectrum * np.maximum(np.fft.rfftfreq(n, 1 / SFREQ_HZ), 20.0) ** -slope, n)
        out *= 0.05 / out.std()
    return np.asarray(out, np.float32)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--data", type=Path)
    options.add_argument("--clips", type=int, default=200)
    chosen = options.parse_args()
    console = Console(width=110)
    console.print(cost_table())
    if chosen.data is not None:
        console.print(noise_table(chosen.data, chosen.clips))
        console.print(activity_table(chosen.data, chosen.clips))


if __name__ == "__main__":
    main()
