"""Properties of the fused valence and arousal: certainty, steps, outliers, clocks, disagreement."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge.errors import ConfigError
from insula.edge.types import AffectEstimate, AffectState, Measure, Modality
from insula.models.fusion import LateFusion, shipped
from insula.models.fusion.combine import SD_FLOOR, combine
from insula.models.fusion.tracker import Z90, AxisTracker
from insula.models.fusion.trial import HONEST

THREE: tuple[Modality, ...] = ("face", "voice", "eda")

values = st.floats(-1, 1)
deviations = st.floats(0.02, 1.0)
measures = st.builds(Measure, values, deviations)


def said(modality: Modality, t: float, valence: Measure) -> AffectEstimate:
    return AffectEstimate(modality, modality, t, 1.0, valence=valence, va_source="mapped")


def gone(modality: Modality, t: float) -> AffectEstimate:
    return AffectEstimate(modality, modality, t, 0.0, reason="unplugged")


def mean(state: AffectState) -> float:
    assert state.valence is not None
    return state.valence.mean


@pytest.mark.parametrize("value", [0.2, 0.5, 0.8])
def test_steady_agreeing_sources_come_out_unchanged(value: float) -> None:
    fusion = LateFusion(HONEST)
    for i in range(200):
        for modality in THREE:
            fusion.update(said(modality, i / 20, Measure(value, 0.3)))
        assert mean(fusion.state(i / 20)) == pytest.approx(value, abs=1e-9)


@given(st.lists(measures, min_size=3, max_size=3), st.integers(1, 600))
@settings(max_examples=40, deadline=None)
def test_repetition_never_makes_it_surer_than_its_sources_allow(three: list[Measure], n: int) -> None:
    fusion = LateFusion(HONEST)
    for i in range(n):
        for modality, measure in zip(THREE, three, strict=True):
            fusion.update(said(modality, i / 20, measure))
        state = fusion.state(i / 20)
    assert state.valence is not None
    surest = min(max(m.sd, SD_FLOOR) for m in three)
    assert state.valence.sd >= math.sqrt(HONEST.correlation) * surest - 1e-12


@given(st.lists(measures, min_size=1, max_size=4), st.randoms())
@settings(deadline=None)
def test_the_order_of_the_sources_does_not_matter(several: list[Measure], random: Any) -> None:
    names: list[Modality] = ["face", "voice", "eda", "eeg"]
    parts = dict(zip(names, several, strict=False))
    shuffled = list(parts.items())
    random.shuffle(shuffled)
    a, b = combine(parts, 0.5), combine(dict(shuffled), 0.5)
    assert (a.mean, a.sd) == (pytest.approx(b.mean), pytest.approx(b.sd))
    assert sum(a.weights.values()) == pytest.approx(1.0)
    assert min(m.mean for m in several) - 1e-9 <= a.mean <= max(m.mean for m in several) + 1e-9


@given(
    st.lists(measures, min_size=3, max_size=3),
    st.sets(st.sampled_from(THREE), min_size=1, max_size=2),
    st.floats(0.005, 2.0),
)
@settings(max_examples=200, deadline=None)
def test_dropout_of_any_subset_steps_no_further_than_the_interval(
    three: list[Measure], lost: set[Modality], dt: float
) -> None:
    fusion = LateFusion(HONEST)
    for i in range(20):
        for modality, measure in zip(THREE, three, strict=True):
            fusion.update(said(modality, i * dt, measure))
        before = fusion.state(i * dt)
    for i in range(20, 30):
        for modality, measure in zip(THREE, three, strict=True):
            fusion.update(gone(modality, i * dt) if modality in lost else said(modality, i * dt, measure))
        after = fusion.state(i * dt)
        assert before.valence is not None
        assert after.valence is not None
        step = abs(after.valence.mean - before.valence.mean)
        assert step <= Z90 * min(before.valence.sd, after.valence.sd) + 1e-9
        before = after


@given(st.lists(st.tuples(st.floats(0, 3), values, deviations), min_size=2, max_size=40))
@settings(deadline=None)
def test_no_sequence_of_targets_makes_a_step_beyond_the_intervals(
    course: list[tuple[float, float, float]],
) -> None:
    tracker, t, before = AxisTracker(0.3), 0.0, None
    for dt, target, sd in course:
        t += dt
        after = tracker.follow(t, target, sd)
        if before is not None:
            assert abs(after.mean - before.mean) <= Z90 * min(before.sd, after.sd) + 1e-9
        before = after


def test_a_step_of_the_truth_is_reached_and_a_surer_source_gets_there_sooner() -> None:
    def seconds_until_there(sd: float) -> float:
        tracker = AxisTracker(0.3)
        tracker.follow(0.0, -0.5, sd)
        for i in range(1, 400):
            if tracker.follow(i / 20, 0.5, sd).mean > 0.4:
                return i / 20
        return math.inf

    assert seconds_until_there(0.1) < seconds_until_there(0.5) < 2.0


def test_the_filter_does_not_depend_on_the_rate_it_is_asked_at() -> None:
    ends = []
    for rate in (10, 30):
        tracker = AxisTracker(0.3)
        for i in range(10 * rate + 1):
            tracker.follow(i / rate, 0.0, 0.3)
        for i in range(1, rate // 2 + 1):
            end = tracker.follow(10 + i / rate, 0.6, 0.3)
        ends.append(end.mean)
    assert ends[0] == pytest.approx(ends[1], abs=0.03)


def test_one_false_reading_does_not_get_through_and_a_true_change_does() -> None:
    fusion = LateFusion(HONEST)
    for i in range(40):
        fusion.update(said("face", i / 20, Measure(-0.6, 0.1)))
        fusion.state(i / 20)
    fusion.update(said("face", 2.0, Measure(0.9, 0.1)))
    assert mean(fusion.state(2.0)) == pytest.approx(-0.6)
    fusion.update(said("face", 2.05, Measure(-0.6, 0.1)))
    assert mean(fusion.state(2.05)) == pytest.approx(-0.6)
    for i in range(42, 80):
        fusion.update(said("face", i / 20, Measure(0.9, 0.1)))
        state = fusion.state(i / 20)
    assert mean(state) == pytest.approx(0.9, abs=0.02)


def test_a_held_back_reading_does_not_prolong_the_life_of_the_one_before() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(said("eda", 0.0, Measure(-0.9, 0.1)))
    fusion.update(said("eda", 2.0, Measure(0.9, 0.02)))
    assert mean(fusion.state(2.5)) == pytest.approx(-0.9)
    assert fusion.state(shipped().sources["eda"].horizon_s + 0.1).valence is None


@pytest.mark.parametrize("modality", THREE)
def test_each_modality_ends_at_its_own_horizon(modality: Modality) -> None:
    fusion = LateFusion(HONEST)
    fusion.update(said(modality, 0.0, Measure(0.4, 0.2)))
    assert fusion.state(shipped().sources[modality].horizon_s - 0.01).valence is not None
    ended = fusion.state(shipped().sources[modality].horizon_s + 0.01)
    assert ended.valence is None
    assert ended.contributions[0].reason.startswith("no news for")


def test_face_and_voice_that_contradict_are_shown_as_such() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(said("face", 0.0, Measure(0.7, 0.2)))
    assert fusion.state(0.0).disagreement is None  # one alone cannot disagree
    fusion.update(said("eda", 0.0, Measure(-0.7, 0.2)))
    assert fusion.state(0.0).disagreement is None
    fusion.update(said("voice", 0.0, Measure(0.7, 0.2)))
    assert fusion.state(0.0).disagreement == pytest.approx(0.0)
    fusion.update(said("voice", 0.1, Measure(-0.1, 0.2)))
    fusion.update(said("voice", 0.2, Measure(-0.1, 0.2)))
    disagreement = fusion.state(0.2).disagreement
    assert disagreement is not None
    assert disagreement == pytest.approx(0.8 / math.hypot(0.2, 0.2), rel=0.1)


def test_a_clock_that_jumped_ahead_is_refused_and_does_not_lock_the_source_out() -> None:
    fusion = LateFusion(HONEST)
    fusion.state(10.0)
    fusion.update(said("face", 500.0, Measure(0.9, 0.1)))
    state = fusion.state(10.0)
    assert state.valence is None
    assert "490.0 s in the future" in state.reason
    fusion.update(said("face", 10.0, Measure(0.2, 0.1)))
    assert mean(fusion.state(10.05)) == pytest.approx(0.2)


def test_a_clock_that_jumped_back_is_no_news() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(said("face", 100.0, Measure(0.2, 0.1)))
    fusion.state(100.0)
    fusion.update(said("face", 50.0, Measure(-0.9, 0.1)))
    assert mean(fusion.state(100.1)) == pytest.approx(0.2)
    assert fusion.state(100.1 + HONEST.sources["face"].horizon_s).valence is None


@pytest.mark.parametrize("jump_s", [-50.0, -5.0, 5.0, 400.0])
def test_a_source_whose_clock_jumped_is_read_by_arrival_until_it_makes_sense_again(jump_s: float) -> None:
    fusion = LateFusion(HONEST)
    for i in range(200):
        t = 100 + i / 20
        stamp = t - 0.05 + (jump_s if 40 <= i < 120 else 0.0)
        fusion.update(said("face", stamp, Measure(0.2 if i < 80 else 0.6, 0.1)))
        state = fusion.state(t)
        (face,) = state.contributions
        assert face.age_s is not None
        assert face.age_s == pytest.approx(0.05, abs=0.11)  # one impossible stamp is refused
        if 42 <= i < 120:
            assert "its clock is" in face.reason
        elif i > 122:
            assert face.reason == ""
    assert mean(state) == pytest.approx(0.6, abs=0.02)


def test_a_source_that_says_it_sees_nothing_still_counts_by_its_last_value_which_widens_and_ends() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(said("face", 10.0, Measure(0.5, 0.1)))
    horizon_s = HONEST.sources["face"].horizon_s
    deviations = []
    for age in (0.0, 0.5, 1.0, horizon_s - 0.1):
        if age:
            fusion.update(gone("face", 10.0 + age))
        state = fusion.state(10.0 + age)
        assert mean(state) == pytest.approx(0.5)
        assert state.valence is not None
        deviations.append(state.valence.sd)
    assert deviations == sorted(deviations)
    assert deviations[-1] > 2 * deviations[0]
    (face,) = state.contributions
    assert (face.measured, face.reason, face.weight) == (False, "unplugged", 1.0)
    assert face.age_s == pytest.approx(horizon_s - 0.1)
    fusion.update(gone("face", 10.1 + horizon_s))
    ended = fusion.state(10.1 + horizon_s)
    assert not ended.measured
    assert ended.reason == "face: unplugged"


def test_a_person_s_weights_make_a_source_less_sure_or_leave_it_out() -> None:
    fusion = LateFusion(HONEST, weights={"face": 0.25, "voice": 0.0})
    fusion.update(said("face", 0.0, Measure(0.5, 0.2)))
    fusion.update(said("voice", 0.0, Measure(-0.5, 0.2)))
    state = fusion.state(0.0)
    assert mean(state) == 0.5
    assert state.valence is not None
    assert state.valence.sd == pytest.approx(0.4)  # a quarter of the certainty
    face, voice = state.contributions
    assert (face.weight, voice.weight) == (1.0, 0.0)
    assert voice.reason == "left out by the settings of this person"
    assert state.disagreement is None


@pytest.mark.parametrize("weights", [{"nose": 0.5}, {"face": 2.0}, {"face": "much"}])
def test_weights_that_make_no_sense_are_refused(weights: Any) -> None:
    with pytest.raises(ConfigError, match=r"fusion\.weights"):
        LateFusion(HONEST, weights=weights)


def test_expressions_that_cannot_be_excluded_are_listed_and_the_likeliest_is_always_among_them() -> None:
    clear = replace(
        gone("face", 0.0), reason="", quality=1.0, expression=tuple(math.log(p) for p in (0.93, *[0.01] * 7))
    )
    unclear = replace(clear, t=0.1, expression=tuple(math.log(p) for p in (0.3, 0.28, *[0.07] * 6)))
    fusion = LateFusion(HONEST)
    fusion.update(clear)
    assert fusion.state(0.0).candidates == ("neutral",)
    fusion.update(unclear)
    assert fusion.state(0.1).candidates == ("neutral",)  # below the threshold, and yet the likeliest
    voice = replace(unclear, modality="voice", t=0.2)
    alone = LateFusion(HONEST)
    alone.update(voice)
    assert len(alone.state(0.2).candidates) == 8  # a voice alone excludes hardly anything


@given(
    st.lists(
        st.tuples(st.sampled_from(THREE), st.floats(0, 30), st.none() | measures), min_size=1, max_size=60
    )
)
@settings(max_examples=60, deadline=None)
def test_any_stream_of_estimates_gives_the_same_sane_states_twice(
    events: list[tuple[Modality, float, Measure | None]],
) -> None:
    def run() -> list[AffectState]:
        fusion = LateFusion(HONEST)
        states = []
        for modality, t, measure in events:
            fusion.update(gone(modality, t) if measure is None else said(modality, t, measure))
            states.append(fusion.state(t))
        return states

    first = run()
    assert first == run()
    for state in first:
        assert state.measured or state.reason
        assert state.valence is None or -1 - 1e-9 <= state.valence.mean <= 1 + 1e-9


def test_expressions_alone_have_weights_too() -> None:
    fusion = LateFusion(HONEST)
    face = replace(gone("face", 0.0), expression=tuple(math.log(p) for p in (0.65, *[0.05] * 7)), quality=1.0)
    fusion.update(replace(face, reason=""))
    (contribution,) = fusion.state(0.0).contributions
    assert contribution.weight == pytest.approx(1.0)


@pytest.mark.parametrize("options", [{"rate_hz": 0.0}, {"process_sd": -1.0}, {"process_sd": math.nan}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        LateFusion(HONEST, **options)


def test_an_index_gets_the_width_that_held_people_s_rates_and_an_unknown_one_keeps_its_own() -> None:
    fusion = LateFusion(replace(shipped(), index_gain={"stress": 0.5}))
    value = Measure(0.7, 0.2)
    fusion.update(AffectEstimate("eda", "eda", 1.0, 1.0, indices=(("stress", value), ("startle", value))))
    assert fusion.state(1.0).indices == (("stress", Measure(0.7, 0.1)), ("startle", value))
    assert set(shipped().index_gain) == {"stress", "workload"}
