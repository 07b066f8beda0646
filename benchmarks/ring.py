"""What the ring costs, beside memcpy and the other ways between processes, interleaved in one run.

    python benchmarks/ring.py [--rounds 5] [--core-only]

Prints Markdown tables: push and latency to another process by shape, the newest window, a frame beside a
busy Python thread, and the CPU of five streams at their nominal rates. Ratios between the columns of one
table are what to compare; absolute figures carry the load of the machine, which is printed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ring_ways import SPAWN, WAYS, Way

from insula.edge.ring import Ring, core
from insula.edge.ring_layout import Geometry
from insula.edge.stream import StreamReader, StreamWriter
from insula.edge.types import StreamInfo

SHAPES: dict[str, tuple[tuple[int, ...], str]] = {
    "EDA 1×1": ((1, 1), "float32"),
    "audio 160×1": ((160, 1), "float32"),
    "EEG 10×64": ((10, 64), "float32"),
    "frame 640×480": ((480, 640, 3), "uint8"),
    "frame 1280×720": ((720, 1280, 3), "uint8"),
}
PUSHES = 60
Floats = npt.NDArray[np.float64]


def us(seconds: list[float] | Floats) -> str:
    """Median and 99th percentile in µs."""
    if not len(seconds):
        return "none came"
    p50, p99 = np.percentile(np.asarray(seconds) * 1e6, [50, 99])
    return f"{p50:.{1 if p50 < 100 else 0}f} / {p99:.{1 if p99 < 100 else 0}f}"


def _drain(way: type[Way], address: object, answer: Connection) -> None:
    """The reader's process: collect how old each block is on arrival, until asked for the result."""
    ages: list[float] = []
    source = way.receive(address)
    answer.send("ready")
    for t in source:
        if t is not None:
            ages.append(time.monotonic() - t)
        if answer.poll():
            answer.send(ages)
            return


@contextmanager
def running(way: type[Way], block: npt.NDArray[np.generic], folder: Path) -> Iterator[tuple[Way, Connection]]:
    """A way with its reader process."""
    one = way(block, folder)
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_drain, args=(way, one.address, theirs), daemon=True)
    process.start()
    ours.recv()
    time.sleep(0.5)  # PUB/SUB and LSL connect in the background
    try:
        yield one, ours
    finally:
        process.kill()
        process.join()
        one.close()


def pushes(rounds: int, names: list[str]) -> None:
    """Push and latency of every way and shape."""
    print("\n## Push, and age when another process holds its copy, µs (median / p99)\n")
    print("| shape | memcpy |", " | ".join(f"{name}: push | age" for name in names), "|")
    print("|---|---|" + "---|---|" * len(names))
    for shape_name, (shape, dtype) in SHAPES.items():
        block = np.zeros(shape, dtype)
        pool = np.zeros((32, *shape), dtype)
        costs: dict[str, list[float]] = {name: [] for name in ["memcpy", *names]}
        cells: dict[str, str] = {}
        with ExitStack() as stack, tempfile.TemporaryDirectory(dir=shared_memory()) as folder:
            ways: dict[str, tuple[Way, Connection]] = {}
            for name in names:
                try:
                    ways[name] = stack.enter_context(running(WAYS[name], block, Path(folder)))
                except ImportError as error:
                    cells[name] = f"{error} |"
            pause_s = 0.012 if block.nbytes > 100_000 else 0.002
            for k in range(rounds + 1):  # the first round warms up: pages, connections
                for name in ["memcpy", *ways]:
                    taken = _one_round(ways[name][0] if name in ways else None, block, pool, pause_s)
                    costs[name] += taken if k else []
            for name, (one, answer) in ways.items():
                answer.send("result?")
                one.push(block, time.monotonic())
                ages = answer.recv()[PUSHES:] if answer.poll(5.0) else []
                cells[name] = f"{us(costs[name])} | {us(ages)}"
        print(
            f"| {shape_name} ({block.nbytes} B) | {us(costs['memcpy'])} |",
            " | ".join(cells[name] for name in names),
            "|",
        )


def _one_round(
    way: Way | None, block: npt.NDArray[np.generic], pool: npt.NDArray[np.generic], pause_s: float
) -> list[float]:
    taken = []
    for k in range(PUSHES):
        t = time.monotonic()
        start = time.perf_counter()
        if way is None:
            np.copyto(pool[k % len(pool)], block)
        else:
            way.push(block, t)
        taken.append(time.perf_counter() - start)
        time.sleep(pause_s)
    return taken


def windows() -> None:
    """Newest window: view and validate, private copy, memcpy of the same bytes."""
    print("\n## The ring alone, µs (median / p99)\n")
    print("| | memcpy | ring | times memcpy |\n|---|---|---|---|")
    ring = Ring.create(Geometry(256, 60_000, 15_000, 16_384))
    items = ring.items(np.dtype("float32"), (64,))
    block = np.ones((10, 64), np.float32)
    for k in range(5000):
        ring.write(items, block, k / 100, 0.001)
    cap, valid, head = ring.geometry.cap, ring.core.valid, ring.core.head

    def view() -> None:
        first = head() - 2000
        window = items[first % cap : first % cap + 2000]
        assert valid(first)
        assert len(window)

    start = (head() - 2000) % cap
    row("2 s × 64 ch at 1 kHz, view + validate", lambda: items[start : start + 2000].copy(), view)
    row(
        "2 s × 64 ch at 1 kHz, copy + validate",
        lambda: items[start : start + 2000].copy(),
        lambda: ring.copy(items, head() - 2000, 2000),
    )
    small = np.zeros((256, 10, 64), np.float32)
    count = iter(range(10**9))
    row(
        "push 10 × 64",
        lambda: np.copyto(small[next(count) % 256], block),
        lambda: ring.write(items, block, 1.0, 0.001),
    )
    video = Ring.create(Geometry(2_764_800, 32, 0, 64))
    slots = video.items(np.dtype(np.uint8), (720, 1280, 3))
    image = np.zeros((1, 720, 1280, 3), np.uint8)
    pool = np.zeros((32, 720, 1280, 3), np.uint8)
    for _ in range(32):
        video.write(slots, image, 1.0, 0.0)

    stream = StreamWriter(StreamInfo("video", "Video", 30.0, ("RGB",), ("",), "uint8", (720, 1280, 3)))
    times = (np.array([k / 30]) for k in itertools.count(1))
    for _ in range(32):
        stream.push(image[0], next(times))

    def copy() -> None:
        np.copyto(pool[next(count) % 32], image[0])

    def push() -> None:
        stream.push(image[0], next(times))

    row("push 1280×720×3", copy, push, 40)
    with busy_thread():
        row("push 1280×720×3 beside a busy Python thread", copy, push, 40)
    stream.close()
    first = video.core.head() - 1
    row("1280×720×3, view + validate", image.copy, lambda: (slots[first % 32], video.core.valid(first)), 40)


def row(name: str, memcpy: Callable[[], object], ring: Callable[[], object], batch: int = 200) -> None:
    """Interleave both, 25 batches each."""
    taken: list[list[float]] = [[], []]
    for _ in range(25):
        for which, work in enumerate((memcpy, ring)):
            for _ in range(batch):
                start = time.perf_counter()
                work()
                taken[which].append(time.perf_counter() - start)
    ratio = np.median(taken[1]) / np.median(taken[0])
    print(f"| {name} | {us(taken[0])} | {us(taken[1])} | {ratio:.2f} |")


@contextmanager
def busy_thread() -> Iterator[None]:
    """Another thread of this process that runs Python all the time."""
    stop = threading.Event()

    def spin() -> None:
        k = 0
        while not stop.is_set():
            k += 1

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


STREAMS = {  # name: block, blocks a second
    "camera": (np.zeros((720, 1280, 3), np.uint8), 60),
    "microphone": (np.zeros((160, 1), np.float32), 100),
    "eeg": (np.zeros((10, 64), np.float32), 100),
    "eda": (np.zeros((1, 1), np.float32), 128),
    "features": (np.zeros((1, 64), np.float32), 100),
}


def _read_all(paths: list[Path], seconds: float, answer: Connection, *, pixels: bool = True) -> None:
    readers = [StreamReader.attach(path) for path in paths]
    answer.send("ready")
    start, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - start < seconds:
        for reader in readers:
            reader.read_new(data=pixels or not reader.info.is_video)
        time.sleep(0.002)
    answer.send(time.process_time() - cpu)


def _read_numbers(paths: list[Path], seconds: float, answer: Connection) -> None:
    _read_all(paths, seconds, answer, pixels=False)


def _read_none(paths: list[Path], seconds: float, answer: Connection) -> None:
    answer.send("ready")
    start, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - start < seconds:
        time.sleep(0.002)
    answer.send(time.process_time() - cpu)


def five_streams(seconds: float) -> None:
    """CPU of one writer and one reader of five streams at their nominal rates, and of the same sleeping."""
    total = sum(rate for _, rate in STREAMS.values())
    print(f"\n## Five streams at nominal rates ({total} pushes/s), CPU of one core\n")
    print("| | writer | reader of all, every 2 ms |\n|---|---|---|")
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=shared_memory()) as folder:
        writers = [_writer(name, block, rate, Path(folder)) for name, (block, rate) in STREAMS.items()]
        for writer in writers:
            stack.callback(writer.close)
        paths = [writer.path for writer in writers]
        for name, target, active in (
            ("sleeping only", _read_none, []),
            ("every sample and frame copied", _read_all, writers),
            ("every sample copied, frames by number and time", _read_numbers, writers),
        ):
            ours, theirs = SPAWN.Pipe()
            process = SPAWN.Process(target=target, args=(paths, seconds, theirs))
            process.start()
            ours.recv()
            cpu = _write_all(active, seconds)
            theirs_cpu = ours.recv()
            process.join()
            print(f"| {name} | {100 * cpu / seconds:.2f} % | {100 * theirs_cpu / seconds:.2f} % |")


def _writer(name: str, block: npt.NDArray[np.generic], rate: int, folder: Path) -> StreamWriter:
    if block.ndim == 3:
        info = StreamInfo(name, "Video", rate, ("rgb",), ("",), "uint8", block.shape)
    else:
        n = block.shape[1]
        info = StreamInfo(name, "EEG", rate * len(block), tuple(map(str, range(n))), ("",) * n)
    return StreamWriter(info, directory=folder)


def _write_all(writers: list[StreamWriter], seconds: float) -> float:
    """Push on schedule (or only keep the schedule); CPU seconds used."""
    due = [[0.0, 1 / rate, k] for k, (_, rate) in enumerate(STREAMS.values())]
    blocks = [block for block, _ in STREAMS.values()]
    offsets = [np.arange(1 - (len(b) if b.ndim == 2 else 1), 1) * 1e-8 for b in blocks]
    start, cpu = time.monotonic(), time.process_time()
    while (now := time.monotonic() - start) < seconds:
        for slot in due:
            if slot[0] <= now:
                slot[0] += slot[1]
                k = int(slot[2])
                if writers:
                    writers[k].push(blocks[k], time.monotonic() + offsets[k])
        time.sleep(max(0.0, min(slot[0] for slot in due) - (time.monotonic() - start)))
    return time.process_time() - cpu


def shared_memory() -> str | None:
    """Folder of memory-backed files, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of the five streams")
    parser.add_argument("--core-only", action="store_true", help="leave the other ways out")
    options = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    status = core()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, load {load}, Python {platform.python_version()}")
    print(f"core: {status.name} ({status.reason})")
    windows()
    five_streams(options.seconds)
    pushes(options.rounds, ["insula ring"] if options.core_only else list(WAYS))


if __name__ == "__main__":
    main()
