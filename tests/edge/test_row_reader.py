from __future__ import annotations

import math

import pytest

from insula.edge.sinks import row_reader
from insula.edge.sinks.rows import rows
from insula.edge.types import MODALITIES, AffectEstimate, AffectState, Contribution, Measure

LOG = (0.0, *(-math.inf,) * 7)


def test_a_state_comes_back_from_its_row() -> None:
    half = Measure(0.5, 0.25)
    parts = (Contribution(m, m == "face", "" if m == "face" else "off", 1.0) for m in MODALITIES)
    said = AffectState(
        7.0,
        valence=half,
        arousal=None,
        expression=LOG,
        indices=(("stress", half),),
        contributions=tuple(parts),
        age_newest_s=0.1,
        age_oldest_s=0.4,
        simulated=True,
    )
    (row,) = rows(said)
    told = {f"state.{m}": "off" for m in MODALITIES if m != "face"}
    found = row_reader.state(dict(zip(row.layout.labels, row.values, strict=True)), row.t, told)
    assert (found.valence, found.arousal, found.expression) == (half, None, LOG)
    assert dict(found.indices) == {"stress": half}
    assert (found.age_newest_s, found.age_oldest_s, found.simulated) == (0.1, 0.4, True)
    assert {c.modality: c.reason for c in found.contributions} == {
        "face": "", "voice": "off", "eda": "off", "eeg": "off",
    }  # fmt: skip


@pytest.mark.parametrize(("told", "reason"), [("no face", "no face"), ("", row_reader.UNTOLD)])
def test_what_was_not_measured_stays_so_with_a_reason(told: str, reason: str) -> None:
    said = AffectEstimate("face", "camera", 7.0, 0.2, reason="no face", sample=30)
    (row,) = rows(said)
    labels = dict(zip(row.layout.labels, row.values, strict=True))
    found = row_reader.estimate("face", labels, row.t, told, stream="camera")
    assert not found.measured
    assert (found.reason, found.sample, found.quality, found.va_source) == (reason, 30, 0.2, None)


def test_an_unknown_layout_is_not_measured_rather_than_an_error() -> None:
    assert not row_reader.state({"new": 1.0}, 1.0, {}).measured
    assert not row_reader.estimate("eda", {}, 1.0, "").measured
