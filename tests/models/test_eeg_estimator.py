from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest

from insula.edge.errors import ConfigError
from insula.edge.protocols import Estimator
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import AffectEstimate, StreamInfo
from insula.models.eeg import indices
from insula.models.eeg.estimator import EegEstimator
from insula.models.eeg.montage import TEN_TWENTY
from insula.models.eeg.testing import made_up

EIGHT = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
MUSE = ("TP9", "AF7", "AF8", "TP10", "AUX")
BRAINFLOW = ("Fz", "C3", "Cz", "C4", "Pz", "PO7", "Oz", "PO8", "F5", "F7", "F3", "F1", "F2", "F4", "F6", "F8")


def info(names: tuple[str, ...] = EIGHT, sfreq: float = 250.0, unit: str = "microvolts") -> StreamInfo:
    return StreamInfo("cap", "EEG", sfreq, names, (unit,) * len(names), simulated=True)


def play(
    estimator: EegEstimator, stream: StreamInfo, wave: np.ndarray, *, chunk: int = 25, start: float = 1000.0
) -> list[AffectEstimate]:
    writer, reader = memory_stream(stream)
    out = []
    times = sample_times(len(wave), stream.sfreq, start)
    for i in range(0, len(wave), chunk):
        writer.push(wave[i : i + chunk].astype(np.float32), times[i : i + chunk])
        estimate = estimator.estimate(reader)
        if estimate is not None:
            out.append(estimate)
    reader.close()
    writer.close()
    return out


def started(stream: StreamInfo) -> EegEstimator:
    estimator = EegEstimator()
    assert estimator.accepts(stream) == ""
    estimator.start(stream)
    return estimator


def wave(seconds: float, stream: StreamInfo, *, work: bool = False, seed: int = 0) -> np.ndarray:
    return made_up(seconds, stream.sfreq, stream.n_channels, work=work, seed=seed)


def test_it_fits_the_protocol() -> None:
    assert isinstance(EegEstimator(), Estimator)
    assert EegEstimator().modality == "eeg"


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (StreamInfo("gsr", "EDA", 128.0, ("eda",), ("microsiemens",)), "not EEG"),
        (info(sfreq=100.0), "128–1000 Hz"),
        (info(sfreq=0.0), "128–1000 Hz"),
        (info(("EEG1", "EEG2", "EEG3", "EEG4", "EEG5")), "0 channels named by the 10–20 system"),
        (info(unit="counts"), "must be in microvolts"),
    ],
)
def test_streams_that_do_not_fit_are_refused_in_words(stream: StreamInfo, reason: str) -> None:
    assert reason in EegEstimator().accepts(stream)


@pytest.mark.parametrize(
    ("names", "sfreq"),
    [(TEN_TWENTY, 128.0), (EIGHT, 250.0), (MUSE, 256.0), (BRAINFLOW, 250.0), (EIGHT, 1000.0)],
)
def test_caps_of_all_kinds_count_down_rest_and_then_give_an_index(
    names: tuple[str, ...], sfreq: float
) -> None:
    stream = info(names, sfreq)
    estimates = play(started(stream), stream, wave(64, stream), chunk=round(sfreq / 8))
    assert estimates[0].reason == "gathering the rest baseline, 56 s left"
    assert estimates[0].indices == ()
    last = estimates[-1]
    assert last.reason == ""
    ((name, index),) = last.indices
    assert name == "workload"
    assert 0 <= index.mean <= 1
    assert index.sd > 0
    assert last.quality == 1.0
    assert last.valence is None
    assert last.arousal is None
    assert last.expression is None
    assert last.simulated
    assert last.model.startswith("eeg-workload-")


def test_work_lifts_the_index_above_rest() -> None:
    stream = info(TEN_TWENTY, 128.0)
    estimator = started(stream)
    course = np.concatenate([wave(90, stream), wave(30, stream, work=True, seed=1)])
    estimates = play(estimator, stream, course, chunk=32)
    rest = [e.indices[0][1].mean for e in estimates if e.indices and e.t < 1088]
    work = [e.indices[0][1].mean for e in estimates if e.t > 1110]
    assert max(rest) < 0.5 < min(work)


def test_an_estimate_speaks_of_the_newest_sample_of_its_window() -> None:
    stream = info()
    samples = wave(5, stream)
    for chunk in (25, 40, 1250):
        estimates = play(started(stream), stream, samples, chunk=chunk)
        for e in estimates:
            assert (e.sample + 1) % 62 == 0  # windows close every 62 samples of 250 Hz
            assert e.t == pytest.approx(1000 + e.sample / 250, abs=1e-6)
        assert estimates[-1].sample == 1239


def test_volts_are_converted() -> None:
    volts, micro = info(unit="volts"), info()
    samples = wave(5, micro)
    a = play(started(volts), volts, samples * 1e-6)[-1].clues
    b = play(started(micro), micro, samples)[-1].clues
    assert a[0].value == pytest.approx(b[0].value, abs=1e-3)


def test_a_gap_restarts_the_window_but_keeps_the_rest() -> None:
    stream = info(TEN_TWENTY, 128.0)
    estimator = started(stream)
    writer, reader = memory_stream(stream)
    found: list[AffectEstimate] = []
    for seconds, start in ((62.0, 1000.0), (3.5, 1100.0), (1.0, 1103.5)):
        samples = wave(seconds, stream).astype(np.float32)
        times = sample_times(len(samples), 128.0, start)
        for i in range(0, len(samples), 128):
            writer.push(samples[i : i + 128], times[i : i + 128])
            estimate = estimator.estimate(reader)
            found += [estimate] if estimate else []
    assert found[-1].indices
    after = [e for e in found if e.t > 1099]
    assert len(after) == 1  # 4.5 s after the gap: one complete window
    assert after[0].t == pytest.approx(1104.5, abs=0.01)
    estimator.close()


def test_a_bad_electrode_is_named_and_lowers_the_quality() -> None:
    stream = info()
    samples = wave(5, stream)
    samples[:, 2] = 0.0
    last = play(started(stream), stream, samples)[-1]
    assert "electrode C3: flat" in [c.feature for c in last.clues]
    assert last.quality == pytest.approx(7 / 8)


def test_a_shorter_rest_is_possible_but_not_a_uselessly_short_one() -> None:
    stream = info()
    estimator = EegEstimator(baseline_s=10.0)
    estimator.start(stream)
    estimates = play(estimator, stream, wave(12, stream))
    assert estimates[0].reason == "gathering the rest baseline, 6 s left"
    assert estimates[-1].indices
    with pytest.raises(ConfigError, match="needs 8 s or more"):
        EegEstimator(baseline_s=4.0)


def test_rest_can_be_asked_for_again() -> None:
    stream = info(TEN_TWENTY, 128.0)
    estimator = started(stream)
    assert play(estimator, stream, wave(62, stream))[-1].indices
    estimator.rest()
    assert play(estimator, stream, wave(5, stream), start=2000.0)[-1].reason.startswith("gathering the rest")


def test_clues_have_a_z_after_the_baseline_and_every_one_has_its_caveat() -> None:
    stream = info(TEN_TWENTY, 128.0)
    estimates = play(started(stream), stream, wave(66, stream))
    early, late = estimates[0].clues, estimates[-1].clues
    named = [c for c in late if not c.feature.startswith("model attention")]
    assert [c.feature for c in named] == [indices.ALPHA, indices.THETA_BETA, indices.ASYMMETRY]
    assert all(c.z is None for c in early)
    assert all(c.z is not None and abs(c.z) < 5 for c in named)
    assert {c.feature for c in named} == set(indices.CAVEATS)


def test_the_models_attention_is_named_as_such_and_only_with_an_index() -> None:
    stream = info(TEN_TWENTY, 128.0)
    estimates = play(started(stream), stream, wave(62, stream))
    shares = [c.value for c in estimates[-1].clues if c.feature.startswith("model attention to ")]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)
    assert all(0 < share <= 1 for share in shares)
    assert not any("attention" in c.feature for c in estimates[0].clues)


def test_closed_eyes_show_as_alpha_at_the_back_of_a_real_recording(shared_data: Path) -> None:
    file = shared_data / "samples" / "eeg" / "eegmmidb_S001R02_eyesclosed.edf"
    raw = mne.io.read_raw_edf(file, preload=True, verbose="error")
    stream = StreamInfo("edf", "EEG", raw.info["sfreq"], tuple(raw.ch_names), ("volts",) * len(raw.ch_names))
    estimator = started(stream)
    samples = raw.get_data()[:, : 60 * 160].T  # the file ends in zeros
    last = play(estimator, stream, samples, chunk=160)[-1]
    alpha = next(c.value for c in last.clues if c.feature == indices.ALPHA)
    assert alpha > 20  # dB of µV²: an alpha rhythm of more than 10 µV
    assert last.quality > 0.85  # some blinks and temporal muscle, nothing else
