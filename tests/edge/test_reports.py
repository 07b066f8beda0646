"""Steps, answers and ratings: into the XDF file and back, into JSON and back, over LSL."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pylsl
import pytest
import pyxdf

from insula.edge import codec
from insula.edge.errors import DataError
from insula.edge.reports import Answer, Rating, StepEvent
from insula.edge.sinks.lsl import LslSink
from insula.edge.sinks.xdf import XdfRecorder

BEGIN = StepEvent(10.0, 2, "film", "stimulus", "begin", planned=9.998, condition="sad", trial=1)
ITEMS = (
    BEGIN,
    Answer(12.5, "sam", "valence", onset=11.0, text="7", value=7.0, respondent="p01", step=3),
    Answer(13.0, "sam", "arousal", onset=12.5, reason="left out by the respondent", step=3),
    Rating(14.0, "anna", "clinician", ("valence", "arousal"), (0.25, None)),
)


def test_each_survives_json() -> None:
    for item in ITEMS:
        assert codec.loads(codec.dumps(item)) == item


def test_what_is_not_answered_says_why() -> None:
    with pytest.raises(ValueError, match="must say why"):
        Answer(1.0, "sam", "valence")
    line = codec.dumps(ITEMS[2]).replace(b"left out by the respondent", b"")
    with pytest.raises(DataError, match="must say why"):
        codec.loads(line)


def test_each_is_a_stream_of_the_recording(tmp_path: Path) -> None:
    recorder = XdfRecorder(path=str(tmp_path / "session.xdf"), clock=lambda: 15.0)
    recorder.open({})
    for item in (*ITEMS, Rating(14.04, "anna", "clinician", ("calm", "tense"), (1.0, 0.0))):
        recorder.put(item)
    recorder.poll()
    recorder.close()

    streams = {s["info"]["name"][0]: s for s in pyxdf.load_xdf(str(recorder.path))[0]}
    step = streams["insula.protocol"]
    assert step["time_series"] == [["2", "film", "stimulus", "begin", "9.998", "protocol", "sad", "1"]]
    assert step["time_stamps"].tolist() == [10.0]
    labels = [c["label"][0] for c in streams["insula.answers"]["info"]["desc"][0]["channels"][0]["channel"]]
    given, absent = (dict(zip(labels, row, strict=True)) for row in streams["insula.answers"]["time_series"])
    assert (given["value"], given["response_time"], given["respondent"]) == ("7.0", "1.5", "p01")
    assert (absent["answer"], absent["value"], absent["reason"]) == ("", "", "left out by the respondent")
    rating = streams["insula.rating.anna.valence+arousal"]
    assert rating["info"]["nominal_srate"] == ["25.0"]
    assert rating["info"]["desc"][0]["role"] == ["clinician"]
    assert rating["time_series"][0, 0] == 0.25
    assert math.isnan(rating["time_series"][0, 1])
    assert np.array_equal(streams["insula.rating.anna.calm+tense"]["time_series"], [[1.0, 0.0]])


def test_ratings_go_over_lsl_and_answers_do_not() -> None:
    sink = LslSink(source_id="test-ratings")
    sink.open({})
    for item in ITEMS:
        sink.put(item)
    try:
        found = pylsl.resolve_byprop("source_id", "test-ratings:insula.rating.anna.valence+arousal", 1, 10.0)
        assert [info.nominal_srate() for info in found] == [25.0]
        assert not pylsl.resolve_byprop("source_id", "test-ratings:insula.answers", 1, 0.3)
    finally:
        sink.close()
