"""Is an output fast and whole? Ages from capture to receiver, losses of eight subscribers, CPU of a session.

    python benchmarks/outputs.py [--seconds 30] [--only zeromq websocket …]

**Part 1** runs all four modalities of the simulated person with fusion and LSL outlets, without a window
(camera analysed at 15 frames/s), and prints for every modality the age of its estimates when published:
now − capture time of the newest sample they rest on. For EEG that is the end of the newest complete window
(one every 0.25 s), for EDA the newest sample, for voice the end of the speech judged. It is the way of a
block through the loop; that a stress index speaks of the past minute is another thing. "Voice onset" is from
the first loud 10 ms after a pause to the first estimate that knows of it ("voice began …"), and to the first
with a value: the estimator wants 0.6 s of speech. Then the CPU time of this process as a share of one core,
simulated sensors included.

**Part 2** runs each output with eight subscribers, each in a process of its own. Every subscriber counts gaps
in the sequence numbers and states that were published and never came, and the ages at which they arrive. For
MQTT a mosquitto is started; without one it is left out, and said so.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import multiprocessing
import resource
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeGuard

import numpy as np
from loop import Ages
from rich.console import Console
from rich.table import Table

from insula.edge import SensingLoop, clock
from insula.edge.lsl_network import keep_local
from insula.edge.protocols import Item, Sink
from insula.edge.types import AffectEstimate, AffectState, Chunk
from insula.ui.commands import demo

SUBSCRIBERS = 8
WARM_UP_S = 3.0
GOALS_MS = {"voice onset, told": 400.0, "face": 80.0, "voice": 400.0, "eeg": 60.0, "eda": 60.0}
GOAL_CPU = 0.60

Records = Iterator[tuple[str, int, float]]
"""Topic, sequence number and capture time of what arrives, for ever."""


def from_zeromq(port: int) -> Records:
    import msgpack
    import zmq

    inlet = zmq.Context.instance().socket(zmq.SUB)
    for topic in (b"state", b"estimate/face"):
        inlet.subscribe(topic)
    inlet.connect(f"tcp://127.0.0.1:{port}")
    while True:
        topic, packed = inlet.recv_multipart()
        record = msgpack.unpackb(packed)
        yield topic.decode(), record["seq"], record["t"]


def from_websocket(port: int) -> Records:
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{port}/records") as inlet:
        for text in inlet:
            record = json.loads(text)
            yield record.get("modality", record["record"]), record["seq"], record["t"]


def from_mqtt(port: int) -> Records:
    from queue import SimpleQueue

    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    heard: SimpleQueue[Any] = SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe([("insula/state", 0), ("insula/estimate/face", 0)])
    client.on_message = lambda _c, _u, message: heard.put((clock.now(), message))
    client.connect("127.0.0.1", port)
    client.loop_start()
    while True:
        _, message = heard.get()
        record = json.loads(message.payload)
        yield message.topic, record["seq"], record["t"]


def from_osc(port: int) -> Records:
    from pythonosc.osc_bundle import OscBundle

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
        inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        inlet.bind(("127.0.0.1", port))
        while True:
            for message in OscBundle(inlet.recv(65536)):
                if message.address in ("/insula/state/t", "/insula/estimate/face/t"):
                    t, seq, _ = message.params
                    yield message.address, seq, t


def from_lsl(port: int) -> Records:
    """States; LSL has no sequence numbers, so ``part_two`` looks for the times that are missing."""
    import pylsl

    inlet = pylsl.StreamInlet(
        pylsl.resolve_byprop("source_id", f"bench-{port}:insula.state", 1, 20.0)[0], recover=False
    )
    number = 0
    while True:
        _, t = inlet.pull_sample(1.0)
        if t is not None:
            yield "state", number, t
            number += 1


def subscriber(read: Callable[[int], Records], port: int, told: Connection) -> None:
    """Count what arrives until told to stop; answer with losses, ages (s) and the times of the states."""
    keep_local()
    next_of: dict[str, int] = {}
    lost, ages, states = 0, [], []

    def count() -> None:
        nonlocal lost
        for topic, seq, t in read(port):
            now = clock.now()
            expected = next_of.get(topic)
            if expected is not None and seq < expected:
                continue  # said again
            if not next_of:
                told.send("ready")
            next_of[topic] = seq + 1
            if expected is not None:  # the first may be an old one, kept for late joiners
                lost += seq - expected
                ages.append(now - t)
                if "state" in topic:
                    states.append(t)

    threading.Thread(target=count, daemon=True).start()
    told.recv()
    told.send((lost, list(ages), list(states)))


@dataclasses.dataclass
class Output:
    """How one output is made and heard."""

    name: str
    make: Callable[[int], Sink]
    read: Callable[[int], Records]
    several: bool = True


def outputs() -> list[Output]:
    from insula.edge.sinks.lsl import LslSink
    from insula.edge.sinks.mqtt import MqttSink
    from insula.edge.sinks.osc import OscSink
    from insula.edge.sinks.websocket import WebSocketSink
    from insula.edge.sinks.zeromq import ZeroMqSink

    return [
        Output("lsl", lambda port: LslSink(source_id=f"bench-{port}"), from_lsl),
        Output("zeromq", lambda port: ZeroMqSink(port=port), from_zeromq),
        Output("websocket", lambda port: WebSocketSink(port=port), from_websocket),
        Output("mqtt", lambda port: MqttSink(port=port), from_mqtt),
        Output("osc", lambda port: OscSink(port=port), from_osc, several=False),
    ]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def cpu_s() -> float:
    """CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def is_voice(item: Item) -> TypeGuard[AffectEstimate]:
    return isinstance(item, AffectEstimate) and item.modality == "voice"


def onsets(sound: Chunk) -> list[float]:
    """Times (s) at which it becomes loud after 0.4 s of quiet, in steps of 10 ms."""
    step = 160
    n = len(sound) // step
    level = np.sqrt((sound.data[: n * step, 0].astype(float) ** 2).reshape(n, step).mean(axis=1))
    loud = level > 6 * np.percentile(level, 5)
    return [
        float(sound.times[i * step]) for i in np.flatnonzero(loud) if i > 40 and not loud[i - 40 : i].any()
    ]


def after_onsets(sound: Chunk | None, voices: list[tuple[float, AffectEstimate]]) -> dict[str, list[float]]:
    """How long after speech began an estimate first told of it, and first held a value."""
    found: dict[str, list[float]] = {"voice onset, told": [], "voice onset, measured": []}
    for onset in onsets(sound) if sound is not None else []:
        later = [(t, item) for t, item in voices if item.t > onset]
        told = next((t for t, item in later if item.reason != "no voice"), None)
        measured = next((t for t, item in later if item.measured), None)
        for name, t in zip(found, (told, measured), strict=True):
            if t is not None:
                found[name].append(t - onset)
    return found


def part_one(console: Console, seconds: float) -> None:
    begun = time.perf_counter()
    with SensingLoop(demo.config()) as loop:
        start_s = time.perf_counter() - begun
        ages = Ages(warm_up_s=WARM_UP_S)
        loop.subscribe(ages.take)
        voices: list[tuple[float, AffectEstimate]] = []
        loop.subscribe(lambda item: voices.append((clock.now(), item)) if is_voice(item) else None)
        microphone = next(writer for writer in loop.streams if writer.info.type == "Audio").reader()
        time.sleep(WARM_UP_S)
        before, begun = cpu_s(), time.perf_counter()
        time.sleep(seconds)
        share = (cpu_s() - before) / (time.perf_counter() - begun)
        sound = microphone.latest(min(seconds, 55.0))
        begun = time.perf_counter()
    stop_s = time.perf_counter() - begun
    console.print(f"started in {start_s:.2f} s (goal 1.5 s), stopped in {stop_s:.2f} s (goal 1 s)")
    table = Table("capture to output, ms", "n", "p50", "p95", "goal p95", "")
    for name, values in {**ages.of, **after_onsets(sound, voices)}.items():
        if not values:
            continue
        p50, p95 = np.percentile(values, [50, 95]) * 1000
        goal = GOALS_MS.get(name)
        verdict = "" if goal is None else "kept" if p95 <= goal else "missed"
        table.add_row(
            name, str(len(values)), f"{p50:.1f}", f"{p95:.1f}", f"{goal:.0f}" if goal else "", verdict
        )
    console.print(table)
    verdict = "kept" if share <= GOAL_CPU else "missed"
    console.print(
        f"CPU: {share:.1%} of one core (goal {GOAL_CPU:.0%}, {verdict}), simulated sensors included"
    )


def part_two(output: Output, port: int, seconds: float) -> tuple[str, ...]:
    """One output with its subscribers: a row of the table."""
    n = SUBSCRIBERS if output.several else 1
    spawn = multiprocessing.get_context("spawn")
    published: list[float] = []
    with SensingLoop(dataclasses.replace(demo.config(), sinks=())) as loop:
        loop.subscribe(lambda item: published.append(item.t) if isinstance(item, AffectState) else None)
        sink = output.make(port)
        loop.add_sink("out", sink)
        lines, crowd = [], []
        for _ in range(n):
            ours, theirs = spawn.Pipe()
            crowd.append(spawn.Process(target=subscriber, args=(output.read, port, theirs), daemon=True))
            crowd[-1].start()
            lines.append(ours)
        for line in lines:
            line.recv()  # it hears something
        time.sleep(WARM_UP_S)
        before, begun = cpu_s(), time.perf_counter()
        time.sleep(seconds)
        share = (cpu_s() - before) / (time.perf_counter() - begun)
        for line in lines:
            line.send("stop")
        answers = [line.recv() for line in lines]
        for process in crowd:
            process.kill()
            process.join()
    lost = [number for number, _, _ in answers]
    for i, (_, _, times) in enumerate(answers):  # every state between the first and the last came
        due = {t for t in published if times and times[0] <= t <= times[-1]}
        lost[i] = max(lost[i], len(due - set(times)))
    ages = np.concatenate([ages for _, ages, _ in answers]) * 1000
    p50, p95 = np.percentile(ages, [50, 95]) if len(ages) else (np.nan, np.nan)
    counts = [len(ages) for _, ages, _ in answers]
    return (
        output.name,
        str(n),
        f"{min(counts)}–{max(counts)}",
        str(sum(lost)),
        str(sum(getattr(sink, "losses", {}).values())),
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{share:.1%}",
    )


@contextlib.contextmanager
def broker() -> Iterator[int | None]:
    """The port of a running mosquitto, ``None`` where there is none to run."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")
    if program is None:
        yield None
        return
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        settings.flush()
        process = subprocess.Popen([program, "-c", settings.name], stderr=subprocess.DEVNULL)
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", nargs="*", help="outputs of part 2; none: part 1 alone")
    asked = parser.parse_args()
    keep_local()
    console = Console(width=110)
    part_one(console, asked.seconds)
    table = Table("output", "subscribers", "records each", "lost", "dropped", "p50 ms", "p95 ms", "CPU")
    for output in outputs():
        if asked.only is not None and output.name not in asked.only:
            continue
        if output.name != "mqtt":
            kind = socket.SOCK_STREAM if output.several else socket.SOCK_DGRAM
            table.add_row(*part_two(output, free_port(kind), asked.seconds))
            continue
        with broker() as port:
            if port is None:
                console.print("mqtt: mosquitto is not installed")
            else:
                table.add_row(*part_two(output, port, asked.seconds))
    if table.rows:
        console.print(table)
        console.print("ages: capture to receiver, states (age 0 when made) and face estimates together")


if __name__ == "__main__":
    main()
