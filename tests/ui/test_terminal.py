from __future__ import annotations

import io
import math

from rich.console import Console

from insula.edge.health import HealthEvent, NodeState, StreamStats
from insula.edge.types import AffectEstimate, AffectState, Marker, Measure
from insula.ui.tally import Tally
from insula.ui.terminal import age_text, clock_text, expression_text, live_view, measure_text


def filled() -> Tally:
    tally = Tally()
    tally.take(HealthEvent(0.0, "cam", "sensor", NodeState.RUNNING))
    tally.take(HealthEvent(1.0, "cam", "sensor", NodeState.LOST, "unplugged"))
    tally.take(HealthEvent(0.0, "file", "sink", NodeState.RUNNING))
    tally.take(StreamStats(1.0, "cam", "cam", 29.9, 30.0, 0.04, 30, simulated=True))
    tally.take(AffectEstimate("face", "cam", 1.0, 0.9, valence=Measure(0.5, 0.2), va_source="mapped"))
    tally.take(AffectEstimate("face", "cam", 1.1, 0.0, reason="no face for 12 s"))
    tally.take(AffectEstimate("face", "cam", 1.2, 0.0, reason="no face for 13 s"))
    tally.take(AffectState(1.0, arousal=Measure(0.1, 0.3), age_newest_s=0.05, va_source="mapped"))
    tally.take(Marker(1.0, "go"))
    return tally


def text(tally: Tally) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(live_view(tally, "pilot", 61.0, "Ctrl-C stops"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_counts_measured_and_absent_with_their_kinds() -> None:
    tally = filled()
    assert tally.modalities["face"].measured == 1
    assert tally.modalities["face"].absent == {"no face for … s": 2}
    assert [e.reason for e in tally.faults] == ["unplugged"]
    assert tally.markers == 1


def test_the_live_view_says_what_is_lost_and_what_is_simulated() -> None:
    shown = text(filled())
    assert "pilot   01:01" in shown
    assert "cam (simulated)" in shown
    assert "lost: unplugged" in shown
    assert "not measured: no face for 13 s" in shown
    assert "arousal +0.10 ± 0.30" in shown
    assert "age 50 ms" in shown
    assert "file" not in shown  # outputs are not sensors


def test_no_state_and_no_measurement_are_words() -> None:
    tally = Tally()
    assert "no state yet" in text(tally)
    tally.take(AffectState(1.0, reason="eda: contact lost"))
    assert "not measured: eda: contact lost" in text(tally)


def test_texts() -> None:
    assert clock_text(-0.5) == "00:00"
    assert clock_text(3599.9) == "59:59"
    assert (age_text(None), age_text(0.0404), age_text(2.0)) == ("–", "40 ms", "2.0 s")
    assert (measure_text(None), measure_text(Measure(-0.25, 0.1))) == ("–", "-0.25 ± 0.10")
    assert expression_text(None) == "–"
    assert expression_text((*[math.log(0.04)] * 7, math.log(0.72))) == "contempt 72%"


def test_an_estimator_that_does_not_run_as_asked_is_named() -> None:
    tally = Tally()
    tally.take(HealthEvent(1.0, "eda estimator", "estimator", NodeState.RUNNING))
    slowed = "slowed to every 133 ms: an estimate takes 52 ms of its 67 ms"
    tally.take(HealthEvent(1.0, "face estimator", "estimator", NodeState.RUNNING, slowed))
    shown = Console(file=io.StringIO(), width=100, record=True)
    shown.print(live_view(tally, "t", 1.0, ""))
    said = shown.export_text()
    assert f"face estimator: {slowed}" in said
    assert "eda estimator" not in said


def test_the_mean_rate_is_that_between_the_newest_samples_of_the_whole_session() -> None:
    tally = Tally()
    assert tally.mean_rate_hz("eda") is None
    # Blocks of eight samples at 32 Hz: what the last second happened to hold says 24 or 40.
    tally.take(StreamStats(1.0, "eda", "wrist", 24.0, 32.0, 0.125, 28))
    assert tally.mean_rate_hz("eda") is None
    tally.take(StreamStats(11.0, "eda", "wrist", 40.0, 32.0, 0.0, 352))
    assert tally.mean_rate_hz("eda") == 32.0
