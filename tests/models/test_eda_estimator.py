"""The live estimator on streams in memory: baseline, index, faults, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from insula.edge.protocols import Accompanied, Estimator
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import StreamInfo
from insula.models.eda.estimator import EdaEstimator
from insula.models.eda.index import EDA_MODEL, PULSE_MODEL, StressIndex, StressModel
from insula.models.eda.reader import read_seconds
from insula.models.eda.testing import made_up_eda, made_up_pulse


def info(sfreq=4.0, unit="microsiemens", kind="EDA"):
    return StreamInfo("wrist", kind, sfreq, ("EDA",), (unit,), simulated=True)


def play(estimator, stream, wave, *, start=1000.0, writer=None, reader=None, every_s=1.0):
    if writer is None:
        writer, reader = memory_stream(stream)
    out = []
    step = max(1, int(every_s * stream.sfreq))
    times = sample_times(len(wave), stream.sfreq, start)
    for i in range(0, len(wave), step):
        writer.push(wave[i : i + step, None].astype(np.float32), times[i : i + step])
        estimate = estimator.estimate(reader)
        if estimate is not None:
            out.append(estimate)
    return out, writer, reader


def started(stream):
    estimator = EdaEstimator()
    assert estimator.accepts(stream) == ""
    estimator.start(stream)
    return estimator


def test_it_fits_the_protocol():
    assert isinstance(EdaEstimator(), Estimator)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (info(kind="EEG"), "not EDA"),
        (info(unit="volts"), "microsiemens"),
        (info(sfreq=1.0), "4–1000 Hz"),
        (info(sfreq=2000.0), "4–1000 Hz"),
    ],
)
def test_it_says_why_a_stream_does_not_fit(stream, reason):
    assert reason in EdaEstimator().accepts(stream)


@pytest.mark.parametrize("sfreq", [4.0, 50.0])
def test_first_the_baseline_then_the_index(sfreq):
    stream = info(sfreq)
    estimates, *_ = play(started(stream), stream, made_up_eda(np.repeat([0.0, 1.0], [240, 180]), sfreq))
    gathering = estimates[80]
    assert not gathering.measured
    assert "gathering the baseline" in gathering.reason
    assert "left" in gathering.reason
    assert gathering.clues
    assert gathering.quality == 1
    ready = [e for e in estimates if e.measured]
    assert ready[0].t == pytest.approx(1000 + 120, abs=2)
    assert all(e.va_source == "mapped" and e.valence is None and e.arousal.sd >= 0.5 for e in ready)
    calm = np.mean([dict(e.indices)["stress"].mean for e in estimates[150:235]])
    stressed = np.mean([dict(e.indices)["stress"].mean for e in estimates[270:330]])
    assert stressed > calm + 0.2
    assert ready[-1].simulated
    assert ready[-1].sample == int(420 * sfreq) - 1
    assert any(clue.z is not None for clue in ready[-1].clues)


def test_siemens_are_converted():
    stream = info(unit="siemens")
    estimates, *_ = play(started(stream), stream, made_up_eda(np.zeros(30), 4) * 1e-6)
    level = next(clue for clue in estimates[-1].clues if clue.feature == "tonic level")
    assert 0.5 < level.value < 2.0


def test_lost_contact_is_not_measured_at_once_and_comes_back():
    stream = info()
    wave = made_up_eda(np.zeros(400), 4)
    wave[4 * 200 : 4 * 210] = 0.0
    estimates, *_ = play(started(stream), stream, wave)
    assert estimates[190].measured
    assert not estimates[201].measured
    assert "contact" in estimates[201].reason
    assert estimates[201].indices == ()
    assert estimates[280].measured


def test_a_long_gap_starts_a_new_window_but_keeps_the_baseline():
    stream = info()
    estimator = started(stream)
    _, writer, reader = play(estimator, stream, made_up_eda(np.zeros(150), 4))
    later, *_ = play(
        estimator, stream, made_up_eda(np.zeros(90), 4), start=1300.0, writer=writer, reader=reader
    )
    assert "window is filling" in later[10].reason
    assert later[-1].measured


def test_a_short_gap_is_bridged_as_lost_samples():
    stream = info()
    estimator = started(stream)
    _, writer, reader = play(estimator, stream, made_up_eda(np.zeros(150), 4))
    later, *_ = play(
        estimator, stream, made_up_eda(np.zeros(20), 4), start=1152.0, writer=writer, reader=reader
    )
    assert later[-1].measured
    assert later[-1].quality < 1


def test_before_the_first_second_there_is_no_statement():
    stream = info()
    estimates, *_ = play(started(stream), stream, made_up_eda(np.zeros(1), 4)[:3], every_s=0.25)
    assert estimates == []
    EdaEstimator().close()


def test_every_response_is_told_once_by_the_age_of_its_onset():
    stream = info(8.0)
    wave = made_up_eda(np.full(120, 1.0), 8.0)
    estimates, *_ = play(started(stream), stream, wave)
    onsets = [e.t - c.value for e in estimates for c in e.clues if c.feature == "scr_onset"]
    assert len(onsets) >= 5
    assert len(set(np.round(onsets, 3))) == len(onsets)
    assert all(999.5 <= onset <= 1120.0 for onset in onsets)  # the first may lie within the filter delay
    assert onsets == sorted(onsets)


def play_both(course, *, pulse_until_s=10_000.0, gap_s=(0.0, 0.0)):
    """Skin conductance and pulse side by side, a second at a time."""
    stream = info()
    pulse = StreamInfo("pulse", "PPG", 64.0, ("BVP",), ("counts",), simulated=True)
    eda, wave = made_up_eda(course, 4), made_up_pulse(course, 64)
    writer, reader = memory_stream(stream)
    beside, beside_reader = memory_stream(pulse)
    estimator = EdaEstimator()
    assert isinstance(estimator, Accompanied)
    assert not estimator.join(memory_stream(info())[1])  # skin conductance is no pulse
    assert estimator.join(beside_reader)
    assert not estimator.join(memory_stream(pulse)[1])  # one is enough
    estimator.start(stream)
    estimates = []
    for k in range(len(course)):
        if k < pulse_until_s and not gap_s[0] <= k < gap_s[1]:
            times = sample_times(64, 64.0, 1000.0 + k)
            beside.push(wave[64 * k : 64 * (k + 1), None].astype(np.float32), times)
        times = sample_times(4, 4.0, 1000.0 + k)
        writer.push(eda[4 * k : 4 * (k + 1), None].astype(np.float32), times)
        estimates.append(estimator.estimate(reader))
    estimator.close()
    return estimates, eda, wave


def rate_of(estimate):
    return next((c.value for c in estimate.clues if c.feature.startswith("pulse")), None)


def test_with_a_pulse_beside_it_the_live_index_is_the_one_of_the_file():
    course = np.repeat([0.0, 1.0], [400, 200])
    live, eda, wave = play_both(course)
    index = StressIndex(StressModel(EDA_MODEL), StressModel(PULSE_MODEL))
    readings = [
        index.step(second) for second in read_seconds(eda.astype(np.float32).astype(float), 4, wave, 64)
    ]
    for k in (130, 300, 450, 599):
        assert live[k].model == readings[k].model
        assert dict(live[k].indices)["stress"].mean == pytest.approx(readings[k].index, abs=0.02), k
    assert live[300].model.startswith(PULSE_MODEL)
    assert rate_of(live[300]) == pytest.approx(65, abs=2)
    assert rate_of(live[599]) == pytest.approx(95, abs=3)


def test_a_pulse_that_ends_is_not_carried_on():
    live, *_ = play_both(np.zeros(260), pulse_until_s=200)
    assert live[199].model.startswith(PULSE_MODEL)
    assert rate_of(live[199]) is not None
    assert rate_of(live[205]) is None
    assert live[205].model.startswith(EDA_MODEL + "-v")
    assert live[205].measured  # skin conductance alone still speaks


def test_after_a_gap_the_pulse_is_judged_anew():
    live, *_ = play_both(np.zeros(300), gap_s=(200.0, 210.0))
    assert rate_of(live[205]) is None
    assert rate_of(live[299]) == pytest.approx(65, abs=2)
