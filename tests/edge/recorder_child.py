"""Records as fast as it can on a clock of its own until it is killed; see test_xdf_crash.py.

Every poll of the recorder is 0.1 s of that clock. After each one its number goes to stdout, 4 bytes.
A second argument, 64 hexadecimal digits, is the key to encrypt the file with.
"""

from __future__ import annotations

import itertools
import os
import struct
import sys

import numpy as np

from insula.edge.privacy.crypt import Sealer
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.testing import ManualClock, memory_stream, sample_times
from insula.edge.types import AffectState, Marker, Measure, StreamInfo

T0 = 1000.0
POLL_S = 0.1
EEG = StreamInfo("eeg", "EEG", 500.0, tuple(f"E{k}" for k in range(16)), ("microvolts",) * 16)
EDA = StreamInfo("eda", "EDA", 10.0, ("EDA",), ("microsiemens",))


def main(path: str, key: str = "") -> None:
    clock = ManualClock(T0)
    sealer = Sealer(bytes.fromhex(key)) if key else None
    recorder = XdfRecorder(path=path, sealer=sealer, clock=clock)
    streams = {info.name: memory_stream(info) for info in (EEG, EDA)}
    recorder.open({name: reader for name, (_, reader) in streams.items()})
    for step in itertools.count():
        start = T0 + step * POLL_S
        clock.t = start + POLL_S
        for info, (writer, _) in zip((EEG, EDA), streams.values(), strict=True):
            n = round(info.sfreq * POLL_S)
            data = np.repeat(np.arange(step * n, step * n + n, dtype=np.float32)[:, None], info.n_channels, 1)
            writer.push(data, sample_times(n, info.sfreq, start))
        recorder.put(AffectState(clock.t, arousal=Measure(0.1, 0.2), va_source="mapped"))
        recorder.put(Marker(clock.t, f"step {step}"))
        recorder.poll()
        recorder.wait()  # this clock runs faster than a disk
        os.write(1, struct.pack("<I", step))


if __name__ == "__main__":
    main(*sys.argv[1:])
