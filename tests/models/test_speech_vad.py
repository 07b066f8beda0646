from __future__ import annotations

import os

import numpy as np
import pytest

from insula.models.speech.vad import HANGOVER_BLOCKS, VoiceActivity, VoiceGate, voiced_seconds
from insula.sensors.synthetic_speech import Manner, utterance


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return utterance(2.0, Manner(150, 0.5, 4, 0.1), 16_000, np.random.default_rng(0)).astype(np.float32)


def test_speech_is_voice_and_noise_is_not(speech: np.ndarray) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    assert voiced_seconds(speech) > 1.5
    assert voiced_seconds(noise) == 0
    assert voiced_seconds(np.zeros(32_000, np.float32)) == 0


def test_pieces_of_any_size_give_the_same_probabilities(speech: np.ndarray) -> None:
    whole, pieces = VoiceActivity(), VoiceActivity()
    expected = whole.push(speech)
    got = np.concatenate([pieces.push(speech[i : i + 333]) for i in range(0, len(speech), 333)])
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_reset_forgets(speech: np.ndarray) -> None:
    detector = VoiceActivity()
    first = detector.push(speech)
    detector.reset()
    np.testing.assert_allclose(detector.push(speech), first, atol=1e-6)


def test_the_thread_limit_does_not_leak_into_the_process() -> None:
    assert "OMP_THREAD_LIMIT" not in os.environ


def test_gate_opens_at_once_and_closes_after_the_hangover() -> None:
    gate = VoiceGate()
    assert not gate.push(0.45)
    assert gate.push(0.5)
    assert all(gate.push(0.4) for _ in range(50))  # between the thresholds it stays as it is
    assert all(gate.push(0.1) for _ in range(HANGOVER_BLOCKS))
    assert not gate.push(0.1)
    assert not gate.push(0.4)


def test_gate_is_shut_while_held() -> None:
    gate = VoiceGate()
    gate.push(0.9)
    gate.hold(True)
    assert not gate.push(0.9)
    gate.hold(False)
    assert not gate.open
    assert gate.push(0.9)
