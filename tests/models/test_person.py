"""The guided minute as a pure engine, what estimators learn and adopt, and who is outside the population."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from insula.edge.errors import DataError
from insula.edge.profile import Profile
from insula.edge.protocols import Personal
from insula.edge.stream import StreamWriter
from insula.edge.types import AffectEstimate, Clue, Measure, Modality, StreamInfo
from insula.models.eda.estimator import EdaEstimator
from insula.models.eeg.estimator import EegEstimator
from insula.models.face.blendshapes import PersonBaseline
from insula.models.face.estimator import FaceEstimator
from insula.models.fusion.trial import HONEST
from insula.models.person.guide import LEAD_S, STEPS, Guide
from insula.models.person.population import outside
from insula.models.speech.estimator import SpeechEstimator


def said(modality: Modality, t: float, valence: float, sd: float = 0.2, *clues: Clue) -> AffectEstimate:
    value = Measure(valence, sd)
    return AffectEstimate(
        modality, modality, t, 0.9, valence=value, arousal=Measure(0.0, sd), va_source="mapped", clues=clues
    )


def begins(guide: Guide, key: str) -> float:
    """When a step begins (s)."""
    before = 0.0
    for step in guide.steps:
        if step.key == key:
            return guide.start + before + LEAD_S
        before += LEAD_S + step.seconds
    raise KeyError(key)


def test_the_minute_is_about_a_minute_and_every_step_has_its_time_and_its_rests() -> None:
    guide = Guide(100.0)
    assert 60 <= guide.seconds <= 75
    order, t = [], 100.0
    while (moment := guide.at(t)).step is not None:
        if moment.begun and moment.step.key not in order:
            order.append(moment.step.key)
            assert moment.rests == moment.step.rests
            assert moment.left_s == pytest.approx(moment.step.seconds)
        t += 0.25
    assert order == ["rest", "closed", "read", "breath"]
    assert t == pytest.approx(100.0 + guide.seconds)
    assert all(set(step.says) == {"en", "de"} for step in STEPS)


def test_who_rests_before_and_after_a_lead_in_rests_through_it() -> None:
    guide = Guide(0.0)
    assert guide.at(1.0).rests == frozenset()
    assert guide.at(begins(guide, "closed") - 1.0).rests == {"eda"}
    assert guide.at(begins(guide, "read") - 1.0).rests == frozenset()


def test_a_face_that_looks_sad_at_rest_weighs_less_and_one_that_looks_neutral_is_not_touched() -> None:
    guide = Guide(0.0)
    for i in range(200):
        guide.take(said("face", begins(guide, "rest") + i / 10, -0.8))
        guide.take(said("voice", begins(guide, "read") + i / 20, 0.1))
    assert guide.weights(HONEST) == {"face": 0.12}  # 1/8: z² is 16 on one axis, 0 on the other
    assert guide.neutral()["face_said"] == [-0.8, 0.0]


def test_the_checks_say_what_was_seen_and_what_was_not() -> None:
    guide = Guide(0.0)
    for i in range(100):
        guide.take(said("face", begins(guide, "rest") + i / 5, 0.0))
        absent = AffectEstimate("voice", "mic", begins(guide, "read") + i / 10, 0.0, reason="no voice")
        guide.take(absent)
        for key, alpha in (("rest", 10.0), ("closed", 16.0)):
            clue = Clue("eeg", "alpha power, back of the head", alpha, "dB µV²")
            guide.take(said("eeg", begins(guide, key) + i / 20, 0.0, 0.2, clue))
    onset = Clue("eda", "scr_onset", 1.0, "s")
    guide.take(said("eda", begins(guide, "breath") + 5.0, 0.0, 0.2, onset))
    assert guide.checks() == (
        "face: seen in 100% of the step",
        "skin conductance: no sensor",
        "EEG: seen in 100% of the step",
        "voice: seen in only 0% of the step",
        "alpha +6.0 dB with closed eyes: as it should",
        "skin answered the deep breath",
    )


def test_estimates_from_before_and_between_the_steps_do_not_count() -> None:
    guide = Guide(50.0)
    for t in (10.0, 51.0, begins(guide, "closed") - 0.5, 50.0 + guide.seconds + 1.0):
        guide.take(said("face", t, -0.9))
    assert guide.weights(HONEST) == {}
    assert guide.share("rest", "face") is None


@pytest.mark.parametrize("make", [FaceEstimator, SpeechEstimator, EdaEstimator, EegEstimator])
def test_every_estimator_has_a_personal_rest_and_learns_nothing_from_nothing(make: Any) -> None:
    estimator = make()
    assert isinstance(estimator, Personal)
    assert estimator.learned() is None
    with pytest.raises(DataError, match="profile"):
        estimator.adopt({})


def test_a_resting_face_survives_the_profile() -> None:
    baseline, again = PersonBaseline(), PersonBaseline()
    baseline.begin()
    rng = np.random.default_rng(0)
    for _ in range(60):
        baseline.see({12: 0.3 + 0.05 * rng.standard_normal()})
    baseline.end()
    again.adopt(json.loads(json.dumps(baseline.table())))
    assert again.z(12, 0.5) == baseline.z(12, 0.5)
    assert baseline.z(12, 0.5) == pytest.approx(4.0, abs=0.8)


def test_skin_conductance_learns_a_rest_and_measures_against_it_at_once() -> None:
    info = StreamInfo("eda", "EDA", 4.0, ("EDA",), ("microsiemens",))
    rng = np.random.default_rng(0)
    level = 2.0 + 0.002 * rng.standard_normal((400, 1))
    times = np.arange(400) / 4.0

    def run(estimator: EdaEstimator, resting: bool) -> AffectEstimate | None:
        estimator.start(info)
        writer = StreamWriter(info)
        estimator.learn(resting)
        newest, reader = None, writer.reader()
        for start in range(0, 400, 40):
            writer.push(level[start : start + 40].astype(np.float32), times[start : start + 40])
            newest = estimator.estimate(reader) or newest
        estimator.close()
        writer.close()
        return newest

    first, second = EdaEstimator(), EdaEstimator()
    before = run(first, True)
    assert before is not None
    assert "gathering the baseline" in before.reason
    rest = first.learned()
    assert rest is not None
    assert rest["tonic_us"] == pytest.approx(2.0, abs=0.01)
    second.adopt(json.loads(json.dumps(rest)))
    after = run(second, False)
    assert after is not None
    assert after.measured
    (above,) = [clue for clue in after.clues if clue.feature == "tonic level above rest"]
    assert above.value == pytest.approx(0.0, abs=0.02)


def test_eeg_learns_a_rest_and_another_cap_does_not_use_it() -> None:
    names = ("Fp1", "Fp2", "T3", "T4")
    rng = np.random.default_rng(0)

    def start(cap: tuple[str, ...], rest: Any = None) -> tuple[EegEstimator, StreamWriter]:
        estimator = EegEstimator(baseline_s=10.0)
        if rest is not None:
            estimator.adopt(json.loads(json.dumps(rest)))
        info = StreamInfo("eeg", "EEG", 128.0, cap, ("microvolts",) * len(cap))
        estimator.start(info)
        return estimator, StreamWriter(info)

    def feed(estimator: EegEstimator, writer: StreamWriter, seconds: int) -> AffectEstimate | None:
        data = (10 * rng.standard_normal((128 * seconds, writer.info.n_channels))).astype(np.float32)
        reader = writer.reader()
        writer.push(data, np.arange(len(data)) / 128.0)
        return estimator.estimate(reader)

    estimator, writer = start(names)
    estimator.learn(True)
    feed(estimator, writer, 14)
    estimator.learn(False)
    estimator.estimate(writer.reader())
    rest = estimator.learned()
    estimator.close()
    writer.close()
    assert rest is not None
    assert rest["ch_names"] == list(names)
    for cap, ready in ((names, True), (("C3", "C4", "O1", "O2"), False)):
        estimator, writer = start(cap, rest)
        found = feed(estimator, writer, 6)
        estimator.close()
        writer.close()
        assert found is not None
        assert found.measured is ready


def test_the_banner_names_what_the_models_were_not_trained_on() -> None:
    assert outside(Profile("P01"), ("face", "voice", "eda", "eeg")) == ()
    assert outside(Profile("P01", age=35), ("face", "voice", "eda", "eeg")) == ()
    child = outside(Profile("P01", age=9, conditions=("autism",)), ("voice", "eda"))
    assert len(child) == 2
    assert child[0] == "voice: trained on adult actors, not measured for age 9, autism"
    assert outside(Profile("P01", age=55), ("eeg",)) == (
        "eeg: trained on healthy young adults, not measured for age 55",
    )
