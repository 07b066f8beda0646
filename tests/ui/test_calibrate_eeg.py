"""From a recording with markers to a person's own index in the live estimator, by the command itself."""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pytest
from typer.testing import CliRunner

from insula.edge.errors import ConfigError, ModelError
from insula.edge.testing import memory_stream, sample_times
from insula.edge.types import Marker, StreamInfo
from insula.models.eeg import personal_index, personal_rows
from insula.models.eeg.estimator import EegEstimator
from insula.models.eeg.testing import made_up
from insula.ui.cli import app

CAP = ("Fp1", "Fp2", "C3", "C4", "O1", "O2")
SFREQ = 128.0
REST_S, BLOCK_S = 70.0, 12.0


def recording(path: Path, n_blocks: int, *, same: bool) -> Path:
    """A minute of rest, then blocks marked calm and tense; ``same``: nothing differs between them."""
    waves = [made_up(REST_S, SFREQ, len(CAP), work=False)]
    marks = []
    for k in range(n_blocks):
        tense = (k * 7) % 3 == 0 if n_blocks > 6 else k % 2 == 0
        marks.append((REST_S + k * BLOCK_S, "tense" if tense else "calm"))
        waves.append(made_up(BLOCK_S, SFREQ, len(CAP), work=tense and not same, seed=k + 1))
    info = mne.create_info(list(CAP), SFREQ, "eeg", verbose="error")
    raw = mne.io.RawArray(np.concatenate(waves).T * 1e-6, info, verbose="error")
    onsets, texts = zip(*marks, strict=True)
    raw.set_annotations(mne.Annotations(onsets, [0.0] * len(onsets), texts))
    raw.save(path, verbose="error")
    return path


def test_a_person_whose_conditions_differ_gets_an_index(tmp_path: Path) -> None:
    file = recording(tmp_path / "one_raw.fif", 24, same=False)
    out = tmp_path / "own.npz"
    done = CliRunner().invoke(
        app, ["calibrate", "eeg", str(file), "--classes", "calm,tense", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "balanced accuracy" in done.output
    assert out.is_file()
    assert personal_index.load(out).p <= 0.05
    estimator = EegEstimator(personal=str(out))
    stream = StreamInfo("cap", "EEG", SFREQ, CAP, ("microvolts",) * len(CAP))
    estimator.start(stream)
    parts = [
        made_up(70, SFREQ, 6, work=False),
        made_up(20, SFREQ, 6, work=True, seed=90),
        made_up(30, SFREQ, 6, work=False, seed=91),
    ]
    wave = np.concatenate(parts).astype(np.float32)
    writer, reader = memory_stream(stream)
    times = sample_times(len(wave), SFREQ)
    said = {}
    for i in range(0, len(wave), 16):
        writer.push(wave[i : i + 16], times[i : i + 16])
        if (estimate := estimator.estimate(reader)) is not None and "tense" in dict(estimate.indices):
            said[round(estimate.t - 1000)] = dict(estimate.indices)["tense"]
    estimator.close()
    assert said[89].mean > 0.7
    assert said[119].mean < 0.3
    assert min(said) >= 60  # not before the rest it is measured against
    assert 0 < said[89].sd < 0.5


def test_a_person_whose_conditions_do_not_differ_gets_none(tmp_path: Path) -> None:
    file = recording(tmp_path / "one_raw.fif", 18, same=True)
    out = tmp_path / "own.npz"
    done = CliRunner().invoke(
        app, ["calibrate", "eeg", str(file), "--classes", "calm,tense", "--out", str(out)]
    )
    assert done.exit_code == 1
    assert "no better than chance" in done.output
    assert not out.exists()


def test_markers_that_are_not_there_are_named(tmp_path: Path) -> None:
    file = recording(tmp_path / "one_raw.fif", 4, same=True)
    done = CliRunner().invoke(app, ["calibrate", "eeg", str(file), "--classes", "glad,sad"])
    assert done.exit_code == 1
    assert "its markers" in str(done.exception)
    assert "'calm'" in str(done.exception)
    done = CliRunner().invoke(app, ["calibrate", "eeg", str(file), "--classes", "glad"])
    assert "two different marker texts" in str(done.exception)


def test_a_block_ends_at_the_next_marker_whatever_it_says() -> None:
    markers = [Marker(10.0, "calm"), Marker(20.0, "door bell"), Marker(30.0, "tense")]
    found = personal_rows.blocks(markers, ("calm", "tense"), 45.0, "s1")
    assert [(b.name, b.label, b.begin, b.end) for b in found] == [
        ("s1 #1", 0, 10.0, 20.0),
        ("s1 #2", 1, 30.0, 45.0),
    ]


def test_a_file_that_is_no_model_and_a_cap_without_its_electrodes_are_refused(tmp_path: Path) -> None:
    stream = StreamInfo("cap", "EEG", SFREQ, CAP[:5], ("microvolts",) * 5)
    (tmp_path / "bad.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(ModelError, match="no personal EEG model"):
        EegEstimator(personal=str(tmp_path / "bad.npz")).start(stream)
    np.savez(
        tmp_path / "other.npz",
        weight=np.zeros(30),
        bias=0.0,
        calibration=[1.0, 0.5],
        electrodes=np.array(CAP),
        classes=np.array(("calm", "tense")),
        evidence=[0.8, 0.5, 0.01, 20],
    )
    with pytest.raises(ConfigError, match="electrodes this cap lacks: O2"):
        EegEstimator(personal=str(tmp_path / "other.npz")).start(stream)
