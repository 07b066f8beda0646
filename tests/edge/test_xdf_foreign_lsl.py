"""Streams of other programs on the LSL network end up in our recording as they were sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf

from insula.edge.clock import now
from insula.edge.lsl_network import keep_local
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import StreamWriter

keep_local()  # before liblsl is loaded: tests stay on the loopback interface
pylsl = pytest.importorskip("pylsl")

from insula.sensors.lsl_inlet import LslInlet  # noqa: E402


def outlet(name: str, kind: str, channels: int, rate: float, form: int) -> tuple[Any, LslInlet]:
    source = f"{name}-{os.getpid()}"
    info = pylsl.StreamInfo(name, kind, channels, rate, form, source)
    return pylsl.StreamOutlet(info), LslInlet(source_id=source)


def test_numbers_and_markers_of_another_program_are_recorded(tmp_path: Path) -> None:
    eeg, eeg_inlet = outlet("foreign", "EEG", 4, 250.0, pylsl.cf_int16)
    stimuli, stimuli_inlet = outlet("stimuli", "Markers", 1, 0.0, pylsl.cf_string)
    inlets = [eeg_inlet, stimuli_inlet]
    writers = [StreamWriter(inlet.open()[0]) for inlet in inlets]
    recorder = XdfRecorder(path=str(tmp_path / "a.xdf"))
    recorder.open({writer.info.name: writer.reader() for writer in writers})
    sent = 1000
    base = now() - sent / 250.0
    for k in range(sent):
        eeg.push_sample([k] * 4, base + k / 250.0)
    stimuli.push_sample(["Übung 1"], base + 1.0)
    stimuli.push_sample(["Übung 2"], base + 2.0)
    newest: list[Any] = [None, None]
    deadline = now() + 20.0
    while newest != [sent - 1, "Übung 2".encode()] and now() < deadline:
        for k, (inlet, writer) in enumerate(zip(inlets, writers, strict=True)):
            for block in inlet.read(0.05):
                assert block.times is not None
                writer.push(block.data, block.times)
                newest[k] = block.data[-1, 0]
        recorder.poll()
    recorder.close()
    for inlet in inlets:
        inlet.close()
    streams = {s["info"]["name"][0]: s for s in pyxdf.load_xdf(tmp_path / "a.xdf")[0]}
    numbers = streams["foreign"]["time_series"]
    assert numbers.dtype == np.int16
    assert (numbers == numbers[0, 0] + np.arange(len(numbers))[:, None]).all()
    assert numbers[-1, 0] == sent - 1
    assert streams["stimuli"]["time_series"] == [["Übung 1"], ["Übung 2"]]
