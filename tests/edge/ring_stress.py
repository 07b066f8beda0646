"""Tears, kills and stops: what the ring must survive, at any length. Prints one JSON object.

    python tests/edge/ring_stress.py torn --seconds 60 [--way draw]
    python tests/edge/ring_stress.py kill --times 50 [--way draw]
    python tests/edge/ring_stress.py stop --seconds 3

The short runs of ``test_ring_stress.py`` are the ones of the test suite. POSIX only (it forks).
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from insula.edge.ring import Core, Ring
from insula.edge.ring_layout import Geometry
from insula.edge.ring_native import NativeCore
from insula.edge.ring_numpy import NumpyCore
from insula.edge.stream import StreamReader, StreamWriter
from insula.edge.types import Chunk, Drawn, StreamInfo

SECONDS = 8.0
KEPT = 3
I8 = np.dtype(np.int64)
CORES: dict[str, type[Core]] = {"c": NativeCore, "numpy": NumpyCore}
INFO = StreamInfo("stress", "EEG", 1000.0, tuple(map(str, range(64))), ("",) * 64, "float64")
FRAMES = StreamInfo("frames", "Video", 200.0, ("rgb",), ("",), "uint8", (480, 640, 3))


@contextlib.contextmanager
def child(work: Callable[[], None]) -> Iterator[int]:
    """A forked process that does ``work``; it is killed at the end of the block."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def torn(folder: Path, core: type[Core], seconds: float, way: str, words: int) -> dict[str, float]:
    """One writer at full speed, a reader of the sample about to be overwritten, at times of the next.

    The oldest is nearly always torn where the writer is the faster; of the next some are whole everywhere.
    """
    path = folder / "torn.ring"
    ring = Ring.create(Geometry(words * 8, KEPT, 0, 8), path, core=core)
    items = ring.items(I8, (words,))

    def write() -> None:
        block, k = np.empty((1, words), I8), 0
        while True:
            if way == "draw":
                ring.draw(items, lambda out, k=k: out.fill(k), float(k))  # type: ignore[misc]
            else:
                block[:] = k
                if not ring.core.push(block, np.array([float(k)]), 0.0, k - 1.0):
                    ring.write(items, block, float(k), 0.0)
            k += 1

    count = {"right": 0, "silent": 0, "caught_torn": 0, "overwritten": 0}
    ages = itertools.cycle((0, 0, 0, 1))
    with child(write):
        reader = Ring.attach(path, core=core)
        shared = reader.items(I8, (words,))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            k = reader.core.chead() - KEPT + next(ages)
            if k < 0:
                continue
            first, n, t, _ = reader.record(k)
            copy = shared[first % KEPT].copy()
            believed = reader.core.intact(k, first)
            mixed = bool((copy != copy[0]).any())
            if believed:
                count["silent" if mixed or (copy[0], first, n, t) != (k, k, 1, k) else "right"] += 1
            else:
                count["caught_torn" if mixed else "overwritten"] += 1
        pushed = reader.core.head()
    ring.close()
    return {**count, "pushed": pushed, "files_left": len(list(folder.iterdir()))}


def _push_for_ever(folder: Path) -> None:
    """Blocks of 256 kB, so that a good share of the time is spent inside a push."""
    writer = StreamWriter(INFO, directory=folder, seconds=SECONDS)
    numbers = writer.reader().pushed + np.arange(500.0)
    block = np.repeat(numbers[:, None], 64, axis=1)
    while True:
        writer.push(block, 1 + numbers / 1000)
        numbers += 500
        block += 500


def _draw_for_ever(folder: Path) -> None:
    writer = StreamWriter(FRAMES, directory=folder)
    k = writer.reader().pushed
    while True:
        frame = Drawn(FRAMES.shape, lambda out, k=k: out.fill(k % 256))  # type: ignore[misc]
        writer.push(frame, np.array([1 + k / 200]))
        k += 1


def _wrong(chunk: Chunk) -> bool:
    numbers = np.arange(chunk.first, chunk.first + len(chunk))
    if chunk.data.dtype == np.uint8:
        numbers %= 256
    return not (chunk.data == numbers.reshape(-1, *[1] * (chunk.data.ndim - 1))).all()


def kill(folder: Path, times: int, way: str, seed: int = 0) -> dict[str, float]:
    """Kill the writer ``times`` times in full speed, and as many readers; one reader lives through it all."""
    chance = random.Random(seed)
    info, write = (FRAMES, _draw_for_ever) if way == "draw" else (INFO, _push_for_ever)
    path = folder / f"{info.name}.ring"
    got = silent = inside = 0
    attach_s: list[float] = []
    with child(lambda: StreamWriter(info, directory=folder, seconds=SECONDS)):
        while not path.exists():
            time.sleep(0.001)
    survivor = StreamReader.attach(path)  # before the first sample, so that it has to account for all

    def take_all() -> None:
        nonlocal got, silent
        for chunk in survivor.read_new():
            got += len(chunk)
            silent += _wrong(chunk)

    def read_for_ever() -> None:
        reader = StreamReader.attach(path)
        while True:
            reader.wait(1.0)
            reader.read_new()

    for _ in range(times):
        before = survivor.pushed
        with child(lambda: write(folder)):
            while survivor.pushed == before:
                time.sleep(0.001)
            t = time.monotonic()
            StreamReader.attach(path)
            attach_s.append(time.monotonic() - t)
            with child(read_for_ever):
                end = time.monotonic() + chance.uniform(0.01, 0.05)
                while time.monotonic() < end:
                    take_all()
        raw = Ring.attach(path).core
        inside += raw.fenced_reserve() != raw.head()
    take_all()
    survivor_ring = Ring.attach(path)
    heir = StreamWriter(info, directory=folder, seconds=SECONDS)
    survivor.read_new()
    accounted = got + survivor.overruns == survivor.pushed
    heir.close()
    return {
        "killed": times,
        "killed_inside_a_push": inside,
        "takeovers": survivor_ring.generation,
        "pushed": survivor.pushed,
        "got": got,
        "silent": silent,
        "unaccounted": int(not accounted),
        "attach_ms_median": round(1000 * float(np.median(attach_s)), 2),
        "attach_ms_max": round(1000 * max(attach_s), 2),
        "files_left": len(list(folder.iterdir())),
    }


def stop(folder: Path, seconds: float) -> dict[str, float]:
    """Frames at 200 Hz while the only reader is stopped: the writer must not notice."""
    writer = StreamWriter(FRAMES, directory=folder)
    assert writer.path is not None
    path = writer.path
    result, answer = os.pipe()

    def read() -> None:
        reader, got = StreamReader.attach(path), 0
        os.write(answer, b"!")
        while not reader.ended or reader.wait(0.0):
            reader.wait(1.0)
            got += sum(map(len, reader.read_new()))
        os.write(answer, f"{got} {reader.overruns}".encode())

    image = np.zeros(FRAMES.shape, np.uint8)
    k = 0

    def push_for() -> np.ndarray:
        nonlocal k
        taken, start = [], time.monotonic()
        while time.monotonic() - start < seconds:
            t = time.perf_counter_ns()
            writer.push(image, np.array([1 + k / 200]))
            taken.append(time.perf_counter_ns() - t)
            k += 1
            time.sleep(max(0.0, start + len(taken) / 200 - time.monotonic()))
        return np.array(taken) / 1000

    with child(read) as pid:
        os.read(result, 1)
        push_for()  # the first round touches every page of the ring
        healthy = push_for()
        os.kill(pid, signal.SIGSTOP)
        stopped = push_for()
        os.kill(pid, signal.SIGCONT)
        writer.end()
        got, overruns = map(int, os.read(result, 100).split())
    writer.close()
    quantiles = {"p50": 50, "p99": 99}
    return {
        "pushed": k,
        "got": got,
        "overruns": overruns,
        "unaccounted": k - got - overruns,
        **{f"healthy_us_{name}": round(float(np.percentile(healthy, q)), 1) for name, q in quantiles.items()},
        **{f"stopped_us_{name}": round(float(np.percentile(stopped, q)), 1) for name, q in quantiles.items()},
        "files_left": len(list(folder.iterdir())),
    }


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["torn", "kill", "stop"])
    parser.add_argument("--core", choices=list(CORES), default="c")
    parser.add_argument("--way", choices=["push", "draw"], default="push", help="copied in, or made in place")
    parser.add_argument("--words", type=int, default=1024, help="of 8 bytes in a sample that may be torn")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        folder = Path(name)
        if options.what == "torn":
            result = torn(folder, CORES[options.core], options.seconds, options.way, options.words)
        elif options.what == "kill":
            result = kill(folder, options.times, options.way)
        else:
            result = stop(folder, options.seconds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
