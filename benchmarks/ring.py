"""What the ring costs, beside memcpy and the other ways between processes, interleaved in one run.

    python benchmarks/ring.py [--rounds 5] [--core-only]

Prints Markdown tables: push and latency to another process by shape, the newest window, a frame beside a
busy Python thread, and the CPU of five streams at their nominal rates. Ratios between the columns of one
table are what to compare; absolute figures carry the load of the machine, which is printed.
"""

from __future__ import annotations

import argparse
import ctypes
import heapq
import itertools
import mmap
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from ring_ways import SPAWN, WAYS, Way

from insula.edge.ring import Ring, core
from insula.edge.ring_layout import Geometry
from insula.edge.stream import FRAME_SLOTS, StreamReader, StreamWriter
from insula.edge.types import Drawn, StreamInfo

SHAPES: dict[str, tuple[tuple[int, ...], str]] = {
    "EDA 1×1": ((1, 1), "float32"),
    "audio 160×1": ((160, 1), "float32"),
    "EEG 10×64": ((10, 64), "float32"),
    "frame 640×480": ((480, 640, 3), "uint8"),
    "frame 1280×720": ((720, 1280, 3), "uint8"),
}
PUSHES = 60
ROUNDS = 3
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


def _wake_up(path: Path, answer: Connection) -> None:
    reader = StreamReader.attach(path)
    late: list[float] = []
    answer.send("ready")
    while not reader.ended:
        if reader.wait(1.0):
            t = time.monotonic()
            late += [t - float(chunk.data.reshape(-1).view(np.float64)[0]) for chunk in reader.read_new()]
    answer.send(late)


def wake() -> None:
    """From just before a commit until ``wait`` has returned in a process that slept."""
    info = StreamInfo("wake", "Video", 100.0, ("grey",), ("",), "uint8", (1, 8, 1))

    def stamp(out: npt.NDArray[np.uint8]) -> None:
        out.reshape(-1).view(np.float64)[0] = time.monotonic()

    with tempfile.TemporaryDirectory(dir=shared_memory()) as folder:
        writer = StreamWriter(info, directory=Path(folder))
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_wake_up, args=(writer.path, theirs))
        process.start()
        ours.recv()
        for _ in range(1000):
            time.sleep(0.004)
            writer.push(Drawn(info.shape, stamp), np.array([time.monotonic()]))
        writer.end()
        print(f"\nWake alone, from before the commit to after `wait`, µs: {us(ours.recv())}")
        process.join()
        writer.close()


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
    frames()


def frames() -> None:
    """A frame copied into the ring or drawn in its place, beside memcpy into memory of the same kind.

    How fast a copy is depends on the pages it goes to: memcpy is shown into huge pages (numpy asks for them,
    and so does the ring) and into the small ones that shared memory has by default.
    """
    image = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    bgr = image.copy()
    times = (np.array([k / 30]) for k in itertools.count(1))
    turn = itertools.count()
    info = StreamInfo("video", "Video", 30.0, ("RGB",), ("",), "uint8", image.shape)
    with tempfile.TemporaryDirectory(dir=shared_memory()) as folder:
        stream = StreamWriter(info, directory=Path(folder))
        assert stream.path is not None
        reader = Ring.attach(stream.path)
        slots = reader.items(np.dtype(np.uint8), image.shape)
        pool = np.zeros((FRAME_SLOTS, *image.shape), np.uint8)
        small = np.frombuffer(mmap.mmap(-1, pool.nbytes), np.uint8).reshape(pool.shape)
        made = np.empty_like(image)

        def convert(out: npt.NDArray[np.uint8]) -> None:
            cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=out)

        def copy() -> None:
            np.copyto(pool[next(turn) % FRAME_SLOTS], image)

        def copy_small() -> None:
            np.copyto(small[next(turn) % FRAME_SLOTS], image)

        def push() -> None:
            stream.push(image, next(times))

        def commit() -> None:
            stream.push(Drawn(image.shape, lambda out: None), next(times))

        def convert_and_push() -> None:
            stream.push(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), next(times))

        def draw() -> None:
            stream.push(Drawn(image.shape, convert), next(times))

        for _ in range(FRAME_SLOTS):
            copy(), copy_small(), push()
        row("push 1280×720×3; memcpy to huge pages", copy, push, 40)
        row("push 1280×720×3; memcpy to small pages", copy_small, push, 40)
        row("begin + commit of a frame drawn in place", copy, commit, 40)
        row("BGR→RGB alone; converted, then pushed", lambda: convert(made), convert_and_push, 40)
        row("BGR→RGB alone; converted in place", lambda: convert(made), draw, 40)
        first = stream.reader().pushed - 1
        row("frame, view + validate", image.copy, lambda: (slots[first % 32], reader.core.valid(first)), 40)
        with busy_thread():
            row("beside a busy Python thread, flat out: push", copy, push, 40)
            row("… begin + commit", copy, commit, 40)
            paced("… 60 a second: push; memcpy without the GIL", copy, push)
            paced("… 60 a second: push; memmove with the GIL", lambda: memmove(pool, image, turn), push)
            paced("… 60 a second: begin + commit", copy, commit)
        stream.close()


def memmove(pool: npt.NDArray[np.uint8], image: npt.NDArray[np.uint8], turn: Iterator[int]) -> None:
    """The copy of libc, called as the ring calls its own: with the GIL held."""
    _memmove(pool[next(turn) % FRAME_SLOTS].ctypes.data, image.ctypes.data, image.nbytes)


_memmove = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(
    ("memmove", ctypes.PyDLL(None))
)


def paced(name: str, memcpy: Callable[[], object], ring: Callable[[], object], times: int = 240) -> None:
    """In turn, one at each tick of 1/60 s; waiting for the GIL after the sleep is not timed."""
    taken: list[list[float]] = [[], []]
    due = time.monotonic()
    for k in range(2 * times):
        due += 1 / 60
        time.sleep(max(0.0, due - time.monotonic()))
        start = time.perf_counter()
        (memcpy, ring)[k % 2]()
        taken[k % 2].append(time.perf_counter() - start)
    print(f"| {name} | {us(taken[0])} | {us(taken[1])} | {np.median(taken[1]) / np.median(taken[0]):.2f} |")


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


Takes = Callable[[list[StreamReader]], None]


def take_copies(readers: list[StreamReader]) -> None:
    for reader in readers:
        reader.read_new()


def take_numbers(readers: list[StreamReader]) -> None:
    for reader in readers:
        reader.read_new(data=not reader.info.is_video)


def take_nothing(readers: list[StreamReader]) -> None:
    pass


def _read(paths: list[Path], seconds: float, every_s: float, take: Takes, answer: Connection) -> None:
    readers = [StreamReader.attach(path) for path in paths]
    take(readers)  # what the run before left
    answer.send("ready")
    start, cpu = time.monotonic(), time.process_time()
    due = start
    while time.monotonic() - start < seconds:
        take(readers)
        due += every_s
        time.sleep(max(0.0, due - time.monotonic()))
    answer.send(time.process_time() - cpu)


def five_streams(seconds: float) -> None:
    """CPU of one writer and one reader of five streams at their nominal rates, and of the same sleeping."""
    total = sum(rate for _, rate in STREAMS.values())
    print(f"\n## Five streams at nominal rates ({total} pushes/s), CPU of one core\n")
    print("| writer | reader of all | writer | reader |\n|---|---|---|---|")
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=shared_memory()) as folder:
        writers = {n: _writer(n, block, rate, Path(folder)) for n, (block, rate) in STREAMS.items()}
        for writer in writers.values():
            stack.callback(writer.close)
        pushed = dict.fromkeys(STREAMS, _push)
        drawn = {**pushed, "camera": _commit}
        kinds: list[tuple[str, dict[str, Pushes] | None, str, float, Takes]] = [
            ("sleeps", None, "sleeps, wakes every 2 ms", 0.002, take_nothing),
            ("sleeps", None, "sleeps, wakes every 10 ms", 0.010, take_nothing),
            ("pushes", pushed, "copies all, every 2 ms", 0.002, take_copies),
            ("pushes", pushed, "copies all, every 10 ms", 0.010, take_copies),
            ("pushes, frames in place", drawn, "frames by number, every 2 ms", 0.002, take_numbers),
            ("pushes, frames in place", drawn, "frames by number, every 10 ms", 0.010, take_numbers),
            ("pushes, frames in place", drawn, "copies all, every 33 ms", 0.033, take_copies),
        ]
        used: list[list[tuple[float, float]]] = [[] for _ in kinds]
        paths = [writer.path for writer in writers.values()]
        for _ in range(ROUNDS):
            for k, (_, ways, _, every_s, take) in enumerate(kinds):
                ours, theirs = SPAWN.Pipe()
                process = SPAWN.Process(target=_read, args=(paths, seconds, every_s, take, theirs))
                process.start()
                ours.recv()
                used[k].append((_write_all(writers, ways, seconds), ours.recv()))
                process.join()
        for (writing, _, reading, _, _), cpu in zip(kinds, used, strict=True):
            writer_s, reader_s = 100 * np.median(cpu, axis=0) / seconds
            print(f"| {writing} | {reading} | {writer_s:.2f} % | {reader_s:.2f} % |")


Pushes = Callable[[StreamWriter, npt.NDArray[np.generic], Floats], None]


def _push(writer: StreamWriter, block: npt.NDArray[np.generic], times: Floats) -> None:
    writer.push(block, times)


def _commit(writer: StreamWriter, block: npt.NDArray[np.generic], times: Floats) -> None:
    """What the ring costs a driver that draws: the drawing itself is the driver's own work."""
    writer.push(Drawn(block.shape, lambda out: None), times)


def _writer(name: str, block: npt.NDArray[np.generic], rate: int, folder: Path) -> StreamWriter:
    if block.ndim == 3:
        info = StreamInfo(name, "Video", rate, ("rgb",), ("",), "uint8", block.shape)
    else:
        n = block.shape[1]
        info = StreamInfo(name, "EEG", rate * len(block), tuple(map(str, range(n))), ("",) * n)
    return StreamWriter(info, directory=folder)


def _write_all(writers: dict[str, StreamWriter], ways: dict[str, Pushes] | None, seconds: float) -> float:
    """Push on schedule (or only keep the schedule); CPU seconds used."""
    due = [(0.0, name) for name in STREAMS]
    offsets = {
        name: np.arange(1 - (len(block) if block.ndim == 2 else 1), 1) * 1e-8
        for name, (block, _) in STREAMS.items()
    }
    start, cpu = time.monotonic(), time.process_time()
    while (at := due[0])[0] < seconds:
        now = time.monotonic() - start
        if at[0] > now:
            time.sleep(at[0] - now)
            continue
        block, rate = STREAMS[at[1]]
        heapq.heapreplace(due, (at[0] + 1 / rate, at[1]))
        if ways is not None:
            ways[at[1]](writers[at[1]], block, start + now + offsets[at[1]])
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
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round of five streams")
    parser.add_argument("--core-only", action="store_true", help="leave the other ways out")
    options = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    status = core()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, load {load}, Python {platform.python_version()}")
    print(f"core: {status.name} ({status.reason})")
    windows()
    wake()
    five_streams(options.seconds)
    pushes(options.rounds, ["insula ring"] if options.core_only else list(WAYS))


if __name__ == "__main__":
    main()
