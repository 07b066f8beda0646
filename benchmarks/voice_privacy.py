"""What anonymising a voice gains in privacy and costs in emotion, on the speech packs.

    python benchmarks/voice_privacy.py ../shared/data/speech

Privacy is the equal error rate of a speaker verification made of what is installed: means and deviations
of 20 cepstral coefficients, their slopes and log pitch over voiced frames, linear discriminant analysis
trained on other speakers (4 folds), cosine; three clips of a speaker are enrolled, trials are within one
corpus. A stronger attacker (a large speaker network) would do better: the figures are upper bounds of
privacy. ``ignorant`` enrols the original voice; ``informed`` knows the method, enrols and trains on
anonymised voices, without the random amounts. Emotion is what the shipped model
(``speech-expression-nc``) makes of unseen speakers' clips, with a running baseline, as in its card; all
clips of a speaker are one recording, moved by one draw of the amounts (mean of three draws).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.fft import dct
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from insula.models import manifest
from insula.models.speech.anonymise import anonymise
from insula.models.speech.classes import CLASSES
from insula.models.speech.corpus import Clip, SpeechPack, packs
from insula.models.speech.features import FloatArray, analyse
from insula.models.speech.functionals import MIN_FRAMES
from insula.models.speech.model import Baseline, SpeechModel, describe_file
from insula.models.speech.sessions import session_order

PER_SPEAKER = 16
ENROLLED = 3
FOLDS = 4
DRAWS = 3
Method = Callable[[FloatArray, np.random.Generator], FloatArray]
Array = npt.NDArray[np.float64]
Sounds = list[tuple[Clip, FloatArray]]


def load(folder: Path) -> Sounds:
    sounds: Sounds = []
    for path in packs(folder):
        with SpeechPack(path) as pack:
            sounds += [(clip, pack.audio(clip)) for clip in pack.clips if not clip.truncated]
    return sounds


def portrait(sound: FloatArray) -> Array:
    """Description of who speaks (82,)."""
    frames = analyse(sound)
    voiced = np.isfinite(frames.pitch_hz)
    if voiced.sum() < 10:
        voiced = frames.level_db > np.percentile(frames.level_db, 50)
    cepstra = dct(frames.mel.astype(np.float64), axis=1, norm="ortho")[:, 1:21]
    slopes = np.gradient(cepstra, axis=0)[voiced]
    cepstra = cepstra[voiced]
    pitch = np.log(frames.pitch_hz[np.isfinite(frames.pitch_hz)]) if voiced.any() else np.zeros(1)
    parts = (cepstra.mean(0), cepstra.std(0), slopes.std(0), slopes.mean(0), [pitch.mean(), pitch.std()])
    return np.nan_to_num(np.concatenate(parts))


def equal_error(same: list[float], other: list[float]) -> float:
    cuts = np.unique([*same, *other])
    missed = np.searchsorted(np.sort(same), cuts) / len(same)
    let_in = 1 - np.searchsorted(np.sort(other), cuts) / len(other)
    at = int(np.abs(missed - let_in).argmin())
    return float((missed[at] + let_in[at]) / 2)


def verify(train: Array, enrol: Array, trial: Array, clips: list[Clip], seed: int = 0) -> tuple[float, float]:
    """Equal error rate over all folds, and its standard deviation over resampled speakers."""
    speakers = sorted({c.speaker for c in clips})
    chance = np.random.default_rng(seed)
    fold = {s: k % FOLDS for k, s in enumerate(chance.permutation(speakers))}
    who = np.array([c.speaker for c in clips])
    corpus = {c.speaker: c.corpus for c in clips}
    trials: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for k in range(FOLDS):
        known = np.array([fold[s] != k for s in who])
        scale = StandardScaler().fit(train[known])
        lda = LinearDiscriminantAnalysis(
            n_components=min(20, len(set(who[known])) - 1), solver="eigen", shrinkage="auto"
        )
        lda.fit(scale.transform(train[known]), who[known])

        def place(x: Array, scale: StandardScaler = scale, lda: LinearDiscriminantAnalysis = lda) -> Array:
            y = lda.transform(scale.transform(x))
            return np.asarray(y / np.linalg.norm(y, axis=1, keepdims=True))

        mine = [s for s in speakers if fold[s] == k]
        models = {}
        for s in mine:
            models[s] = place(enrol[np.flatnonzero(who == s)[:ENROLLED]]).mean(0)
        for s in mine:
            for row in place(trial[np.flatnonzero(who == s)[ENROLLED:]]):
                for claimed, model in models.items():
                    if corpus[claimed] == corpus[s]:
                        trials[s][claimed != s].append(float(row @ model / np.linalg.norm(model)))
    usable = [s for s in speakers if trials[s][0] and trials[s][1]]

    def pooled(chosen: list[str]) -> float:
        return equal_error(*([x for s in chosen for x in trials[s][side]] for side in (0, 1)))

    spread = [pooled(list(chance.choice(usable, len(usable)))) for _ in range(200)]
    return pooled(usable), float(np.std(spread))


def emotion(sounds: Sounds) -> dict[str, float]:
    """Unweighted average recall on unseen speakers, and how often anger is said."""
    model = SpeechModel(manifest.load("speech-expression-nc"))
    told: list[tuple[str, str]] = []
    for rows in session_order([clip.speaker for clip, _ in sounds]):
        baseline = Baseline.empty()
        for row in rows:
            clip, sound = sounds[row]
            frames = analyse(sound)
            if len(frames) < MIN_FRAMES:
                continue
            judged = model.judge_file(describe_file(frames), baseline, clip.language)
            baseline = baseline.heard(judged.standard)
            told.append((clip.emotion, CLASSES[int(judged.log_probabilities.argmax())]))
    model.close()
    recalls = [np.mean([said == e for e0, said in told if e0 == e]) for e in sorted({e for e, _ in told})]
    calm = [said == "anger" for e, said in told if e != "anger"]
    return {"uar": float(np.mean(recalls)), "false_anger": float(np.mean(calm)), "n": len(told)}


def strong(sound: FloatArray, chance: np.random.Generator) -> FloatArray:
    return anonymise(sound, chance, strong=True)


def moved(sounds: Sounds, method: Method, seed: int) -> Sounds:
    """A recording for each speaker: one draw of the amounts for all the clips in it."""
    seeds = {s: k for k, s in enumerate(sorted({clip.speaker for clip, _ in sounds}))}
    return [
        (clip, method(sound, np.random.default_rng((seed, seeds[clip.speaker])))) for clip, sound in sounds
    ]


def main(folder: str) -> None:
    sounds = load(Path(folder))
    chance = np.random.default_rng(7)
    chosen: Sounds = []
    for s in sorted({clip.speaker for clip, _ in sounds}):
        mine = [pair for pair in sounds if pair[0].speaker == s]
        chosen += [mine[i] for i in chance.permutation(len(mine))[:PER_SPEAKER]]
    unseen = [(clip, sound) for clip, sound in sounds if clip.split == "valid"]
    clips = [clip for clip, _ in chosen]
    print(f"{len(clips)} clips of {len({c.speaker for c in clips})} speakers", flush=True)
    plain = np.stack([portrait(sound) for _, sound in chosen])
    rate, sd = verify(plain, plain, plain, clips)
    print(f"original    equal error rate {rate:.3f} ± {sd:.3f}", flush=True)
    print(f"original    {words([emotion(unseen)])}", flush=True)
    methods: dict[str, Method] = {"anonymised": anonymise, "strong": strong}
    for name, method in methods.items():
        print(
            f"{name:11} {words([emotion(moved(unseen, method, seed)) for seed in range(DRAWS)])}", flush=True
        )
        once, again = (np.stack([portrait(method(sound, chance)) for _, sound in chosen]) for _ in range(2))
        for attacker, parts in {"ignorant": (plain, plain, once), "informed": (once, again, once)}.items():
            rate, sd = verify(*parts, clips)
            print(f"{name:11} equal error rate {rate:.3f} ± {sd:.3f}, attacker {attacker}", flush=True)


def words(found: list[dict[str, float]]) -> str:
    uar, anger = ([part[key] for part in found] for key in ("uar", "false_anger"))
    return (
        f"emotion: UAR {np.mean(uar):.3f} ({min(uar):.3f} to {max(uar):.3f}), "
        f"anger said of others {np.mean(anger):.3f}, n {found[0]['n']:.0f}"
    )


if __name__ == "__main__":
    main(sys.argv[1])
