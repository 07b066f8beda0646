"""The explanation of a state, its sentence, and what a state may be called."""

from __future__ import annotations

import ast
import inspect
import math
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.edge import codec
from insula.edge.explanation import Explanation
from insula.edge.types import EXPRESSIONS, AffectEstimate, AffectState, Clue, Measure
from insula.models.explain import LANGUAGES, explain, sentence
from insula.models.explain.catalogue import GERMAN
from insula.models.explain.naming import COMPOUNDS, compound, name, region
from insula.models.explain.templates import template
from insula.models.face.blendshapes import ACTION_UNITS
from insula.models.fusion import LateFusion
from insula.models.fusion.trial import HONEST


def logs(**p: float) -> tuple[float, ...]:
    rest = (1 - sum(p.values())) / (len(EXPRESSIONS) - len(p))
    return tuple(math.log(p.get(e, rest)) for e in EXPRESSIONS)


SMILE = (
    Clue("cam", "AU12 lip corner puller", 0.7, "0…1", 2.4),
    Clue("cam", "AU01 inner brow raiser", 0.1, "0…1", 0.2),
    Clue("cam", "PERCLOS", 0.1, "0…1"),
)
FACE = AffectEstimate(
    "face",
    "cam",
    1.0,
    0.9,
    valence=Measure(0.6, 0.2),
    arousal=Measure(0.4, 0.2),
    expression=logs(happiness=0.85),
    va_source="mapped",
    clues=SMILE,
)
VOICE = AffectEstimate(
    "voice",
    "mic",
    1.0,
    0.4,
    valence=Measure(-0.5, 0.3),
    arousal=Measure(0.3, 0.3),
    va_source="mapped",
    clues=(Clue("mic", "pitch", 220.0, "Hz", 1.8),),
)
NO_EDA = AffectEstimate("eda", "wrist", 1.0, 0.0, reason="contact lost")


def fused(*estimates: AffectEstimate) -> AffectState:
    fusion = LateFusion(HONEST)
    for estimate in estimates:
        fusion.update(estimate)
    return fusion.state(1.0)


def explained(*estimates: AffectEstimate) -> Explanation:
    return explain(fused(*estimates), estimates)


def test_the_record_says_what_moved_it_how_sure_and_what_speaks_against() -> None:
    record = explained(FACE, VOICE, NO_EDA)
    assert record.leading == "face"
    assert record.weight > 0.6
    assert record.quality == 0.9
    assert [clue.feature for clue in record.clues] == ["AU12 lip corner puller"]
    assert record.sureness == "unsure"  # 85 % happiness, but the voice contradicts
    assert record.va_source == "mapped"
    assert [a.kind for a in record.against] == ["contradiction", "poor signal", "not measured"]


def test_the_sentence_in_english() -> None:
    assert sentence(explained(FACE, NO_EDA)) == (
        "Happiness (85%), mostly from the face (weight 100%), because of lip corner puller (AU12) +2.4 sd; "
        "signal good (0.90), sure (valence +0.60 ± 0.20, arousal +0.40 ± 0.20, mapped); "
        "against it: EDA not measured (contact lost)."
    )


def test_the_sentence_in_german() -> None:
    assert sentence(explained(FACE, NO_EDA), "de") == (
        "Freude (85%), vor allem: Gesicht (Gewicht 100%), wegen Mundwinkel gehoben (AU12) +2.4 SD; "
        "Signal gut (0.90), sicher (Valenz +0.60 ± 0.20, Erregung +0.40 ± 0.20, abgeleitet); "
        "dagegen spricht: EDA nicht gemessen (contact lost)."
    )


def test_not_measured_is_said_with_its_reason_and_never_as_neutral() -> None:
    record = explained(NO_EDA)
    assert record.name.kind == "none"
    assert record.sureness == "unknown"
    assert sentence(record) == "Not measured: eda: contact lost."
    assert sentence(record, "de") == "Nicht gemessen: EDA: contact lost."


def test_with_the_state_before_the_modality_that_pulled_leads() -> None:
    before = fused(FACE)
    strong_voice = replace(VOICE, valence=Measure(-0.5, 0.25))
    state = fused(FACE, strong_voice)
    assert explain(state, (FACE, strong_voice)).leading == "face"
    assert explain(state, (FACE, strong_voice), before).leading == "voice"


def test_an_expression_without_its_action_units_has_them_against_it() -> None:
    still = replace(FACE, clues=(Clue("cam", "AU12 lip corner puller", 0.1, "0…1", 0.1),))
    record = explained(still)
    assert record.name.parts == ("happiness",)  # explained, not decided
    assert [a.kind for a in record.against] == ["template"]
    assert "the face does not show lip corner puller (AU12)" in sentence(record)


def test_templates_use_the_baseline_and_before_there_is_one_the_intensity() -> None:
    held = template("happiness", SMILE)
    assert held is not None
    assert held.active == (12,)
    flat = template("happiness", [Clue("cam", "AU12 lip corner puller", 0.2)])
    assert flat is not None
    assert flat.missing == (12,)
    assert template("happiness", ()) is None
    assert template("neutral", SMILE) is None


def test_an_old_estimate_and_simulated_input_are_named() -> None:
    eda = AffectEstimate("eda", "w", 0.0, 1.0, arousal=Measure(0.1, 0.5), va_source="mapped", simulated=True)
    fusion = LateFusion(HONEST)
    fusion.update(eda)
    record = explain(fusion.state(2.0), [eda])
    assert [a.kind for a in record.against] == ["old", "simulated"]
    assert record.sureness == "unsure"
    assert record.name.text == "no clear side"


def test_a_high_probability_is_not_sure_while_the_values_are_wide() -> None:
    assert explained(FACE).sureness == "sure"
    assert explained(replace(FACE, valence=Measure(0.6, 0.3))).sureness == "fairly sure"
    assert explained(replace(FACE, valence=Measure(0.6, 0.5))).sureness == "unsure"
    assert explained(replace(FACE, expression=logs(happiness=0.65))).sureness == "fairly sure"


def test_an_index_alone_is_an_index_and_no_feeling() -> None:
    eeg = AffectEstimate("eeg", "cap", 1.0, 0.8, indices=(("workload", Measure(0.7, 0.1)),))
    record = explained(eeg)
    assert record.name.kind == "index"
    assert record.leading == "eeg"
    assert sentence(record) == "Only indices; signal good (0.80), sure (workload index 0.70 ± 0.10)."


@pytest.mark.parametrize("pair", [sorted(pair) for pair in COMPOUNDS])
def test_each_of_the_seven_pairs_is_found(pair: list[str]) -> None:
    found = compound(logs(**{pair[0]: 0.5, pair[1]: 0.3}))
    assert found is not None
    assert found.text == COMPOUNDS[frozenset(pair)]
    assert set(found.parts) == set(pair)
    assert found.probability == pytest.approx(0.8)


def test_no_compound_of_an_unlisted_pair_or_a_far_second_or_a_flat_rest() -> None:
    assert compound(logs(happiness=0.5, anger=0.4)) is None
    assert compound(logs(fear=0.8, surprise=0.1)) is None
    assert compound(logs(fear=0.16, surprise=0.15)) is None
    assert len(COMPOUNDS) == 7


@pytest.mark.parametrize(
    ("valence", "arousal", "text"),
    [
        (0.6, 0.6, "pleasant and activated"),
        (-0.6, 0.6, "unpleasant and activated"),
        (-0.6, -0.6, "unpleasant and calm"),
        (0.6, -0.6, "pleasant and calm"),
        (0.1, 0.6, "activated"),
        (0.0, 0.0, "no clear side"),
    ],
)
def test_regions_are_named_only_where_the_interval_leaves_zero_out(
    valence: float, arousal: float, text: str
) -> None:
    assert region(Measure(valence, 0.2), Measure(arousal, 0.2)).text == text


def test_valence_and_arousal_alone_never_name_an_emotion() -> None:
    state = AffectState(0.0, valence=Measure(-0.6, 0.1), arousal=Measure(0.6, 0.1), va_source="native")
    called = name(state)
    assert called.kind == "region"
    assert not set(called.text.split()) & set(EXPRESSIONS)


def test_an_undecided_expression_is_not_named() -> None:
    called = name(AffectState(0.0, expression=logs(anger=0.3, disgust=0.29)))
    assert called.text == "no clear expression"
    assert called.parts == ()


def test_the_german_catalogue_is_complete_and_asks_for_the_same_fields() -> None:
    regions = {
        region(Measure(v, 0.1), Measure(a, 0.1)).text for v in (-0.5, 0.0, 0.5) for a in (-0.5, 0.0, 0.5)
    }
    units = {label for label, _ in ACTION_UNITS.values()}
    assert {*EXPRESSIONS, *COMPOUNDS.values(), *regions, *units} <= set(GERMAN)
    module = inspect.getmodule(sentence)
    assert module is not None
    texts = {n.value for n in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(n, ast.Constant)}
    frames = {text for text in texts if isinstance(text, str) and "{" in text}
    assert len(frames) >= 8
    assert frames <= set(GERMAN)
    for english, german in GERMAN.items():
        assert _fields(english) == _fields(german)


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


measures = st.none() | st.builds(Measure, st.floats(-1, 1), st.floats(0, 2))
odd_clues = st.lists(
    st.builds(
        Clue,
        st.just("s"),
        st.sampled_from(["AU12 lip corner puller", "pitch", "{odd}", "responses (60 s)", ""]),
        st.floats(allow_nan=True, allow_infinity=False),
        st.sampled_from(["", "Hz", "0…1", "{"]),
        st.none() | st.floats(-50, 50),
    ),
    max_size=4,
)


@given(
    measures,
    measures,
    st.none() | st.sampled_from(EXPRESSIONS),
    odd_clues,
    st.floats(0, 1),
    st.sampled_from(sorted(LANGUAGES)),
)
@settings(max_examples=80, deadline=None)
def test_every_state_has_one_sentence(
    valence: Measure | None,
    arousal: Measure | None,
    top: str | None,
    clues: list[Clue],
    quality: float,
    language: str,
) -> None:
    estimate = AffectEstimate(
        "face",
        "cam",
        1.0,
        quality,
        valence=valence,
        arousal=arousal,
        expression=logs(**{top: 0.7}) if top else None,
        va_source="mapped",
        clues=tuple(clues),
        reason="nothing {to} see",
    )
    text = sentence(explained(estimate), language)
    assert text.endswith(".")
    assert text[0] == text[0].upper()


def test_the_record_says_itself_in_both_languages_and_survives_the_wire() -> None:
    record = explained(FACE, NO_EDA)
    assert record.english == sentence(record)
    assert record.german == sentence(record, "de")
    assert codec.loads(codec.dumps(record)) == record


def test_nothing_is_named_where_more_than_one_expression_cannot_be_excluded() -> None:
    log_p = tuple(math.log(p) for p in (0.02, 0.6, 0.28, *[0.02] * 5))
    state = AffectState(0.0, expression=log_p, candidates=("happiness",))
    assert name(state).text == "happily surprised"
    assert name(replace(state, candidates=("happiness", "surprise"))).text == "happily surprised"
    three = replace(state, candidates=("happiness", "surprise", "fear"))
    assert name(three).text == "no clear expression"


def test_fusion_explains_its_newest_state_against_the_one_explained_before() -> None:
    fusion = LateFusion(HONEST)
    fusion.update(FACE)
    first = fusion.explain(fusion.state(0.0))
    assert first.leading == "face"
    voice = replace(FACE, modality="voice", t=0.1, valence=Measure(-0.9, 0.1), clues=())
    fusion.update(voice)
    second = fusion.explain(fusion.state(0.1))
    assert second.leading == "voice"  # it pulled hardest away from what was explained before
    assert any(a.kind == "contradiction" for a in second.against)
