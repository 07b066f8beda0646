"""The corruption harness: every mode hits what it says, as much as it says, and the same way again."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import cast

import pytest

from insula.edge.types import MODALITIES, AffectEstimate, Measure, Modality
from insula.models.corrupt import JUMP_S, MODES, Mode, corrupt
from insula.models.fusion import LateFusion
from insula.models.fusion.trial import HONEST

LOSING = ("random", "same_rate", "modality", "temporal", "contiguous", "burst")
ABSENT = {"saturated_eda": "eda", "no_face": "face", "clipped_microphone": "voice"}


def stream(seconds: int = 300) -> list[AffectEstimate]:
    estimates = [
        AffectEstimate(m, m, i / 4, 1.0, valence=Measure((i % 40) / 40, 0.2), va_source="mapped", sample=i)
        for i in range(4 * seconds)
        for m in MODALITIES
    ]
    return sorted(estimates, key=lambda e: e.t)


@pytest.mark.parametrize("mode", MODES)
def test_rate_zero_changes_nothing(mode: Mode) -> None:
    assert corrupt(stream(30), mode, 0.0, 1) == stream(30)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_gives_the_same_damage_and_another_seed_another(mode: Mode) -> None:
    assert corrupt(stream(60), mode, 0.4, 7) == corrupt(stream(60), mode, 0.4, 7)
    assert len({str(corrupt(stream(60), mode, 0.4, seed)) for seed in range(8)}) > 1


@pytest.mark.parametrize("mode", LOSING)
def test_at_rate_one_nothing_is_left(mode: Mode) -> None:
    assert corrupt(stream(30), mode, 1.0, 3) == []


@pytest.mark.parametrize("mode", ["random", "same_rate", "temporal", "contiguous", "burst"])
def test_about_the_stated_share_is_lost(mode: Mode) -> None:
    whole = stream()
    lost = [1 - len(corrupt(whole, mode, 0.3, seed)) / len(whole) for seed in range(8)]
    assert sum(lost) / len(lost) == pytest.approx(0.3, abs=0.05)


def test_same_rate_takes_exactly_the_rate_of_each_modality() -> None:
    left = Counter(e.modality for e in corrupt(stream(25), "same_rate", {"face": 1.0, "voice": 0.25}, 0))
    assert left == {"voice": 75, "eda": 100, "eeg": 100}


def test_whole_modalities_stay_or_go() -> None:
    for seed in range(6):
        left = Counter(e.modality for e in corrupt(stream(25), "modality", 0.5, seed))
        assert set(left.values()) <= {100}


@pytest.mark.parametrize("mode", ["temporal", "contiguous"])
def test_all_modalities_lose_the_same_moments(mode: Mode) -> None:
    left = corrupt(stream(60), mode, 0.5, 2)
    assert set(Counter(e.t for e in left).values()) == {len(MODALITIES)}


def test_contiguous_is_one_gap() -> None:
    times = sorted({e.t for e in corrupt(stream(100), "contiguous", 0.4, 5)})
    gaps = [b - a for a, b in pairwise(times) if b - a > 0.25]
    assert len(gaps) <= 1
    assert all(gap == pytest.approx(40, abs=1) for gap in gaps)


def test_bursts_are_longer_than_single_losses() -> None:
    whole = [e for e in stream() if e.modality == "face"]
    single, burst = (corrupt(whole, mode, 0.3, 1) for mode in ("random", "burst"))

    def gaps(left: list[AffectEstimate]) -> int:
        return sum(b.t - a.t > 0.3 for a, b in pairwise(left))

    assert gaps(burst) < gaps(single) / 2


def test_frozen_repeats_a_value_under_fresh_stamps() -> None:
    whole = stream()
    damaged = corrupt(whole, "frozen", 0.3, 4)
    assert [(e.t, e.sample) for e in damaged] == [(e.t, e.sample) for e in whole]
    changed = sum(a.valence != b.valence for a, b in zip(whole, damaged, strict=True)) / len(whole)
    assert 0.15 < changed < 0.4


@pytest.mark.parametrize("mode", ABSENT)
def test_a_failure_the_estimator_sees_is_an_absence_with_its_reason(mode: Mode) -> None:
    damaged = corrupt(stream(), mode, 0.3, 1)
    absent = [e for e in damaged if not e.measured]
    assert {e.modality for e in absent} == {ABSENT[mode]}
    assert all(e.reason for e in absent)
    assert 0.15 < len(absent) / sum(e.modality == ABSENT[mode] for e in damaged) < 0.45


def test_time_jumps_move_stamps_only() -> None:
    whole = stream()
    damaged = corrupt(whole, "time_jump", 0.3, 1)
    assert {round(b.t - a.t, 9) for a, b in zip(whole, damaged, strict=True)} == {-JUMP_S, 0.0, JUMP_S}
    assert [e.valence for e in damaged] == [e.valence for e in whole]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_fusion_bears_every_damage_and_says_what_is_not_measured(mode: Mode, rate: float) -> None:
    fusion = LateFusion(HONEST)
    left = corrupt(stream(20), mode, rate, 0)
    for i, estimate in enumerate(left):
        fusion.update(estimate)
        if i % 4 == 0:
            state = fusion.state(estimate.t)
            assert state.measured or state.reason


def test_what_makes_no_sense_is_refused() -> None:
    assert corrupt([], "random", 0.5, 0) == []
    with pytest.raises(ValueError, match="unknown mode 'melted'"):
        corrupt(stream(1), "melted", 0.5, 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="within 0…1"):
        corrupt(stream(1), "random", 1.5, 0)
    with pytest.raises(ValueError, match="only same_rate"):
        corrupt(stream(1), "random", {"face": 0.5}, 0)


def test_streams_that_are_no_modality_of_ours_are_damaged_too() -> None:
    said = [
        AffectEstimate(cast(Modality, name), name, t / 4, 1.0, arousal=Measure(0.0, 0.1), va_source="mapped")
        for t in range(40)
        for name in ("eda", "pulse")
    ]
    left = corrupt(said, "same_rate", 0.5, 0)
    assert sum(e.modality == "eda" for e in left) == sum(e.stream == "pulse" for e in left) == 20
    assert corrupt(said, "random", 1.0, 0) == []
