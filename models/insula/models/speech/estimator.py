"""Voice → expression and mapped valence/arousal, while someone speaks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from insula.edge.engines.choice import Loader, on_cpu
from insula.edge.errors import DataError, ModelError
from insula.edge.stream import StreamReader
from insula.edge.types import AffectEstimate, Chunk, Clue, Modality, StreamInfo
from insula.models import manifest
from insula.models.speech import quality
from insula.models.speech.features import (
    FRAME_RATE_HZ,
    SFREQ_HZ,
    FeatureStream,
    FloatArray,
    Frames,
)
from insula.models.speech.functionals import N_FUNCTIONALS, syllable_rate_hz
from insula.models.speech.model import Baseline, Judgement, SpeechModel, describe
from insula.models.speech.own_voice import LONGEST_STEP_S, Intake, Loudspeaker, Speaking
from insula.models.speech.phrase import Phrase
from insula.models.speech.vad import BLOCK, VoiceActivity, VoiceGate

_NOISE_FRAMES: Final = 1_000  # levels of the last 10 s without voice
_FEWEST_NOISE_FRAMES = 30
_RECENT_SAMPLES = SFREQ_HZ  # clipping is judged over the last second
_SHORTEST_S = 0.6
_FEWEST_HABITS = 5  # stretches before a deviation from them means anything
_PROSODY = ("pitch", "energy", "speech rate")
_PROSODY_UNITS = ("Hz", "dBFS", "1/s")


class SpeechEstimator:
    """Judges the voice in a 16 kHz audio stream every 250 ms while someone speaks.

    ``model`` names shipped weights ("speech-expression" or "speech-expression-nc"); ``language`` ("de", "en",
    "pl") is told to them if they know it. The speaker's baseline runs along and is taken from earlier phrases
    only; call :meth:`new_person` when somebody else speaks.

    A device that speaks itself says when (:meth:`speaking`): nothing is judged then, and ``tail_s`` longer.
    ``reference`` names what its loudspeaker plays, a channel of the microphone's stream or a stream of its
    own: it is subtracted, so that a person can be heard at the same time.
    """

    period_s: float = 0.25

    modality: Modality = "voice"

    def __init__(
        self,
        *,
        model: str = "speech-expression",
        language: str = "",
        reference: str = "",
        tail_s: float = 0.3,
        engines: Loader = on_cpu,
    ) -> None:
        self._name = model
        self._engines = engines
        self._language = language
        self._reference = reference
        self._model: SpeechModel | None = None
        self._info: StreamInfo | None = None
        self._gate = VoiceGate()
        self._speaking = Speaking(tail_s)
        self._loudspeaker = Loudspeaker(reference) if reference else None
        self._intake = Intake(BLOCK, self._loudspeaker)
        self._baseline = Baseline.empty()
        self._calm = self._reading = False
        self._read: tuple[Baseline, tuple[tuple[float, float, float], ...]] | None = None
        self._habits: deque[tuple[float, float, float]] = deque(maxlen=200)
        self._features = FeatureStream()
        self._activity = VoiceActivity()
        self._phrase = Phrase()
        self._noise: deque[float] = deque(maxlen=_NOISE_FRAMES)
        self._recent: deque[FloatArray] = deque()
        self._judged_at = -1
        self._forget()

    def accepts(self, info: StreamInfo) -> str:
        """Return "" for audio of one channel at 16 kHz (beside the reference), else the reason why not."""
        if info.type != "Audio":
            return f"{info.name} carries {info.type}, not Audio"
        if info.name == self._reference:
            return f"{info.name} is what the loudspeaker plays"
        heard = [name for name in info.ch_names if name != self._reference]
        if len(heard) != 1 or info.sfreq != SFREQ_HZ:
            return (
                f"{info.name} has {len(heard)} channels at {info.sfreq:g} Hz; "
                f"the voice model takes one at {SFREQ_HZ} Hz"
            )
        return ""

    def join(self, beside: StreamReader) -> bool:
        """Take the stream of what the loudspeaker plays."""
        return self._loudspeaker is not None and self._loudspeaker.join(beside)

    def start(self, info: StreamInfo) -> None:
        """Load weights and voice detector; raises ``ModelError`` with what to do."""
        if self._loudspeaker is not None and not self._loudspeaker.found(info):
            raise ModelError(
                f"reference = {self._reference!r}: neither a channel of {info.name} nor another stream of "
                f"sound with one channel at {SFREQ_HZ} Hz is called so"
            )
        self._model = SpeechModel(manifest.load(self._name), self._engines)
        self._info = info
        self._forget()

    def close(self) -> None:
        """Release the weights and the loudspeaker's stream."""
        if self._loudspeaker is not None:
            self._loudspeaker.close()
        if self._model is not None:
            self._model.close()
            self._model = None

    def speaking(self, speaks: bool, t: float) -> None:
        """The device itself speaks from time ``t`` (s) on, or no longer does. From any thread."""
        self._speaking.tell(speaks, t)

    @property
    def note(self) -> str:
        """Why the loudspeaker is not subtracted at the moment, "" when it is or need not be."""
        lost = self._loudspeaker.lost if self._loudspeaker is not None else ""
        return f"the device's own voice is not subtracted: {lost}" if lost else ""

    def new_person(self) -> None:
        """Forget the running baseline: somebody else is speaking."""
        self._baseline = Baseline.empty()
        self._habits.clear()
        self._phrase.clear()

    def learn(self, resting: bool) -> None:
        """The person reads calmly from now on, or no longer does."""
        self._calm = resting

    def learned(self) -> dict[str, Any] | None:
        """How the person reads calmly: the sums of the running baseline, and pitch, level and rate."""
        if self._read is None:
            return None
        baseline, habits = self._read
        return {
            "count": baseline.count,
            "total": [round(float(v), 4) for v in baseline.total],
            "squares": [round(float(v), 4) for v in baseline.squares],
            "prosody": [[round(value, 4) for value in row] for row in habits],
        }

    def adopt(self, rest: Mapping[str, Any]) -> None:
        """Begin with a reading heard earlier instead of with nothing; raises ``DataError``."""
        try:
            sums = [np.asarray(rest[name], np.float32) for name in ("total", "squares")]
            if any(values.shape != (N_FUNCTIONALS,) for values in sums):
                raise ValueError("it is of another version of the voice model")
            self._baseline = Baseline(int(rest["count"]), *sums)
            self._habits.extend((float(a), float(b), float(c)) for a, b, c in rest["prosody"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the profile's voice cannot be used ({error}); calibrate again") from error

    def _follow_reading(self) -> None:
        """Begin or end the calm reading, on the estimator's own thread."""
        if self._calm == self._reading:
            return
        self._reading = self._calm
        if self._calm:
            self.new_person()
            return
        self._finish_phrase()
        self._read = (self._baseline, tuple(self._habits)) if self._baseline.count else None

    def estimate(self, reader: StreamReader) -> AffectEstimate | None:
        """Take every new sample; judge the phrase so far, or say why there is nothing to judge."""
        self._follow_reading()
        chunks = reader.read_new()
        if not chunks:
            return None
        if self._loudspeaker is not None:
            self._loudspeaker.listen()
        for chunk in chunks:
            self._take(chunk)
        recent = np.concatenate(self._recent) if self._recent else np.zeros(0, np.float32)
        waiting = self._intake.waiting
        t = float(chunks[-1].times[-1]) - waiting / SFREQ_HZ
        sample = chunks[-1].first + len(chunks[-1]) - 1 - waiting
        reason = self._unjudged(recent)
        if reason:
            return self._absent(reason, t, sample)
        if (
            sample == self._judged_at
        ):  # no whole block is new: said twice, a false reading would confirm itself
            return None
        self._judged_at = sample
        return self._judged(recent, t, sample)

    def _forget(self) -> None:
        self._noise.clear()
        self._recent.clear()
        self._next, self._newest = -1, math.inf
        self._judged_at = -1
        self._probability = 0.0
        self._broken = False
        self._restart()

    def _restart(self) -> None:
        self._intake.restart()
        self._features.reset()
        self._activity.reset()
        self._gate.reset()
        self._phrase.clear()

    def _take(self, chunk: Chunk) -> None:
        gap = self._next >= 0 and chunk.first != self._next
        if gap or chunk.times[0] - self._newest > LONGEST_STEP_S:
            self._restart()  # neither a frame nor a phrase may span a gap
        self._next, self._newest = chunk.first + len(chunk), float(chunk.times[-1])
        samples, played = self._channels(chunk)
        if not np.isfinite(samples).all():  # one such sample would stay in the voice detector for good
            self._restart()
            self._broken = True
            return
        self._broken = False
        self._remember(samples)
        for block, t in self._intake.push(samples, chunk.times, played):
            self._hear(block, t)

    def _channels(self, chunk: Chunk) -> tuple[FloatArray, FloatArray | None]:
        """The microphone's samples and, if the stream carries it, the loudspeaker's."""
        data, names = chunk.data.astype(np.float32), self._require_info().ch_names
        if self._reference not in names:
            return data[:, 0], None
        own = names.index(self._reference)
        return data[:, 1 - own], data[:, own]

    def _hear(self, block: FloatArray, t: float) -> None:
        self._hold(self._speaking.at(t))
        self._probability = float(self._activity.push(block)[0])
        was_open = self._gate.open
        if not self._gate.push(self._probability) and was_open:
            self._finish_phrase()
        self._sort(self._features.push(block))

    def _hold(self, held: bool) -> None:
        if held != self._gate.held:
            self._finish_phrase()
            self._gate.hold(held)

    def _remember(self, samples: FloatArray) -> None:
        self._recent.append(samples)
        while sum(map(len, self._recent)) - len(self._recent[0]) >= _RECENT_SAMPLES:
            self._recent.popleft()

    def _sort(self, frames: Frames) -> None:
        if not len(frames):
            return
        full = self._phrase.push(frames, speaking=self._gate.open)
        if not self._gate.open:
            self._noise.extend(frames.level_db.tolist())
        if full is not None:
            self._learn(full)

    def _finish_phrase(self) -> None:
        if (rest := self._phrase.finish()) is not None:
            self._learn(rest)

    def _learn(self, frames: Frames) -> None:
        """Add a finished stretch to the person's baseline."""
        judgement = self._require_model().judge(describe(frames), self._baseline, self._language)
        self._baseline = self._baseline.heard(judgement.standard)
        prosody = _prosody(frames)
        if np.isfinite(prosody).all():
            self._habits.append(prosody)

    def _unjudged(self, recent: FloatArray) -> str:
        if self._broken:
            return "the sound holds values that are not numbers"
        if self._gate.held:
            return "own voice: the device itself is speaking"
        level = 10 * np.log10(np.mean(recent.astype(np.float64) ** 2) + 1e-12) if len(recent) else -np.inf
        if level < quality.SILENT_DB:
            return "no signal: the microphone delivers silence"
        if not self._gate.open:
            return "no voice"
        if (share := quality.clipped_share(recent)) > quality.MOST_CLIPPED:
            return f"clipped: {share:.0%} of the samples are at full scale; lower the microphone's gain"
        if len(self._phrase) < _SHORTEST_S * FRAME_RATE_HZ:
            return f"voice began less than {_SHORTEST_S} s ago"
        return ""

    def _absent(self, reason: str, t: float, sample: int) -> AffectEstimate:
        info = self._require_info()
        return AffectEstimate(
            modality="voice",
            stream=info.name,
            t=t,
            quality=0.0,
            reason=reason,
            clues=(Clue(info.name, "voice activity", self._probability),),
            sample=sample,
            model=self._require_model().id,
            simulated=info.simulated,
        )

    def _judged(self, recent: FloatArray, t: float, sample: int) -> AffectEstimate:
        frames = self._phrase.window()
        noise = float(np.median(self._noise)) if len(self._noise) >= _FEWEST_NOISE_FRAMES else None
        snr = quality.snr_db(frames.level_db, noise)
        worth = quality.quality(snr, quality.clipped_share(recent))
        if worth == 0.0:
            return self._absent(f"too noisy: speech is {snr:.0f} dB above the noise", t, sample)
        info = self._require_info()
        result: Judgement = self._require_model().judge(describe(frames), self._baseline, self._language)
        return AffectEstimate(
            modality="voice",
            stream=info.name,
            t=t,
            quality=worth,
            valence=result.valence,
            arousal=result.arousal,
            expression=result.expression,
            va_source="mapped",
            clues=self._clues(frames, snr),
            sample=sample,
            model=self._require_model().id,
            simulated=info.simulated,
        )

    def _clues(self, frames: Frames, snr: float) -> tuple[Clue, ...]:
        stream = self._require_info().name
        values = _prosody(frames)
        usual = self._usual()
        clues = [
            Clue(stream, name, value, unit, None if usual is None else (value - usual[i][0]) / usual[i][1])
            for i, (name, unit, value) in enumerate(zip(_PROSODY, _PROSODY_UNITS, values, strict=True))
            if np.isfinite(value)
        ]
        clues.append(Clue(stream, "voice activity", self._probability))
        clues.append(Clue(stream, "signal-to-noise ratio", snr, "dB"))
        if self._loudspeaker is not None:
            clues.append(Clue(stream, "own voice subtracted", float(not self._loudspeaker.lost)))
        return tuple(clues)

    def _usual(self) -> list[tuple[float, float]] | None:
        """Mean and deviation of the person's prosody so far, ``None`` while too little was heard."""
        if len(self._habits) < _FEWEST_HABITS:
            return None
        table = np.asarray(self._habits)
        mean, sd = table.mean(axis=0), table.std(axis=0)
        return [(float(m), max(float(s), 1e-3)) for m, s in zip(mean, sd, strict=True)]

    def _require_model(self) -> SpeechModel:
        if self._model is None:
            raise RuntimeError("the voice estimator was not started")
        return self._model

    def _require_info(self) -> StreamInfo:
        if self._info is None:
            raise RuntimeError("the voice estimator was not started")
        return self._info


def _prosody(frames: Frames) -> tuple[float, float, float]:
    """Median pitch in Hz (NaN when unvoiced), loud level in dBFS, syllable-like peaks a second."""
    voiced = frames.pitch_hz[np.isfinite(frames.pitch_hz)]
    pitch = float(np.median(voiced)) if len(voiced) else float("nan")
    return pitch, float(np.percentile(frames.level_db, 90)), syllable_rate_hz(frames)
