"""Load of the recorder: 64 channels at 1 kHz, 720p30 video times, 16 kHz sound and 20 small streams.

    python benchmarks/recorder.py [--seconds 60] [--no-sync] [--no-video]

Streams are pushed at their real rates by one thread; the recorder runs on another, polled every 0.1 s
as in a session. Prints the recorder thread's share of one core, lost samples, the longest poll, the
file's rate, and compares every count with what is found in the file.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from insula.edge.clock import now
from insula.edge.sinks.xdf import XdfRecorder
from insula.edge.stream import StreamWriter
from insula.edge.types import AffectState, Measure, StreamInfo
from insula.edge.xdf.repair import repair

TICK_S = 0.02


def session_streams(video: bool) -> list[StreamInfo]:
    """The streams of the load."""
    eeg = StreamInfo("eeg", "EEG", 1000.0, tuple(f"E{k}" for k in range(64)), ("microvolts",) * 64)
    sound = StreamInfo("voice", "Audio", 16000.0, ("mono",), ("normalized",))
    small = [
        StreamInfo(f"small{k}", "Misc", (32.0, 64.0, 128.0, 4.0)[k % 4], ("a", "b"), ("", ""))
        for k in range(20)
    ]
    camera = StreamInfo("camera", "Video", 30.0, ("rgb",), ("",), "uint8", (720, 1280, 3))
    return [eeg, sound, *small, *([camera] if video else [])]


class Source:
    """Pushes one stream at its rate: each call brings it up to date."""

    def __init__(self, info: StreamInfo, start: float) -> None:
        self.writer = StreamWriter(info)
        self.pushed = 0
        self._start = start
        self._frame = np.zeros(info.shape, np.uint8) if info.is_video else None

    def catch_up(self, t: float) -> None:
        """Push what is due at time ``t`` (s)."""
        info = self.writer.info
        n = int((t - self._start) * info.sfreq) - self.pushed
        if self._frame is not None:
            for _ in range(n):
                self.writer.push(self._frame, np.array([self._start + self.pushed / info.sfreq]))
                self.pushed += 1
        elif n > 0:
            times = self._start + (self.pushed + np.arange(n)) / info.sfreq
            counter = (self.pushed + np.arange(n, dtype=np.float32))[:, None]
            self.writer.push(np.repeat(counter, info.n_channels, 1), times)
            self.pushed += n


def record(path: Path, seconds: float, sync: bool, video: bool) -> None:
    """Run the load and print the figures."""
    start = now()
    sources = [Source(info, start) for info in session_streams(video)]
    recorder = XdfRecorder(path=str(path), audio=True, sync=sync)
    recorder.open({s.writer.info.name: s.writer.reader() for s in sources})
    end, polls, cpu = threading.Event(), [], [0.0]

    def poll() -> None:
        while not end.wait(0.1):
            began = now()
            recorder.put(AffectState(began, arousal=Measure(0.1, 0.2), va_source="mapped"))
            recorder.poll()
            polls.append(now() - began)
        recorder.close()
        cpu[0] = time.thread_time()

    thread = threading.Thread(target=poll)
    thread.start()
    while (t := now()) < start + seconds:
        for source in sources:
            source.catch_up(t)
        time.sleep(TICK_S)
    end.set()
    thread.join()
    report(path, recorder, sources, polls, cpu[0], seconds)


def report(
    path: Path, recorder: XdfRecorder, sources: list[Source], polls: list[float], cpu_s: float, seconds: float
) -> None:
    """Print what came of it."""
    recorded = recorder.recorded()
    lost = sum(recorded[s.writer.info.name].lost for s in sources)
    found = {name: count for (_, name), count in repair(path).streams.items()}
    wrong = [s.writer.info.name for s in sources if found[s.writer.info.name] != s.pushed]
    print(f"{len(sources)} streams, {seconds:.0f} s, {path.stat().st_size / seconds / 1e6:.2f} MB/s")
    print(f"recorder thread: {100 * cpu_s / seconds:.1f} % of one core")
    print(
        f"poll: median {1e3 * np.median(polls):.1f} ms, p99 {1e3 * np.quantile(polls, 0.99):.1f} ms, ", end=""
    )
    print(f"max {1e3 * max(polls):.1f} ms")
    print(
        f"samples pushed {sum(s.pushed for s in sources)}, lost {lost}, streams with a wrong count: {wrong}"
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--no-sync", action="store_true", help="do not wait for the disk at every flush")
    parser.add_argument("--no-video", action="store_true", help="leave the 720p30 stream out")
    parser.add_argument("--folder", type=Path, default=None, help="where to record")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        record(Path(folder) / "load.xdf", options.seconds, not options.no_sync, not options.no_video)


if __name__ == "__main__":
    main()
