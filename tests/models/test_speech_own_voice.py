from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import fftconvolve

from insula.edge import SensingLoop, config
from insula.edge.errors import ModelError
from insula.edge.protocols import Accompanied, Listening
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import AffectEstimate, StreamInfo
from insula.models.speech.echo import BLOCK, EchoCanceller
from insula.models.speech.estimator import SpeechEstimator
from insula.models.speech.own_voice import Speaking
from insula.sensors.synthetic_speech import Manner, utterance

Sound = npt.NDArray[np.float32]
SFREQ = 16_000
MIC = StreamInfo("mic", "Audio", SFREQ, ("mono",), ("full scale",))
PLAYED = StreamInfo("speaker", "Audio", SFREQ, ("mono",), ("full scale",))
BOTH = StreamInfo("array", "Audio", SFREQ, ("speaker", "voice"), ("full scale", "full scale"))
PIECE = 4_000


def speech(seconds: float, seed: int, pitch: float) -> Sound:
    """Phrases of 1.5 s with pauses of 0.5 s."""
    rng = np.random.default_rng(seed)
    parts = [utterance(1.5, Manner(pitch, 0.5, 4, 0.1), SFREQ, rng) for _ in range(int(seconds / 2) + 1)]
    spoken = np.concatenate([np.concatenate([part, np.zeros(SFREQ // 2)]) for part in parts])
    return spoken[: int(seconds * SFREQ)].astype(np.float32)


def in_room(played: Sound, seed: int = 0, delay_s: float = 0.02) -> Sound:
    """The loudspeaker as the microphone hears it: 0.2 s of reverberation, half as loud."""
    time = np.arange(int(0.2 * SFREQ)) / SFREQ
    tail = np.random.default_rng(seed).normal(size=len(time)) * 10 ** (-3 * time / 0.2)
    tail[0] = 3.0
    response = np.concatenate([np.zeros(int(delay_s * SFREQ)), 0.5 * tail / np.linalg.norm(tail)])
    return np.asarray(fftconvolve(played, response)[: len(played)], np.float32)


def hush(n: int, seed: int = 9) -> Sound:
    return np.random.default_rng(seed).normal(0, 1e-3, n).astype(np.float32)


def cancelled(microphone: Sound, played: Sound) -> Sound:
    canceller = EchoCanceller()
    whole = len(played) // BLOCK * BLOCK
    blocks = zip(microphone[:whole].reshape(-1, BLOCK), played[:whole].reshape(-1, BLOCK), strict=True)
    return np.concatenate([canceller.push(*pair) for pair in blocks])


def decibels(a: Sound, b: Sound) -> float:
    return float(10 * np.log10(np.mean(a**2) / np.mean(b**2)))


# the canceller


def test_the_echo_is_gone_after_some_seconds() -> None:
    played = speech(12.0, 0, 110)
    echo = in_room(played)
    left = cancelled(echo + hush(len(echo)), played)
    end = slice(8 * SFREQ, len(left))
    assert decibels(echo[end], left[end]) > 15


def test_a_person_speaking_at_the_same_time_is_kept() -> None:
    played, person = speech(16.0, 0, 110), speech(16.0, 1, 210)
    echo = in_room(played)
    left = cancelled(echo + person, played)
    end = slice(10 * SFREQ, len(left))
    assert decibels(person[end], left[end] - person[end]) > decibels(person[end], echo[end]) + 8


def test_a_silent_loudspeaker_changes_no_bit() -> None:
    person = speech(3.0, 1, 210)[: 100 * BLOCK]
    np.testing.assert_array_equal(cancelled(person, np.zeros_like(person)), person)


def test_nothing_to_subtract_changes_little() -> None:
    """Headphones: what is played is never heard."""
    person = speech(8.0, 1, 210)
    left = cancelled(person, speech(8.0, 0, 110))
    end = slice(4 * SFREQ, len(left))
    assert decibels(person[end], left[end] - person[end]) > 20


def test_when_the_room_changes_it_is_never_louder_than_without_and_learns_it() -> None:
    played = speech(20.0, 0, 110)
    echo = np.concatenate([in_room(played)[: 10 * SFREQ], in_room(played, 5, 0.05)[10 * SFREQ :]])
    left = cancelled(echo, played)
    blocks = left.reshape(-1, BLOCK), echo[: len(left)].reshape(-1, BLOCK)
    assert (np.sum(blocks[0] ** 2, axis=1) <= np.sum(blocks[1] ** 2, axis=1) + 1e-9).all()
    end = slice(17 * SFREQ, len(left))
    assert decibels(echo[end], left[end]) > 8


# when it speaks


def test_speaking_lasts_a_tail_longer_and_may_be_told_ahead() -> None:
    speaking = Speaking(0.3)
    speaking.tell(True, 10.0)
    speaking.tell(False, 12.0)
    speaking.tell(True, 13.0)
    assert [speaking.at(t) for t in (9.9, 10.0, 11.9, 12.2, 12.31, 12.9, 13.0, 99.0)] == [
        *(False, True, True, True),
        *(False, False, True, True),
    ]


def test_an_end_without_a_beginning_holds_nothing() -> None:
    speaking = Speaking(0.3)
    speaking.tell(False, 1.0)
    assert not speaking.at(1.1)


# the estimator

Made = Callable[..., SpeechEstimator]


@pytest.fixture
def made() -> Iterator[Made]:
    voices: list[SpeechEstimator] = []

    def make(**options: object) -> SpeechEstimator:
        voices.append(SpeechEstimator(**options))  # type: ignore[arg-type]
        return voices[-1]

    yield make
    for voice in voices:
        voice.close()


def judge(
    voice: SpeechEstimator, sound: Sound, played: Sound | None = None, info: StreamInfo = MIC
) -> list[AffectEstimate]:
    """Push the sound (n,) or (n, 2) piece by piece, before it what the loudspeaker plays (less may come)."""
    writer, reader = memory_stream(info)
    loudspeaker, beside = memory_stream(PLAYED)
    if played is not None:
        assert voice.join(beside)
    voice.start(info)
    times = sample_times(len(sound), SFREQ)
    said = []
    for i in range(0, len(sound), PIECE):
        piece = slice(i, i + PIECE)
        if played is not None and i < len(played):
            loudspeaker.push(played[piece, None], times[: len(played)][piece])
        writer.push(sound[piece].reshape(-1, info.n_channels), times[piece])
        if (estimate := voice.estimate(reader)) is not None:
            said.append(estimate)
    return said


def late(said: list[AffectEstimate], after_s: float) -> list[AffectEstimate]:
    return [e for e in said if e.t > 1000.0 + after_s]


def subtracted(estimate: AffectEstimate) -> float | None:
    return next((c.value for c in estimate.clues if c.feature == "own voice subtracted"), None)


def test_it_fits_the_seams(made: Made) -> None:
    assert isinstance(made(), Listening)
    assert isinstance(made(), Accompanied)


def test_nothing_is_judged_while_the_device_speaks(made: Made) -> None:
    voice = made(tail_s=0.5)
    voice.speaking(True, 1001.0)
    voice.speaking(False, 1003.0)
    said = judge(voice, speech(8.0, 0, 150) + hush(8 * SFREQ))
    held = [e for e in said if e.reason == "own voice: the device itself is speaking"]
    assert held
    assert all(1001.0 <= e.t <= 1003.5 for e in held)
    assert not any(e.measured for e in said if 1001.0 <= e.t <= 1003.5)
    assert any(e.measured for e in said if e.t < 1001.0)
    assert any(e.measured for e in late(said, 4.0))


@pytest.mark.parametrize("own_stream", [True, False])
def test_the_own_voice_is_not_taken_for_a_person(made: Made, own_stream: bool) -> None:
    played = speech(12.0, 0, 110)
    echo = in_room(played) + hush(len(played))
    assert any(e.measured for e in late(judge(made(), echo), 6.0))
    if own_stream:
        said = judge(made(reference="speaker"), echo, played)
    else:
        said = judge(made(reference="speaker"), np.column_stack([played, echo]), info=BOTH)
    assert not any(e.measured for e in late(said, 6.0))


def test_a_person_is_judged_while_the_loudspeaker_plays(made: Made) -> None:
    played = speech(14.0, 0, 110)
    person = np.concatenate([np.zeros(8 * SFREQ, np.float32), speech(6.0, 1, 210)])
    said = judge(made(reference="speaker"), in_room(played) + person + hush(len(played)), played)
    assert not any(e.measured for e in said if 1006.0 < e.t < 1008.0)
    heard = [e for e in late(said, 8.5) if e.measured]
    assert len(heard) > 6
    pitch = [c.value for e in heard for c in e.clues if c.feature == "pitch"]
    assert np.median(pitch) == pytest.approx(210, rel=0.15)
    assert all(subtracted(e) == 1.0 for e in heard)


def test_without_a_loudspeaker_nothing_is_said_of_it(made: Made) -> None:
    voice = made()
    assert {subtracted(e) for e in judge(voice, speech(3.0, 1, 210))} == {None}
    assert voice.note == ""


def test_an_unplugged_loudspeaker_stream_is_said_and_the_person_still_heard(made: Made) -> None:
    person = speech(8.0, 1, 210) + hush(8 * SFREQ)
    voice = made(reference="speaker")
    said = judge(voice, person, np.zeros(4 * SFREQ, np.float32))
    before = [e for e in said if e.measured and e.t < 1003.5]
    after = [e for e in late(said, 4.5) if e.measured]
    assert {subtracted(e) for e in before} == {1.0}
    assert after
    assert {subtracted(e) for e in after} == {0.0}
    assert voice.note == "the device's own voice is not subtracted: speaker delivers nothing for this moment"


def test_a_loudspeaker_that_plays_no_numbers_harms_nobody(made: Made) -> None:
    person = speech(8.0, 1, 210) + hush(8 * SFREQ)
    played = np.zeros(8 * SFREQ, np.float32)
    played[3 * SFREQ : 3 * SFREQ + 500] = np.nan
    voice = made(reference="speaker")
    said = judge(voice, person, played)
    plain = judge(made(), person)
    assert {subtracted(e) for e in said if e.measured} == {0.0, 1.0}
    assert voice.note == ""
    last, other = ([e for e in each if e.measured][-1] for each in (said, plain))
    assert last.expression is not None
    assert other.expression is not None
    np.testing.assert_allclose(last.expression, other.expression, atol=0.3)  # a few blocks apart in time


def test_a_loudspeaker_of_another_rate_is_refused_in_words(made: Made) -> None:
    voice = made(reference="speaker")
    _, slow = memory_stream(StreamInfo("speaker", "Audio", 48_000, ("mono",), ("full scale",)))
    assert not voice.join(slow)
    with pytest.raises(ModelError, match="'speaker': neither a channel of mic nor another stream"):
        voice.start(MIC)


def test_the_loudspeaker_is_no_microphone(made: Made) -> None:
    voice = made(reference="speaker")
    assert "loudspeaker plays" in voice.accepts(PLAYED)
    assert voice.accepts(BOTH) == ""
    assert "2 channels" in made().accepts(BOTH)


def test_the_embedding_program_says_when_the_device_speaks() -> None:
    person = config.parse({"sensors": {"voice": {"driver": "simulated_voice"}}})
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    with SensingLoop(person) as loop:
        loop.subscribe(lambda item: said.put(item.reason) if isinstance(item, AffectEstimate) else None)
        loop.speaking(True)
        reasons = iter(lambda: said.get(timeout=10.0), "own voice: the device itself is speaking")
        assert all("own voice" not in reason for reason in reasons)
        loop.speaking(False, loop.clock() - 1.0)
        while "own voice" in said.get(timeout=10.0):
            pass
