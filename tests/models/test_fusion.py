from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge.types import EXPRESSIONS, AffectEstimate, Measure, Modality
from insula.models.fusion import LateFusion, shipped
from insula.models.fusion.trial import HONEST

UNIFORM = tuple([-math.log(8)] * 8)


def estimate(
    modality: Modality, t: float, valence: float | None = 0.2, sd: float = 0.2, arousal: float = 0.1
) -> AffectEstimate:
    return AffectEstimate(
        modality=modality,
        stream=modality,
        t=t,
        quality=1.0,
        valence=None if valence is None else Measure(valence, sd),
        arousal=Measure(arousal, sd),
        va_source="mapped",
    )


@given(st.floats(-1, 1), st.floats(0.05, 1.0))
@settings(deadline=None)
def test_a_steady_input_comes_out_unchanged(value: float, sd: float) -> None:
    fusion = LateFusion(HONEST)
    for i in range(100):
        fusion.update(estimate("face", i / 20, value, sd))
        state = fusion.state(i / 20)
    assert state.valence is not None
    assert state.valence.mean == pytest.approx(value, abs=1e-9)
    assert state.valence.sd == pytest.approx(sd)


def test_nothing_measured_is_said_with_every_reason() -> None:
    fusion = LateFusion(HONEST)
    assert fusion.state(0.0).reason == "no estimate yet"
    fusion.update(AffectEstimate("face", "cam", 1.0, 0.0, reason="no face in the picture"))
    fusion.update(AffectEstimate("eda", "eda", 1.0, 0.0, reason="contact lost"))
    state = fusion.state(1.0)
    assert not state.measured
    assert state.valence is None
    assert state.reason == "face: no face in the picture; eda: contact lost"
    assert state.age_newest_s is None


def test_a_stopped_stream_widens_and_ends_as_not_measured_within_its_horizon() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(estimate("face", 0.0, 0.5, 0.2))
    sds = []
    for t in np.arange(0, shipped().sources["face"].horizon_s, 0.1):
        measure = fusion.state(float(t)).valence
        assert measure is not None
        assert measure.mean == pytest.approx(0.5)
        sds.append(measure.sd)
    assert np.all(np.diff(sds) > 0)
    state = fusion.state(shipped().sources["face"].horizon_s + 0.01)
    assert state.valence is None
    assert "no news" in state.reason


def test_the_surer_source_weighs_more_and_disagreement_widens() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(estimate("face", 0.0, 0.8, 0.1))
    fusion.update(estimate("voice", 0.0, -0.4, 0.3))
    state = fusion.state(0.0)
    assert state.valence is not None
    assert 0.6 < state.valence.mean < 0.8
    assert state.valence.sd > 0.3  # each alone was surer than both together, because they contradict
    weights = {c.modality: c.weight for c in state.contributions}
    assert weights["face"] == pytest.approx(0.9)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.05, 0.6), st.floats(0.05, 0.6))
@settings(deadline=None)
def test_losing_a_source_makes_no_step_larger_than_the_interval(
    a: float, b: float, sd_a: float, sd_b: float
) -> None:
    fusion = LateFusion(HONEST)
    for i in range(40):
        fusion.update(estimate("face", i / 20, a, sd_a))
        fusion.update(estimate("voice", i / 20, b, sd_b))
        before = fusion.state(i / 20)
    fusion.update(AffectEstimate("voice", "mic", 2.0, 0.0, reason="unplugged"))
    fusion.update(estimate("face", 2.0, a, sd_a))
    after = fusion.state(2.0)
    assert before.valence is not None
    assert after.valence is not None
    assert abs(after.valence.mean - before.valence.mean) <= 1.645 * after.valence.sd + 1e-9


def test_one_expression_source_comes_out_as_it_went_in() -> None:
    log_p = np.log([0.02, 0.7, 0.1, 0.05, 0.05, 0.03, 0.03, 0.02])
    fusion = LateFusion(HONEST)
    fusion.update(replace(estimate("face", 0.0), expression=tuple(log_p)))
    assert np.allclose(np.exp(fusion.state(0.0).expression or ()), np.exp(log_p))


def test_a_class_a_source_never_learned_is_left_to_the_others() -> None:
    face = np.log(np.full(8, 0.3 / 7))
    face[EXPRESSIONS.index("contempt")] = math.log(0.7)
    voice = np.log(np.append(np.full(7, 1 / 7), 1.0))
    voice[7] = -math.inf
    fusion = LateFusion(HONEST)
    fusion.update(replace(estimate("face", 0.0), expression=tuple(face)))
    fusion.update(replace(estimate("voice", 0.0), expression=tuple(voice)))
    pooled = np.exp(fusion.state(0.0).expression or ())
    assert pooled.sum() == pytest.approx(1.0)
    assert pooled[7] > 0.6


def test_an_undecided_source_has_hardly_a_say() -> None:
    log_p = np.log([0.02, 0.7, 0.1, 0.05, 0.05, 0.03, 0.03, 0.02])
    fusion = LateFusion(HONEST)
    fusion.update(replace(estimate("face", 0.0), expression=tuple(log_p)))
    fusion.update(replace(estimate("voice", 0.0), expression=UNIFORM))
    assert np.exp((fusion.state(0.0).expression or ())[1]) > 0.68


def test_an_older_estimate_does_not_replace_a_newer_one() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(estimate("face", 1.0, 0.5))
    fusion.update(estimate("face", 0.5, -0.5))
    measure = fusion.state(1.0).valence
    assert measure is not None
    assert measure.mean == 0.5


def test_simulated_input_makes_a_simulated_state() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(estimate("face", 0.0))
    assert not fusion.state(0.0).simulated
    fusion.update(replace(estimate("eda", 0.0), simulated=True))
    assert fusion.state(0.0).simulated
